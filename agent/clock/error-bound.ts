/**
 * How wrong a clock may be now:
 *
 *   |offset| + root distance at the last believed measurement + what the clock can have done since
 *
 * The offset counts in full although it is being removed: it was measured, its removal only believed.
 */
import type { ClockChange } from '../core/clock-change.ts'
import { elapsed, type Instant, type Nanos, nanos, type Ppb, ppb } from '../core/units.ts'
import { grown } from './oscillator-history.ts'

export interface BoundBase {
  readonly at: Instant<'mono'>
  readonly offset: Nanos
  readonly distance: Nanos
  /** Frequency dialled beyond the steady one, which moves the clock on purpose. */
  readonly slew: Ppb
}

export function errorBound(base: BoundBase, growth: Ppb, now: Instant<'mono'>): Nanos {
  const age = nanos(Math.max(0, elapsed(now, base.at)))
  const moved = base.offset + (base.slew * age) / 1e9
  const offset = Math.max(Math.abs(base.offset), Math.abs(moved))
  return nanos(offset + base.distance + grown(growth, age))
}

/** Seconds until a bound that is `bound` now and grows by `growth` passes `limit` seconds. */
export function secondsUntil(bound: Nanos, growth: Ppb, limit: number): number {
  const left = limit * 1e9 - bound
  if (left <= 0) return 0
  // growth * s * (1 + s / 3600) = left, solved for s
  return 1800 * (Math.sqrt(1 + left / (growth * 900)) - 1)
}

/** The bound of one clock: what was believed last, moved by what was done to the clock since. */
export class ErrorBound {
  #base: BoundBase | undefined

  /** Best estimate of the offset when it was last measured. */
  get offset(): Nanos | undefined {
    return this.#base?.offset
  }

  measured(base: BoundBase): void {
    this.#base = base
  }

  /** The part of the dial that moves the clock on purpose, from now on. */
  slewed(slew: Ppb): void {
    if (this.#base === undefined) return
    const { at, offset, distance } = this.#base
    this.#base = { at, offset, distance, slew }
  }

  /** After a foreign step nothing is known; a foreign rate did its harm until it was noticed. */
  move(change: ClockChange): void {
    if (this.#base === undefined) return
    if (change.foreign && change.step !== 0n) {
      this.#base = undefined
      return
    }
    const { at, slew } = this.#base
    const offset = nanos(this.#base.offset + Number(change.step))
    const harm = change.foreign ? change.uncertainty : 0
    this.#base = { at, offset, distance: nanos(this.#base.distance + harm), slew }
  }

  /** The bound so far becomes the distance from which it grows on: the dial changes its meaning now. */
  rebase(growth: Ppb, now: Instant<'mono'>): void {
    if (this.#base === undefined) return
    const age = nanos(Math.max(0, elapsed(now, this.#base.at)))
    const offset = nanos(this.#base.offset + (this.#base.slew * age) / 1e9)
    const distance = nanos(this.#base.distance + grown(growth, age))
    this.#base = { at: now, offset, distance, slew: ppb(0) }
  }

  at(growth: Ppb, now: Instant<'mono'>): Nanos | undefined {
    return this.#base && errorBound(this.#base, growth, now)
  }

  /** Seconds until the bound passes `limit` seconds; undefined while nothing is known. */
  secondsLeft(growth: Ppb, now: Instant<'mono'>, limit: number): number | undefined {
    if (this.#base === undefined) return undefined
    const { at, offset, distance } = this.#base
    const whole = secondsUntil(nanos(Math.abs(offset) + distance), growth, limit)
    return Math.max(0, whole - Math.max(0, elapsed(now, at)) / 1e9)
  }
}
