/**
 * Attempts as evidence: runs, shares, and what may be called more than chance.
 *
 * Two kinds of faults need two kinds of proof.
 *
 * A fault that is there always (a dead server, SERVFAIL) is a run at the end of the record. With a packet
 * loss of 0.1 % each way a query fails with 0.2 %: three in a row of one check by chance once in 10^8
 * attempts, four in a row over all checks once in 6 * 10^10. Hence RUN and SILENT_RUN.
 *
 * A fault that is there sometimes (loss) is a share: n attempts, k lost. Were the true share p (TOLERATED,
 * well above what a healthy network loses), then k or more would be lost with
 *
 *   P = sum over j >= k of C(n, j) p^j (1 - p)^(n - j)
 *
 * and only below ONE_IN_A_MILLION this is called a fault. The tail is so thin because records overlap: the
 * same losses are judged again with every attempt, for days. Half of all lost shows within 8 attempts (4
 * of 8: 7 * 10^-7), a tenth within about 60.
 */
import { elapsed, type Instant, toSeconds } from '../../core/units.ts'
import type { Attempt, Check, CheckFacts, TargetFacts, Transport } from '../facts.ts'
import type { DnsResult } from '../view.ts'

export const RUN = 3
export const SILENT_RUN = 4
const TOLERATED = 0.01
const ONE_IN_A_MILLION = 1e-6

const UNANSWERED: ReadonlySet<DnsResult> = new Set([
  'timeout',
  'conn_refused',
  'unreachable',
  'tls_error',
])

/** Something came back from the server, whatever it says; a late answer is one, too. */
export const isAnswered = (result: DnsResult): boolean => !UNANSWERED.has(result)

export const checksOf = (
  target: TargetFacts,
  check: Check,
  transport?: Transport,
): readonly CheckFacts[] =>
  target.checks.filter(
    (facts) => facts.check === check && (transport === undefined || facts.transport === transport),
  )

/** How many of the last attempts fulfil this, without a gap. */
export function tailRun(
  attempts: readonly Attempt[],
  fulfils: (attempt: Attempt) => boolean,
): number {
  let run = 0
  while (run < attempts.length) {
    const attempt = attempts[attempts.length - 1 - run]
    if (attempt === undefined || !fulfils(attempt)) break
    run += 1
  }
  return run
}

/** The last RUN attempts all have one of these results. */
export const endsWith = (
  { recent }: Pick<CheckFacts, 'recent'>,
  ...results: readonly DnsResult[]
): boolean => tailRun(recent, ({ result }) => results.includes(result)) >= RUN

/** P(X >= k) of a binomial distribution with n trials of probability p. */
export function binomialTail(n: number, k: number, p: number): number {
  if (k <= 0) return 1
  let term = 1
  for (let j = 0; j < k; j += 1) term *= ((n - j) / (k - j)) * p
  let sum = 0
  for (let j = k; j <= n; j += 1) {
    sum += term * (1 - p) ** (n - j)
    term *= ((n - j) / (j + 1)) * p
  }
  return Math.min(1, sum)
}

/** More lost than chance explains where `p` are lost by nature. */
export const isMoreThanChance = (lost: number, all: number, p: number = TOLERATED): boolean =>
  lost >= RUN && binomialTail(all, lost, p) < ONE_IN_A_MILLION

/** Oldest first. */
export const byTime = (attempts: readonly Attempt[]): Attempt[] =>
  [...attempts].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))

/** Attempts of one outage: so many lost in a row are no matter of shares. */
const OUTAGE = 8

/** What is left, oldest first, when whole outages are taken out: they have a diagnosis of their own. */
export function withoutOutages(attempts: readonly Attempt[]): Attempt[] {
  const kept: Attempt[] = []
  let run: Attempt[] = []
  for (const attempt of byTime(attempts)) {
    if (!isAnswered(attempt.result)) {
      run.push(attempt)
      continue
    }
    if (run.length < OUTAGE) kept.push(...run)
    kept.push(attempt)
    run = []
  }
  return run.length < OUTAGE ? [...kept, ...run] : kept
}

export const secondsBetween = (later: Instant<'mono'>, earlier: Instant<'mono'>): number =>
  toSeconds(elapsed(later, earlier))

/** `UDP`, `TCP`, `DoT`: as people write them. */
export const TRANSPORT_NAMES: Readonly<Record<Transport, string>> = {
  udp: 'UDP',
  tcp: 'TCP',
  dot: 'DoT',
}

/** `a`, `a and b`, `a, b and c`; each once. */
export function listed(items: readonly string[]): string {
  const all = [...new Set(items)]
  if (all.length < 2) return all.join('')
  return `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
}
