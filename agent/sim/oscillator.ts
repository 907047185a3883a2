/**
 * From true time to what a clock shows.
 *
 * True time is a `bigint` of nanoseconds since the world began. An oscillator has an initial
 * frequency error and wanders: a Gaussian random walk, one step per simulated second. A counter is
 * driven by an oscillator; its rate is dialled and it can be stepped:
 *
 *   reading(t) = reading(t0) + (t - t0) + gain, gain = E + (t - t0 + E) * dialled,
 *   E = what the oscillator gained on true time between t0 and t
 *
 * Absolutes are bigint, only the gain is a double, so a reading is exact to well below 1 ns and may
 * be asked for at any moment again with the same answer. Positive frequency: runs fast.
 */
import { type Ppb, ppb } from '../core/units.ts'
import type { SeededRandom } from './random.ts'

const SECOND = 1e9
/** Seconds of history that are kept at least; older moments cannot be asked for any more. */
const KEEP = 4096
const HORIZON = 1_000_000_000_000n

export interface OscillatorOptions {
  readonly frequency: Ppb
  /** Standard deviation of the frequency step per second; 0 for a perfect crystal. */
  readonly wander: Ppb
  readonly random: SeededRandom
}

export class Oscillator {
  readonly #wander: number
  readonly #random: SeededRandom
  /** Frequency error during each second, and what was gained before it; both from `#first` on. */
  #frequencies: number[]
  #gains: number[]
  #first = 0
  #shift = 0

  constructor({ frequency, wander, random }: OscillatorOptions) {
    this.#wander = wander
    this.#random = random
    this.#frequencies = [frequency]
    this.#gains = [0]
  }

  /** Nanoseconds gained on true time since the world began. */
  gained(t: bigint): number {
    const ns = Number(t)
    const second = Math.floor(ns / SECOND)
    const i = this.#index(second)
    return (this.#gains[i] as number) + (this.#frequencies[i] as number) * (ns / SECOND - second)
  }

  /** Frequency error at `t`. */
  frequency(t: bigint): Ppb {
    return ppb(this.#frequencies[this.#index(Math.floor(Number(t) / SECOND))] as number)
  }

  /** Changes the frequency from the second after `t` on (heat, vibration). */
  shift(t: bigint, by: Ppb): void {
    const start = this.#index(Math.floor(Number(t) / SECOND)) + 1
    for (let i = start; i < this.#gains.length; i++) {
      this.#frequencies[i] = (this.#frequencies[i] as number) + by
      this.#gains[i] = (this.#gains[i - 1] as number) + (this.#frequencies[i - 1] as number)
    }
    if (start === this.#gains.length) this.#shift += by
  }

  #index(second: number): number {
    if (second < this.#first) throw new RangeError(`second ${second} is forgotten`)
    while (second - this.#first >= this.#gains.length) this.#extend()
    return second - this.#first
  }

  #extend(): void {
    const last = this.#gains.length - 1
    const frequency = this.#frequencies[last] as number
    // a rate of 1 ppb gains 1 ns per second
    this.#gains.push((this.#gains[last] as number) + frequency)
    const step = this.#wander === 0 ? 0 : this.#random.gaussian(this.#wander)
    this.#frequencies.push(frequency + step + this.#shift)
    this.#shift = 0
    if (this.#gains.length < 2 * KEEP) return
    this.#first += KEEP
    this.#gains = this.#gains.slice(KEEP)
    this.#frequencies = this.#frequencies.slice(KEEP)
  }
}

export class Counter {
  readonly #oscillator: Oscillator
  /** Start of the present segment: true time, reading (whole and fraction), oscillator's gain. */
  #t0 = 0n
  #whole: bigint
  #fraction = 0
  #gain0 = 0
  #frequency = 0

  /** `start`: its reading when the world begins. */
  constructor(oscillator: Oscillator, start: bigint) {
    this.#oscillator = oscillator
    this.#whole = start
  }

  /** The dialled frequency. */
  get frequency(): Ppb {
    return ppb(this.#frequency)
  }

  read(t: bigint): bigint {
    return this.#whole + (t - this.#t0) + BigInt(Math.floor(this.#extra(t)))
  }

  /** Reading minus `reference`, with the fraction of a nanosecond. */
  difference(t: bigint, reference: bigint): number {
    return Number(this.#whole + (t - this.#t0) - reference) + this.#extra(t)
  }

  tune(t: bigint, frequency: Ppb): void {
    this.#rebase(t)
    this.#frequency = frequency
  }

  step(t: bigint, by: bigint): void {
    this.#rebase(t)
    this.#whole += by
  }

  /**
   * When, from `from` on, the counter shows `value` at its present rate. Looks 1000 s ahead and no
   * farther: what is later is answered with then, to be asked again.
   */
  when(value: bigint, from: bigint): bigint {
    const missing = value - this.read(from)
    if (missing <= 0n) return from
    if (missing > HORIZON) return from + HORIZON
    let t = from + missing
    for (let i = 0; i < 4; i++) t += value - this.read(t)
    while (this.read(t) < value) t += 1n
    return t
  }

  #extra(t: bigint): number {
    const gain = this.#oscillator.gained(t) - this.#gain0
    return this.#fraction + gain + (Number(t - this.#t0) + gain) * this.#frequency * 1e-9
  }

  #rebase(t: bigint): void {
    const extra = this.#extra(t)
    const whole = Math.floor(extra)
    this.#whole += t - this.#t0 + BigInt(whole)
    this.#fraction = extra - whole
    this.#gain0 = this.#oscillator.gained(t)
    this.#t0 = t
  }
}
