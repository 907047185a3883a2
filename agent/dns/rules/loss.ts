/** What a server that is alive loses, delays or answers too late; the statistics are in evidence.ts. */
import { formatSeconds } from '../../core/format.ts'
import { quantile } from '../../core/stats.ts'
import type { Attempt, Check, CheckFacts, TargetFacts, Transport } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { type Case, isDeadTarget, nameOf, type Rule } from './case.ts'
import {
  checksOf,
  endsWith,
  isAnswered,
  isMoreThanChance,
  listed,
  RUN,
  SILENT_RUN,
  tailRun,
  withoutOutages,
} from './evidence.ts'
import { isDead, reachOf } from './reach.ts'

/** A local answer takes below a millisecond, one across a region 10 ms to 50 ms. */
const SLOW_SECONDS = { near: 0.1, far: 0.5 } as const
/** Answers that a median is made of. */
const TIMED = 5

const came = ({ result }: Attempt): boolean => isAnswered(result)

const lostInARow = ({ recent }: Pick<CheckFacts, 'recent'>): number =>
  tailRun(recent, ({ result }) => !isAnswered(result))

const goes = ({ recent }: Pick<CheckFacts, 'recent'>): boolean => {
  const last = recent.at(-1)
  return last !== undefined && isAnswered(last.result)
}

/** Small questions, which every server answers from its cache. */
const SMALL: readonly Check[] = ['exists', 'plain', 'again', 'split']

/** A server that loses much loses some in a row, and not because of what is asked. */
const BAD_LUCK = 1e-4

/** So many lost in a row as the share that is lost of all small datagrams does not explain. */
function isBeyondLuck(target: TargetFacts, run: number): boolean {
  const small = SMALL.flatMap((check) => checksOf(target, check, 'udp'))
  const attempts = small.flatMap(({ recent }) => recent)
  const lost = attempts.filter((attempt) => !came(attempt)).length
  return (lost / Math.max(1, attempts.length)) ** run < BAD_LUCK
}

/** The check fails run after run, while the basic one over the same transport is answered. */
function failsAlone(target: TargetFacts, check: Check, transport: Transport): CheckFacts[] {
  const basic = checksOf(target, 'exists', transport)
  if (!basic.some(goes)) return []
  return checksOf(target, check, transport).filter((facts) => {
    const run = lostInARow(facts)
    return run >= RUN && isBeyondLuck(target, run)
  })
}

const eachAlive =
  (rule: (known: Case, target: TargetFacts) => readonly Finding[]): Rule =>
  (known) =>
    known.facts.targets
      .filter((target) => !isDeadTarget(known, target))
      .flatMap((target) => rule(known, target))

const namesOf = (checks: readonly CheckFacts[]): string[] => [
  ...new Set(checks.map(({ question }) => question.name)),
]

/** Over a stream the same answer comes, or was not asked for: so it is the size, not the name. */
export const largeAnswers = eachAlive((known, target) => {
  const lost = failsAlone(target, 'large', 'udp')
  const streamed = checksOf(target, 'large', 'tcp')
  if (lost.length === 0 || (streamed.length > 0 && !streamed.some(goes))) return []
  const bytes = streamed.flatMap(({ recent }) => recent.at(-1)?.bytes ?? [])[0]
  const size = bytes === undefined ? '' : ` (${bytes} bytes)`
  return [
    {
      code: 'large-answers-lost',
      subject: target.label,
      sentence: `${nameOf(known, target)}: large answers over UDP are lost${size}, small ones come`,
      evidence: lost.map((facts) => `${facts.question.name}: ${lostInARow(facts)} lost in a row`),
      about: [target.label],
    },
  ]
})

/** The same answer comes where it is asked for in 1232 bytes, whole or truncated. */
export const lostFragments = eachAlive((known, target) => {
  const lost = failsAlone(target, 'wide', 'udp').filter(({ question }) =>
    checksOf(target, 'large', 'udp').some(
      (large) => large.question.name === question.name && goes(large),
    ),
  )
  if (lost.length === 0) return []
  return [
    {
      code: 'fragments-lost',
      subject: target.label,
      sentence: `${nameOf(known, target)}: the answer for ${listed(namesOf(lost))} is lost over UDP when 4096 bytes are announced, and comes with 1232: fragments do not get through`,
      evidence: lost.map((facts) => `${facts.question.name}: ${lostInARow(facts)} lost in a row`),
      about: [target.label],
    },
  ]
})

