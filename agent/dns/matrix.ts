/** Target x transport, one mark per cell: what the page and `timewarden dns` show at a glance. */
import { quantile } from '../core/stats.ts'
import type { Attempt, Check, CheckFacts, DnsFacts, Role, TargetFacts, Transport } from './facts.ts'
import { endsWith, isAnswered } from './rules/evidence.ts'
import { reachOf } from './rules/reach.ts'
import type { DnsResult } from './view.ts'

/** From worst to best; `unasked` says nothing. */
export const MARKS = {
  refused: 'connections are refused',
  silent: 'nothing comes back',
  tls: 'TLS fails',
  failing: 'answers, and not as it must',
  lossy: 'answers; some of the last queries were lost',
  ok: 'answers as it must',
  unasked: 'not asked over this transport',
} as const
export type Mark = keyof typeof MARKS

export interface MatrixCell {
  readonly mark: Mark
  /** Median of the answers that are kept, of names in the cache; seconds. */
  readonly p50: number | undefined
  readonly attempts: number
}

export interface MatrixRow {
  readonly target: string
  readonly roles: readonly Role[]
  readonly cells: Readonly<Record<Transport, MatrixCell>>
}

/** Results that are bad for every check; that a name must exist is known of `exists` alone. */
const BAD: readonly DnsResult[] = ['servfail', 'refused', 'formerr', 'other_rcode', 'malformed']
const MISSING: readonly DnsResult[] = ['nxdomain', 'nodata', 'notimp']
/** Their results are evidence of something else. */
const UNJUDGED: readonly Check[] = ['identity', 'signed', 'unchecked', 'serial']

function isFailing(facts: CheckFacts): boolean {
  if (UNJUDGED.includes(facts.check)) return false
  if (facts.check === 'absent') return endsWith(facts, 'noerror')
  return endsWith(facts, ...(facts.check === 'exists' ? [...BAD, ...MISSING] : BAD))
}

const RECENT = 8
const isLost = ({ result, second }: Attempt): boolean =>
  !isAnswered(result) || (second !== undefined && !isAnswered(second))

function markOf(target: TargetFacts, transport: Transport, checks: readonly CheckFacts[]): Mark {
  const { state } = reachOf(target, transport)
  if (state === 'untested') return 'unasked'
  if (state === 'refused' || state === 'silent') return state
  if (checks.some(({ recent }) => recent.at(-1)?.result === 'tls_error')) return 'tls'
  if (checks.some(isFailing)) return 'failing'
  return checks.some(({ recent }) => recent.slice(-RECENT).some(isLost)) ? 'lossy' : 'ok'
}

function cellOf(target: TargetFacts, transport: Transport): MatrixCell {
  const checks = target.checks.filter((facts) => facts.transport === transport)
  const times = checks
    .filter(({ check }) => check === 'exists')
    .flatMap(({ recent }) => recent.flatMap(({ seconds }) => seconds ?? []))
  const attempts = checks.reduce((sum, { recent }) => sum + recent.length, 0)
  const p50 = times.length === 0 ? undefined : quantile(times, 0.5)
  return { mark: markOf(target, transport, checks), p50, attempts }
}

export const matrixOf = ({ targets }: Pick<DnsFacts, 'targets'>): MatrixRow[] =>
  targets.map((target) => ({
    target: target.label,
    roles: target.roles,
    cells: {
      udp: cellOf(target, 'udp'),
      tcp: cellOf(target, 'tcp'),
      dot: cellOf(target, 'dot'),
    },
  }))
