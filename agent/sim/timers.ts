/**
 * The agent's timers: keyed, on CLOCK_MONOTONIC. The rate may change or the machine may sleep while
 * one runs, so it looks at the clock again before it rings.
 */
import type { Instant } from '../core/units.ts'
import { cancel, type Entry, type Queue } from './queue.ts'

export interface TimerHost {
  readonly queue: Queue
  /** CLOCK_MONOTONIC now. */
  monotonic(): Instant<'mono'>
  /** True time at which it will show `value`, not before now. */
  when(value: Instant<'mono'>): bigint
  asleep(): boolean
  /** Rings `key`, late by the event loop; `claim` takes it, if it still is to. */
  ring(key: string, claim: () => boolean): void
}

interface Timer {
  readonly at: Instant<'mono'>
  entry: Entry
}

export class Timers {
  readonly #host: TimerHost
  readonly #timers = new Map<string, Timer>()

  constructor(host: TimerHost) {
    this.#host = host
  }

  set(key: string, at: Instant<'mono'>): void {
    this.cancel(key)
    const timer: Timer = { at, entry: this.#arm(key, at) }
    this.#timers.set(key, timer)
  }

  cancel(key: string): void {
    cancel(this.#timers.get(key)?.entry)
    this.#timers.delete(key)
  }

  /** After CLOCK_MONOTONIC stood still. */
  rearm(): void {
    for (const [key, { at }] of [...this.#timers]) this.set(key, at)
  }

  #arm(key: string, at: Instant<'mono'>): Entry {
    return this.#host.queue.add(this.#host.when(at), () => this.#due(key, at))
  }

  #due(key: string, at: Instant<'mono'>): void {
    const timer = this.#timers.get(key)
    if (timer === undefined || this.#host.asleep()) return
    if (this.#host.monotonic() < at) {
      timer.entry = this.#arm(key, at)
      return
    }
    this.#host.ring(key, () => this.#timers.get(key) === timer && this.#timers.delete(key))
  }
}
