/**
 * What is known of the ports of one ptp4l: interface, state, kind of stamps, PHC. Fed from three
 * data sets that come in any order, and from ethtool where ptp4l does not tell the PHC.
 */
import type { Instant } from '../core/units.ts'
import type { DataSetValue } from './management-data.ts'
import type { Ptp4lPortView } from './source.ts'

export interface Port extends Ptp4lPortView {
  /** Seconds between two Syncs as ptp4l has it configured. */
  readonly syncSeconds: number
  /** False with delay mechanism NONE: the path delay is zero by choice. */
  readonly measuresDelay: boolean
}

export type PortState = DataSetValue<'PORT_DATA_SET'>['portState']

/** `port 1 (eth0)` */
export const portLabel = ({ number, interface: name }: Port): string =>
  name === '' ? `port ${number}` : `port ${number} (${name})`

/** -128..127 on the wire; beyond these it stands for "not known" (unicast says 0x7f). */
const syncSecondsOf = (log: number): number => (log >= -7 && log <= 6 ? 2 ** log : 1)

export class Ports {
  readonly #ports = new Map<number, Port>()
  /** In the order of their numbers, until one of them changes. */
  #list: readonly Port[] | undefined

  get list(): readonly Port[] {
    this.#list ??= [...this.#ports.values()].sort((a, b) => a.number - b.number)
    return this.#list
  }

  /** All three take a data set in; the first two return the change of state in words, or ''. */
  properties(value: DataSetValue<'PORT_PROPERTIES_NP'>, at: Instant<'mono'>): string {
    const { portIdentity, portState, timestamping } = value
    return this.#update(
      portIdentity.port,
      { interface: value.interface, stamping: timestamping, state: portState },
      at,
    )
  }

  dataSet(value: DataSetValue<'PORT_DATA_SET'>, at: Instant<'mono'>): string {
    const syncSeconds = syncSecondsOf(value.logSyncInterval)
    const measuresDelay = value.delayMechanism !== 'NONE'
    const news = { state: value.portState, syncSeconds, measuresDelay }
    return this.#update(value.portIdentity.port, news, at)
  }

  /** False: a port that stamps in hardware has no PHC by ptp4l's word, which runs free then. */
  hardwareClock(value: DataSetValue<'PORT_HWCLOCK_NP'>, at: Instant<'mono'>): boolean {
    const { portIdentity, phcIndex } = value
    const { stamping = 'software' } = this.#ports.get(portIdentity.port) ?? {}
    if (phcIndex < 0 && stamping !== 'software') return false
    this.#update(portIdentity.port, { phcIndex }, at)
    return true
  }

  /** What ethtool says of the interface of port `number`; -1: it has no PHC. */
  identified(number: number, phcIndex: number, at: Instant<'mono'>): void {
    if (this.#ports.has(number)) this.#update(number, { phcIndex }, at)
  }

  /** A ptp4l that was started with fewer ports has no more than `count`. */
  keep(count: number): void {
    for (const number of [...this.#ports.keys()]) if (number > count) this.#ports.delete(number)
    this.#list = undefined
  }

  /** The port that listens to a time transmitter: SLAVE, or UNCALIBRATED where that is for ever. */
  receiving(freeRunning: boolean): Port | undefined {
    const { list } = this
    return (
      list.find(({ state }) => state === 'SLAVE') ??
      (freeRunning ? list.find(({ state }) => state === 'UNCALIBRATED') : undefined)
    )
  }

  /** Ports that stamp in hardware, and nobody said with which PHC. */
  unmapped(): readonly Port[] {
    return this.list.filter(
      (port) =>
        port.phcIndex === undefined && port.stamping !== 'software' && port.interface !== '',
    )
  }

  #update(number: number, news: Partial<Port>, at: Instant<'mono'>): string {
    const before = this.#ports.get(number)
    const moved = news.state !== undefined && news.state !== before?.state
    const port: Port = {
      number,
      interface: '',
      state: '',
      stamping: undefined,
      phcIndex: undefined,
      syncSeconds: 1,
      measuresDelay: true,
      ...before,
      ...news,
      entered: moved ? before !== undefined && before.state !== '' : (before?.entered ?? false),
      faulted: (before?.faulted ?? 0) + (moved && news.state === 'FAULTY' ? 1 : 0),
      since: moved || before === undefined ? at : before.since,
    }
    this.#ports.set(number, port)
    this.#list = undefined
    if (!moved) return ''
    const from = before === undefined || before.state === '' ? '' : `${before.state} to `
    return `${portLabel(port)}: ${from}${port.state}`
  }
}
