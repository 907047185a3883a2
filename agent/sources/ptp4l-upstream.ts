/**
 * What the data sets of ptp4l are worth: bounds, leap, UTC offset, and the reason why there is
 * nothing to use. Pure functions over the facts gathered so far.
 *
 * Bound of the measured clock against the grandmaster's reference, split as RFC 5905 splits it:
 * half of the round trip (PTP's mean path delay is one way), the noise of the stamps, and as root
 * dispersion the accuracy class of the grandmaster and an allowance for the clocks between.
 */
import type { Upstream } from '../core/machine.ts'
import type { ClockName, LeapWarning, Sample, StampKind } from '../core/sample.ts'
import { type Instant, type Nanos, nanos, seconds } from '../core/units.ts'
import type { DataSetValue, TimeProperties, TimeStatus } from './management-data.ts'
import { type Port, type Ports, portLabel } from './ptp4l-ports.ts'

export interface Facts {
  current: DataSetValue<'CURRENT_DATA_SET'> | undefined
  parent: DataSetValue<'PARENT_DATA_SET'> | undefined
  properties: TimeProperties | undefined
  status: TimeStatus | undefined
}

export const noFacts = (): Facts => ({
  current: undefined,
  parent: undefined,
  properties: undefined,
  status: undefined,
})

/** IEEE 1588-2019 table 5, from 0x17 on, in ns. */
const ACCURACY: readonly number[] = [
  ...[1e-3, 2.5e-3, 1e-2, 2.5e-2, 0.1, 0.25], // 0x17: 1 ps
  ...[1, 2.5, 10, 25, 100, 250], // 0x1d: 1 ns
  ...[1e3, 2.5e3, 1e4, 2.5e4, 1e5, 2.5e5], // 0x23: 1 us
  ...[1e6, 2.5e6, 1e7, 2.5e7, 1e8, 2.5e8], // 0x29: 1 ms
  ...[1e9, 1e10], // 0x2f: 1 s
  6e10, // 0x31: "more than 10 s"; a minute
]
/**
 * For 0xFE (unknown) and reserved codes. ptp4l as grandmaster says "unknown" unless configured, and
 * its clock is then mostly steered by NTP or GNSS: a millisecond is wide enough to lose against any
 * reference that vouches for itself, and narrow enough to be caught when it lies.
 */
const UNKNOWN_ACCURACY = 1e6
/** Each boundary clock beyond the first hop: max|TE| of a class A clock, ITU-T G.8273.2. */
const PER_HOP = 100

export const accuracyOf = (code: number | undefined): Nanos =>
  nanos(ACCURACY[(code ?? 0) - 0x17] ?? UNKNOWN_ACCURACY)

/** The first code whose accuracy is no better than `bound`, ns; 0xFE beyond a minute. */
export function accuracyCode(bound: Nanos): number {
  const index = ACCURACY.findIndex((accuracy) => accuracy >= bound)
  return index < 0 ? 0xfe : index + 0x17
}

/** Noise of one stamp where none was seen yet: NIC clock resolution; scheduling of the driver. */
const STAMP_NOISE: Readonly<Record<StampKind, number>> = {
  hardware: 10,
  kernel: 5_000,
  daemon: 50_000,
}

export const stampsOf = (port: Port): StampKind =>
  port.stamping === 'software' || (port.stamping === undefined && (port.phcIndex ?? 0) < 0)
    ? 'kernel'
    : 'hardware'

export function leapOf(properties: TimeProperties | undefined): LeapWarning {
  if (properties === undefined) return 'unknown'
  if (properties.flags.leap61) return 'insert'
  return properties.flags.leap59 ? 'delete' : 'none'
}

/** Seconds from UTC to the time scale of the PHC: zero unless that is PTP's own, TAI. */
export const utcOffsetOf = (properties: TimeProperties | undefined): number =>
  properties?.flags.ptpTimescale ? properties.currentUtcOffset : 0

const roundTrip = ({ current }: Facts): Nanos => nanos(2 * Math.max(0, current?.meanPathDelay ?? 0))

const referenceDispersion = ({ parent, current }: Facts): number =>
  accuracyOf(parent?.grandmasterClockQuality.clockAccuracy) +
  PER_HOP * Math.max(0, (current?.stepsRemoved ?? 1) - 1)

