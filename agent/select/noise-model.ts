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
 * Each holds a level of noise and one of wander and watches its four neighbours; it moves to one of them
 * when that has foretold the measurements better by enough (a likelihood ratio of e^4 over the last
 * hundred or so). Levels are factors of 2 in noise and of 3 in wander: the estimate depends on them by
 * less than a square root.
 */
import {
  type Filtered,
  filterPoints,
  type Gaussian,
  type Point,
  type Prior,
  shift,
} from './kalman.ts'

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
const NEIGHBOURS = [
  { wander: 1, noise: 0 },
  { wander: -1, noise: 0 },
  { wander: 0, noise: 1 },
  { wander: 0, noise: -1 },
] as const

const clamp = (value: number, { least, most }: typeof WANDER_LEVELS): number =>
  Math.min(most, Math.max(least, value))

const levelOfNoise = (ns: number): number =>
  clamp(Math.round(Math.log2(Math.max(1, ns))), NOISE_LEVELS)

/** One explanation with its figures, and the state of the clock as it sees it. */
export class NoiseModel {
  /** Share of excess^2 that is variance. */
  readonly #share: number
  #wander = 0
  #noise: number
  /** Log likelihoods of the neighbours beside our own, as remembered. */
  #scores: number[] = NEIGHBOURS.map(() => 0)
  /** What the points that are not kept any more said. */
  #before: Gaussian | undefined
  #state: Gaussian | undefined
  #likelihood = 0

  /** `noise`: where to begin, ns. */
  constructor(share: number, noise: number) {
    this.#share = share
    this.#noise = levelOfNoise(noise)
  }

  get state(): Gaussian | undefined {
    return this.#state
  }

  /** How well it foretold of late: larger is better, comparable between models of one source. */
  get likelihood(): number {
    return this.#likelihood
  }

  /** ppb per root second. */
  get wander(): number {
    return WANDER_STEP ** this.#wander
  }

  /** The oldest observation will not be given again. */
  retire(oldest: Observation, prior: Prior): void {
    this.#before = this.#run([oldest], prior)?.state
  }

  /** All observations that are kept, the newest one last; `learn`: it may tell of the noise. */
  update(observations: readonly Observation[], prior: Prior, learn: boolean): void {
    const own = this.#run(observations, prior)
    this.#state = own?.state
    if (own === undefined || !learn) return
    this.#likelihood = this.#likelihood * FORGET + own.likelihood
    this.#scores = this.#scores.map((score, k) => {
      const other = this.#run(observations, prior, NEIGHBOURS[k])
      return Math.max(WORST, score * FORGET + (other?.likelihood ?? 0) - own.likelihood)
    })
    this.#moveTo(this.#scores.indexOf(Math.max(...this.#scores)))
  }

  /** Where to look for the noise, before anything was learnt. */
  begin(noise: number): void {
    this.#noise = levelOfNoise(noise)
  }

  /** The clock was stepped by `step` ns, and turned by `turn` ppb at `at`. */
  move(at: number, step: number, turn: number): void {
    this.#before = this.#before && shift(this.#before, step - turn * (at - this.#before.at), turn)
    this.#state = this.#state && shift(this.#state, step - turn * (at - this.#state.at), turn)
  }

  #moveTo(best: number): void {
    const neighbour = NEIGHBOURS[best]
    if (neighbour === undefined || (this.#scores[best] ?? 0) < BETTER) return
    this.#wander = clamp(this.#wander + neighbour.wander, WANDER_LEVELS)
    this.#noise = clamp(this.#noise + neighbour.noise, NOISE_LEVELS)
    this.#scores = NEIGHBOURS.map(() => 0)
  }

  #run(
    observations: readonly Observation[],
    prior: Prior,
    { wander, noise } = { wander: 0, noise: 0 },
  ): Filtered | undefined {
    const floor = 4 ** (this.#noise + noise)
    const points: Point[] = observations.map(({ at, offset, excess, extra }) => ({
      at,
      offset,
      variance: floor + excess * excess * this.#share + extra,
    }))
    return filterPoints(this.#before, points, WANDER_STEP ** (this.#wander + wander), prior)
  }
}
