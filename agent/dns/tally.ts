/**
 * What came of the probes of one target over one transport: counts, latencies, the run of failures.
 *
 * Counted: every result, also the second one that a query can have (`late` after `timeout`, a good answer
 * after `mismatch`). Timed: every answer that came, late ones included; a query that was never answered
 * has no duration. Durations in seconds.
 */
import { type Instant, since, toSeconds } from '../core/units.ts'
import type { Attempt, Transport } from './facts.ts'
import { DNS_BUCKETS, DNS_RESULTS, type DnsResult, type DnsTargetView } from './view.ts'

type Outcome = Pick<Attempt, 'result' | 'seconds'>

export interface TallyOptions {
  readonly label: string
  /** Role of the server. */
  readonly origin: string
  readonly transport: Transport
}

/** What an outcome says of the target: `none` leaves the run of failures as it is. */
export type Judgement = 'good' | 'bad' | 'none'

/** A truncated answer over UDP is right: what it leads to is judged on TCP. */
export function judge(result: DnsResult, transport: Transport): Judgement {
  if (result === 'noerror') return 'good'
  if (result === 'truncated' && transport === 'udp') return 'good'
  return result === 'late' ? 'none' : 'bad'
}

const bucketOf = (seconds: number): number => {
  const index = DNS_BUCKETS.findIndex((edge) => seconds <= edge)
  return index < 0 ? DNS_BUCKETS.length : index
}

export class Tally {
  readonly #options: TallyOptions
  readonly #results: Record<DnsResult, number>
  readonly #buckets: number[] = new Array(DNS_BUCKETS.length + 1).fill(0)
  #durationSum = 0
  #failures = 0
  #last: (Outcome & { readonly name: string; readonly at: Instant<'mono'> }) | undefined

  constructor(options: TallyOptions) {
    this.#options = options
    this.#results = Object.fromEntries(DNS_RESULTS.map((result) => [result, 0])) as Record<
      DnsResult,
      number
    >
  }

  get label(): string {
    return this.#options.label
  }

  /** Consecutive failures before and after this outcome. */
  record(outcome: Outcome, name: string, at: Instant<'mono'>): { before: number; after: number } {
    const before = this.#failures
    this.#results[outcome.result] += 1
    this.#last = { ...outcome, name, at }
    if (outcome.seconds !== undefined) {
      const bucket = bucketOf(outcome.seconds)
      this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1
      this.#durationSum += outcome.seconds
    }
    const judgement = judge(outcome.result, this.#options.transport)
    if (judgement === 'good') this.#failures = 0
    if (judgement === 'bad') this.#failures += 1
    return { before, after: this.#failures }
  }

  view(now: Instant<'mono'>): DnsTargetView {
    const last = this.#last
    return {
      target: this.#options.label,
      transport: this.#options.transport,
      origin: this.#options.origin,
      results: { ...this.#results },
      buckets: [...this.#buckets],
      durationSum: this.#durationSum,
      lastResult: last?.result,
      lastName: last?.name ?? '',
      lastSeconds: last?.seconds,
      lastAgeSeconds: last && toSeconds(since(now, last.at)),
      failures: this.#failures,
    }
  }
}
