/** What pmc prints, parsed; and our values of the same data sets written as pmc writes them. */
import { addressText } from '../../agent/observe/ptp-status.ts'
import type { DataSetName } from '../../agent/sources/management-data.ts'
import { MESSAGE_TYPES } from '../../agent/sources/management-parts.ts'

export type Fields = Record<string, string>

/** `data set -> field -> value`; rows of the unicast master table are fields of their own. */
export function parsePmc(text: string): Record<string, Fields> {
  const found: Record<string, Fields> = {}
  let fields: Fields = {}
  for (const line of text.split('\n')) {
    const set = /RESPONSE MANAGEMENT (\w+)/.exec(line)?.[1]
    if (set !== undefined) {
      fields = {}
      found[set] = fields
    }
    const [, field = '', value = ''] = /^\t\t([\w.]+)\s*(.*?)\s*$/.exec(line) ?? []
    const isRow = field === 'no' || field === 'yes'
    if (isRow)
      fields[`row ${Object.keys(fields).length}`] = `${field} ${value.replace(/\s+/g, ' ')}`
    else if (field !== '' && field !== 'BM') fields[field] = value
  }
  return found
}

const hex = (value: number, digits = 2): string => `0x${value.toString(16).padStart(digits, '0')}`
const bit = (value: boolean): string => (value ? '1' : '0')
const texts = (values: Values): Fields =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
const identity = ({ clock, port }: Values): string => `${clock}-${port}`
const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)

// biome-ignore lint/suspicious/noExplicitAny: JSON of a child
type Values = any

const TIME_SOURCES: Readonly<Record<string, number>> = {
  ...{ ATOMIC_CLOCK: 0x10, GNSS: 0x20, TERRESTRIAL_RADIO: 0x30, PTP: 0x40, NTP: 0x50 },
  ...{ HAND_SET: 0x60, OTHER: 0x90, INTERNAL_OSCILLATOR: 0xa0 },
}
const MECHANISMS: Readonly<Record<string, string>> = { E2E: '1', P2P: '2', COMMON_P2P: '3' }
const PROTOCOLS: Readonly<Record<string, string>> = {
  UDP_IPV4: '1',
  UDP_IPV6: '2',
  IEEE_802_3: '3',
}
const UNCERTAIN: Readonly<Record<string, string>> = { false: '0', true: '1', 'dont-care': '255' }

const POWER_PROFILES: Readonly<Record<string, string>> = {
  ...{ NONE: '0', C37_238_2011: '1', C37_238_2017: '2' },
}

const timeProperties = (v: Values): Fields => ({
  currentUtcOffset: `${v.currentUtcOffset}`,
  leap61: bit(v.flags.leap61),
  leap59: bit(v.flags.leap59),
  currentUtcOffsetValid: bit(v.flags.currentUtcOffsetValid),
  ptpTimescale: bit(v.flags.ptpTimescale),
  timeTraceable: bit(v.flags.timeTraceable),
  frequencyTraceable: bit(v.flags.frequencyTraceable),
  timeSource: hex(TIME_SOURCES[v.timeSource] ?? Number(v.timeSource)),
})
const quality = (v: Values, prefix = ''): Fields => {
  const name = (word: string): string =>
    prefix === '' ? word : `${prefix}${word.charAt(0).toUpperCase()}${word.slice(1)}`
  return {
    [name('clockClass')]: `${v.clockClass}`,
    [name('clockAccuracy')]: hex(v.clockAccuracy),
    [name('offsetScaledLogVariance')]: hex(v.offsetScaledLogVariance, 4),
  }
}

/** u16 most significant, u64 ns, u16 fraction. */
function phaseChange(nanoseconds: number): string {
  const wire = BigInt.asUintN(96, BigInt(Math.round(nanoseconds * 65536)))
  const digits = wire.toString(16).padStart(24, '0')
  return `0x${digits.slice(0, 4)}'${digits.slice(4, 20)}.${digits.slice(20)}`
}

const masterRow = (master: Values): string =>
  [
    master.selected ? 'yes' : 'no',
    identity(master.portIdentity),
    addressText(master.networkProtocol, master.address),
    master.state,
    ...Object.values(quality(master.clockQuality)),
    master.priority1,
    master.priority2,
  ].join(' ')

