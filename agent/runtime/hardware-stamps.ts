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
import { PtpClock } from '../../native/ptp-clock.ts'
import { addressKey } from '../../native/sockets-address.ts'
import type { ClockChange } from '../core/clock-change.ts'
import type { Now } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import type { ClockName } from '../core/sample.ts'
import { elapsed, type Instant, seconds } from '../core/units.ts'
import { HardwareNic, type NicTools } from './hardware-nic.ts'

export type HardwareMode = 'off' | 'auto' | 'configure'

export interface HardwareTools {
  readonly ethtool: Pick<Ethtool, 'tsInfo' | 'linkSpeed' | 'close'>
  readonly hwtstamp: Pick<HwTstamp, 'get' | 'set' | 'close'>
  /** Name of the interface that has this local address (`addressKey`). */
  readonly interfaceOf: (key: string) => string | undefined
  readonly openPhc: (index: number) => NicTools['clock'] | undefined
}

export interface HardwareOptions {
  readonly mode: HardwareMode
  readonly now: () => Now
  /** /dev/ptpN of a clock that the agent steers. */
  readonly deviceOf: (clock: ClockName) => string | undefined
  readonly note: (code: NoteCode, detail: string) => void
  readonly tools?: HardwareTools
}

const RECHECK = seconds(10)

const interfaceOf = (key: string): string | undefined =>
  Object.entries(networkInterfaces()).find(([, addresses = []]) =>
    addresses.some(({ address, internal }) => !internal && addressKey(address) === key),
  )?.[0]

function systemTools(): HardwareTools {
  const openPhc = (index: number) => {
    const opened = PtpClock.open(`/dev/ptp${index}`)
    return opened.ok ? opened.clock : undefined
  }
  return { ethtool: new Ethtool(), hwtstamp: new HwTstamp(), interfaceOf, openPhc }
}

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

export class HardwareStamps {
  readonly #options: HardwareOptions
  readonly #tools: HardwareTools
  readonly #known = new Map<string, Known>()
  /** What was told, until the interface stamps again. */
  readonly #told = new Set<string>()

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
    const nic = this.#look(key, known?.nic)
    if (known?.nic !== nic) known?.nic?.close()
    this.#known.set(key, { at: mono, nic })
    return nic
  }

  changed(change: ClockChange): void {
    const device = change.clock === 'system' ? undefined : this.#options.deviceOf(change.clock)
    for (const { nic } of this.#known.values()) {
      if (change.clock === 'system') nic?.changed(change, 'system')
      else if (device === `/dev/ptp${nic?.nic.phcIndex}`) nic?.changed(change, 'phc')
    }
  }

  close(): void {
    for (const { nic } of this.#known.values()) nic?.close()
    this.#known.clear()
    this.#tools.ethtool.close()
    this.#tools.hwtstamp.close()
  }

  /** `before` is kept, with its readings, as long as nothing of it changed. */
  #look(key: string, before: HardwareNic | undefined): HardwareNic | undefined {
    const name = this.#tools.interfaceOf(key)
    const answer = name === undefined ? undefined : this.#tools.ethtool.tsInfo(name)
    if (name === undefined || answer?.ok !== true || !canStampAll(answer.info)) return undefined
    if (!this.#configured(name, answer.info)) return undefined
    const nic = { name, phcIndex: answer.info.phcIndex, speed: this.#tools.ethtool.linkSpeed(name) }
    const same = before?.nic.name === name && before.nic.phcIndex === nic.phcIndex
    return same && before.nic.speed === nic.speed ? before : this.#open(nic)
  }

  #open(nic: HardwareNic['nic']): HardwareNic | undefined {
    const clock = this.#tools.openPhc(nic.phcIndex)
    if (clock === undefined) {
      this.#tell('stamps-refused', `${nic.name}: /dev/ptp${nic.phcIndex} cannot be opened`)
      return undefined
    }
    this.#told.clear()
    this.#tell('hardware-stamps', `${nic.name} by /dev/ptp${nic.phcIndex}`)
    const refused = (detail: string): void => this.#tell('stamps-refused', detail)
    return new HardwareNic(nic, { clock, now: this.#options.now, refused })
  }

  #configured(name: string, { rxFilters }: TsInfo): boolean {
    const current = this.#tools.hwtstamp.get(name)
    if (!current.ok) return false
    if (stampsAll(current.config)) return true
    if (this.#options.mode !== 'configure') return false
    if (current.config.rxFilter !== FILTER_NONE) {
      this.#tell('stamps-refused', `${name}: its filter was chosen by somebody else`)
      return false
    }
    const rxFilter = rxFilters.includes('ntp-all') ? FILTER_NTP_ALL : FILTER_ALL
    const set = this.#tools.hwtstamp.set(name, { txType: HWTSTAMP_TX_ON, rxFilter })
    if (!set.ok)
      this.#tell('stamps-refused', `${name}: ${set.fault.code} from ${set.fault.syscall}`)
    return set.ok && stampsAll(set.config)
  }

  #tell(code: NoteCode, detail: string): void {
    if (this.#told.has(detail)) return
    this.#told.add(detail)
    this.#options.note(code, detail)
  }
}
