/**
 * The last measurements of one source, as the estimator keeps them: plain numbers side by side. A change
 * of the clock moves all of them, and comes more often than they are looked at: changes are added up,
 * and carried out when somebody looks.
 */
import { median, quantileOf } from '../core/stats.ts'
import type { Observation } from './noise-model.ts'

export interface Trips {
  readonly shortest: number
  /** Median beyond the shortest. */
  readonly usual: number
}

/** More are never kept. */
const CAPACITY = 64

const column = (): Float64Array => new Float64Array(CAPACITY)

export class Measurements {
  readonly #at = column()
  readonly #offset = column()
  readonly #delay = column()
  /** The delays in ascending order. */
  readonly #trips = column()
  /** Variance of clock changes since. */
  readonly #extra = column()
  #size = 0
  /** What is still to be added to each offset, and for each second that it is older than the last one. */
  #shift = 0
  #tilt = 0
  #widened = 0

  get size(): number {
    return this.#size
  }

  /** Of the last one, s; before all else where there is none. */
  get lastAt(): number {
    return this.#size === 0 ? Number.NEGATIVE_INFINITY : (this.#at[this.#size - 1] as number)
  }

  /** One that is newer than all others; time in s, the rest in ns. */
  add(at: number, offset: number, delay: number): void {
    this.#settle()
    const k = this.#size
    this.#at[k] = at
    this.#offset[k] = offset
    this.#delay[k] = delay
    this.#extra[k] = 0
    this.#size = k + 1
    let place = k
    for (; place > 0 && (this.#trips[place - 1] as number) > delay; place--) {
      this.#trips[place] = this.#trips[place - 1] as number
    }
    this.#trips[place] = delay
  }

  /** Forgets the oldest. */
  drop(count: number): void {
    if (count <= 0) return
    for (const each of [this.#at, this.#offset, this.#delay, this.#extra]) {
      each.copyWithin(0, count, this.#size)
    }
    this.#size = Math.max(0, this.#size - count)
    this.#trips.set(this.#delay.subarray(0, this.#size))
    this.#trips.subarray(0, this.#size).sort()
  }

  /** The clock was stepped and turned at `at`; what was measured later is as it was. */
  move(at: number, step: number, turn: number, extra: number): void {
    const { lastAt } = this
    if (this.#size === 0) return
    if (at >= lastAt) {
      this.#shift += step - turn * (at - lastAt)
      this.#tilt -= turn
      this.#widened += extra
      return
    }
    this.#settle()
    for (let k = 0; k < this.#size && (this.#at[k] as number) <= at; k++) {
      this.#offset[k] = (this.#offset[k] as number) + step - turn * (at - (this.#at[k] as number))
      this.#extra[k] = (this.#extra[k] as number) + extra
    }
  }

  /** Of what is kept: the shortest round trip, and how much longer they usually are. */
  get trips(): Trips {
    const shortest = this.#trips[0] as number
    return { shortest, usual: quantileOf(this.#trips, this.#size, 0.5) - shortest }
  }

  /** From `first` on; `unsure`: what the shortest round trip may be wrong by. */
  observations(unsure: number, first = 0): Observation[] {
    this.#settle()
    const { shortest } = this.trips
    const seen: Observation[] = []
    for (let k = first; k < this.#size; k++) {
      seen.push({
        at: this.#at[k] as number,
        offset: this.#offset[k] as number,
        excess: (this.#delay[k] as number) - shortest + unsure,
        extra: this.#extra[k] as number,
      })
    }
    return seen
  }

  /** Noise of the last offsets by their second differences, in which a steady frequency does not appear. */
  roughness(count: number): number {
    this.#settle()
    const offsets = this.#offset.subarray(Math.max(0, this.#size - count), this.#size)
    const bends: number[] = []
    for (let k = 2; k < offsets.length; k++) {
      const [a, b, c] = [offsets[k - 2], offsets[k - 1], offsets[k]] as [number, number, number]
      bends.push(Math.abs(c - 2 * b + a))
    }
    // 0.6745: from the median to the deviation; a second difference has six times the variance
    return median(bends) / 0.6745 / Math.sqrt(6)
  }

  #settle(): void {
    if (this.#shift === 0 && this.#tilt === 0 && this.#widened === 0) return
    const { lastAt } = this
    for (let k = 0; k < this.#size; k++) {
      const age = lastAt - (this.#at[k] as number)
      this.#offset[k] = (this.#offset[k] as number) + this.#shift + this.#tilt * age
      this.#extra[k] = (this.#extra[k] as number) + this.#widened
    }
    this.#shift = 0
    this.#tilt = 0
    this.#widened = 0
  }
}
