/**
 * What is known of an oscillator from its own past: the frequency that held it steady, and how fast
 * its error may grow when nobody looks. Learnt, not a constant.
 */
import { deviation, keepLast, mean } from '../core/stats.ts'
import { elapsed, type Instant, type Nanos, nanos, type Ppb, ppb } from '../core/units.ts'

/**
 * Of an oscillator of which nothing is known yet: what a cheap crystal may be off by. PHI of RFC 5905
 * (15 ppm) is for one that was disciplined; one that never was may well be 20 ppm off.
 */
export const UNKNOWN_GROWTH = ppb(100_000)
/** Never promised to be better than this: temperature can change where history shows nothing. */
const FLOOR = 100
const ENTRIES = 32
const ENOUGH = 8
/** One entry per measurement, but one a second at most, so that the history spans time. */
const SPACING = 1e9

export class OscillatorHistory {
  #steady: readonly number[] = []
  #at: Instant<'mono'> | undefined

  /** `steady`: the servo's dial without correction at `at`, while locked. */
  add(steady: Ppb, at: Instant<'mono'>): void {
    if (this.#at !== undefined && elapsed(at, this.#at) < SPACING) return
    this.#at = at
    this.#steady = keepLast(this.#steady, steady, ENTRIES)
  }

  clear(): void {
    this.#steady = []
    this.#at = undefined
  }

  get known(): boolean {
    return this.#steady.length >= ENOUGH
  }

  /** The dial that holds it steady; undefined while too little is known. */
  get frequency(): Ppb | undefined {
    return this.known ? ppb(mean(this.#steady.slice(this.#half))) : undefined
  }

  /** Uncertainty of `frequency`: its scatter, and how far it moved of late. */
  get skew(): Ppb {
    if (!this.known) return UNKNOWN_GROWTH
    const [older, newer] = [this.#steady.slice(0, this.#half), this.#steady.slice(this.#half)]
    return ppb(Math.hypot(deviation(newer), mean(newer) - mean(older)))
  }

  /** The newer half tells the frequency, so that a servo that still settles does not spoil it. */
  get #half(): number {
    return this.#steady.length >> 1
  }

  /** How fast the error may grow without a measurement, at four deviations. */
  get growth(): Ppb {
    return this.known ? growthOf(ppb(0), this.skew) : UNKNOWN_GROWTH
  }
}

/**
 * How fast an error may grow that was seen to grow at `rate`, known to `error` (one deviation). A rate
 * that stands out of its error is believed, be it worse than that of an unknown oscillator.
 */
export function growthOf(rate: Ppb, error: Ppb): Ppb {
  const growth = FLOOR + Math.abs(rate) + 4 * error
  const certain = Math.abs(rate) > 4 * error
  return ppb(certain ? growth : Math.min(UNKNOWN_GROWTH, growth))
}

/** What `growth` adds over `elapsed`, and in a long holdover what the growth itself grows by. */
export function grown(growth: Ppb, elapsed: Nanos): Nanos {
  const seconds = Math.max(0, elapsed) / 1e9
  // a frequency that walks: one growth more per hour
  return nanos(growth * seconds * (1 + seconds / 3600))
}
