/**
 * The only arrow that points back: when a clock is stepped or its rate is changed, whoever stores
 * samples measured against it moves them, and widens them by the uncertainty of the change.
 */
import type { ClockName, Sample } from './sample.ts'
import { drifted, elapsed, type Instant, type Nanos, type Ppb } from './units.ts'

export interface ClockChange {
  readonly clock: ClockName
  /** When it took effect. */
  readonly at: Instant<'mono'>
  /** Added to the clock, in ns. */
  readonly step: bigint
  /** Change of frequency, new minus old. */
  readonly frequency: Ppb
  /** How wrong `step` and `at` may be, as an offset. */
  readonly uncertainty: Nanos
  /** True when somebody else did it. */
  readonly foreign: boolean
  /**
   * The kernel inserted (1) or deleted (-1) a second: UTC jumped and the clock with it, so no offset
   * changes, but TAI - UTC does, and stamps of before and after do not belong together.
   */
  readonly leap?: 1 | -1
}

/**
 * The sample as it would have been measured had the change been in effect all along: a clock that
 * was stepped forward was "more ahead" at every earlier sample too. A rate change is applied as if
 * the new rate had held since the sample, so that the offsets of a window lie on one line again.
 */
export const moveSample = (sample: Sample, change: ClockChange): Sample =>
  moveSampleBy(sample, [change])

/** The same for several changes, in the order in which they were told. */
export function moveSampleBy(sample: Sample, changes: readonly ClockChange[]): Sample {
  let { offset, dispersion } = sample as { offset: number; dispersion: number }
  for (const { clock, at, step, frequency, uncertainty } of changes) {
    if (sample.clock !== clock || sample.at > at) continue
    offset += Number(step) - drifted(frequency, elapsed(at, sample.at))
    dispersion += uncertainty
  }
  if (offset === sample.offset && dispersion === sample.dispersion) return sample
  return { ...sample, offset: offset as Nanos, dispersion: dispersion as Nanos }
}
