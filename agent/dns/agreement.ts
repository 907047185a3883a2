/**
 * The same question to all upstreams of a forwarding: who answers what, and how old their zones are.
 *
 * An answer counts when the last RUN attempts agree on the response code; a server that is silent, or of
 * two minds, has no say here. Records agree when the two servers gave one common record set within the
 * record of attempts: answers that rotate are no disagreement.
 */
import type { Check, CheckFacts, DnsFacts, ForwardFacts, TargetFacts } from './facts.ts'
import type { Question } from './question.ts'
import { RUN } from './rules/evidence.ts'
import type { DnsResult } from './view.ts'

export interface Answer {
  readonly result: DnsResult
  readonly digests: ReadonlySet<string>
}

/** Upstreams that answer alike. */
export interface Camp {
  readonly result: DnsResult
  readonly upstreams: readonly string[]
}

export interface Agreement {
  readonly forward: ForwardFacts
  readonly question: Question
  /** By response code, largest first; one: they agree. */
  readonly camps: readonly Camp[]
  /** By records, among those that have some, largest first. */
  readonly records: readonly Camp[]
}

const COMPARED: readonly Check[] = ['exists', 'aaaa', 'large', 'absent']
const SAID: readonly DnsResult[] = [
  'noerror',
  'nodata',
  'nxdomain',
  'servfail',
  'refused',
  'notimp',
  'other_rcode',
]

function answerOf({ recent }: CheckFacts): Answer | undefined {
  const last = recent.slice(-RUN)
  const result = last[0]?.result
  if (result === undefined || last.length < RUN || !SAID.includes(result)) return undefined
  if (last.some((attempt) => attempt.result !== result)) return undefined
  const digests = new Set(recent.flatMap(({ digest }) => digest ?? []))
  return { result, digests }
}

interface Vote {
  readonly label: string
  readonly answer: Answer
}

const meet = (a: Answer, b: Answer): boolean =>
  a.digests.size === 0 || b.digests.size === 0 || [...a.digests].some((each) => b.digests.has(each))

/** Each vote goes to the first camp whose founder it agrees with. */
function camps(votes: readonly Vote[], agree: (a: Answer, b: Answer) => boolean): Camp[] {
  const found: Vote[][] = []
  for (const vote of votes) {
    const camp = found.find(([first]) => first !== undefined && agree(first.answer, vote.answer))
    if (camp === undefined) found.push([vote])
    else camp.push(vote)
  }
  return found
    .map((members) => ({
      result: members[0]?.answer.result ?? 'other_rcode',
      upstreams: members.map(({ label }) => label),
    }))
    .sort((a, b) => b.upstreams.length - a.upstreams.length)
}

/** Answers over UDP count before those of the other transports: it is how clients ask. */
const comparedOf = (checks: readonly CheckFacts[]): CheckFacts[] => {
  const compared = checks.filter(({ check }) => COMPARED.includes(check))
  const overUdp = (facts: CheckFacts): boolean => facts.transport === 'udp'
  return [...compared.filter(overUdp), ...compared.filter((facts) => !overUdp(facts))]
}

const keyOf = ({ check, question }: CheckFacts): string =>
  `${check} ${question.name} ${question.type}`

function compare(forward: ForwardFacts, targets: readonly TargetFacts[]): Agreement[] {
  const questions = new Map<string, { question: Question; votes: Vote[] }>()
  for (const { label, checks } of targets) {
    for (const facts of comparedOf(checks)) {
      const answer = answerOf(facts)
      if (answer === undefined) continue
      const entry = questions.get(keyOf(facts)) ?? { question: facts.question, votes: [] }
      if (!entry.votes.some((vote) => vote.label === label)) entry.votes.push({ label, answer })
      questions.set(keyOf(facts), entry)
    }
  }
  return [...questions.values()]
    .filter(({ votes }) => votes.length > 1)
    .map(({ question, votes }) => ({
      forward,
      question,
      camps: camps(votes, (a, b) => a.result === b.result),
      records: camps(
        votes.filter(({ answer }) => answer.result === 'noerror'),
        meet,
      ),
    }))
}

export const agreementsOf = ({ forwards, targets }: DnsFacts): Agreement[] =>
  forwards.flatMap((forward) =>
    compare(
      forward,
      targets.filter(({ label }) => forward.upstreams.includes(label)),
    ),
  )

export interface SerialSpread {
  readonly zone: string
  readonly newest: number
  readonly ahead: readonly string[]
  readonly behind: readonly { readonly label: string; readonly serial: number }[]
}

/** RFC 1982 section 3.2: is `a` after `b` in 32-bit serial arithmetic. */
export const isAfter = (a: number, b: number): boolean => a !== b && (a - b) >>> 0 < 0x80000000

/**
 * The last RUN serials of a server; a zone that is being transferred differs for a moment only. What a cache
 * holds is as old as its TTL lets it be, and no sign of a transfer that failed.
 */
const serialsOf = ({ recent }: CheckFacts): number[] =>
  recent
    .slice(-RUN)
    .flatMap(({ serial, flags }) => (flags?.authoritative === false ? [] : (serial ?? [])))

/** A server lags when its newest serial is before the oldest of the last RUN of another one. */
export function serialSpreads({ targets }: Pick<DnsFacts, 'targets'>): SerialSpread[] {
  const zones = new Map<string, { label: string; serials: number[] }[]>()
  for (const { label, checks } of targets) {
    for (const facts of checks.filter(({ check }) => check === 'serial')) {
      const serials = serialsOf(facts)
      const known = zones.get(facts.question.name) ?? []
      if (serials.length < RUN || known.some((other) => other.label === label)) continue
      zones.set(facts.question.name, [...known, { label, serials }])
    }
  }
  return [...zones].flatMap(([zone, servers]) => {
    const settled = servers.map(({ label, serials }) => ({
      label,
      oldest: serials.reduce((a, b) => (isAfter(a, b) ? b : a)),
      newest: serials.reduce((a, b) => (isAfter(b, a) ? b : a)),
    }))
    const [first, ...others] = settled
    if (first === undefined) return []
    const leader = others.reduce((a, b) => (isAfter(b.oldest, a.oldest) ? b : a), first)
    const behind = settled
      .filter(({ newest }) => isAfter(leader.oldest, newest))
      .map(({ label, newest }) => ({ label, serial: newest }))
    const late = new Set(behind.map(({ label }) => label))
    const ahead = settled.flatMap(({ label }) => (late.has(label) ? [] : [label]))
    return behind.length === 0 ? [] : [{ zone, newest: leader.oldest, ahead, behind }]
  })
}
