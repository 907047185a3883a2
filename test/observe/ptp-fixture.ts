/** The data sets of a boundary clock's ptp4l with one port, for tests of what is shown. */
import { nanos, ppb } from '../../agent/core/units.ts'
import type { DataSetValues, Ptp4lTraffic } from '../../agent/sources/source.ts'

const OWN = 'c61ef4.fffe.3c3e73'
const GM = '001122.fffe.334455'
const QUALITY = { clockClass: 6, clockAccuracy: 0x21, offsetScaledLogVariance: 0x4e5d }
const PORT = { clock: OWN, port: 1 }
const TIME = {
  currentUtcOffset: 37,
  flags: {
    leap61: false,
    leap59: false,
    currentUtcOffsetValid: true,
    ptpTimescale: true,
    timeTraceable: true,
    frequencyTraceable: true,
    synchronizationUncertain: false,
  },
  timeSource: 'GNSS',
} as const

export const PTP_CLOCK_SETS: DataSetValues = {
  DEFAULT_DATA_SET: {
    flags: { twoStep: true, slaveOnly: false },
    numberPorts: 1,
    priority1: 127,
    clockQuality: { clockClass: 248, clockAccuracy: 0xfe, offsetScaledLogVariance: 0xffff },
    priority2: 126,
    clockIdentity: OWN,
    domainNumber: 24,
  },
  CURRENT_DATA_SET: {
    stepsRemoved: 1,
    offsetFromMaster: nanos(-3),
    meanPathDelay: nanos(350),
  },
  PARENT_DATA_SET: {
    parentPortIdentity: { clock: GM, port: 1 },
    parentStats: 0,
    observedParentOffsetScaledLogVariance: 0xffff,
    observedParentClockPhaseChangeRate: 0x7fffffff,
    grandmasterPriority1: 128,
    grandmasterClockQuality: QUALITY,
    grandmasterPriority2: 129,
    grandmasterIdentity: GM,
  },
  TIME_PROPERTIES_DATA_SET: TIME,
  TIME_STATUS_NP: {
    masterOffset: nanos(-3),
    ingressTime: 1_780_272_037_123_456_789n,
    cumulativeRateOffset: ppb(-12.5),
    lastGmFrequencyChange: ppb(0),
    gmTimeBaseIndicator: 0,
    lastGmPhaseChange: nanos(0),
    gmPresent: true,
    gmIdentity: GM,
  },
  GRANDMASTER_SETTINGS_NP: { clockQuality: { ...QUALITY, clockClass: 248 }, ...TIME },
  SYNCHRONIZATION_UNCERTAIN_NP: { uncertain: 'false' },
  EXTERNAL_GRANDMASTER_PROPERTIES_NP: { gmIdentity: GM, stepsRemoved: 2 },
  USER_DESCRIPTION: { userDescription: 'rack 7' },
  ALTERNATE_TIME_OFFSET_ENABLE: { keyField: 0, flags: { enable: true } },
  ALTERNATE_TIME_OFFSET_PROPERTIES: {
    keyField: 0,
    currentOffset: 3600,
    jumpSeconds: -3600,
    timeOfNextJump: 1_793_000_000,
  },
}

export const PTP_PORT_SETS: DataSetValues = {
  CLOCK_DESCRIPTION: {
    clockType: 0x4000,
    physicalLayerProtocol: 'IEEE 802.3',
    physicalAddress: [0xc6, 0x1e, 0xf4, 0x3c, 0x3e, 0x73],
    networkProtocol: 'UDP_IPV6',
    protocolAddress: [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    manufacturerIdentity: [0, 0, 0],
    productDescription: ';;',
    revisionData: ';;',
    userDescription: 'rack 7',
    profileIdentity: [0, 0x1b, 0x19, 0, 1, 0],
  },
  PORT_DATA_SET: {
    portIdentity: PORT,
    portState: 'SLAVE',
    logMinDelayReqInterval: -3,
    peerMeanPathDelay: nanos(212),
    logAnnounceInterval: 1,
    announceReceiptTimeout: 3,
    logSyncInterval: -3,
    delayMechanism: 'P2P',
    logMinPdelayReqInterval: 127,
    versionNumber: 2,
  },
  PORT_DATA_SET_NP: { neighborPropDelayThresh: 800, asCapable: true },
  PORT_SERVICE_STATS_NP: {
    portIdentity: PORT,
    announceTimeout: 2,
    syncTimeout: 3,
    delayTimeout: 4,
    unicastServiceTimeout: 5,
    unicastRequestTimeout: 6,
    masterAnnounceTimeout: 7,
    masterSyncTimeout: 8,
    qualificationTimeout: 9,
    syncMismatch: 10,
    followupMismatch: 11,
  },
  UNICAST_MASTER_TABLE_NP: {
    masters: [
      {
        portIdentity: { clock: GM, port: 1 },
        clockQuality: QUALITY,
        selected: true,
        state: 'HAVE_SYDY',
        priority1: 128,
        priority2: 128,
        networkProtocol: 'UDP_IPV4',
        address: [10, 99, 0, 1],
      },
    ],
  },
  MASTER_ONLY: { flags: { masterOnly: false } },
  POWER_PROFILE_SETTINGS_NP: {
    version: 'C37_238_2017',
    grandmasterId: 3,
    grandmasterTimeInaccuracy: 250,
    networkTimeInaccuracy: 0xffffffff,
    totalTimeInaccuracy: 1250,
  },
  PORT_CORRECTIONS_NP: {
    egressLatency: nanos(100),
    ingressLatency: nanos(-5),
    delayAsymmetry: nanos(0),
  },
  CMLDS_INFO_NP: { meanLinkDelay: nanos(312.5), neighborRateRatio: ppb(20), asCapable: true },
}

const flow = (perSecond: number): Ptp4lTraffic['sent'] => ({
  Sync: { count: 28_640, perSecond },
  Announce: { count: 1790, perSecond: 0.5 },
  Delay_Req: { count: 12, perSecond: undefined },
})
export const PTP_TRAFFIC: Ptp4lTraffic = { received: flow(8), sent: flow(0) }
