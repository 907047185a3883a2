/**
 * Our own clock against what everybody signs: where the windows of several signers agree on a time that
 * excludes ours, our clock is wrong, and no rule that trusts it counts.
 */
import { formatInstant, formatSpan } from '../../core/format.ts'
import type { Validity } from '../../core/tls.ts'
import { utc } from '../../core/units.ts'
import type { CheckFacts, DnsFacts, OwnClockFacts } from '../facts.ts'
import { type TimeBound, timeBound } from '../time-bound.ts'
import type { Rule } from './case.ts'
import { listed } from './evidence.ts'

/** Signers that must agree against our clock; more where it is synchronised and may be believed. */
const SIGNERS = { unsynchronised: 2, synchronised: 3 } as const
/** `2026-11-23 18:52 UTC` */
export const dateOf = (seconds: number): string =>
  `${formatInstant(utc(BigInt(Math.round(seconds)) * 1_000_000_000n))
    .slice(0, 16)
    .replace('T', ' ')} UTC`

export const newestOf = ({ recent }: CheckFacts): Validity[] => {
  const signed = recent.findLast(({ signatures = [] }) => signatures.length > 0)
  const shown = recent.findLast(({ certificate }) => certificate !== undefined)
  return [...(signed?.signatures ?? []), ...(shown?.certificate ? [shown.certificate] : [])]
}

/** All windows that anybody showed, for the bound on the time. */
const windowsOf = ({ targets }: Pick<DnsFacts, 'targets'>): Validity[] =>
  targets.flatMap(({ checks }) => checks.flatMap(newestOf))

/** What our clock may be wrong by and still be right: known only while it is synchronised. */
const marginOf = ({ synchronized, bound = 0 }: OwnClockFacts): number => (synchronized ? bound : 0)

export type Place = 'inside' | 'after' | 'before'

export function placeOf(
  { from, until }: Pick<Validity, 'from' | 'until'>,
  clock: OwnClockFacts,
): Place {
  const margin = marginOf(clock)
  if (clock.now - margin > until) return 'after'
  return clock.now + margin < from ? 'before' : 'inside'
}

const distance = ({ from, until }: TimeBound, { now }: OwnClockFacts): number =>
  now < from ? from - now : now - until

export const ownClock: Rule = ({ facts }) => {
  const { clock } = facts
  const bound = timeBound(windowsOf(facts))
  if (bound === undefined || placeOf(bound, clock) === 'inside') return []
  const needed = clock.synchronized ? SIGNERS.synchronised : SIGNERS.unsynchronised
  if (bound.agreeing.length < needed) return []
  const although = clock.synchronized ? ', although it is synchronised' : ''
  const way = clock.now < bound.from ? 'behind' : 'ahead'
  const between = `between ${dateOf(bound.from)} and ${dateOf(bound.until)}`
  return [
    {
      code: 'own-clock-wrong',
      subject: 'own clock',
      sentence: `our own clock says ${dateOf(clock.now)} and is ${way} by at least ${formatSpan(distance(bound, clock))}${although}: ${bound.agreeing.length} signers agree that it is ${between}`,
      evidence: [
        `signers: ${listed(bound.agreeing)}`,
        `${bound.agreeing.length} of ${bound.signers}`,
      ],
      about: [],
      nodeWide: true,
    },
  ]
}