/** One Sync as a sample; the sign of masterOffset is ours already: local - reference. */
export function sampleOf(
  facts: Facts,
  status: TimeStatus,
  given: {
    readonly source: string
    readonly clock: ClockName
    readonly at: Instant<'mono'>
    readonly port: Port
    readonly jitter: Nanos
  },
): Sample {
  const { source, clock, at, port, jitter } = given
  const stamps = stampsOf(port)
  return {
    source,
    clock,
    at,
    offset: status.masterOffset,
    delay: roundTrip(facts),
    dispersion: nanos(STAMP_NOISE[stamps] + jitter),
    rootDelay: nanos(0),
    rootDispersion: nanos(referenceDispersion(facts)),
    stratum: 0,
    leap: leapOf(facts.properties),
    reference: status.gmIdentity,
    stamps,
  }
}

/** What a reader of the PHC has to know; `reason` empty: synchronized. */
export function upstreamOf(
  facts: Facts,
  given: {
    readonly clock: ClockName
    readonly reason: string
    readonly steers: boolean
    readonly last: Sample | undefined
    readonly now: Instant<'mono'>
  },
): Upstream {
  const { clock, reason, steers, last, now } = given
  const { properties } = facts
  return {
    clock,
    synchronized: reason === '',
    steers,
    reason,
    utcOffset: utcOffsetOf(properties),
    utcOffsetValid:
      properties?.flags.ptpTimescale === true && properties.flags.currentUtcOffsetValid,
    timeTraceable: properties?.flags.timeTraceable === true,
    leap: leapOf(properties),
    offset: last?.offset ?? nanos(0),
    at: last?.at ?? now,
    rootDispersion: nanos(referenceDispersion(facts) + (last?.dispersion ?? 0)),
    rootDelay: roundTrip(facts),
    reference: facts.status?.gmIdentity ?? facts.parent?.grandmasterIdentity ?? '',
  }
}

/** Three Syncs, but no less than three seconds: shorter gaps are ordinary loss. */
export const staleAfter = (syncSeconds: number): Nanos => seconds(3 * Math.max(1, syncSeconds))

/** A reason in words, and a key that stays the same while the words count seconds. */
export interface Reason {
  readonly key: string
  readonly text: string
}

export const reason = (text: string, key = text): Reason => ({ key, text })
/** A state, not an error. */
const GRANDMASTER = reason('grandmaster is this clock itself')
const NO_REASON: Reason = reason('')

/** Until the first delay was measured ptp4l shows offset 0 and delay 0, with ingress times. */
export const hasDelay = ({ current }: Facts, port: Port): boolean =>
  current !== undefined && (current.meanPathDelay !== 0 || !port.measuresDelay)

const TRANSMITTING = new Set(['MASTER', 'GRAND_MASTER'])

/** Why ptp4l, which does answer, gives nothing to use; in the order of what to look at first. */
export function reasonOf(
  facts: Facts,
  ports: Ports,
  given: {
    readonly freeRunning: boolean
    readonly clock: ClockName | undefined
    /** Since the last new Sync; undefined: none yet. */
    readonly syncAge: Nanos | undefined
    readonly limit: Nanos
  },
): Reason {
  const { list } = ports
  if (list.length === 0 || facts.status === undefined || facts.current === undefined) {
    return reason('waiting for the first answers')
  }
  const port = ports.receiving(given.freeRunning)
  if (!facts.status.gmPresent && list.some(({ state }) => TRANSMITTING.has(state)))
    return GRANDMASTER
  if (port === undefined) {
    return reason(list.map((each) => `port ${each.number} ${each.state}`).join(', '))
  }
  if (given.clock === undefined) return reason(`the PHC of ${portLabel(port)} is not known`)
  if (!hasDelay(facts, port)) return reason('path delay not measured yet')
  // until the first Sync of a new time transmitter ptp4l calls itself grandmaster
  if (given.syncAge === undefined || !facts.status.gmPresent) return reason('no Sync yet')
  if (given.syncAge < given.limit) return NO_REASON
  return reason(`no Sync for ${Math.round(given.syncAge / 1e9)} s`, 'no Sync')
}
