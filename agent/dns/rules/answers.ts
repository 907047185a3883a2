/** What the answers say: wrong, missing, refused, old. Faults that are there always: runs at the end. */
import type { DiagnosisCode } from '../diagnoses.ts'
import type { Check, CheckFacts, TargetFacts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import type { DnsResult } from '../view.ts'
import { type Case, nameOf, type Rule } from './case.ts'
import { checksOf, endsWith, listed, RUN, secondsBetween, tailRun } from './evidence.ts'

const eachTarget =
  (rule: (known: Case, target: TargetFacts) => readonly Finding[]): Rule =>
  (known) =>
    known.facts.targets.flatMap((target) => rule(known, target))

const namesOf = (checks: readonly CheckFacts[]): string[] => [
  ...new Set(checks.map(({ question }) => question.name)),
]

const questionWords = (checks: readonly CheckFacts[]): string =>
  listed(checks.map(({ question }) => `${question.name} ${question.type}`))

/** Faults of single answers, wherever they stand in the record: they come now and then. */
const ODD: readonly (readonly [DiagnosisCode, DnsResult, string])[] = [
  ['wrong-answers', 'mismatch', 'do not belong to the question'],
  ['malformed', 'malformed', 'are no DNS messages'],
]

export const oddAnswers = eachTarget((known, target) =>
  ODD.flatMap(([code, result, words]): Finding[] => {
    const all = target.checks.flatMap(({ recent }) => recent)
    const odd = all.filter((attempt) => attempt.result === result)
    if (odd.length < RUN) return []
    const sentence = `${nameOf(known, target)}: ${odd.length} of ${all.length} answers ${words}`
    const seen = target.checks.filter(({ recent }) => recent.some((each) => each.result === result))
    const evidence = [`seen with ${questionWords(seen)}`]
    return [{ code, subject: target.label, sentence, evidence, about: [target.label] }]
  }),
)

export const hijack = eachTarget((known, target) => {
  const lied = checksOf(target, 'absent').filter((facts) => endsWith(facts, 'noerror'))
  const names = namesOf(lied)
  if (names.length === 0) return []
  return [
    {
      code: 'nxdomain-hijack',
      subject: target.label,
      sentence: `${nameOf(known, target)} gives addresses for ${listed(names)}, which does not exist`,
      evidence: [`${questionWords(lied)}: NOERROR with records`],
      about: [target.label],
    },
  ]
})

interface Failing {
  readonly code: DiagnosisCode
  readonly results: readonly DnsResult[]
  /** Checks of which this result is a fault. */
  readonly checks: readonly Check[]
  readonly words: string
}

const MUST: readonly Check[] = ['exists', 'plain', 'again']
const ASKED: readonly Check[] = [...MUST, 'large', 'miss', 'aaaa', 'unchecked']

const FAILING: readonly Failing[] = [
  { code: 'servfail', results: ['servfail'], checks: ASKED, words: 'SERVFAIL' },
  { code: 'refused', results: ['refused'], checks: ASKED, words: 'REFUSED' },
  {
    code: 'not-implemented',
    results: ['notimp', 'formerr'],
    checks: ASKED,
    words: 'that it does not understand the question (NOTIMP or FORMERR)',
  },
  {
    code: 'name-missing',
    results: ['nxdomain'],
    checks: MUST,
    words: 'NXDOMAIN, though the name must exist',
  },
  { code: 'nodata', results: ['nodata'], checks: MUST, words: 'without a record' },
]

const edeOf = (checks: readonly CheckFacts[]): string[] => {
  const codes = checks.flatMap(({ recent }) => recent.at(-1)?.ede ?? [])
  return codes.length === 0 ? [] : [`extended errors: ${listed(codes.map(String))}`]
}

export const failingAnswers = eachTarget((known, target) =>
  FAILING.flatMap(({ code, results, checks, words }): Finding[] => {
    const failing = target.checks.filter(
      (facts) => checks.includes(facts.check) && endsWith(facts, ...results),
    )
    if (failing.length === 0) return []
    return [
      {
        code,
        subject: target.label,
        sentence: `${nameOf(known, target)} answers ${questionWords(failing)} ${words}`,
        evidence: [
          ...failing.map(({ check, transport }) => `${check} over ${transport}`),
          ...edeOf(failing),
        ],
        about: [target.label],
        names: namesOf(failing),
      },
    ]
  }),
)

/** Neither recursion nor authority in the flags: what it does not know it will never find out. */
export const recursion = eachTarget((known, target) => {
  const denied = checksOf(target, 'exists').filter(
    ({ recent }) =>
      tailRun(
        recent,
        ({ flags }) => flags !== undefined && !flags.recursion && !flags.authoritative,
      ) >= RUN,
  )
  if (denied.length === 0) return []
  const [last] = denied.flatMap(({ recent }) => recent.at(-1)?.result ?? [])
  return [
    {
      code: 'no-recursion',
      subject: target.label,
      sentence: `${nameOf(known, target)} does not resolve for us: recursion is not available, ${questionWords(denied)} gets ${last?.toUpperCase()}`,
      evidence: ['flag RA is 0, AA is 0'],
      about: [target.label],
    },
  ]
})

/** TTL of the answers for one question anywhere; a record whose own TTL is 0 is no fault. */
const hadTtl = ({ facts }: Case, { question }: CheckFacts): boolean =>
  facts.targets.some(({ checks }) =>
    checks.some(
      (other) =>
        other.question.name === question.name &&
        other.question.type === question.type &&
        other.recent.some(({ ttl = 0 }) => ttl > 0),
    ),
  )

export const staleness = eachTarget((known, target) => {
  const stale = [...checksOf(target, 'exists'), ...checksOf(target, 'again')].filter(
    (facts) =>
      tailRun(facts.recent, ({ result, ttl }) => result === 'noerror' && ttl === 0) >= RUN &&
      hadTtl(known, facts),
  )
  const names = namesOf(stale)
  if (names.length === 0) return []
  return [
    {
      code: 'stale-answers',
      subject: target.label,
      sentence: `${nameOf(known, target)} answers ${listed(names)} with TTL 0, where it was longer before: its cache serves what has expired`,
      evidence: stale.map(({ check, transport }) => `${check} over ${transport}: TTL 0`),
      about: [target.label],
      names,
    },
  ]
})

/** Long enough for a TTL in whole seconds to fall. */
const AGAIN_SECONDS = 2

/**
 * The last RUN repetitions each show the TTL of seconds before and of everything in between, all the same
 * one; a record that may have expired meanwhile was fetched anew, and shows nothing.
 */
function frozenTtl(first: CheckFacts, again: CheckFacts): number | undefined {
  const pairs = again.recent.slice(-RUN).map((later) => {
    const { ttl = 0, at } = later
    const before = first.recent.findLast((each) => secondsBetween(at, each.at) >= AGAIN_SECONDS)
    const between = first.recent.filter((each) => before && each.at >= before.at && each.at < at)
    const held =
      before !== undefined &&
      ttl > secondsBetween(at, before.at) + 1 &&
      between.every((each) => each.ttl === ttl) &&
      later.flags?.authoritative !== true
    return held ? ttl : undefined
  })
  const [ttl] = pairs
  return pairs.length === RUN && pairs.every((each) => each === ttl) ? ttl : undefined
}

export const frozenTtls = eachTarget((known, target) =>
  checksOf(target, 'again').flatMap((again): Finding[] => {
    const first = checksOf(target, 'exists', again.transport).find(
      ({ question }) => question.name === again.question.name,
    )
    const ttl = first && frozenTtl(first, again)
    if (ttl === undefined) return []
    return [
      {
        code: 'ttl-frozen',
        subject: target.label,
        sentence: `${nameOf(known, target)}: the TTL of ${again.question.name} stays at ${ttl} s, seconds later and again`,
        evidence: [`${RUN} repetitions, not authoritative`],
        about: [target.label],
      },
    ]
  }),
)
