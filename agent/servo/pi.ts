/**
 * The proportional-integral servo with linuxptp's rules (ptp4l(8), phc2sys(8)), so that whoever
 * comes from there finds the same behaviour:
 *
 *   out = kp * offset * w + drift + ki * offset * w        drift += ki * offset * w
 *   kp = min(kpScale * T^kpExponent, kpNormMax / T)        ki likewise, T the update interval in s
 *
 * The first two samples estimate the drift, at least 0.016 / ki seconds (1000 at most) apart. `out`
 * is how much too fast the clock runs, so what is dialled is -out: the one negation of the agent.
 * Beyond the limit the output is clamped and nothing is integrated; but a slew that had the time to
 * remove the whole offset and did not is up against a wrong drift, which is then corrected.
 * Stable for kp * T < 2 and ki * T < 4 - 2 * kp * T; the norm maxima keep kp * T <= 0.7 and
 * ki * T <= 0.3 for the scaled presets.
 */
import {
  elapsed,
  type Instant,
  NANOS_PER_SECOND,
  type Nanos,
  type Ppb,
  ppb,
} from '../core/units.ts'
import type { Servo, ServoInput, ServoOutput } from './servo.ts'

export interface PiGains {
  readonly kpScale: number
  readonly kpExponent: number
  readonly kpNormMax: number
  readonly kiScale: number
  readonly kiExponent: number
  readonly kiNormMax: number
}

/** A constant instead of a scale: linuxptp's `pi_*_const`, which is what phc2sys uses. */
export const constantGains = (kp: number, ki: number): PiGains => ({
  ...{ kpScale: kp, kpExponent: 0, kpNormMax: 1 },
  ...{ kiScale: ki, kiExponent: 0, kiNormMax: 2 },
})
const scaledGains = (kpScale: number, kiScale: number): PiGains => ({
  ...{ kpScale, kpExponent: -0.3, kpNormMax: 0.7 },
  ...{ kiScale, kiExponent: 0.4, kiNormMax: 0.3 },
})

export const PI_GAINS = {
  /** phc2sys: a PHC read by paired readings. */
  phc: constantGains(0.7, 0.3),
  /** ptp4l with hardware stamps. */
  hardware: scaledGains(0.7, 0.3),
  /** ptp4l with software stamps; for NTP, too. */
  software: scaledGains(0.1, 0.001),
} as const

export interface PiOptions {
  readonly gains: PiGains
  /** Seconds between samples; default 1. */
  readonly interval?: number
  /** Dialled in the clock at present. */
  readonly frequency: Ppb
  /** `frequency` is known to be good: no estimate, the first sample is tracked (a hand-over). */
  readonly locked?: boolean
  /** |out| is clamped to it. */
  readonly maxFrequency: Ppb
  /** Largest part of `out` that removes an offset; default: no limit of its own. */
  readonly maxSlew?: Ppb
  /** Largest change of the learnt drift by one sample; default: no limit, as in linuxptp. */
  readonly maxLearn?: Ppb
  /** Step on the first update beyond it, ns; 0 (default): never. linuxptp's default is 20 us. */
  readonly firstStepThreshold?: number
  /** Step on any update beyond it, ns; 0 (default): never. */
  readonly stepThreshold?: number
}

interface Slewing {
  readonly offset: Nanos
  readonly at: Instant<'mono'>
  readonly last: Instant<'mono'>
}

/** Nobody knows what was dialled between two samples that are farther apart, in intervals. */
const LATE_INTERVALS = 2
const MAX_ESTIMATE_SECONDS = 1000

const clamp = (value: number, limit: number): number => Math.min(limit, Math.max(-limit, value))

export class PiServo implements Servo {
  readonly lasting = true
  readonly #options: PiOptions
  #interval = 1
  #kp = 0
  #ki = 0
  #drift: number
  #count: 0 | 1 | 2
  #first: { readonly offset: Nanos; readonly at: Instant<'mono'> } | undefined
  #firstUpdate = true
  /** First of the samples that a clamped slew works against, and when the last of them was. */
  #slewing: Slewing | undefined
  #maxSlew: Ppb | undefined

  constructor(options: PiOptions) {
    this.#options = options
    this.#drift = -options.frequency
    this.#maxSlew = options.maxSlew
    this.#count = options.locked === true ? 2 : 0
    this.setUpdateInterval(options.interval ?? 1)
  }

