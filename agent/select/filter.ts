/**
 * The recent samples of one source, moved along with every change of the clock, and what they say
 * together: the sample to believe most, the jitter, and how often samples come.
 *
 * The best sample is the one with the smallest root distance after ageing, as in chrony: a short
 * round trip a few polls ago says more than a long one now.
 */
import { type ClockChange, moveSampleBy } from '../core/clock-change.ts'
import { type ClockName, rootDistance, type Sample } from '../core/sample.ts'
import { keepLast, mean, median } from '../core/stats.ts'
import { elapsed, type Instant, mono, type Nanos, nanos, type Ppb, ppb } from '../core/units.ts'
import { type Estimate, Estimator, type KnownFrequency } from './estimator.ts'

export interface Rate {
  readonly rate: Ppb
  /** One deviation. */
  readonly error: Ppb
}

const WINDOW = 8
/** A sample with a distance this many times the best one is worth next to nothing. */
const LEAST_WEIGHT = 0.01

export class SampleFilter {
  #kept: readonly Sample[] = []
  /** What they were not moved by yet: a clock is turned more often than its samples are looked at. */
  #changes: ClockChange[] = []
  /** What was made of the samples, until they change: it is asked for with every sample of any source. */
  #jitter: { readonly slew: Ppb; readonly is: Nanos } | undefined
  #rate: Rate | 'none' | undefined
  #spacing: number | 'none' | undefined
  #best: { readonly growth: Ppb; readonly is: Sample | undefined } | undefined
  #estimator: Estimator
  readonly #most: number

  /** `known`: of the clock's frequency before the first sample; `most`: samples that an estimate is of. */
  constructor(known?: KnownFrequency, most = Number.POSITIVE_INFINITY) {
    this.#most = most
    this.#estimator = new Estimator(known, most)
  }

  add(sample: Sample): void {
    this.#estimator.add({ at: sample.at, offset: sample.offset, delay: ownTrip(sample) })
    this.#spacing = undefined
    this.#changed()
    this.#kept = keepLast(this.#samples, sample, WINDOW)
  }

