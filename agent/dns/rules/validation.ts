/**
 * Validation that fails: is it the zone, or the clock of the resolver.
 *
 *   SERVFAIL, but with CD an answer ─► validation fails ─► the signatures' windows against our clock
 *     now outside them ─► the zone has expired
 *     now inside them  ─► the resolver's clock is wrong, if it complains of times, if other resolvers validate
 *                         the name, or if it fails for several zones and validates none; else the zone is bogus
 *
 * The extended errors alone do not tell: unbound says 9 with a text about times, then 6 without one.
 * A resolver that does not validate is no fault.
 */

import type { Validity } from '../../core/tls.ts'
import type { Attempt, CheckFacts, TargetFacts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { type Case, nameOf, type Rule } from './case.ts'
import { checksOf, endsWith, listed, RUN, tailRun } from './evidence.ts'
import { dateOf, newestOf, placeOf } from './time.ts'

/** Signature Expired, Signature Not Yet Valid (RFC 8914 section 4). */
const EDE_OF_TIME: readonly number[] = [7, 8]
const TEXT_OF_TIME = /expired|inception|not yet|before|too old|future/i

interface Failure {
  readonly target: TargetFacts
  readonly signed: CheckFacts
  readonly zone: string
  readonly windows: readonly Validity[]
}

const counterpart = (target: TargetFacts, signed: CheckFacts): CheckFacts | undefined =>
  checksOf(target, 'unchecked').find(({ question }) => question.name === signed.question.name)

/** SERVFAIL with validation, an answer without. */
function failuresOf(target: TargetFacts): Failure[] {
  return checksOf(target, 'signed').flatMap((signed) => {
    const unchecked = counterpart(target, signed)
    if (unchecked === undefined || !endsWith(signed, 'servfail')) return []
    if (!endsWith(unchecked, 'noerror')) return []
    const windows = newestOf(unchecked)
    return [{ target, signed, windows, zone: windows[0]?.by ?? signed.question.name }]
  })
}

const isAuthentic = ({ result, flags }: Attempt): boolean =>
  result === 'noerror' && flags?.authentic === true

const validates = ({ recent }: CheckFacts): boolean => tailRun(recent, isAuthentic) >= RUN

/** Other targets that validate the same name. */
const validatorsOf = ({ facts }: Case, { target, signed }: Failure): string[] =>
  facts.targets
    .filter((other) => other !== target)
    .filter((other) =>
      checksOf(other, 'signed').some(
        (each) => each.question.name === signed.question.name && validates(each),
      ),
    )
    .map(({ label }) => label)

const complaintsOf = ({ signed }: Failure): string[] => {
  const { ede = [], edeTexts = [] } = signed.recent.at(-1) ?? {}
  return [...ede.map((code) => `extended error ${code}`), ...edeTexts]
}

const complainsOfTime = ({ signed }: Failure): boolean =>
  signed.recent
    .slice(-RUN)
    .some(
      ({ ede = [], edeTexts = [] }) =>
        ede.some((code) => EDE_OF_TIME.includes(code)) ||
        edeTexts.some((text) => TEXT_OF_TIME.test(text)),
    )

function expiredZone(known: Case, failure: Failure, place: 'after' | 'before'): Finding {
  const { clock } = known.facts
  const { zone, windows, target } = failure
  const window = windows.find((each) => placeOf(each, clock) === place)
  const edge = place === 'after' ? window?.until : window?.from
  const state = place === 'after' ? 'expired' : 'are not valid before'
  const when = edge === undefined ? '' : ` ${place === 'after' ? 'on ' : ''}${dateOf(edge)}`
  const doubt = clock.synchronized ? '' : ' (by our clock, which is not synchronised)'
  return {
    code: 'zone-expired',
    subject: zone,
    sentence: `signatures of zone ${zone} ${state}${when}${doubt}: ${nameOf(known, target)} rightly refuses it with SERVFAIL`,
    evidence: ['SERVFAIL with validation, NOERROR without', ...complaintsOf(failure)],
    about: [target.label],
    names: [failure.signed.question.name],
    zones: [zone],
  }
}

function wrongResolver(known: Case, failures: readonly Failure[]): Finding[] {
  const [first] = failures
  if (first === undefined) return []
  const zones = listed(failures.map(({ zone }) => zone))
  const others = [...new Set(failures.flatMap((failure) => validatorsOf(known, failure)))]
  const { clock } = known.facts
  const sure = clock.synchronized ? 'now, by our synchronised clock' : 'now, by our clock'
  return [
    {
      code: 'resolver-clock-wrong',
      subject: first.target.label,
      sentence: `the clock of ${nameOf(known, first.target)} is wrong: it answers SERVFAIL for ${zones}, whose signatures are valid ${sure}`,
      evidence: [
        'SERVFAIL with validation, NOERROR without',
        ...failures.flatMap(complaintsOf),
        ...(others.length > 0 ? [`${listed(others)} can validate it`] : []),
      ],
      about: [first.target.label],
    },
  ]
}

function bogusZone(known: Case, failure: Failure): Finding {
  const others = validatorsOf(known, failure)
  const only = others.length > 0 ? `, which ${listed(others)} can validate` : ''
  const { zone, target } = failure
  return {
    code: 'bogus-zone',
    subject: zone,
    sentence: `${nameOf(known, target)} cannot validate zone ${zone}${only}: the times of its signatures are right, so its keys or the trust anchor are not`,
    evidence: ['SERVFAIL with validation, NOERROR without', ...complaintsOf(failure)],
    about: [target.label],
    names: [failure.signed.question.name],
    zones: [zone],
  }
}

/** One verdict for all failures of a resolver whose windows contain now. */
function insideWindows(known: Case, target: TargetFacts, failures: readonly Failure[]): Finding[] {
  const good = checksOf(target, 'signed').some(validates)
  const several = new Set(failures.map(({ zone }) => zone)).size > 1
  const elsewhere = failures.some((failure) => validatorsOf(known, failure).length > 0)
  const ofTime = failures.some(complainsOfTime)
  const clock = !good && (ofTime || several || elsewhere)
  return clock ? wrongResolver(known, failures) : failures.map((each) => bogusZone(known, each))
}

export const validation: Rule = (known) =>
  known.facts.targets.flatMap((target): Finding[] => {
    const placed = failuresOf(target).map((failure) => {
      const places = failure.windows.map((window) => placeOf(window, known.facts.clock))
      const outside = places.find((place) => place !== 'inside')
      return { failure, outside }
    })
    const inside = placed.flatMap(({ failure, outside }) => (outside ? [] : [failure]))
    return [
      ...placed.flatMap(({ failure, outside }) =>
        outside ? [expiredZone(known, failure, outside)] : [],
      ),
      ...insideWindows(known, target, inside),
    ]
  })
