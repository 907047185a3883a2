/**
 * How noisy a source is and how much its clock wanders, learnt from how well each guess foretold the
 * measurements.
 *
 * Two explanations of noise compete, and each of them looks for its own figures:
 *
 *   queues   the error is spread evenly within the part of the round trip that exceeds the shortest one:
 *            excess^2 / 12, and a floor. So a packet that met no queue says most.
 *   even     all measurements are alike, however long they took
 *
 * What neighbouring measurements differ by says at most how noisy they are, whatever the clock does: so
 * noise is never made responsible for what is wander.
 *
 * Each holds a level of noise and one of wander and watches its four neighbours; it moves to one of them
 * when that has foretold the measurements better by enough (a likelihood ratio of e^4 over the last
 * hundred or so). Levels are factors of 2 in noise and of 3 in wander: the estimate depends on them by
 * less than a square root.
 */
import { Filter, type Gaussian, type Prior } from './kalman.ts'

export interface Observation {
  /** s */
  readonly at: number
  /** ns */
  readonly offset: number
  /** Round trip beyond the shortest one seen lately, with what that may be wrong by, ns. */
  readonly excess: number
  /** Variance of clock changes since, ns^2. */
  readonly extra: number
}

const WANDER_STEP = 3
/** 0.012 to 729 ppb per root second. */
const WANDER_LEVELS = { least: -4, most: 6 }
/** 1 ns to 4 ms. */
const NOISE_LEVELS = { least: 0, most: 22 }
/** A neighbour that foretold better by so much (log likelihood) takes over. */
const BETTER = 4
/** It is not remembered longer that a neighbour was worse. */
const WORST = -8
const FORGET = 1 - 1 / 128
/** Levels of noise: twice as noisy. */
const MUCH = 1
/** Levels are rounded. */
const ROUNDING = 1.4
/** Ourselves, then the neighbours. */
const PLACES = [
  { wander: 0, noise: 0 },
  { wander: 1, noise: 0 },
  { wander: -1, noise: 0 },
  { wander: 0, noise: 1 },
  { wander: 0, noise: -1 },
] as const

const clamp = (value: number, { least, most }: typeof WANDER_LEVELS): number =>
  Math.min(most, Math.max(least, value))

const levelOfNoise = (ns: number): number =>
  clamp(Math.round(Math.log2(Math.max(1, ns))), NOISE_LEVELS)

/** The filter with one pair of figures. */
class Track {
  readonly #wander: number
  readonly #floor: number
  readonly #share: number
  /** What the observations that are not kept any more said. */
  before: Filter | undefined
  now: Filter | undefined

  constructor(wander: number, noise: number, share: number, before: Filter | undefined) {
    this.#wander = WANDER_STEP ** wander
    this.#floor = 4 ** noise
    this.#share = share
    this.before = before?.clone()
    this.now = before?.clone()
  }

  add(observation: Observation, prior: Prior): void {
    this.now = this.#absorb(this.now, observation, prior)
  }

  rebuild(observations: readonly Observation[], prior: Prior): void {
    if (this.before !== undefined && this.now !== undefined) this.now.become(this.before)
    else this.now = this.before?.clone()
    for (const each of observations) this.add(each, prior)
  }

  retire(oldest: readonly Observation[], prior: Prior): void {
    for (const each of oldest) this.before = this.#absorb(this.before, each, prior)
  }

  move(at: number, step: number, turn: number): void {
    this.before?.move(at, step, turn)
    this.now?.move(at, step, turn)
  }

  #absorb(filter: Filter | undefined, observation: Observation, prior: Prior): Filter {
    const { at, offset, excess, extra } = observation
    const variance = this.#floor + excess * excess * this.#share + extra
    if (filter === undefined) return Filter.begin(at, offset, variance, prior)
    filter.absorb(at, offset, variance, this.#wander)
    return filter
  }
}

