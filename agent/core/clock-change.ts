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
export function moveSample(sample: Sample, change: ClockChange): Sample {
  if (sample.clock !== change.clock || sample.at > change.at) return sample
  const age = elapsed(change.at, sample.at)
  const offset = sample.offset + Number(change.step) - drifted(change.frequency, age)
  return {
    ...sample,
    offset: offset as Nanos,
    dispersion: (sample.dispersion + change.uncertainty) as Nanos,
  }
}
