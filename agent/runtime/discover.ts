/**
 * What this node has: `NodeInfo` from sysfs, procfs and the usual places. Reads only; sends nothing.
 * What cannot be read is absent, not an error: an agent with nothing found still runs.
 *
 *   PHCs         /sys/class/ptp/ptpN/clock_name; `device` leads to the driver and the PCI address
 *   interfaces   /sys/class/net/*, each asked by ETHTOOL_GET_TS_INFO for the PHC it stamps with; where
 *                the question fails, /sys/class/ptp/ptpN/device/net
 *   ptp4l        its read-write management sockets, in the search order of linuxptp and its operator
 *   chronyd      a UDP socket bound to port 323 of the loopback or of every address
 */
import { statSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { basename, join } from 'node:path'
import { Ethtool } from '../../native/ethtool.ts'
import type { PortFault } from '../core/errors.ts'
import type { ClockName } from '../core/sample.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { IdentifyPort } from '../ports/identify.ts'
import type { KeyPort } from '../ports/keys.ts'
import type { Node, NodeInfo, PhcInfo } from '../ports/node.ts'
import type { RandomPort } from '../ports/random.ts'
import { type ClockOptions, createSystemClock } from './clock.ts'
import { createIdentifier } from './identify.ts'
import { createLastingPhc } from './lasting-phc.ts'
import { attempt, list, pciAddress, realpath, text } from './sysfs.ts'

/** Where to look; another root makes another node. */
export interface Places {
  readonly sys: string
  readonly proc: string
  /** Device nodes. */
  readonly dev: string
  /** Where ptp4l puts its sockets. */
  readonly run: string
  readonly resolvConf: string
}

export const PLACES: Places = {
  sys: '/sys',
  proc: '/proc',
  dev: '/dev',
  run: '/var/run',
  resolvConf: '/etc/resolv.conf',
}

/** Interface to PHC index, -1 where there is none; undefined where the kernel did not say. */
function askInterfaces(sys: string, { identify }: IdentifyPort): Map<string, number | undefined> {
  return new Map(
    list(join(sys, 'class/net')).map((name) => {
      const answer = identify(name)
      return [name, answer.ok ? answer.phcIndex : undefined]
    }),
  )
}

function discoverPhc(
  entry: string,
  places: Places,
  stamping: ReadonlyMap<string, number | undefined>,
): PhcInfo {
  const index = Number(entry.slice('ptp'.length))
  const path = join(places.sys, 'class/ptp', entry)
  const device = join(path, 'device')
  const beside = list(join(device, 'net')).filter((name) => stamping.get(name) === undefined)
  const asked = [...stamping].filter(([, phc]) => phc === index).map(([name]) => name)
  return {
    index,
    device: join(places.dev, entry),
    clockName: text(join(path, 'clock_name')).trim(),
    interfaces: [...new Set([...asked, ...beside])].sort(),
    pci: pciAddress(realpath(device)),
    driver: basename(realpath(join(device, 'driver'))),
  }
}

export function discoverPhcs(places: Places, port: IdentifyPort): PhcInfo[] {
  const entries = list(join(places.sys, 'class/ptp')).filter((name) => /^ptp\d+$/.test(name))
  if (entries.length === 0) return []
  const stamping = askInterfaces(places.sys, port)
  return entries
    .map((entry) => discoverPhc(entry, places, stamping))
    .sort((a, b) => a.index - b.index)
}

const isSocket = (path: string): boolean => attempt(() => statSync(path).isSocket(), false)

/** `ptp/ptp4l`, `ptp4l`, then the numbered ones of linuxptp-daemon in their order. */
export function ptp4lSockets(run: string): string[] {
  const numbered = list(run)
    .flatMap((name) => {
      const number = /^ptp4l\.(\d+)\.socket$/.exec(name)?.[1]
      return number === undefined ? [] : [{ name, number: Number(number) }]
    })
    .sort((a, b) => a.number - b.number)
    .map(({ name }) => name)
  return ['ptp/ptp4l', 'ptp4l', ...numbered].map((name) => join(run, name)).filter(isSocket)
}

/** 127.0.0.1 and 0.0.0.0 as /proc/net/udp prints them (an u32 in native order), port 323. */
const CHRONY_BOUND = /^(0100007F|7F000001|00000000):0143$/

export const hasChronyd = (procNetUdp: string): boolean =>
  procNetUdp
    .split('\n')
    .slice(1)
    .some((line) => CHRONY_BOUND.test(line.trim().split(/\s+/)[1] ?? ''))

/** The node with the resolv.conf that the configuration names. */
export const withResolvConf = (info: NodeInfo, path: string): NodeInfo =>
  path === PLACES.resolvConf ? info : { ...info, resolvConf: text(path) }

/** Point-to-point addresses are included: their other end is next door. */
const connectedNetworks = (): string[] =>
  Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.flatMap(({ cidr, internal }) => (internal || cidr === null ? [] : [cidr])),
  )

export function discover(
  places: Places = PLACES,
  port: IdentifyPort & { close?: () => void } = createIdentifier(new Ethtool()),
): NodeInfo {
  const info = {
    hostname: hostname(),
    phcs: discoverPhcs(places, port),
    ptp4lSockets: ptp4lSockets(places.run),
    chronyd: hasChronyd(text(join(places.proc, 'net/udp'))),
    resolvConf: text(places.resolvConf),
    networks: connectedNetworks(),
  }
  port.close?.()
  return info
}

export interface NodeOptions {
  readonly info: NodeInfo
  readonly random: RandomPort
  readonly keys?: KeyPort | undefined
  /** The PHC that a name means on this node at present (`findPhc` of agent/clocks.ts). */
  readonly phcOf: (name: ClockName) => PhcInfo | undefined
  /** Whether a clock is to be steered; what is not named here is only read. */
  readonly drives: (name: ClockName) => boolean
  readonly clock?: Omit<ClockOptions, 'drive'>
  /** A PHC of this node that could not be opened, and why. */
  readonly onFault?: (name: ClockName, fault: PortFault) => void
}

/** The node as the agent sees it. A clock port is made once per name and kept. */
export function createNode(options: NodeOptions): Node {
  const ports = new Map<ClockName, ClockPort>()

  const make = (name: ClockName): ClockPort | undefined => {
    const clockOptions = { ...options.clock, drive: options.drives(name) }
    if (name === 'system') return createSystemClock(clockOptions)
    if (options.phcOf(name) === undefined) return undefined
    const made = createLastingPhc(name, () => options.phcOf(name)?.device, clockOptions)
    if (made.ok) return made.port
    options.onFault?.(name, made.fault)
    return undefined
  }

  return {
    info: options.info,
    random: options.random,
    keys: options.keys,
    clock(name) {
      const port = ports.get(name) ?? make(name)
      if (port !== undefined) ports.set(name, port)
      return port
    },
  }
}
