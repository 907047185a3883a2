/**
 * Which interfaces stamp all packets in hardware, asked when a socket is opened and at most every ten
 * seconds: an interface that went away or was set up otherwise is noticed, and the kernel's stamps serve.
 *
 *   off        never
 *   auto       where a NIC stamps all packets already; nothing is set up
 *   configure  a NIC that stamps no received packet at present is set to stamp all (CAP_NET_ADMIN)
 *
 * A filter that somebody chose, such as the one of a ptp4l, is left alone: widening it is the choice of
 * whoever runs that. The interface is the one that has the local address of the connected socket.
 */
import { networkInterfaces } from 'node:os'
import { Ethtool, type TsInfo } from '../../native/ethtool.ts'
import {
  FILTER_ALL,
  FILTER_NONE,
  FILTER_NTP_ALL,
  HWTSTAMP_TX_ON,
  HwTstamp,
  stampsAll,
} from '../../native/hwtstamp.ts'
import { addressKey } from '../../native/sockets-address.ts'
import type { ClockChange } from '../core/clock-change.ts'
import { describeFault, type PortFault } from '../core/errors.ts'
import type { Now } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import type { ClockName } from '../core/sample.ts'
import { elapsed, type Instant, seconds } from '../core/units.ts'
import { type Comparer, createComparer } from './compare.ts'
import { explained } from './fault-facts.ts'
import { HardwareNic, type Nic } from './hardware-nic.ts'

export type HardwareMode = 'off' | 'auto' | 'configure'

export interface HardwareTools {
  readonly ethtool: Pick<Ethtool, 'tsInfo' | 'linkSpeed' | 'close'>
  readonly hwtstamp: Pick<HwTstamp, 'get' | 'set' | 'index' | 'close'>
  /** Name of the interface that has this local address (`addressKey`). */
  readonly interfaceOf: (key: string) => string | undefined
  /** Of `phc:ptpN`, whatever else that clock is called. */
  readonly comparer: Comparer
}

export interface HardwareOptions {
  readonly mode: HardwareMode
  readonly now: () => Now
  /** /dev/ptpN of a clock that the agent steers; asked with every change of one. */
  readonly deviceOf: (clock: ClockName) => string | undefined
  readonly note: (code: NoteCode, detail: string) => void
  readonly tools?: HardwareTools
}

const RECHECK = seconds(10)

const interfaceOf = (key: string): string | undefined =>
  Object.entries(networkInterfaces()).find(([, addresses = []]) =>
    addresses.some(({ address, internal }) => !internal && addressKey(address) === key),
  )?.[0]

const systemTools = (): HardwareTools => ({
  ethtool: new Ethtool(),
  hwtstamp: new HwTstamp(),
  interfaceOf,
  comparer: createComparer((clock) => clock.replace(/^phc:/, '/dev/')),
})

const CAPABLE = ['tx-hardware', 'rx-hardware', 'raw-hardware'] as const

/** Stamps all packets by a PHC of its own, if it is set up so. */
export const canStampAll = ({ phcIndex, stamping, txTypes, rxFilters }: TsInfo): boolean =>
  phcIndex >= 0 &&
  CAPABLE.every((bit) => stamping.includes(bit)) &&
  txTypes.includes('on') &&
  (rxFilters.includes('all') || rxFilters.includes('ntp-all'))

interface Known {
  readonly at: Instant<'mono'>
  readonly nic: HardwareNic | undefined
}

const same = (a: Nic, b: Nic): boolean =>
  a.name === b.name && a.index === b.index && a.phcIndex === b.phcIndex && a.speed === b.speed

export class HardwareStamps {
  readonly #options: HardwareOptions
  readonly #tools: HardwareTools
  /** By local address. */
  readonly #known = new Map<string, Known>()
  /** By name: sockets on one interface share its line. */
  readonly #nics = new Map<string, HardwareNic>()
  /** What was told of each interface, until it stamps again. */
  readonly #told = new Map<string, Set<string>>()

  constructor(options: HardwareOptions) {
    this.#options = options
    this.#tools = options.tools ?? systemTools()
  }

