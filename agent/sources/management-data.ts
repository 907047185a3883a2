/**
 * The data sets of ptp4l's management interface: id, level and layout of each, in one table that
 * decodes and encodes (IEEE 1588-2019 clause 15.5.3, and linuxptp's own ids with the suffix NP).
 *
 * Names on the wire keep the standard's spelling; offsets in the comments count from the data
 * start (byte 54 of the message). Units after decoding: ns, ppb, seconds. Data longer than the
 * layout is what a later version appended, and ignored; shorter data is a fault.
 */
import {
  type Cursor,
  clockIdentity,
  counted,
  counter,
  cursorOf,
  eventMask,
  type Field,
  flags,
  hostTimeInterval,
  i8,
  i32,
  i64,
  named,
  padded,
  plainNanos,
  scaledNanos,
  scaledRate,
  struct,
  text8,
  timeInterval,
  times,
  truth,
  u8,
  u16,
  u32,
  type ValueOf,
} from './management-fields.ts'
import {
  clockQuality,
  DELAY_MECHANISMS,
  dataSet,
  NETWORK_PROTOCOLS,
  portIdentity,
  portState,
  STAMPINGS,
  timeProperties,
} from './management-parts.ts'
import { PLAIN_SETS } from './management-plain.ts'

export const DATA_SETS = {
  ...PLAIN_SETS,
  DEFAULT_DATA_SET: dataSet(
    0x2000,
    'clock',
    struct({
      flags: padded(flags('twoStep', 'slaveOnly'), 1), // 0
      numberPorts: u16, // 2
      priority1: u8, // 4
      clockQuality, // 5
      priority2: u8, // 9
      clockIdentity, // 10
      domainNumber: padded(u8, 1), // 18
    }),
  ),
  CURRENT_DATA_SET: dataSet(
    0x2001,
    'clock',
    struct({
      stepsRemoved: u16, // 0
      offsetFromMaster: timeInterval, // 2
      meanPathDelay: timeInterval, // 10
    }),
  ),
  PARENT_DATA_SET: dataSet(
    0x2002,
    'clock',
    struct({
      parentPortIdentity: portIdentity, // 0
      parentStats: padded(u8, 1), // 10
      observedParentOffsetScaledLogVariance: u16, // 12
      observedParentClockPhaseChangeRate: i32, // 14, 0x7fffffff: not computed
      grandmasterPriority1: u8, // 18
      grandmasterClockQuality: clockQuality, // 19
      grandmasterPriority2: u8, // 23
      grandmasterIdentity: clockIdentity, // 24
    }),
  ),
  TIME_PROPERTIES_DATA_SET: dataSet(0x2003, 'clock', struct(timeProperties)),
  PORT_DATA_SET: dataSet(
    0x2004,
    'port',
    struct({
      portIdentity, // 0
      portState, // 10
      logMinDelayReqInterval: i8, // 11
      peerMeanPathDelay: timeInterval, // 12, 0 with E2E
      logAnnounceInterval: i8, // 20
      announceReceiptTimeout: u8, // 21
      logSyncInterval: i8, // 22
      delayMechanism: named(u8, DELAY_MECHANISMS), // 23
      logMinPdelayReqInterval: i8, // 24
      versionNumber: u8, // 25
    }),
  ),
  TIME_STATUS_NP: dataSet(
    0xc000,
    'clock',
    struct({
      masterOffset: plainNanos, // 0, local - master
      ingressTime: i64, // 8, ns of the receiving clock, 0 after a step
      cumulativeRateOffset: scaledRate, // 16
      // linuxptp calls it scaledLastGmPhaseChange; 802.1AS: scaledLastGmFreqChange
      lastGmFrequencyChange: scaledRate, // 20
      gmTimeBaseIndicator: u16, // 24
      lastGmPhaseChange: scaledNanos, // 26
      gmPresent: truth(i32), // 38, false when we are grandmaster ourselves
      gmIdentity: clockIdentity, // 42
    }),
  ),
  GRANDMASTER_SETTINGS_NP: dataSet(0xc001, 'clock', struct({ clockQuality, ...timeProperties })),
  PORT_DATA_SET_NP: dataSet(
    0xc002,
    'port',
    struct({
      neighborPropDelayThresh: u32, // 0, ns
      asCapable: truth(i32), // 4
    }),
  ),
  SUBSCRIBE_EVENTS_NP: dataSet(
    0xc003,
    'clock',
    struct({
      duration: u16, // 0, seconds
      events: eventMask, // 2
    }),
  ),
  PORT_PROPERTIES_NP: dataSet(
    0xc004,
    'port',
    struct({
      portIdentity, // 0
      portState, // 10
      timestamping: named(u8, STAMPINGS), // 11
      interface: text8, // 12
    }),
  ),
  PORT_STATS_NP: dataSet(
    0xc005,
    'port',
    struct({
      portIdentity, // 0
      // by messageType: 0 Sync, 1 Delay_Req, 8 Follow_Up, 9 Delay_Resp, 11 Announce ...
      received: times(counter, 16), // 10, little endian
      sent: times(counter, 16), // 138, little endian
    }),
  ),
  SYNCHRONIZATION_UNCERTAIN_NP: dataSet(
    0xc006,
    'clock',
    struct({ uncertain: padded(named(u8, { 0: 'false', 1: 'true', 255: 'dont-care' }), 1) }),
  ),
  PORT_SERVICE_STATS_NP: dataSet(
    0xc007,
    'port',
    struct({
      portIdentity, // 0
      announceTimeout: counter, // 10, this and the rest little endian
      syncTimeout: counter,
      delayTimeout: counter,
      unicastServiceTimeout: counter,
      unicastRequestTimeout: counter,
      masterAnnounceTimeout: counter,
      masterSyncTimeout: counter,
      qualificationTimeout: counter,
      syncMismatch: counter,
      followupMismatch: counter,
    }),
  ),
  UNICAST_MASTER_TABLE_NP: dataSet(
    0xc008,
    'port',
    struct({
      masters: counted(
        u16,
        struct({
          portIdentity, // 0
          clockQuality, // 10
          selected: truth(u8), // 14
          state: named(u8, { 0: 'WAIT', 1: 'HAVE_ANN', 2: 'NEED_SYDY', 3: 'HAVE_SYDY' }), // 15
          priority1: u8, // 16
          priority2: u8, // 17
          networkProtocol: named(u16, NETWORK_PROTOCOLS), // 18
          address: counted(u16, u8), // 20
        }),
      ),
    }),
  ),
  PORT_HWCLOCK_NP: dataSet(
    0xc009,
    'port',
    struct({
      portIdentity, // 0
      phcIndex: i32, // 10, -1: none
      flags: padded(flags('virtual'), 1), // 14
    }),
  ),
  POWER_PROFILE_SETTINGS_NP: dataSet(
    0xc00a,
    'port',
    struct({
      version: named(u16, { 0: 'NONE', 1: 'C37_238_2011', 2: 'C37_238_2017' }), // 0
      grandmasterId: u16, // 2
      grandmasterTimeInaccuracy: u32, // 4, ns
      networkTimeInaccuracy: u32, // 8, ns
      totalTimeInaccuracy: u32, // 12, ns
    }),
  ),
  CMLDS_INFO_NP: dataSet(
    0xc00b,
    'port',
    struct({
      meanLinkDelay: timeInterval, // 0
      neighborRateRatio: scaledRate, // 8
      asCapable: truth(u32), // 12
    }),
  ),
  PORT_CORRECTIONS_NP: dataSet(
    0xc00c,
    'port',
    struct({
      egressLatency: hostTimeInterval, // 0, byte order of the host, as the other two
      ingressLatency: hostTimeInterval, // 8
      delayAsymmetry: hostTimeInterval, // 16
    }),
  ),
  EXTERNAL_GRANDMASTER_PROPERTIES_NP: dataSet(
    0xc00d,
    'clock',
    struct({
      gmIdentity: clockIdentity, // 0
      stepsRemoved: u16, // 8
    }),
  ),
} as const

