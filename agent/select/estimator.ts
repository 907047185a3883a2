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
import { median } from '../core/stats.ts'
import { elapsed, type Instant, type Nanos, nanos, type Ppb, ppb } from '../core/units.ts'
import { type Prior, predict } from './kalman.ts'
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

interface Kept {
  readonly at: number
  readonly offset: number
  readonly delay: number
  readonly extra: number
}

interface Trips {
  readonly shortest: number
  readonly usual: number
}

export class Estimator {
  #prior: Prior
  readonly #most: number
  #origin: Instant<'mono'> | undefined
  #kept: readonly Kept[] = []
  #models = newModels()
  #used = 0
  #count = 0
  #known: { readonly of: readonly Kept[]; readonly trips: Trips } | undefined
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
    if (time <= (this.#kept.at(-1)?.at ?? Number.NEGATIVE_INFINITY)) return
    this.#count += 1
    const forgets = this.#kept.length >= this.#most
    const kept = forgets ? this.#kept.slice(this.#kept.length + 1 - this.#most) : this.#kept
    this.#kept = [...kept, { at: time, offset, delay, extra: 0 }]
    const roughness = this.#count === ENOUGH ? this.#roughness() : undefined
    const { shortest, usual } = this.#trips
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
        ? this.#roughness(LATELY)
        : Number.POSITIVE_INFINITY
    const calmer = model.lower(model.queues ? lately / CLEAN : lately)
    if (news || roughness !== undefined || calmer) model.rebuild(this.#observations(), this.#prior)
    else for (const newest of this.#observations(-1)) model.add(newest, this.#prior)
    if (this.#count >= ENOUGH && model.learn()) model.rebuild(this.#observations(), this.#prior)
  }

  move(change: ClockChange): void {
    const turn = this.#turnOf(change)
    this.#prior = { ...this.#prior, frequency: this.#prior.frequency + turn }
    if (this.#origin === undefined) return
    const at = this.#time(change.at)
    const step = Number(change.step)
    // our own changes are known to the nanosecond, those of others are not
    const extra = change.foreign ? change.uncertainty ** 2 : 0
    this.#kept = this.#kept.map((each) => ({
      ...each,
      offset: each.at > at ? each.offset : each.offset + step - turn * (at - each.at),
      extra: each.at > at ? each.extra : each.extra + extra,
    }))
    for (const model of this.#models) model.move(at, step, turn)
    // told late: what was measured after it was taken for what it was not
    if (at < (this.#kept.at(-1)?.at ?? at)) this.#rebuild()
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
    if (this.#kept.length < WINDOW) return
    const observations = this.#observations()
    this.#kept = this.#kept.slice(RETIRE)
    this.#seen = this.#trips.shortest
    const roughness = this.#roughness()
    for (const model of this.#models) {
      model.limit(roughness)
      model.retire(observations.slice(0, RETIRE), this.#prior)
      model.rebuild(this.#observations(), this.#prior)
    }
  }

  /** Of what is kept: the shortest round trip, and how much longer they usually are. */
  get #trips(): Trips {
    if (this.#known?.of !== this.#kept) {
      const delays = this.#kept.map(({ delay }) => delay)
      const shortest = Math.min(...delays)
      this.#known = { of: this.#kept, trips: { shortest, usual: median(delays) - shortest } }
    }
    return this.#known.trips
  }

  /** From `first` on, as `Array.slice` counts. */
  #observations(first = 0): Observation[] {
    const { shortest, usual } = this.#trips
    const count = this.#kept.length
    const unsure = (SHORTEST * usual) / Math.sqrt(count) + shortest / 2 / FEWER ** (this.#count - 1)
    return this.#kept.slice(first).map(({ at, offset, delay, extra }) => ({
      ...{ at, offset, extra },
      excess: delay - shortest + unsure,
    }))
  }

  /** Noise of the last offsets by their second differences, in which a steady frequency does not appear. */
  #roughness(count = WINDOW): number {
    const offsets = this.#kept.slice(-count).map(({ offset }) => offset)
    const bends = offsets.slice(2).map((offset, k) => {
      const [a = 0, b = 0] = offsets.slice(k, k + 2)
      return Math.abs(offset - 2 * b + a)
    })
    // 0.6745: from the median to the deviation; a second difference has six times the variance
    return median(bends) / 0.6745 / Math.sqrt(6)
  }

  #choose(): void {
    const present = this.#models[this.#used]?.likelihood ?? 0
    const best = this.#models.findIndex(({ likelihood }) => likelihood > present + BETTER)
    if (best >= 0) this.#used = best
  }
}

const newModels = (): readonly NoiseModel[] => [new NoiseModel(QUEUES, 32), new NoiseModel(0, 1024)]
