/** The data sets that a simulated ptp4l shows, made from the state of its one port. */
import { nanos, ppb } from '../../core/units.ts'
import type { DataSet, DataSetName, TimeProperties } from '../../sources/management-data.ts'
import type { PortIdentity } from '../../sources/management-parts.ts'
import type { Grandmaster, PortView, Ptp4lOptions } from './ptp4l.ts'

const OWN_CLOCK = '001b21.fffe.445566'
export const OWN: PortIdentity = { clock: OWN_CLOCK, port: 0 }
export const OWN_PORT: PortIdentity = { clock: OWN_CLOCK, port: 1 }

const timeProperties = (gm: Grandmaster): TimeProperties => ({
  currentUtcOffset: gm.utcOffset,
  flags: {
    leap61: gm.leap === 'insert',
    leap59: gm.leap === 'delete',
    currentUtcOffsetValid: gm.utcOffsetValid,
    ptpTimescale: gm.ptpTimescale,
    timeTraceable: gm.timeTraceable,
    frequencyTraceable: gm.timeTraceable,
    synchronizationUncertain: false,
  },
  timeSource: 'GNSS',
})

const hasMaster = ({ state }: PortView): boolean => state === 'SLAVE' || state === 'UNCALIBRATED'

function defaultDataSet({ domain }: Ptp4lOptions): DataSet {
  return {
    name: 'DEFAULT_DATA_SET',
    value: {
      flags: { twoStep: true, slaveOnly: true },
      numberPorts: 1,
      priority1: 255,
      clockQuality: { clockClass: 255, clockAccuracy: 0xfe, offsetScaledLogVariance: 0xffff },
      priority2: 255,
      clockIdentity: OWN_CLOCK,
      domainNumber: domain,
    },
  }
}

function currentDataSet(view: PortView): DataSet {
  const { offsetNs, meanPathDelayNs } = view
  const has = hasMaster(view)
  return {
    name: 'CURRENT_DATA_SET',
    value: {
      stepsRemoved: has ? 1 : 0,
      offsetFromMaster: nanos(has ? offsetNs : 0),
      meanPathDelay: nanos(has ? meanPathDelayNs : 0),
    },
  }
}

function parentDataSet(view: PortView): DataSet {
  const { grandmaster } = view
  const has = hasMaster(view)
  const { clockClass, clockAccuracy } = has ? grandmaster : { clockClass: 255, clockAccuracy: 0xfe }
  const identity = has ? grandmaster.identity : OWN_CLOCK
  return {
    name: 'PARENT_DATA_SET',
    value: {
      parentPortIdentity: { clock: identity, port: has ? 1 : 0 },
      parentStats: 0,
      observedParentOffsetScaledLogVariance: 0xffff,
      observedParentClockPhaseChangeRate: 0x7fffffff,
      grandmasterPriority1: 128,
      grandmasterClockQuality: { clockClass, clockAccuracy, offsetScaledLogVariance: 0x4e5d },
      grandmasterPriority2: 128,
      grandmasterIdentity: identity,
    },
  }
}

function timeStatus(view: PortView): DataSet {
  const { offsetNs, ingress, grandmaster } = view
  const has = hasMaster(view)
  return {
    name: 'TIME_STATUS_NP',
    value: {
      masterOffset: nanos(Math.round(offsetNs)),
      ingressTime: ingress,
      cumulativeRateOffset: ppb(0),
      lastGmFrequencyChange: ppb(0),
      gmTimeBaseIndicator: 0,
      lastGmPhaseChange: nanos(0),
      gmPresent: has,
      gmIdentity: has ? grandmaster.identity : OWN_CLOCK,
    },
  }
}

function portDataSet({ interval = 1 }: Ptp4lOptions, { state }: PortView): DataSet {
  return {
    name: 'PORT_DATA_SET',
    value: {
      portIdentity: OWN_PORT,
      portState: state,
      logMinDelayReqInterval: 0,
      peerMeanPathDelay: nanos(0),
      logAnnounceInterval: 0,
      announceReceiptTimeout: 3,
      logSyncInterval: Math.round(Math.log2(interval)),
      delayMechanism: 'E2E',
      logMinPdelayReqInterval: 0,
      versionNumber: 2,
    },
  }
}

function portProperties(options: Ptp4lOptions, { state }: PortView): DataSet {
  return {
    name: 'PORT_PROPERTIES_NP',
    value: {
      portIdentity: OWN_PORT,
      portState: state,
      timestamping: options.phcIndex < 0 ? 'software' : 'hardware',
      interface: options.interface,
    },
  }
}

function hardwareClock({ phcIndex }: Ptp4lOptions): DataSet {
  return {
    name: 'PORT_HWCLOCK_NP',
    value: {
      portIdentity: OWN_PORT,
      phcIndex,
      flags: { virtual: false },
    },
  }
}

function portStats({ syncs }: PortView): DataSet {
  const counts = (...types: readonly number[]): number[] =>
    Array.from({ length: 16 }, (_, type) => (types.includes(type) ? syncs : 0))
  return {
    name: 'PORT_STATS_NP',
    // Sync, Follow_Up, Delay_Resp; Delay_Req
    value: { portIdentity: OWN_PORT, received: counts(0, 8, 9), sent: counts(1) },
  }
}

/** Undefined: this ptp4l does not know the id. */
export function dataSetFor(
  name: DataSetName,
  options: Ptp4lOptions,
  view: PortView,
): DataSet | undefined {
  switch (name) {
    case 'DEFAULT_DATA_SET':
      return defaultDataSet(options)
    case 'CURRENT_DATA_SET':
      return currentDataSet(view)
    case 'PARENT_DATA_SET':
      return parentDataSet(view)
    case 'TIME_PROPERTIES_DATA_SET':
      return { name, value: timeProperties(view.grandmaster) }
    case 'TIME_STATUS_NP':
      return timeStatus(view)
    case 'PORT_DATA_SET':
      return portDataSet(options, view)
    case 'PORT_PROPERTIES_NP':
      return portProperties(options, view)
    case 'PORT_HWCLOCK_NP':
      return hardwareClock(options)
    case 'PORT_DATA_SET_NP':
      return { name, value: { neighborPropDelayThresh: 20_000_000, asCapable: true } }
    case 'PORT_STATS_NP':
      return portStats(view)
    default:
      return undefined
  }
}