  move(change: ClockChange): void {
    this.#estimator.move(change)
    this.#changed()
    if (this.#kept.length > 0) this.#changes.push(change)
  }

  clear(known?: KnownFrequency): void {
    this.#kept = []
    this.#changes = []
    this.#spacing = undefined
    this.#changed()
    this.#estimator = new Estimator(known, this.#most)
  }

  /** What all samples say of the clock at `at`; undefined before the first. */
  estimate(at: Instant<'mono'>): Estimate | undefined {
    return this.#estimator.at(at)
  }

  get last(): Sample | undefined {
    return this.#samples.at(-1)
  }

  get size(): number {
    return this.#kept.length
  }

  /** That the samples measure; undefined before the first. */
  get clock(): ClockName | undefined {
    return this.#kept.at(-1)?.clock
  }

  get #samples(): readonly Sample[] {
    if (this.#changes.length === 0) return this.#kept
    const changes = this.#changes
    this.#kept = this.#kept.map((sample) => moveSampleBy(sample, changes))
    this.#changes = []
    return this.#kept
  }

  /** Smallest root distance, ages counted at `growth`. */
  best(growth: Ppb): Sample | undefined {
    // all of them age alike: which one it is does not depend on the moment
    if (this.#best?.growth !== growth) this.#best = { growth, is: this.#nearest(growth) }
    return this.#best.is
  }

  #nearest(growth: Ppb): Sample | undefined {
    const { last } = this
    let best: Sample | undefined
    let least = Number.POSITIVE_INFINITY
    for (const sample of this.#samples) {
      const distance = last === undefined ? 0 : agedDistance(sample, last.at, growth)
      if (distance <= least) [best, least] = [sample, distance]
    }
    return best
  }

  /**
   * Median of |offset - median|, where the clock moves by `slew` on purpose: robust against a single liar
   * among the samples.
   */
  jitter(slew: Ppb = ppb(0)): Nanos {
    if (this.#jitter?.slew !== slew) this.#jitter = { slew, is: this.#scatter(slew) }
    return this.#jitter.is
  }

  /** All but the moments, which no change moves. */
  #changed(): void {
    this.#jitter = undefined
    this.#rate = undefined
    this.#best = undefined
  }

  #scatter(slew: Ppb): Nanos {
    const last = this.last?.at ?? mono(0n)
    const offsets: number[] = []
    for (const sample of this.#samples) offsets.push(offsetAt(sample, last, slew))
    const centre = median(offsets)
    for (const [k, offset] of offsets.entries()) offsets[k] = Math.abs(offset - centre)
    const spread = median(offsets)
    return nanos(Number.isNaN(spread) ? 0 : spread)
  }

  /** How fast the offset changes, by a straight line through the window; undefined below 4 samples. */
  get rate(): Rate | undefined {
    this.#rate ??= this.#slope() ?? 'none'
    return this.#rate === 'none' ? undefined : this.#rate
  }

  #slope(): Rate | undefined {
    const last = this.last
    if (last === undefined || this.size < 4) return undefined
    const points = this.#samples.map(
      (each) => [elapsed(each.at, last.at) / 1e9, each.offset] as const,
    )
    const t = mean(points.map(([x]) => x))
    const o = mean(points.map(([, y]) => y))
    const spread = points.reduce((sum, [x]) => sum + (x - t) ** 2, 0)
    if (spread === 0) return undefined
    const rate = points.reduce((sum, [x, y]) => sum + (x - t) * (y - o), 0) / spread
    const rest = points.reduce((sum, [x, y]) => sum + (y - o - rate * (x - t)) ** 2, 0)
    return { rate: ppb(rate), error: ppb(Math.sqrt(rest / (this.size - 2) / spread)) }
  }

  /**
   * Seconds between samples, as usual: the median, so that one outage does not count as eight long
   * intervals; undefined before the second sample.
   */
  get spacing(): number | undefined {
    this.#spacing ??= this.#gap() ?? 'none'
    return this.#spacing === 'none' ? undefined : this.#spacing
  }

  #gap(): number | undefined {
    if (this.size < 2) return undefined
    const later = this.#samples.slice(1)
    const gaps = later.map(({ at }, k) => elapsed(at, this.#samples[k]?.at ?? at) / 1e9)
    return median(gaps)
  }

  /**
   * How much the last sample is worth to a servo, 0..1: the square of how its own error (half the
   * round trip and its dispersion) compares with the smallest one seen lately.
   */
  get weight(): number {
    const last = this.last
    if (last === undefined) return 0
    const least = Math.min(...this.#samples.map(ownError))
    return Math.max(LEAST_WEIGHT, (least / ownError(last)) ** 2)
  }

  /** Far beyond their spread from where all others say that the clock is. */
  isSpike(sample: Sample, atLeast: Nanos, slew?: Ppb): boolean {
    const estimate = this.estimate(sample.at)
    if (this.size < 4 || estimate === undefined) return false
    const off = Math.abs(sample.offset - estimate.offset)
    const spread = Math.max(this.jitter(slew), estimate.offsetError)
    return off > 10 * spread + sample.delay / 2 && off > atLeast
  }
}

/**
 * The round trip of this very exchange. A ptp4l and a chronyd tell the delay that they filtered, which
 * says nothing of how long this packet waited.
 */
const ownTrip = ({ source, delay }: Sample): Nanos =>
  /^(ptp4l|chrony):/.test(source) ? nanos(0) : delay

const ownError = (sample: Sample): number => Math.max(1, sample.delay / 2 + sample.dispersion)

/** The offset of the sample as it is at `at`, where the clock moves by `slew` on purpose. */
export const offsetAt = (sample: Sample, at: Instant<'mono'>, slew: Ppb): Nanos =>
  nanos(sample.offset + (slew * elapsed(at, sample.at)) / 1e9)

export const agedDistance = (sample: Sample, now: Instant<'mono'>, growth: Ppb): Nanos =>
  nanos(rootDistance(sample) + (Math.max(0, elapsed(now, sample.at)) * growth) / 1e9)