  /** The interface with this local address; undefined where it does not stamp all packets. */
  at(key: string): HardwareNic | undefined {
    if (this.#options.mode === 'off') return undefined
    const { mono } = this.#options.now()
    const known = this.#known.get(key)
    if (known !== undefined && elapsed(mono, known.at) < RECHECK) return known.nic
    // addresses come and go: only those in use are kept
    for (const [other, { at }] of this.#known) {
      if (elapsed(mono, at) >= RECHECK) this.#known.delete(other)
    }
    const name = this.#tools.interfaceOf(key)
    const nic = name === undefined ? undefined : this.#look(name)
    this.#known.set(key, { at: mono, nic })
    return nic
  }

  changed(change: ClockChange): void {
    if (this.#nics.size === 0) return
    const device = change.clock === 'system' ? undefined : this.#options.deviceOf(change.clock)
    for (const each of this.#nics.values()) {
      if (change.clock === 'system') each.changed(change, 'system')
      else if (device === `/dev/ptp${each.nic.phcIndex}`) each.changed(change, 'phc')
    }
  }

  close(): void {
    this.#known.clear()
    this.#nics.clear()
    this.#tools.comparer.close()
    this.#tools.ethtool.close()
    this.#tools.hwtstamp.close()
  }

  /** What is known already is kept, with its readings, as long as nothing of it changed. */
  #look(name: string): HardwareNic | undefined {
    const nic = this.#stamping(name)
    const before = this.#nics.get(name)
    if (nic !== undefined && before !== undefined && same(before.nic, nic)) return before
    this.#nics.delete(name)
    const opened = nic && this.#open(nic)
    if (opened !== undefined) this.#nics.set(name, opened)
    return opened
  }

  #stamping(name: string): Nic | undefined {
    const answer = this.#tools.ethtool.tsInfo(name)
    if (!answer.ok || !canStampAll(answer.info)) return undefined
    if (!this.#configured(name, answer.info)) return undefined
    const index = this.#tools.hwtstamp.index(name)
    const speed = this.#tools.ethtool.linkSpeed(name)
    return index === undefined ? undefined : { name, index, phcIndex: answer.info.phcIndex, speed }
  }

  #open(nic: Nic): HardwareNic | undefined {
    const { comparer } = this.#tools
    const { name, phcIndex } = nic
    const compare = (readings: number) => comparer.compare(`phc:ptp${phcIndex}`, readings)
    const probe = compare(1)
    if (!probe.ok) {
      this.#tell(name, 'stamps-refused', `/dev/ptp${phcIndex}: ${probe.fault.code}`)
      return undefined
    }
    this.#told.delete(name)
    this.#tell(name, 'hardware-stamps', `${name} by /dev/ptp${phcIndex}`)
    const refused = (detail: string): void => this.#tell(name, 'stamps-refused', detail)
    return new HardwareNic(nic, { compare, now: this.#options.now, refused })
  }

  #configured(name: string, { rxFilters }: TsInfo): boolean {
    const current = this.#tools.hwtstamp.get(name)
    if (current.ok && stampsAll(current.config)) return true
    if (this.#options.mode !== 'configure') return false
    // not to be overwritten unseen
    if (!current.ok) return this.#refuse(name, current.fault)
    if (current.config.rxFilter !== FILTER_NONE) {
      this.#tell(name, 'stamps-refused', `${name}: its filter was chosen by somebody else`)
      return false
    }
    const rxFilter = rxFilters.includes('all') ? FILTER_ALL : FILTER_NTP_ALL
    const set = this.#tools.hwtstamp.set(name, { txType: HWTSTAMP_TX_ON, rxFilter })
    if (!set.ok) return this.#refuse(name, set.fault)
    return stampsAll(set.config)
  }

  #refuse(name: string, fault: PortFault): false {
    this.#tell(name, 'stamps-refused', `${name}: ${describeFault(explained(fault))}`)
    return false
  }

  #tell(name: string, code: NoteCode, detail: string): void {
    const told = this.#told.get(name) ?? new Set()
    if (told.has(detail)) return
    this.#told.set(name, told.add(detail))
    this.#options.note(code, detail)
  }
}
