/**
 * Option `filter`: the good samples of N polls become one. The 60 % of them whose offset is closest to
 * the median are averaged (the rule of chronyd), so a few late packets spoil nothing. It makes sense
 * where polls are cheap and the path is noisy: N polls at 2^p s instead of one at N * 2^p s.
 *
 * The result stands at the mean time of what it was made of. Its dispersion is the mean one and the
 * scatter of what was averaged: N polls over one path share the path's errors.
 */
import { type ClockChange, moveSample } from '../core/clock-change.ts'
import type { Sample } from '../core/sample.ts'
import { deviation, mean, median } from '../core/stats.ts'
import { elapsed, nanos, plus } from '../core/units.ts'

const SHARE = 0.6

/** One sample out of several of one source, at least one; the facts of the server are the newest. */
export function combineSamples(samples: readonly Sample[], newest: Sample): Sample {
  const middle = median(samples.map(({ offset }) => offset))
  const near = [...samples]
    .sort((a, b) => Math.abs(a.offset - middle) - Math.abs(b.offset - middle))
    .slice(0, Math.ceil(samples.length * SHARE))
  const offsets = near.map(({ offset }) => offset)
  const scatter = near.length < 2 ? 0 : deviation(offsets)
  const age = mean(near.map(({ at }) => elapsed(newest.at, at)))
  return {
    ...newest,
    at: plus(newest.at, nanos(-age)),
    offset: nanos(mean(offsets)),
    delay: nanos(mean(near.map(({ delay }) => delay))),
    dispersion: nanos(mean(near.map(({ dispersion }) => dispersion)) + scatter),
  }
}

export class NtpFilter {
  readonly #length: number
  #samples: readonly Sample[] = []

  constructor(length: number) {
    this.#length = length
  }

  /** The combined sample when it is complete. */
  add(sample: Sample): Sample | undefined {
    if (this.#length <= 1) return sample
    this.#samples = [...this.#samples, sample]
    if (this.#samples.length < this.#length) return undefined
    const combined = combineSamples(this.#samples, sample)
    this.#samples = []
    return combined
  }

  /** Samples so far of the next one. */
  get filled(): number {
    return this.#samples.length
  }

  forget(): void {
    this.#samples = []
  }

  changed(change: ClockChange): void {
    this.#samples = this.#samples.map((sample) => moveSample(sample, change))
  }
}