  get steady(): Ppb {
    return ppb(-this.#drift)
  }

  get gains(): { readonly kp: number; readonly ki: number } {
    return { kp: this.#kp, ki: this.#ki }
  }

  setUpdateInterval(interval: number): void {
    const { gains } = this.#options
    this.#interval = interval
    this.#kp = Math.min(gains.kpScale * interval ** gains.kpExponent, gains.kpNormMax / interval)
    this.#ki = Math.min(gains.kiScale * interval ** gains.kiExponent, gains.kiNormMax / interval)
  }

  limitSlew(maxSlew: Ppb): void {
    this.#maxSlew = maxSlew
  }

  reset(): void {
    this.#count = 0
    this.#first = undefined
    this.#slewing = undefined
  }

  sample({ offset, at, weight }: Pick<ServoInput, 'offset' | 'at' | 'weight'>): ServoOutput {
    if (this.#count === 0) return this.#begin(offset, at)
    if (this.#count === 1) return this.#estimate(offset, at)
    return this.#track(offset, at, weight)
  }

  #begin(offset: Nanos, at: Instant<'mono'>): ServoOutput {
    this.#first = { offset, at }
    this.#count = 1
    return this.#output('unlocked', this.#drift)
  }

  #estimate(offset: Nanos, at: Instant<'mono'>): ServoOutput {
    const { first, elapsed } = this.#sinceFirst(at)
    if (first === undefined || elapsed <= 0) {
      this.reset()
      return this.#output('unlocked', this.#drift)
    }
    const wanted = Math.min(0.016 / this.#ki, MAX_ESTIMATE_SECONDS)
    if ((elapsed / NANOS_PER_SECOND) * 1.001 < wanted) return this.#output('unlocked', this.#drift)
    const slope = (offset - first.offset) / elapsed
    this.#drift = clamp(
      this.#drift + (NANOS_PER_SECOND - this.#drift) * slope,
      this.#options.maxFrequency,
    )
    const jump = this.#mustJump(offset)
    this.#firstUpdate = false
    this.#count = 2
    return this.#output(jump ? 'jump' : 'locked', this.#drift)
  }

  #sinceFirst(at: Instant<'mono'>): {
    first: { readonly offset: Nanos } | undefined
    elapsed: number
  } {
    const first = this.#first
    return { first, elapsed: first === undefined ? 0 : elapsed(at, first.at) }
  }

  #mustJump(offset: Nanos): boolean {
    const { firstStepThreshold = 0, stepThreshold = 0 } = this.#options
    const size = Math.abs(offset)
    const first = this.#firstUpdate && firstStepThreshold > 0 && size > firstStepThreshold
    return first || (stepThreshold > 0 && size > stepThreshold)
  }

  #track(offset: Nanos, at: Instant<'mono'>, weight: number): ServoOutput {
    const { stepThreshold = 0, maxFrequency, maxLearn } = this.#options
    const maxSlew = this.#maxSlew
    if (stepThreshold > 0 && Math.abs(offset) > stepThreshold) {
      this.reset()
      return this.#output('unlocked', this.#drift)
    }
    const share = this.#ki * offset * weight
    const integral = maxLearn === undefined ? share : clamp(share, maxLearn)
    const correction = this.#kp * offset * weight + integral
    const slew = maxSlew === undefined ? correction : clamp(correction, maxSlew)
    const wanted = slew + this.#drift
    const out = clamp(wanted, maxFrequency)
    // anti wind-up: what was clamped is not learnt
    if (slew === correction && out === wanted) this.#drift += integral
    if (slew === correction) this.#slewing = undefined
    else if (this.#isVain(offset, at, out - this.#drift)) return this.#track(offset, at, weight)
    return this.#output('locked', out)
  }

  /**
   * A slew that is clamped learns nothing, so where the drift is wrong by more than the slew can do the
   * clock would run away for ever. When it has had the time to remove the offset it began with and the
   * offset is no smaller, the drift is corrected by the rate at which the offset really moved.
   */
  #isVain(offset: Nanos, at: Instant<'mono'>, slew: number): boolean {
    const first = this.#slewing
    const late = LATE_INTERVALS * this.#interval * NANOS_PER_SECOND
    this.#slewing = { offset, at, last: at }
    if (first === undefined || Math.sign(first.offset) !== Math.sign(offset)) return false
    if (elapsed(at, first.last) > late) return false
    const seconds = elapsed(at, first.at) / NANOS_PER_SECOND
    if (Math.abs(slew) * seconds < Math.abs(first.offset)) {
      this.#slewing = { ...first, last: at }
      return false
    }
    if (Math.abs(offset) < Math.abs(first.offset)) return false
    const rate = (offset - first.offset) / seconds + slew
    this.#drift = clamp(this.#drift + rate, this.#options.maxFrequency)
    return true
  }

  /** The one negation: too fast by `out`, so dial the opposite. A clock that is ahead is slowed down. */
  #output(state: ServoOutput['state'], out: number): ServoOutput {
    return { state, frequency: ppb(-out) }
  }
}
