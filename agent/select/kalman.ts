/**
 * Offset and frequency of one clock against one reference, as a Gaussian: a Kalman filter of two
 * states.
 *
 *   offset' = offset + frequency dt          frequency walks at random, `wander` per root second
 *
 * Offsets in ns, frequencies in ppb (1 ppb moves 1 ns per second), times in seconds of
 * the monotonic clock since any moment. Signs as everywhere: positive offset is ahead, positive
 * frequency runs fast.
 */

/** What is known at `at`: the two states and their covariance. */
export interface Gaussian {
  /** s */
  readonly at: number
  /** ns */
  readonly offset: number
  /** ppb */
  readonly frequency: number
  /** ns^2 */
  readonly offsetVariance: number
  /** ns ppb */
  readonly covariance: number
  /** ppb^2 */
  readonly frequencyVariance: number
}

/** What is known of the frequency before the first point. */
export interface Prior {
  /** ppb */
  readonly frequency: number
  /** ppb^2 */
  readonly frequencyVariance: number
}

/** A point this many deviations off counts as one just so far off; the second in a row is believed. */
const WILD = 4
/** The likelihood of a point does not fall below that of five deviations: one of them proves nothing. */
const LEAST_LIKELY = 25

/** What is known at a later moment; `wander` in ppb per root second. */
export function predict(state: Gaussian, at: number, wander: number): Gaussian {
  const dt = at - state.at
  const q = wander * wander
  const { offset, frequency, offsetVariance, covariance, frequencyVariance } = state
  return {
    at,
    offset: offset + frequency * dt,
    frequency,
    offsetVariance:
      offsetVariance + dt * (2 * covariance + dt * frequencyVariance) + (q * dt ** 3) / 3,
    covariance: covariance + dt * frequencyVariance + (q * dt * dt) / 2,
    frequencyVariance: frequencyVariance + q * dt,
  }
}

/**
 * The filter at work: plain numbers that change in place, since it runs for several models of every
 * source.
 */
export class Filter {
  readonly #state: { -readonly [K in keyof Gaussian]: Gaussian[K] }
  /** Which way the last measurement was wild; 0: it was not. */
  #wild = 0
  #likelihood = 0

  constructor(start: Gaussian) {
    const { at, offset, frequency, offsetVariance, covariance, frequencyVariance } = start
    this.#state = { at, offset, frequency, offsetVariance, covariance, frequencyVariance }
  }

  /** One measurement is all there is. */
  static begin(at: number, offset: number, variance: number, prior: Prior): Filter {
    return new Filter({ at, offset, ...prior, offsetVariance: variance, covariance: 0 })
  }

  get state(): Gaussian {
    return this.#state
  }

  /** Log of how likely the last measurement was before it came; 0 for the first of all. */
  get likelihood(): number {
    return this.#likelihood
  }

  clone(): Filter {
    const twin = new Filter(this.#state)
    twin.#wild = this.#wild
    return twin
  }

  /** As a clone of `other`, in the memory of this one: a window is filtered anew all the time. */
  become(other: Filter): void {
    const [state, its] = [this.#state, other.#state]
    state.at = its.at
    state.offset = its.offset
    state.frequency = its.frequency
    state.offsetVariance = its.offsetVariance
    state.covariance = its.covariance
    state.frequencyVariance = its.frequencyVariance
    this.#wild = other.#wild
    this.#likelihood = 0
  }

  /** The clock was stepped by `step` ns and turned by `turn` ppb at `at`. */
  move(at: number, step: number, turn: number): void {
    const state = this.#state
    state.offset += step - turn * (at - state.at)
    state.frequency += turn
  }

  /** A measurement at `at`, s, with noise of `variance`, ns^2; `wander` in ppb per root second. */
  absorb(at: number, offset: number, variance: number, wander: number): void {
    const state = this.#state
    const dt = at - state.at
    this.#advance(dt, wander * wander)
    state.at = at
    const innovation = offset - state.offset
    const total = this.#expect(innovation, variance, dt)
    const gain = state.offsetVariance / total
    const turn = state.covariance / total
    state.offset += gain * innovation
    state.frequency += turn * innovation
    state.frequencyVariance -= turn * state.covariance
    state.offsetVariance *= 1 - gain
    state.covariance *= 1 - gain
  }

  #advance(dt: number, q: number): void {
    const state = this.#state
    const { covariance, frequencyVariance } = state
    state.offset += state.frequency * dt
    state.offsetVariance += dt * (2 * covariance + dt * frequencyVariance) + (q * dt * dt * dt) / 3
    state.covariance += dt * frequencyVariance + (q * dt * dt) / 2
    state.frequencyVariance += q * dt
  }

  /** Variance of the innovation; a wild one is bounded, and believed when the next is wild the same way. */
  #expect(innovation: number, variance: number, dt: number): number {
    const state = this.#state
    const total = state.offsetVariance + variance
    const square = innovation * innovation
    this.#likelihood = -0.5 * (Math.min(square / total, LEAST_LIKELY) + Math.log(total))
    const before = this.#wild
    this.#wild = square > WILD * WILD * total ? Math.sign(innovation) : 0
    if (this.#wild === 0) return total
    if (this.#wild !== before) return square / (WILD * WILD)
    // the clock jumped, in offset or in frequency
    state.offsetVariance += square
    state.frequencyVariance += dt > 0 ? square / (dt * dt) : 0
    return state.offsetVariance + variance
  }
}
