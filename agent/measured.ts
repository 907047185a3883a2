/** A measurement on its way to the servo: what it is worth, and what the slew did to it meanwhile. */
import type { Sample } from './core/sample.ts'
import { drifted, elapsed, type Instant, type Nanos, nanos, type Ppb, plus } from './core/units.ts'
import type { Believed } from './references-types.ts'
import type { Estimate } from './select/estimator.ts'
import type { EdgeKind } from './servo/catalogue.ts'
import type { ServoOutput } from './servo/servo.ts'

/** A slew ends with its offset, and not before the next sample is late by so many intervals. */
const PATIENT_INTERVALS = 1.25

export interface Measured {
  readonly offset: Nanos
  /** What all measurements together say, at `at`. */
  readonly estimate: Estimate
  /** It comes from the selected source. */
  readonly leads: boolean
  /** Of a reference that counts UTC itself. */
  readonly byUtc?: boolean
  readonly at: Instant<'mono'>
  /** When the correction takes effect. */
  readonly now: Instant<'mono'>
  readonly weight: number
  readonly edge: EdgeKind
  /** Seconds between samples. */
  readonly interval: number
}

/** A PHC is read locally; hardware stamps tell of a PHC by ptp4l or pulses; the rest has noise of software. */
export function edgeOf({ source, clock }: Sample): EdgeKind {
  if (/^(phc:|system>)/.test(source)) return 'phc'
  return /^(ptp4l|pps):/.test(source) && clock !== 'system' ? 'hardware' : 'software'
}

/** One literal, since a spread would make an object of each number. */
export const measuredOf = (
  sample: Sample,
  { offset, estimate, leads, weight, interval }: Believed,
  now: Instant<'mono'>,
): Measured => ({
  offset,
  estimate,
  leads,
  byUtc: sample.stratum > 0,
  at: sample.at,
  now,
  weight,
  edge: edgeOf(sample),
  interval,
})

/** What ptp4l tells of its noise is of the stream, not of one Sync: linuxptp weighs them all alike. */
export const weightOf = ({ edge, weight }: Measured): number => (edge === 'hardware' ? 1 : weight)

/**
 * The offset as it is by now: since the measurement the slew went on moving the clock. A ptp4l is asked
 * up to a second after its Sync, and a loop that is late by one interval rings.
 */
export function brought({ offset, at, now }: Measured, slew: Ppb): Pick<Measured, 'offset' | 'at'> {
  if (slew === 0 || now <= at) return { offset, at }
  return { offset: nanos(offset + drifted(slew, elapsed(now, at))), at: now }
}

/** What is left to remove when the dial was turned: until then it moved the clock by `slew`. */
export function left(
  output: ServoOutput,
  slew: Ppb,
  now: Instant<'mono'>,
  turned: Instant<'mono'>,
): ServoOutput {
  const { offset } = output
  if (offset === undefined) return output
  return { ...output, offset: nanos(offset + drifted(slew, elapsed(turned, now))) }
}

/** Between two samples the slew is the business of the servo alone. */
export function slewEnd(
  { offset, at, interval, now }: Measured,
  output: ServoOutput,
  steady: Ppb,
): Instant<'mono'> | undefined {
  const slew = output.frequency - steady
  if (slew === 0) return undefined
  // seconds of CLOCK_MONOTONIC, which is slewed, too
  const own = 1 + slew * 1e-9
  if (output.offset !== undefined) {
    return plus(now, nanos(Math.abs(output.offset / slew) * own * 1e9))
  }
  return plus(at, nanos(Math.max(PATIENT_INTERVALS * interval, Math.abs(offset / slew)) * 1e9))
}
