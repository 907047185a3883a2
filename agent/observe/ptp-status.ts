/**
 * The part of `/status` that a ptp4l source has. Data sets keep the names of IEEE 1588 and linuxptp,
 * in them a value of time is in seconds and a rate in ppb, told by the key; addresses are text.
 */
import { type Instant, since } from '../core/units.ts'
import type { Ptp4lPortView, Ptp4lTraffic, SourceDetail } from '../sources/source.ts'
import type { DetailStatus, Ptp4lPortStatus, TrafficStatus } from './status-types.ts'

type Ptp4lDetail = Extract<SourceDetail, { kind: 'ptp4l' }>
type Values = Readonly<Record<string, unknown>>

/** Members in ns, other than those of the codec's type that say so themselves. */
const NANOSECONDS = new Set([
  ...['offsetFromMaster', 'meanPathDelay', 'peerMeanPathDelay', 'masterOffset'],
  ...['lastGmPhaseChange', 'neighborPropDelayThresh', 'meanLinkDelay', 'egressLatency'],
  ...['ingressLatency', 'delayAsymmetry'],
])
/** ns too, but all ones for "not known" (IEEE C37.238). */
const INACCURACIES = new Set([
  ...['grandmasterTimeInaccuracy', 'networkTimeInaccuracy', 'totalTimeInaccuracy'],
])
const UNKNOWN_INACCURACY = 0xffffffff
const PPB = new Set(['cumulativeRateOffset', 'lastGmFrequencyChange', 'neighborRateRatio'])

const hex = (byte: number): string => byte.toString(16).padStart(2, '0')

/** Bytes in the notation of their network protocol; EUI-48 where that is none. */
export function addressText(protocol: unknown, bytes: readonly number[]): string {
  if (protocol === 'UDP_IPV4') return bytes.join('.')
  if (protocol !== 'UDP_IPV6') return bytes.map(hex).join(':')
  const words = bytes.flatMap((byte, i) => (i % 2 === 0 ? [(byte << 8) | (bytes[i + 1] ?? 0)] : []))
  return words.map((word) => word.toString(16)).join(':')
}

const isBytes = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'number')

function member(key: string, value: unknown, all: Values): [string, unknown] {
  if (typeof value === 'bigint') return [`${key}Nanoseconds`, value.toString()]
  if (NANOSECONDS.has(key)) return [`${key}Seconds`, Number(value) / 1e9]
  if (INACCURACIES.has(key))
    return [`${key}Seconds`, value === UNKNOWN_INACCURACY ? null : Number(value) / 1e9]
  if (PPB.has(key)) return [`${key}Ppb`, value]
  if (key === 'address' || key === 'protocolAddress')
    return [key, isBytes(value) ? addressText(all['networkProtocol'], value) : value]
  if (key === 'manufacturerIdentity' || key === 'profileIdentity' || key === 'physicalAddress')
    return [key, isBytes(value) ? addressText('', value) : value]
  return [key, statusOf(value)]
}

/** Any value of the codec as JSON. */
function statusOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(statusOf)
  if (typeof value !== 'object' || value === null) return value
  const all = value as Values
  return Object.fromEntries(Object.entries(all).map(([key, each]) => member(key, each, all)))
}

/** Counters are shown as `traffic`, by the name of their message. */
const dataSetsStatus = (sets: Values = {}): Values =>
  Object.fromEntries(
    Object.entries(sets).flatMap(([name, value]) =>
      name === 'PORT_STATS_NP' ? [] : [[name, statusOf(value)]],
    ),
  )

const flowStatus = (flow: Ptp4lTraffic['sent']): TrafficStatus['sent'] =>
  Object.fromEntries(
    Object.entries(flow).map(([type, { count, perSecond = null }]) => [type, { count, perSecond }]),
  )

const portStatus = (port: Ptp4lPortView, now: Instant<'mono'>): Ptp4lPortStatus => ({
  number: port.number,
  interface: port.interface,
  state: port.state,
  stamping: port.stamping ?? null,
  phcIndex: port.phcIndex ?? null,
  stateSeconds: since(now, port.since) / 1e9,
  stateEntered: port.entered ?? false,
  faulted: port.faulted ?? 0,
  traffic:
    port.traffic === undefined
      ? null
      : { received: flowStatus(port.traffic.received), sent: flowStatus(port.traffic.sent) },
  dataSets: dataSetsStatus(port.dataSets),
})

export const ptp4lDetail = (detail: Ptp4lDetail, now: Instant<'mono'>): DetailStatus => ({
  kind: 'ptp4l',
  domain: detail.domain,
  subscribed: detail.subscribed,
  restarts: detail.restarts ?? 0,
  grandmaster: detail.grandmaster,
  clockClass: detail.clockClass ?? null,
  clockAccuracy: detail.clockAccuracy ?? null,
  stepsRemoved: detail.stepsRemoved ?? null,
  meanPathDelaySeconds: detail.meanPathDelay === undefined ? null : detail.meanPathDelay / 1e9,
  synchronized: detail.upstream?.synchronized ?? null,
  reason: detail.upstream?.reason ?? '',
  utcOffsetSeconds: detail.upstream?.utcOffset ?? null,
  utcOffsetValid: detail.upstream?.utcOffsetValid ?? null,
  ports: detail.ports.map((port) => portStatus(port, now)),
  dataSets: dataSetsStatus(detail.dataSets),
  refusedDataSets: detail.refusedDataSets ?? {},
})
