/**
 * A servo is a formula with a state: an offset, the time of the sample and its weight go in, the
 * frequency to dial comes out. Steps, outliers, clamping to hardware and logging live elsewhere.
 */
import type { Instant, Nanos, Ppb } from '../core/units.ts'
import type { Estimate } from '../select/estimator.ts'

/** `unlocked`: still collecting, dial nothing. `jump`: step first, then dial. `locked`: dial. */
export type ServoState = 'unlocked' | 'jump' | 'locked'

export interface ServoOutput {
  readonly state: ServoState
  /** What to dial: positive makes the clock run faster. */
  readonly frequency: Ppb
  /** What the dial beyond the steady one is to remove, where it has an end; local - reference. */
  readonly offset?: Nanos
}

export interface ServoInput {
  /** The measurement: local - reference. */
  readonly offset: Nanos
  /** When. */
  readonly at: Instant<'mono'>
  /** 0..1: how much it is worth. */
  readonly weight: number
  /** What all measurements together say, at `at`. */
  readonly estimate: Estimate
  /** When the output is dialled, and what is dialled until then. */
  readonly now: Instant<'mono'>
  readonly dialled: Ppb
}

export interface Servo {
  /** Its output holds until the next sample, as in a loop; else it removes one offset and ends. */
  readonly lasting: boolean
  sample(input: ServoInput): ServoOutput
  /** Seconds between samples from now on. */
  setUpdateInterval(interval: number): void
  /** Largest part of the output that removes an offset, from now on. */
  limitSlew(maxSlew: Ppb): void
  /** The reference was turned: the steady dial is another one by as much. A loop finds it itself. */
  turned?(by: Ppb): void
  /** Collect anew; what was learnt of the frequency stays. */
  reset(): void
  /** The frequency that would hold the clock steady as far as learnt: the dial without correction. */
  readonly steady: Ppb
}
