/**
 * What the stream of TIME_STATUS_NP says: is this Sync new, how noisy are the offsets, when was the
 * last one. ptp4l goes on serving the last offset for ever after it lost its time transmitter, so
 * only an ingress time that changed is a measurement. It may go backwards: the clock was stepped.
 */
import { keepLast, rms } from '../core/stats.ts'
import { type Instant, type Nanos, seconds } from '../core/units.ts'
import type { TimeStatus } from './management-data.ts'
import { elapsed } from './phc-schedule.ts'

const WINDOW = 10

export class SyncStream {
  #ingress: bigint | undefined
  #offsets: readonly number[] = []
  #at: Instant<'mono'> | undefined

  /** Since the last new Sync was seen. */
  age(now: Instant<'mono'>): Nanos | undefined {
    return this.#at === undefined ? undefined : elapsed(now, this.#at)
  }

  /**
   * `first`: it may be as old as ptp4l, and somebody may have changed the clock since: it is no measurement,
   * and tells the next one apart. An ingress time of zero is ptp4l's "none since the step".
   */
  take({ ingressTime, masterOffset }: TimeStatus, now: Instant<'mono'>): 'new' | 'old' | 'first' {
    if (ingressTime === this.#ingress || ingressTime === 0n) return 'old'
    const first = this.#ingress === undefined
    this.#ingress = ingressTime
    if (first) return 'first'
    this.#offsets = keepLast(this.#offsets, masterOffset, WINDOW)
    this.#at = now
    return 'new'
  }

  /** The first one came in at `at`: it is young enough to show that Syncs are coming. */
  vouch(at: Instant<'mono'>): void {
    this.#at ??= at
  }

  /**
   * Standard deviation of one offset, from second differences: a clock that runs away at a constant
   * rate is not noise. White noise of deviation s has second differences of sqrt(6) s.
   */
  get jitter(): Nanos {
    const o = this.#offsets
    const curves = o.slice(2).map((each, i) => each - 2 * (o[i + 1] ?? 0) + (o[i] ?? 0))
    return (curves.length === 0 ? 0 : rms(curves) / Math.sqrt(6)) as Nanos
  }

  /** The clock was changed: earlier offsets no longer compare with later ones. */
  forgetOffsets(): void {
    this.#offsets = []
  }

  reset(): void {
    this.#ingress = undefined
    this.#at = undefined
    this.#offsets = []
  }
}

/**
 * When the Sync came in, on our monotonic clock. The ingress time is in the scale of the stamping
 * clock, which is near enough to true time to tell an age of seconds, or it is not used at all:
 * `utcOffset` is what makes it UTC, `limit` the oldest that a fresh answer can be.
 */
export function ingressAt(
  ingress: bigint,
  utcOffset: number,
  now: { readonly mono: Instant<'mono'>; readonly utc: Instant<'utc'> },
  limit = seconds(3),
): Instant<'mono'> {
  return freshIngress(ingress, utcOffset, now, limit) ?? now.mono
}

/** The same; undefined where it cannot be told. */
export function freshIngress(
  ingress: bigint,
  utcOffset: number,
  now: { readonly mono: Instant<'mono'>; readonly utc: Instant<'utc'> },
  limit: Nanos,
): Instant<'mono'> | undefined {
  const age = (now.utc as bigint) + BigInt(Math.round(utcOffset)) * 1_000_000_000n - ingress
  if (age < 0n || age > BigInt(Math.round(limit))) return undefined
  return ((now.mono as bigint) - age) as Instant<'mono'>
}