/** One explanation with its figures, and the state of the clock as it sees it. */
export class NoiseModel {
  /** Share of excess^2 that is variance. */
  readonly #share: number
  #wander = 0
  #noise: number
  #most = NOISE_LEVELS.most
  /** In the order of PLACES. */
  #tracks: readonly Track[]
  /** Log likelihoods beside our own, as remembered; of ourselves 0. */
  #scores: readonly number[] = PLACES.map(() => 0)
  #likelihood = 0

  /** `noise`: where to begin, ns. */
  constructor(share: number, noise: number) {
    this.#share = share
    this.#noise = levelOfNoise(noise)
    this.#tracks = this.#newTracks(undefined)
  }

  /** It is the one that explains noise by queues. */
  get queues(): boolean {
    return this.#share > 0
  }

  get state(): Gaussian | undefined {
    return this.#tracks[0]?.now?.state
  }

  /** How well it foretold of late: larger is better, comparable between models of one source. */
  get likelihood(): number {
    return this.#likelihood
  }

  /** ppb per root second. */
  get wander(): number {
    return WANDER_STEP ** this.#wander
  }

  /** The newest observation; all others are as they were. */
  add(newest: Observation, prior: Prior): void {
    for (const track of this.#tracks) track.add(newest, prior)
  }

  /** All that is kept, as it is seen now. */
  rebuild(observations: readonly Observation[], prior: Prior): void {
    for (const track of this.#tracks) track.rebuild(observations, prior)
  }

  /** These will not be given again. */
  retire(oldest: readonly Observation[], prior: Prior): void {
    for (const track of this.#tracks) track.retire(oldest, prior)
  }

  /** Where to look for the noise, before anything was learnt; to be rebuilt after it. */
  begin(noise: number): void {
    this.#noise = levelOfNoise(noise)
    this.#tracks = this.#newTracks(undefined)
  }

  /** The noise is no more than this, ns; to be rebuilt after it. */
  limit(noise: number): void {
    this.#most = levelOfNoise(ROUNDING * noise)
    if (this.#noise <= this.#most) return
    this.#noise = this.#most
    this.#tracks = this.#newTracks(this.#tracks[0]?.before)
  }

  /**
   * The latest of few measurements are much less noisy than we think, `noise` ns: the search would take a
   * minute for it. True: to be rebuilt.
   */
  lower(noise: number): boolean {
    const level = levelOfNoise(ROUNDING * noise)
    if (this.#noise - level < MUCH) return false
    this.#noise = level
    this.#scores = PLACES.map(() => 0)
    this.#tracks = this.#newTracks(this.#tracks[0]?.before)
    return true
  }

  /** How well the last one was foretold. True: we moved, and are to be rebuilt. */
  learn(): boolean {
    const likelihoods = this.#tracks.map(({ now }) => now?.likelihood ?? 0)
    const own = likelihoods[0] ?? 0
    this.#likelihood = this.#likelihood * FORGET + own
    this.#scores = this.#scores.map((score, k) =>
      Math.max(WORST, score * FORGET + (likelihoods[k] ?? 0) - own),
    )
    return this.#moveTo(this.#scores.indexOf(Math.max(...this.#scores)))
  }

  /** The clock was stepped by `step` ns, and turned by `turn` ppb at `at`. */
  move(at: number, step: number, turn: number): void {
    for (const track of this.#tracks) track.move(at, step, turn)
  }

  #moveTo(best: number): boolean {
    const place = PLACES[best]
    if (place === undefined || (this.#scores[best] ?? 0) < BETTER) return false
    const before = this.#tracks[best]?.before
    this.#wander = clamp(this.#wander + place.wander, WANDER_LEVELS)
    this.#noise = clamp(this.#noise + place.noise, { ...NOISE_LEVELS, most: this.#most })
    this.#scores = PLACES.map(() => 0)
    this.#tracks = this.#newTracks(before)
    return true
  }

  #newTracks(before: Filter | undefined): Track[] {
    return PLACES.map(
      ({ wander, noise }) =>
        new Track(this.#wander + wander, this.#noise + noise, this.#share, before),
    )
  }
}