export const ipv6Silence = eachAlive((known, target) => {
  const answered = new Set(namesOf(checksOf(target, 'exists', 'udp').filter(goes)))
  const lost = failsAlone(target, 'aaaa', 'udp').filter(({ question }) =>
    answered.has(question.name),
  )
  if (lost.length === 0) return []
  return [
    {
      code: 'ipv6-silent',
      subject: target.label,
      sentence: `${nameOf(known, target)} does not answer AAAA for ${listed(namesOf(lost))}, A is fine: every lookup of both waits ${formatSeconds(target.timeout)}`,
      evidence: lost.map(
        (facts) => `${lostInARow(facts)} AAAA questions in a row without an answer`,
      ),
      about: [target.label],
    },
  ]
})

/** FORMERR or NOTIMP, or nothing at all, with EDNS; without it an answer. */
export const ednsRefusal = eachAlive((known, target) => {
  const plain = checksOf(target, 'plain', 'udp')
  const refused = checksOf(target, 'exists', 'udp').filter(
    (facts) => endsWith(facts, 'formerr', 'notimp') || lostInARow(facts) >= SILENT_RUN,
  )
  const answered = plain.some(({ recent }) =>
    recent.slice(-RUN).every(({ result }) => result === 'noerror' || result === 'truncated'),
  )
  const [first] = refused
  if (first === undefined || plain.length === 0 || !answered || !plain.some(goes)) return []
  const how = goes(first) ? `answers ${first.recent.at(-1)?.result.toUpperCase()}` : 'is silent'
  return [
    {
      code: 'edns-refused',
      subject: target.label,
      sentence: `${nameOf(known, target)} ${how} when asked with EDNS, and answers without it`,
      evidence: refused.map(({ question, recent }) => `${question.name}: ${recent.at(-1)?.result}`),
      about: [target.label],
    },
  ]
})

interface Share {
  readonly lost: number
  readonly all: number
}

const halves = ({ result, second }: Attempt): boolean =>
  isAnswered(result) && (second === undefined || isAnswered(second))

function shareOf(target: TargetFacts, check: Check, fine: (attempt: Attempt) => boolean): Share {
  const pooled = checksOf(target, check, 'udp').flatMap(({ recent }) => recent)
  if (pooled.every(fine)) return { lost: 0, all: pooled.length }
  const kept = withoutOutages(pooled)
  return { lost: kept.filter((attempt) => !fine(attempt)).length, all: kept.length }
}

const shareWords = ({ lost, all }: Share): string => `${lost} of ${all}`

/**
 * Two datagrams from one socket race for one entry of the connection tracking, two sockets do not. So
 * pairs are lost beyond chance, and split pairs at most a third as often. Where the kernel counts
 * failed inserts meanwhile, RUN lost pairs are enough: two witnesses.
 */
export const pairLoss = eachAlive((known, target) => {
  const pair = shareOf(target, 'pair', halves)
  const split = shareOf(target, 'split', halves)
  if (pair.lost < RUN || split.all < RUN) return []
  const failed = known.facts.conntrack?.insertFailedMore ?? 0
  const more = isMoreThanChance(pair.lost, pair.all) || failed > 0
  if (!more || (split.lost / split.all) * 3 > pair.lost / pair.all) return []
  return [
    {
      code: 'pair-loss',
      subject: target.label,
      sentence: `${nameOf(known, target)}: A and AAAA asked from one socket lose an answer in ${shareWords(pair)} cases, from two sockets in ${shareWords(split)}: the race in conntrack, which glibc meets as a pause of 5 s`,
      evidence: [
        `one socket: ${shareWords(pair)} lost`,
        `two sockets: ${shareWords(split)} lost`,
        ...(failed > 0 ? [`conntrack: insert_failed grew by ${failed}`] : []),
      ],
      about: [target.label],
    },
  ]
})

/** Outages of one check and of the server are taken out; what is left is lost here and there. */
export const packetLoss = eachAlive((known, target) => {
  // what is never answered, while others are, is lost for what is asked
  const checks = SMALL.flatMap((check) => checksOf(target, check, 'udp')).filter(({ recent }) =>
    recent.some(came),
  )
  if (isDead(reachOf(target, 'udp')) || checks.every(({ recent }) => recent.every(came))) return []
  const kept = withoutOutages(checks.flatMap(({ recent }) => withoutOutages(recent)))
  const lost = kept.filter((attempt) => !came(attempt)).length
  // one check that always fails is no loss of datagrams
  const hit = checks.filter(({ recent }) => !recent.every(came))
  if ((hit.length === 1 && checks.length > 1) || !isMoreThanChance(lost, kept.length)) return []
  const percent = Math.round((lost / kept.length) * 100)
  return [
    {
      code: 'packet-loss',
      subject: target.label,
      sentence: `${nameOf(known, target)}: ${percent} % of the queries over UDP are lost (${lost} of ${kept.length})`,
      evidence: hit.map(
        ({ check, recent }) =>
          `${check}: ${recent.filter((attempt) => !came(attempt)).length} of ${recent.length} lost`,
      ),
      about: [target.label],
    },
  ]
})

