/**
 * A servo is a formula with a state: an offset, the time of the sample and its weight go in, the
 * frequency to dial comes out. Steps, outliers, clamping to hardware and logging live elsewhere.
 */
import type { Instant, Nanos, Ppb } from '../core/units.ts'

/** `unlocked`: still collecting, dial nothing. `jump`: step first, then dial. `locked`: dial. */
export type ServoState = 'unlocked' | 'jump' | 'locked'

export interface ServoOutput {
  readonly state: ServoState
  /** What to dial: positive makes the clock run faster. */
  readonly frequency: Ppb
}

export interface Servo {
  /**
   * `offset` is local - reference, `at` the monotonic time of the measurement, `weight` 0..1 how much
   * it is worth.
   */
  sample(offset: Nanos, at: Instant<'mono'>, weight: number): ServoOutput
  /** Seconds between samples from now on. */
  setUpdateInterval(interval: number): void
  /** Largest part of the output that removes an offset, from now on. */
  limitSlew(maxSlew: Ppb): void
  /** Collect anew; what was learnt of the frequency stays. */
  reset(): void
  /** The frequency that would hold the clock steady as far as learnt: the dial without correction. */
  readonly steady: Ppb
}
