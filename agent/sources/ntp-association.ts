/**
 * What is remembered of one server between exchanges: the last answer (for duplicates) and, for
 * interleaved mode, its four stamps. It decides whether the next request is interleaved and keeps the
 * stamps true when our clock is changed.
 *
 * Interleaved mode is given up after 4 requests in a row without an interleaved answer; the next one
 * is basic, and its answer starts interleaved mode again (RFC 9769; number as chronyd). A server keys
 * its state by our address and its own receive stamp, so a fresh port per request does no harm.
 */
import type { ClockChange } from '../core/clock-change.ts'
import type { Now } from '../core/machine.ts'
import { keepLast, median } from '../core/stats.ts'
import { drifted, mono, type Nanos, nanos, plus } from '../core/units.ts'
import type { MacKey } from '../ports/keys.ts'
import {
  type Answer,
  encodeRequest,
  type History,
  judge,
  type Limits,
  type LocalStamp,
  type Measured,
  makeRequest,
  measure,
  type Request,
  type Seen,
} from './ntp-exchange.ts'
import { NO_STAMP } from './ntp-packet.ts'
import type { Settled } from './ntp-pending.ts'

const INTERLEAVED_MISSES = 4
/** Sends of which the median cost is taken: a collection of garbage in one of them is outvoted. */
const COSTS = 8
/** A program that is held up longer than that says nothing of a server's. */
const MAX_COST = 50_000

export class Association {
  readonly #xleave: boolean
  readonly #key: MacKey | undefined
  #history: History | undefined
  #seen: Seen | undefined
  #misses = 0
  #costs: readonly number[] = []

  constructor(xleave: boolean, key?: MacKey) {
    this.#xleave = xleave
    this.#key = key
  }

  /** `random`: 16 bytes. */
  request(random: Uint8Array): Request {
    return makeRequest(random, this.#xleave ? this.#history : undefined)
  }

  /** `latest`: an answer that was accepted but not settled yet. */
  judge(data: Uint8Array, request: Request, latest: Seen | undefined): Answer {
    return judge(data, request, latest ?? this.#seen, this.#key)
  }

  encode(request: Request): Uint8Array {
    return encodeRequest(request, this.#key)
  }

  /** The exchange is complete: what it measures. */
  settle(exchange: Settled, request: Request, limits: Limits): Measured {
    const { packet, interleaved, t1, t4, moved } = exchange
    const sendCost = this.#sendCost(exchange.sendCost)
    const measured = measure({ ...exchange, sendCost, history: this.#history }, limits)
    const { receive, transmit } = packet
    this.#seen = { receive, transmit }
    this.#history = { t1, t4, receive, basic: !interleaved, moved }
    if (interleaved) this.#misses = 0
    else this.missed(request)
    return measured
  }

  #sendCost(latest: Nanos | undefined): Nanos {
    if (latest !== undefined && latest >= 0) this.#costs = keepLast(this.#costs, latest, COSTS)
    return nanos(this.#costs.length === 0 ? 0 : Math.min(median(this.#costs), MAX_COST))
  }

  /** The request had no answer of the kind it asked for. */
  missed({ receive }: Request): void {
    if (receive === NO_STAMP) this.#misses = 0
    else this.#misses += 1
    if (this.#misses >= INTERLEAVED_MISSES) this.forget()
  }

  /** The stamps are of no use any more: the clock was stepped, or the server is another one. */
  forget(): void {
    this.#history = undefined
    this.#misses = 0
  }

  /** The frequency of our clock was changed. */
  changed(change: ClockChange, now: Now): void {
    const history = this.#history
    if (history === undefined) return
    this.#history = {
      ...history,
      t1: moveStamp(history.t1, change, now),
      t4: moveStamp(history.t4, change, now),
      moved: nanos(history.moved + change.uncertainty),
    }
  }
}

/**
 * The stamp as the clock would have shown it had the new frequency held all along: the same rule as
 * `moveSample`, applied to the local side before there is a sample.
 */
export function moveStamp(stamp: LocalStamp, change: ClockChange, now: Now): LocalStamp {
  const at = mono(now.mono - (now.utc - stamp.at))
  if (at > change.at) return stamp
  const lead = drifted(change.frequency, nanos(Number(change.at - at)))
  return { ...stamp, at: plus(stamp.at, nanos(-lead)) }
}