export const noResolution = eachAlive((known, target) => {
  const lost = checksOf(target, 'exists').filter((facts) => lostInARow(facts) >= SILENT_RUN)
  const answers = checksOf(target, 'exists').some(goes) || checksOf(target, 'plain').some(goes)
  const [own] = checksOf(target, 'identity').filter(goes)
  if (lost.length === 0 || answers || own === undefined) return []
  const names = namesOf(lost)
  return [
    {
      code: 'no-resolution',
      subject: target.label,
      sentence: `${nameOf(known, target)} tells who it is, but does not answer for ${listed(names)}: what it asks is silent`,
      evidence: lost.map((facts) => `${facts.question.name}: ${lostInARow(facts)} lost in a row`),
      about: [target.label],
      names,
    },
  ]
})

const starved = ({ recent }: CheckFacts): boolean =>
  tailRun(recent, ({ result }) => !isAnswered(result) || result === 'servfail') >= RUN

export const onlyCached = eachAlive((known, target) => {
  const fresh = checksOf(target, 'miss').filter(starved)
  const cached = checksOf(target, 'exists').some(
    ({ recent }) => tailRun(recent, ({ result }) => result === 'noerror') >= RUN,
  )
  if (fresh.length === 0 || !cached) return []
  const names = namesOf(fresh)
  return [
    {
      code: 'only-cached',
      subject: target.label,
      sentence: `${nameOf(known, target)} answers what it has in its cache, but nothing fresh below ${listed(names)}`,
      evidence: fresh.map(({ question, recent }) => `${question.name}: ${recent.at(-1)?.result}`),
      about: [target.label],
      names,
    },
  ]
})

const lateShare = (checks: readonly CheckFacts[]): [late: number, all: number] => {
  const recent = checks.flatMap((facts) => facts.recent)
  return [recent.filter(({ result }) => result === 'late').length, recent.length]
}

/** Beyond chance among all answers, or among those for one question. */
export const lateAnswers = eachAlive((known, target) => {
  const recent = target.checks.flatMap((facts) => facts.recent)
  const late = recent.filter(({ result }) => result === 'late')
  const beyond = [target, ...target.checks.map((facts) => ({ checks: [facts] }))].some(
    ({ checks }) => isMoreThanChance(...lateShare(checks)),
  )
  if (!beyond) return []
  const worst = Math.max(0, ...late.map(({ seconds }) => seconds ?? 0))
  const after = worst > 0 ? `, up to ${formatSeconds(worst)}` : ''
  return [
    {
      code: 'late-answers',
      subject: target.label,
      sentence: `${nameOf(known, target)}: ${late.length} of ${recent.length} answers came after ${formatSeconds(target.timeout)}${after}`,
      evidence: [`${late.length} late answers`],
      about: [target.label],
    },
  ]
})

/** Of the name that the cache holds; the median, so that a single slow one is none. */
export const slowAnswers = eachAlive((known, target) => {
  const limit = target.roles.some(
    (role) => role === 'node-cache' || role === 'coredns' || role === 'cluster',
  )
    ? SLOW_SECONDS.near
    : SLOW_SECONDS.far
  const times = checksOf(target, 'exists', 'udp')
    .flatMap(({ recent }) => recent.slice(-TIMED))
    .flatMap(({ result, seconds }) =>
      seconds !== undefined && isAnswered(result) ? [seconds] : [],
    )
  const p50 = quantile(times, 0.5)
  if (times.length < TIMED || !(p50 > limit)) return []
  return [
    {
      code: 'slow',
      subject: target.label,
      sentence: `${nameOf(known, target)} takes ${formatSeconds(p50)} for a name in its cache (median of ${times.length}; ${formatSeconds(limit)} is much)`,
      evidence: [`slowest ${formatSeconds(Math.max(...times))}`],
      about: [target.label],
    },
  ]
})