export type DataSetName = keyof typeof DATA_SETS
export type DataSetValue<N extends DataSetName> = ValueOf<(typeof DATA_SETS)[N]['layout']>
/** A data set under its name, for `switch (set.name)`. */
export type DataSet = {
  [N in DataSetName]: { readonly name: N; readonly value: DataSetValue<N> }
}[DataSetName]

export type TimeStatus = DataSetValue<'TIME_STATUS_NP'>
export type TimeProperties = DataSetValue<'TIME_PROPERTIES_DATA_SET'>

const NAMES = new Map<number, DataSetName>(
  Object.entries(DATA_SETS).map(([name, { id }]) => [id, name as DataSetName]),
)

/** `TIME_STATUS_NP`, or `0xc0ff` for an id that is not in the table. */
export const idName = (id: number): string =>
  NAMES.get(id) ?? `0x${id.toString(16).padStart(4, '0')}`

export const dataSetOf = (id: number): DataSetName | undefined => NAMES.get(id)

/** The data set in bytes `at`..`end`; undefined when they are too few. */
export function decodeDataSet(
  name: DataSetName,
  bytes: Uint8Array,
  at = 0,
  end = bytes.length,
): DataSet | undefined {
  const cursor: Cursor = cursorOf(bytes, at, end)
  const value = DATA_SETS[name].layout.read(cursor)
  return cursor.short ? undefined : ({ name, value } as DataSet)
}

/** Padded to an even length, as clause 14.1.2 wants every TLV. */
export function encodeDataSet({ name, value }: DataSet): Uint8Array {
  const out: number[] = []
  const layout = DATA_SETS[name].layout as Field<unknown>
  layout.write(out, value)
  if (out.length % 2 === 1) out.push(0)
  return Uint8Array.from(out)
}
