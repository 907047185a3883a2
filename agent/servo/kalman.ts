/**
 * Does what the estimate says (`select/estimator.ts`): the frequency error is dialled away at once, and
 * the offset by a slew of its own that ends with it. So phase and frequency are corrected independently
 * of each other, and nothing rings.
 *
 *   dial = present dial - estimated frequency - estimated offset / T
 *
 * T is half the interval between measurements, 1 s at least and 16 s at most, and longer where the slew
 * would pass its limit. An offset that stands far out of its own uncertainty is not worth the wait: T is
 * then half the interval, down to 1/8 s. From 1 ms off at 16 Hz that is 3 s to 1 us instead of 8 s.
 */
import { elapsed, type Instant, type Nanos, type Ppb, ppb } from '../core/units.ts'
import type { Servo, ServoInput, ServoOutput } from './servo.ts'

const SHORTEST = 1
const LONGEST = 16
const SHARE = 0.5
const SHORTEST_FAR = 0.125
/** In deviations. */
const FAR = 10

const clamp = (value: number, limit: number): number => Math.min(limit, Math.max(-limit, value))

export interface KalmanServoOptions {
  /** Dialled at present. */
  readonly frequency: Ppb
  /** Seconds between samples. */
  readonly interval: number
  readonly maxFrequency: Ppb
}

export class KalmanServo implements Servo {
  readonly lasting = false
  readonly #maxFrequency: Ppb
  #interval: number
  #steady: Ppb
  #maxSlew = Number.POSITIVE_INFINITY

  constructor({ frequency, interval, maxFrequency }: KalmanServoOptions) {
    this.#steady = frequency
    this.#interval = interval
    this.#maxFrequency = maxFrequency
  }

  get steady(): Ppb {
    return this.#steady
  }

  setUpdateInterval(interval: number): void {
    this.#interval = interval
  }

  limitSlew(maxSlew: Ppb): void {
    this.#maxSlew = maxSlew
  }

  turned(by: Ppb): void {
    this.#steady = ppb(clamp(this.#steady + by, this.#maxFrequency))
  }

  /** What was estimated moves with the clock: there is nothing to collect anew. */
  reset(): void {}

  sample({ estimate, at, now, dialled }: ServoInput): ServoOutput {
    const { frequency } = estimate
    this.#steady = ppb(clamp(dialled - frequency, this.#maxFrequency))
    const offset = offsetBy(estimate.offset, frequency, at, now)
    const far = Math.abs(offset) > FAR * estimate.offsetError
    const shortest = far ? SHORTEST_FAR : SHORTEST
    const seconds = Math.min(LONGEST, Math.max(shortest, SHARE * this.#interval))
    const slew = clamp(-offset / seconds, this.#maxSlew)
    const wanted = clamp(this.#steady + slew, this.#maxFrequency)
    return { state: 'locked', frequency: ppb(wanted), offset }
  }
}

/** The offset as it is by `now`. */
const offsetBy = (
  offset: Nanos,
  frequency: Ppb,
  at: Instant<'mono'>,
  now: Instant<'mono'>,
): Nanos => (offset + (frequency * Math.max(0, elapsed(now, at))) / 1e9) as Nanos