const messages = (prefix: string, counts: readonly number[]): Fields =>
  Object.fromEntries(
    Object.entries(MESSAGE_TYPES).map(([code, type]) => [
      `${prefix}_${type}`,
      `${counts[Number(code)]}`,
    ]),
  )

/** Our values written as pmc 3.1.1 and 4.2 write them; every data set that they know. */
export const AS_PMC: { readonly [N in DataSetName]?: (value: Values) => Fields } = {
  CLOCK_DESCRIPTION: (v) => ({
    clockType: hex(v.clockType),
    physicalLayerProtocol: v.physicalLayerProtocol,
    physicalAddress: addressText('', v.physicalAddress),
    protocolAddress: `${PROTOCOLS[v.networkProtocol]} ${addressText(v.networkProtocol, v.protocolAddress)}`,
    manufacturerId: addressText('', v.manufacturerIdentity),
    productDescription: v.productDescription,
    revisionData: v.revisionData,
    userDescription: v.userDescription,
    profileId: addressText('', v.profileIdentity),
  }),
  USER_DESCRIPTION: texts,
  DEFAULT_DATA_SET: (v) => ({
    twoStepFlag: bit(v.flags.twoStep),
    slaveOnly: bit(v.flags.slaveOnly),
    numberPorts: `${v.numberPorts}`,
    priority1: `${v.priority1}`,
    ...quality(v.clockQuality),
    priority2: `${v.priority2}`,
    clockIdentity: v.clockIdentity,
    domainNumber: `${v.domainNumber}`,
  }),
  CURRENT_DATA_SET: (v) => ({
    stepsRemoved: `${v.stepsRemoved}`,
    offsetFromMaster: v.offsetFromMaster.toFixed(1),
    meanPathDelay: v.meanPathDelay.toFixed(1),
  }),
  PARENT_DATA_SET: (v) => ({
    parentPortIdentity: identity(v.parentPortIdentity),
    parentStats: `${v.parentStats}`,
    observedParentOffsetScaledLogVariance: hex(v.observedParentOffsetScaledLogVariance, 4),
    observedParentClockPhaseChangeRate: hex(v.observedParentClockPhaseChangeRate, 8),
    grandmasterPriority1: `${v.grandmasterPriority1}`,
    ...quality(v.grandmasterClockQuality, 'gm.'),
    grandmasterPriority2: `${v.grandmasterPriority2}`,
    grandmasterIdentity: v.grandmasterIdentity,
  }),
  TIME_PROPERTIES_DATA_SET: timeProperties,
  PORT_DATA_SET: (v) => ({
    ...texts(v),
    portIdentity: identity(v.portIdentity),
    peerMeanPathDelay: `${Math.floor(v.peerMeanPathDelay)}`,
    delayMechanism: MECHANISMS[v.delayMechanism] ?? v.delayMechanism,
  }),
  PRIORITY1: texts,
  PRIORITY2: texts,
  DOMAIN: texts,
  SLAVE_ONLY: (v) => ({ slaveOnly: bit(v.slaveOnly) }),
  LOG_ANNOUNCE_INTERVAL: texts,
  ANNOUNCE_RECEIPT_TIMEOUT: texts,
  LOG_SYNC_INTERVAL: texts,
  VERSION_NUMBER: texts,
  CLOCK_ACCURACY: (v) => ({ clockAccuracy: hex(v.clockAccuracy) }),
  TRACEABILITY_PROPERTIES: (v) => ({
    timeTraceable: bit(v.flags.timeTraceable),
    frequencyTraceable: bit(v.flags.frequencyTraceable),
  }),
  TIMESCALE_PROPERTIES: (v) => ({ ptpTimescale: bit(v.flags.ptpTimescale) }),
  ALTERNATE_TIME_OFFSET_ENABLE: (v) => ({ keyField: `${v.keyField}`, enable: bit(v.flags.enable) }),
  ALTERNATE_TIME_OFFSET_NAME: texts,
  ALTERNATE_TIME_OFFSET_PROPERTIES: texts,
  TIME_STATUS_NP: (v) => ({
    master_offset: `${v.masterOffset}`,
    ingress_time: `${v.ingressTime}`,
    cumulativeScaledRateOffset: `${v.cumulativeRateOffset < 0 ? '' : '+'}${(v.cumulativeRateOffset / 1e9).toFixed(9)}`,
    scaledLastGmPhaseChange: `${Math.round((v.lastGmFrequencyChange / 1e9) * 2 ** 41)}`,
    gmTimeBaseIndicator: `${v.gmTimeBaseIndicator}`,
    lastGmPhaseChange: phaseChange(v.lastGmPhaseChange),
    gmPresent: `${v.gmPresent}`,
    gmIdentity: v.gmIdentity,
  }),
  GRANDMASTER_SETTINGS_NP: (v) => ({ ...quality(v.clockQuality), ...timeProperties(v) }),
  SUBSCRIBE_EVENTS_NP: (v) => ({
    duration: `${v.duration}`,
    ...Object.fromEntries(
      ['PORT_STATE', 'TIME_SYNC', 'PARENT_DATA_SET'].map((event, n) => [
        `NOTIFY_${event}`,
        v.events.includes(n) ? 'on' : 'off',
      ]),
    ),
  }),
  SYNCHRONIZATION_UNCERTAIN_NP: (v) => ({ uncertain: UNCERTAIN[v.uncertain] ?? v.uncertain }),
  MASTER_ONLY: (v) => ({ masterOnly: bit(v.flags.masterOnly) }),
  PORT_DATA_SET_NP: (v) => ({
    neighborPropDelayThresh: `${v.neighborPropDelayThresh}`,
    asCapable: bit(v.asCapable),
  }),
  PORT_PROPERTIES_NP: (v) => ({
    portIdentity: identity(v.portIdentity),
    portState: v.portState,
    timestamping: v.timestamping.toUpperCase(),
    interface: v.interface,
  }),
  PORT_STATS_NP: (v) => ({
    portIdentity: identity(v.portIdentity),
    ...messages('rx', v.received),
    ...messages('tx', v.sent),
  }),
  PORT_SERVICE_STATS_NP: ({ portIdentity, ...counters }) => ({
    portIdentity: identity(portIdentity),
    ...Object.fromEntries(
      Object.entries(counters).map(([name, value]) => [snake(name), String(value)]),
    ),
  }),
  UNICAST_MASTER_TABLE_NP: ({ masters }) => ({
    actual_table_size: `${masters.length}`,
    ...Object.fromEntries(
      masters.map((each: Values, n: number) => [`row ${n + 1}`, masterRow(each)]),
    ),
  }),
  PORT_HWCLOCK_NP: (v) => ({
    portIdentity: identity(v.portIdentity),
    phcIndex: `${v.phcIndex}`,
    flags: bit(v.flags.virtual),
  }),
  POWER_PROFILE_SETTINGS_NP: (v) => ({
    version: POWER_PROFILES[v.version] ?? v.version,
    grandmasterID: hex(v.grandmasterId, 4),
    grandmasterTimeInaccuracy: `${v.grandmasterTimeInaccuracy}`,
    networkTimeInaccuracy: `${v.networkTimeInaccuracy}`,
    totalTimeInaccuracy: `${v.totalTimeInaccuracy}`,
  }),
  DELAY_MECHANISM: (v) => ({ delayMechanism: MECHANISMS[v.delayMechanism] ?? v.delayMechanism }),
  LOG_MIN_PDELAY_REQ_INTERVAL: texts,
}

/** Both may have been rounded to one place, which is done in two ways for a tie. */
const near = (a: string, b: string): boolean =>
  a.includes('.') && Math.abs(Number(a) - Number(b)) < 0.11

/** Our field is one of pmc's two, or a counter between them. */
function fits(our: string, before: string, after: string): boolean {
  if (our === before || our === after) return true
  if (near(our, before) || near(our, after)) return true
  const [low, value, high] = [before, our, after].map(Number) as [number, number, number]
  return Number.isInteger(low) && Number.isInteger(high) && low <= value && value <= high
}

/** `field: ours X, pmc Y then Z` for each that does not fit. */
export function differences(our: Fields, before: Fields = {}, after: Fields = {}): string[] {
  return Object.keys({ ...before, ...after }).flatMap((field) => {
    const [first = '', mine = 'nothing', last = ''] = [before[field], our[field], after[field]]
    return fits(mine, first, last) ? [] : [`${field}: ours ${mine}, pmc ${first} then ${last}`]
  })
}
