/**
 * What the agent is told of its node at start: found by `runtime/discover.ts` on a real one, made up
 * by `sim/` in a simulated one. The agent asks for nothing else about the machine.
 */
import type { ClockName } from '../core/sample.ts'
import type { ClockPort } from './clock.ts'
import type { KeyPort } from './keys.ts'
import type { RandomPort } from './random.ts'

export interface PhcInfo {
  /** N of /dev/ptpN. */
  readonly index: number
  readonly device: string
  /** /sys/class/ptp/ptpN/clock_name */
  readonly clockName: string
  /** Network interfaces that stamp with it. */
  readonly interfaces: readonly string[]
  /** PCI address such as 0000:01:00.0, empty if it has none. */
  readonly pci: string
  readonly driver: string
}

export interface NodeInfo {
  readonly hostname: string
  readonly phcs: readonly PhcInfo[]
  /** Paths of management sockets found, read-write ones. */
  readonly ptp4lSockets: readonly string[]
  /** Something listens on UDP 127.0.0.1:323. */
  readonly chronyd: boolean
  /** Text of resolv.conf, empty if there is none. */
  readonly resolvConf: string
  /** Addresses of the node with their prefix lengths, `192.0.2.7/24`: what is directly connected. */
  readonly networks?: readonly string[]
}

export interface Node {
  readonly info: NodeInfo
  readonly random: RandomPort
  /** Undefined: this node has no symmetric keys. */
  readonly keys?: KeyPort | undefined
  /** Undefined: no such clock on this node. */
  clock(name: ClockName): ClockPort | undefined
}
