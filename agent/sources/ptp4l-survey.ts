/**
 * The data sets of one ptp4l as they were told last: for the clock, and for each port. Those that
 * change rarely, and that no sample needs, are asked for one after the other, a data set a second: a
 * round takes as many seconds as ptp4l knows of them, whatever the number of its ports.
 *
 * What this ptp4l refuses (an id of a later version, what the read-only socket does not give) is
 * learnt once, and asked for again when another conversation begins.
 */
import type { Instant } from '../core/units.ts'
import { DATA_SETS, type DataSet, type DataSetName, type DataSetValue } from './management-data.ts'
import { MESSAGE_TYPES } from './management-parts.ts'
import { elapsed } from './phc-schedule.ts'
import type { DataSetValues, Ptp4lTraffic } from './source.ts'

/** In this order; the single values that repeat a member of another data set are left out. */
const ROUND: readonly DataSetName[] = [
  'PORT_STATS_NP',
  'PORT_SERVICE_STATS_NP',
  'UNICAST_MASTER_TABLE_NP',
  'CMLDS_INFO_NP',
  'DEFAULT_DATA_SET',
  'PORT_DATA_SET_NP',
  'GRANDMASTER_SETTINGS_NP',
  'SYNCHRONIZATION_UNCERTAIN_NP',
  'EXTERNAL_GRANDMASTER_PROPERTIES_NP',
  'POWER_PROFILE_SETTINGS_NP',
  'PORT_CORRECTIONS_NP',
  'PORT_HWCLOCK_NP',
  'CLOCK_DESCRIPTION',
  'USER_DESCRIPTION',
  'MASTER_ONLY',
  'ALTERNATE_TIME_OFFSET_ENABLE',
  'ALTERNATE_TIME_OFFSET_NAME',
  'ALTERNATE_TIME_OFFSET_PROPERTIES',
]

type Counters = DataSetValue<'PORT_STATS_NP'>

interface Count {
  readonly at: Instant<'mono'>
  readonly counters: Counters
}

const NOTHING: DataSetValues = {}

export class Survey {
  #turn = 0
  readonly #refused = new Map<DataSetName, string>()
  /** By port number; 0 is the clock. */
  readonly #values = new Map<number, Map<DataSetName, DataSet['value']>>()
  /** The last two of each port, for the rates. */
  readonly #counts = new Map<number, { readonly before: Count | undefined; readonly last: Count }>()

  /** What to ask for now; undefined when ptp4l refused all of it. */
  next(): DataSetName | undefined {
    for (let tried = 0; tried < ROUND.length; tried++) {
      const name = ROUND[this.#turn++ % ROUND.length]
      if (name !== undefined && this.isGiven(name)) return name
    }
    return undefined
  }

  isGiven(name: DataSetName): boolean {
    return !this.#refused.has(name)
  }

  /** Another conversation: perhaps another version, or another socket. */
  begin(): void {
    this.#refused.clear()
  }

  /** Another process: what was told of the one before is over. */
  forget(): void {
    this.begin()
    this.#values.clear()
    this.#counts.clear()
  }

  /** One port may know what another does not: only what nobody ever told is refused. */
  refuse(name: DataSetName, error: string): void {
    const known = [...this.#values.values()].some((values) => values.has(name))
    if (!known) this.#refused.set(name, error)
  }

  /** `port`: of the answer's sourcePortIdentity. */
  absorb({ name, value }: DataSet, port: number, at: Instant<'mono'>): void {
    const number = DATA_SETS[name].level === 'clock' ? 0 : port
    const values = this.#values.get(number) ?? new Map()
    this.#values.set(number, values.set(name, value))
    this.#refused.delete(name)
    if (name === 'PORT_STATS_NP') this.#count(number, { at, counters: value })
  }

  /** Of port `number`; without one, of the clock. */
  values(number = 0): DataSetValues {
    const values = this.#values.get(number)
    return values === undefined ? NOTHING : (Object.fromEntries(values) as DataSetValues)
  }

  get refused(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#refused)
  }

  traffic(number: number): Ptp4lTraffic | undefined {
    const counts = this.#counts.get(number)
    return counts && { received: flow(counts, 'received'), sent: flow(counts, 'sent') }
  }

  #count(number: number, last: Count): void {
    const before = this.#counts.get(number)?.last
    this.#counts.set(number, { before, last })
  }
}

/** Rates between the last two answers; none after one, or when the counters began again. */
function flow(
  { before, last }: { readonly before: Count | undefined; readonly last: Count },
  way: 'received' | 'sent',
): Ptp4lTraffic['sent'] {
  const seconds = before === undefined ? 0 : elapsed(last.at, before.at) / 1e9
  return Object.fromEntries(
    Object.entries(MESSAGE_TYPES).map(([code, type]) => {
      const count = last.counters[way][Number(code)] ?? 0
      const more = count - (before?.counters[way][Number(code)] ?? 0)
      return [type, { count, perSecond: seconds > 0 && more >= 0 ? more / seconds : undefined }]
    }),
  )
}
