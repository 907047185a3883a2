/**
 * What the measurements of one source say together: the offset and the frequency of the clock now, and
 * how sure that is. The filter is in `kalman.ts`, what it believes of the noise in `noise-model.ts`.
 *
 * The last measurements are kept as they are and filtered anew with each new one, since what a
 * measurement is worth depends on the shortest round trip, which may come later. What leaves the window
 * stays in the state before it. All of it moves with every change of the clock.
 *
 * Of a sample its offset and its delay are used. Its dispersion and root distance bound the error; how
 * large the error usually is, is learnt.
 */
import type { ClockChange } from '../core/clock-change.ts'
import type { Sample } from '../core/sample.ts'
import { elapsed, type Instant, type Nanos, nanos, type Ppb, ppb } from '../core/units.ts'
import { type Prior, predict } from './kalman.ts'
import { Measurements } from './measurements.ts'
import { NoiseModel, type Observation } from './noise-model.ts'

export interface Estimate {
  /** local - reference at the moment that was asked for. */
  readonly offset: Nanos
  /** How fast the clock runs against the reference as it is dialled. */
  readonly frequency: Ppb
  /** One deviation each. */
  readonly offsetError: Nanos
  readonly frequencyError: Ppb
}

/** So many are kept at most, and the oldest of them are let go together. */
const WINDOW = 48
const RETIRE = 16
/** Nothing is learnt of the noise from fewer. */
const ENOUGH = 6
/**
 * A single round trip may be all queue; with each further one that is no shorter this is less likely by
 * so much.
 */
const FEWER = 4
/** By so many it is seen that the beginning, when a clock is moved most, was rougher than what follows. */
const LATELY = 8
/** So many at the start are looked at anew with each one that follows. */
const FEW = 8
/** An error spread evenly over `excess` has this share of its square as variance. */
const QUEUES = 1 / 12
/**
 * How far the shortest of n round trips is from the shortest possible, in typical excesses: their median,
 * since some of them may be held up a thousand times longer than usual.
 */
const SHORTEST = 0.75
/** A round trip shorter than the shortest one by this share of their usual excess is news. */
const NEWS = 0.05
/** Beside queues little noise is left, at first guess. */
const CLEAN = 8
/** Another model takes over when it foretold better by so much (log likelihood). */
const BETTER = 5
/** Of an oscillator of which nothing is known: an ordinary crystal may be 50 ppm off. */
export const UNKNOWN_FREQUENCY = ppb(50_000)

export interface KnownFrequency {
  /** local - reference; what is being slewed on purpose. */
  readonly frequency: Ppb
  /** One deviation. */
  readonly error: Ppb
}

const UNKNOWN: KnownFrequency = { frequency: ppb(0), error: UNKNOWN_FREQUENCY }

export class Estimator {
  #prior: Prior
  readonly #most: number
  #origin: Instant<'mono'> | undefined
  readonly #kept = new Measurements()
  #models = newModels()
  #used = 0
  #count = 0
  /** The shortest round trip by which the models were built. */
  #seen: number | undefined

  /**
   * What is known of the clock's frequency, as it is dialled, before the first measurement; `most`: older
   * measurements than so many are forgotten altogether.
   */
  constructor({ frequency, error }: KnownFrequency = UNKNOWN, most = Number.POSITIVE_INFINITY) {
    this.#prior = { frequency, frequencyVariance: error ** 2 }
    this.#most = most
  }

