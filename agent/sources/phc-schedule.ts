/**
 * Regular work without drift: the n-th turn is due at start + n * period, however late the ones
 * before it were served; turns that were missed are left out. Also ages without a limit, for
 * machines that may wait for an answer longer than the 100 days that `since` can hold.
 */
import { categoryOf, type PortFault } from '../core/errors.ts'
import type { Action } from '../core/machine.ts'
import {
  type Instant,
  type Nanos,
  nanos,
  plus,
  type Scale,
  seconds,
  stepBetween,
} from '../core/units.ts'

/** `later - earlier`, to the precision of a double. */
export const elapsed = <S extends Scale>(later: Instant<S>, earlier: Instant<NoInfer<S>>): Nanos =>
  Number(stepBetween(later, earlier)) as Nanos

/** A timer may fire early by this part of a period without being given the same turn again. */
const EARLY = 1e-3

/** The first turn after `now` of a grid that began at `start`. */
export function nextTurn(
  start: Instant<'mono'>,
  period: Nanos,
  now: Instant<'mono'>,
): Instant<'mono'> {
  const turn = Math.floor(elapsed(now, start) / period + EARLY) + 1
  return plus(start, (turn * period) as Nanos)
}

/** An answer that has not come by then never will. */
const LOST = seconds(5)
/** After a refusal that time does not heal (permission, not supported). */
const HOPELESS = seconds(30)

/** How long to leave a device alone that refused. */
export const pauseAfter = ({ code }: PortFault): Nanos =>
  categoryOf(code) === 'retry' ? seconds(1) : HOPELESS

/** Between two readings of what nobody vouches for. */
const WATCHED = seconds(1)

/** At first the frequency is to be known soon, and the end of a slew to be seen: so often, so long. */
const BRISK = { period: seconds(0.125), lasts: seconds(5) }

/** When a device is read: on a grid, one reading at a time, and seldom while it refuses. */
export class Turns {
  readonly period: Nanos
  #start: Instant<'mono'> | undefined
  #pendingSince: Instant<'mono'> | undefined
  #notBefore: Instant<'mono'> | undefined
  /** Read in quick succession until then; undefined before somebody vouched for the clock. */
  #briskUntil: Instant<'mono'> | undefined

  /** `rate` in Hz; 1 for one that is none. */
  constructor(rate: number) {
    this.period = seconds(1 / (rate > 0 ? rate : 1))
  }

  get started(): boolean {
    return this.#start !== undefined
  }

  /** A reading is under way. */
  get pending(): boolean {
    return this.#pendingSince !== undefined
  }

  start(now: Instant<'mono'>): void {
    this.#start = now
  }

  stop(): void {
    this.#start = undefined
  }

  /** Between turns: nobody follows what is in doubt, and it is watched only. */
  periodIn(doubt: string, now: Instant<'mono'>): Nanos {
    if (doubt !== '') return nanos(Math.max(this.period, WATCHED))
    const brisk = this.#briskUntil !== undefined && now < this.#briskUntil
    return brisk ? nanos(Math.min(this.period, BRISK.period)) : this.period
  }

  /** When to come again. */
  next(now: Instant<'mono'>, doubt: string): Action {
    if (doubt === '') this.#briskUntil ??= plus(now, BRISK.lasts)
    const at = nextTurn(this.#start ?? now, this.periodIn(doubt, now), now)
    return { do: 'timer', key: 'read', at }
  }

  /** Begins a reading where it may: `late`, when the one before was never answered. */
  begin(now: Instant<'mono'>): 'not-yet' | 'begun' | 'late' {
    if (this.#notBefore !== undefined && now < this.#notBefore) return 'not-yet'
    const waits = this.#pendingSince
    if (waits !== undefined && elapsed(now, waits) < LOST) return 'not-yet'
    this.#pendingSince = now
    this.#notBefore = undefined
    return waits === undefined ? 'begun' : 'late'
  }

  done(): void {
    this.#pendingSince = undefined
  }

  /** Read again at the next turn, but not at full rate, and seldom where it is hopeless. */
  refused(fault: PortFault, now: Instant<'mono'>): void {
    this.#pendingSince = undefined
    this.#notBefore = plus(now, nanos(pauseAfter(fault) - this.period / 2))
  }
}
