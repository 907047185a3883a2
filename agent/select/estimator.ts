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

const WINDOW = 32
/** Nothing is learnt of the noise from fewer. */
const ENOUGH = 6
/** A round trip tells little of itself before there are others. */
const FEW = 8
/** An error spread evenly over `excess` has this share of its square as variance. */
const QUEUES = 1 / 12
/** How far the shortest of n round trips is from the shortest possible, in means of their excess. */
const SHORTEST = 0.63
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

export class Estimator {
  #prior: Prior
  #origin: Instant<'mono'> | undefined
  #kept: readonly Kept[] = []
  #models = newModels()
  #used = 0
  #count = 0

  /** What is known of the clock's frequency, as it is dialled, before the first measurement. */
  constructor({ frequency, error }: KnownFrequency = UNKNOWN) {
    this.#prior = { frequency, frequencyVariance: error ** 2 }
  }

  add({ at, offset, delay }: Pick<Sample, 'at' | 'offset' | 'delay'>): void {
    this.#origin ??= at
    const time = this.#time(at)
    // a measurement that is no newer than the last one tells of the same moment
    if (time <= (this.#kept.at(-1)?.at ?? Number.NEGATIVE_INFINITY)) return
    this.#count += 1
    this.#retire()
    this.#kept = [...this.#kept, { at: time, offset, delay, extra: 0 }]
    if (this.#count === ENOUGH) for (const model of this.#models) model.begin(this.#roughness())
    const observations = this.#observations()
    const learn = this.#count >= ENOUGH
    for (const model of this.#models) model.update(observations, this.#prior, learn)
    this.#choose()
  }

  move(change: ClockChange): void {
    this.#prior = { ...this.#prior, frequency: this.#prior.frequency + change.frequency }
    if (this.#origin === undefined) return
    const at = this.#time(change.at)
    const step = Number(change.step)
    // our own changes are known to the nanosecond, those of others are not
    const extra = change.foreign ? change.uncertainty ** 2 : 0
    this.#kept = this.#kept.map((each) => ({
      ...each,
      offset: each.offset + step - change.frequency * (at - each.at),
      extra: each.extra + extra,
    }))
    for (const model of this.#models) model.move(at, step, change.frequency)
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

  #retire(): void {
    if (this.#kept.length < WINDOW) return
    const oldest = this.#observations()[0]
    if (oldest !== undefined) for (const model of this.#models) model.retire(oldest, this.#prior)
    this.#kept = this.#kept.slice(1)
  }

  #observations(): Observation[] {
    const delays = this.#kept.map(({ delay }) => delay)
    const count = delays.length
    const shortest = Math.min(...delays)
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / count - shortest
    const unsure =
      (SHORTEST * mean) / Math.sqrt(count) + (this.#count < FEW ? shortest / (2 * count) : 0)
    return this.#kept.map(({ at, offset, delay, extra }) => ({
      ...{ at, offset, extra },
      excess: delay - shortest + unsure,
    }))
  }

  /** Noise of the offsets by their second differences, in which a steady frequency does not appear. */
  #roughness(): number {
    const offsets = this.#kept.map(({ offset }) => offset)
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