  add({ at, offset, delay }: Pick<Sample, 'at' | 'offset' | 'delay'>): void {
    this.#origin ??= at
    const time = this.#time(at)
    // a measurement that is no newer than the last one tells of the same moment
    if (time <= this.#kept.lastAt) return
    this.#count += 1
    const forgets = this.#kept.size >= this.#most
    if (forgets) this.#kept.drop(this.#kept.size + 1 - this.#most)
    this.#kept.add(time, offset, delay)
    const roughness = this.#count === ENOUGH ? this.#kept.roughness(WINDOW) : undefined
    const { shortest, usual } = this.#kept.trips
    const known = this.#seen !== undefined && this.#count > FEW && !forgets
    const news = !known || shortest < (this.#seen ?? shortest) - NEWS * usual
    this.#seen = news ? shortest : Math.min(this.#seen ?? shortest, shortest)
    for (const model of this.#models) this.#update(model, news, roughness)
    this.#choose()
    this.#retire()
  }

  #update(model: NoiseModel, news: boolean, roughness: number | undefined): void {
    if (roughness !== undefined) {
      model.begin(model.queues ? roughness / CLEAN : roughness)
      model.limit(roughness)
    }
    const lately =
      this.#count > ENOUGH && this.#count <= WINDOW
        ? this.#kept.roughness(LATELY)
        : Number.POSITIVE_INFINITY
    const calmer = model.lower(model.queues ? lately / CLEAN : lately)
    if (news || roughness !== undefined || calmer) model.rebuild(this.#observations(), this.#prior)
    else for (const newest of this.#observations(1)) model.add(newest, this.#prior)
    if (this.#count >= ENOUGH && model.learn()) model.rebuild(this.#observations(), this.#prior)
  }

  move(change: ClockChange): void {
    const turn = this.#turnOf(change)
    const { frequency, frequencyVariance } = this.#prior
    this.#prior = { frequency: frequency + turn, frequencyVariance }
    if (this.#origin === undefined) return
    const at = this.#time(change.at)
    const step = Number(change.step)
    // our own changes are known to the nanosecond, those of others are not
    const extra = change.foreign ? change.uncertainty ** 2 : 0
    const late = at < this.#kept.lastAt
    this.#kept.move(at, step, turn, extra)
    for (const model of this.#models) model.move(at, step, turn)
    // told late: what was measured after it was taken for what it was not
    if (late) this.#rebuild()
  }

  /**
   * The change of frequency as an offset per second of CLOCK_MONOTONIC, which our time axis is and which is
   * turned with the system clock: from rate 1 + a to 1 + b that is (b - a) / (1 + a) / (1 + b). A second at
   * 500 ppm would else be 250 ns wrong.
   */
  #turnOf({ clock, frequency }: ClockChange): number {
    if (clock !== 'system') return frequency
    const rate = (this.#models[this.#used]?.state?.frequency ?? this.#prior.frequency) * 1e-9
    return frequency / (1 + rate) / (1 + rate + frequency * 1e-9)
  }

  #rebuild(): void {
    const observations = this.#observations()
    for (const model of this.#models) model.rebuild(observations, this.#prior)
  }

  /** Undefined before the first measurement. */
  at(now: Instant<'mono'>): Estimate | undefined {
    const model = this.#models[this.#used]
    const state = model?.state
    if (model === undefined || state === undefined) return undefined
    const later = predict(state, Math.max(state.at, this.#time(now)), model.wander)
    return {
      offset: nanos(later.offset),
      frequency: ppb(later.frequency),
      offsetError: nanos(Math.sqrt(Math.max(0, later.offsetVariance))),
      frequencyError: ppb(Math.sqrt(Math.max(0, later.frequencyVariance))),
    }
  }

  #time(at: Instant<'mono'>): number {
    return elapsed(at, this.#origin ?? at) / 1e9
  }

  /** What was let go is in the states before; the rest may look different without it. */
  #retire(): void {
    if (this.#kept.size < WINDOW) return
    const observations = this.#observations()
    this.#kept.drop(RETIRE)
    this.#seen = this.#kept.trips.shortest
    const roughness = this.#kept.roughness(WINDOW)
    for (const model of this.#models) {
      model.limit(roughness)
      model.retire(observations.slice(0, RETIRE), this.#prior)
      model.rebuild(this.#observations(), this.#prior)
    }
  }

  /** The last `count`, or all that is kept. */
  #observations(count = this.#kept.size): Observation[] {
    const { shortest, usual } = this.#kept.trips
    const { size } = this.#kept
    const unsure = (SHORTEST * usual) / Math.sqrt(size) + shortest / 2 / FEWER ** (this.#count - 1)
    return this.#kept.observations(unsure, size - count)
  }

  #choose(): void {
    const present = this.#models[this.#used]?.likelihood ?? 0
    const best = this.#models.findIndex(({ likelihood }) => likelihood > present + BETTER)
    if (best >= 0) this.#used = best
  }
}

const newModels = (): readonly NoiseModel[] => [new NoiseModel(QUEUES, 32), new NoiseModel(0, 1024)]
