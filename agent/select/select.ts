/**
 * Which sources to believe, and which one steers: a verdict with a reason for every source.
 *
 *   1. refused by itself: nothing measured, unreachable, stale, unsynchronised, too far, excluded
 *      or smeared around a leap second (smear.ts)
 *   2. the intersection of the intervals offset +- root distance of the rest; trusted sources alone
 *      make it where there are any. Who is not in the majority is a falseticker.
 *   3. no majority: the best rank wins where it agrees with itself (a PHC beside one contrary
 *      server), else nobody
 *   4. of the truechimers the best rank steers, the others stand by; within a rank the smallest root
 *      distance is selected, with hysteresis, and sources of like quality are combined
 *
 * RFC 5905 section 11.2; chrony's rules of truechimers, trust, require, prefer.
 */
import { formatSeconds } from '../core/format.ts'
import { rootDistance, type Sample } from '../core/sample.ts'
import { median } from '../core/stats.ts'
import { elapsed, type Instant, type Nanos, nanos, type Ppb, ppb } from '../core/units.ts'
import { drifters } from './drifters.ts'
import { agedDistance, offsetAt, type SampleFilter } from './filter.ts'
import { type Cover, cover, deepest, isTrue } from './intersect.ts'
import type { SourceRule } from './rule.ts'
import { type LeapView, type NearLeap, nearLeap, smeared } from './smear.ts'
import type { Verdict } from './verdict.ts'

/** Root distance beyond which a source says nothing of use (chrony's maxdistance), ns. */
export const MAX_DISTANCE = 3e9
/** The selected source stays unless another has less than half its distance at the poll. */
const HYSTERESIS = 2
/** Combined: within this many times the distance of the selected one (chrony's combinelimit). */
const COMBINE_LIMIT = 3
/** Stale: no sample for so many times the usual spacing, but at least for STALE_SECONDS. */
const STALE_SPACINGS = 8
const STALE_SECONDS = 4

export interface Candidate {
  readonly rule: SourceRule
  readonly filter: SampleFilter
  /** Last eight polls; undefined while the source has not told yet. */
  readonly reach: number | undefined
  readonly trouble: string
  /** Seconds between its polls at present, as far as it tells: after a burst the next one is far. */
  readonly poll?: number | undefined
}

export interface Judgement {
  readonly verdict: Verdict
  readonly why: string
}

export interface Selection {
  readonly verdicts: ReadonlyMap<string, Judgement>
  /** Source that steers; undefined: none can be believed. */
  readonly selected: string | undefined
  readonly rank: number | undefined
  /** Estimated offset now, all used sources combined, and the farthest the truth can be from it. */
  readonly offset: Nanos
  readonly distance: Nanos
  /** Where the truth may be as far as those who steer say: where more than half of them meet. */
  readonly cover: Cover | undefined
  /** Sources that could be judged but disagree. */
  readonly contested: boolean
  /** A leap second that the majority tells of, or told of lately. */
  readonly leap: NearLeap | undefined
}

interface Usable extends LeapView {
  readonly rule: SourceRule
  readonly filter: SampleFilter
  readonly distance: number
  /** The distance without what it grew by since the poll: who was asked last is not better for it. */
  readonly quality: number
}

const span = (ns: number): string => formatSeconds(ns / 1e9)

/** Seconds between samples to reckon with; undefined while nobody knows. */
export function intervalOf({
  filter,
  poll,
}: Pick<Candidate, 'filter' | 'poll'>): number | undefined {
  const { spacing } = filter
  return spacing === undefined || poll === undefined ? (poll ?? spacing) : Math.max(poll, spacing)
}

/** Seconds without a sample after which a source that gives one each `spacing` seconds is stale. */
export const staleAfter = (spacing: number | undefined): number =>
  Math.max(STALE_SECONDS, STALE_SPACINGS * (spacing ?? 64))

const REACH_BITS = 8

/** Polls without an answer since the last one that had one, of the eight that are known. */
function silentPolls(reach: number | undefined): number {
  if (reach === undefined) return 0
  return reach === 0 ? REACH_BITS : 31 - Math.clz32(reach & -reach)
}

function refusal(candidate: Candidate, now: Instant<'mono'>, growth: Ppb): Judgement | undefined {
  const { filter, reach, rule, trouble } = candidate
  const last = filter.last
  if (last === undefined) return { verdict: 'no-sample', why: trouble || 'nothing measured yet' }
  const age = elapsed(now, last.at) / 1e9
  const silent = silentPolls(reach)
  if (silent >= Math.min(REACH_BITS, rule.maxUnreach ?? REACH_BITS)) {
    return { verdict: 'unreachable', why: trouble || `no answer to ${silent} polls` }
  }
  if (age > staleAfter(intervalOf(candidate))) {
    return { verdict: 'stale', why: trouble || `last sample ${age.toFixed(0)} s ago` }
  }
  if (last.leap === 'unknown') {
    return { verdict: 'unsynchronised', why: trouble || 'not synchronised itself' }
  }
  const distance = agedDistance(last, now, growth)
  if (distance > MAX_DISTANCE) {
    return { verdict: 'distance', why: `root distance ${span(distance)}` }
  }
  if (rule.noselect) return { verdict: 'noselect', why: 'measured, never used' }
  return undefined
}

/** The newest sample cannot be true if the best one is: what a source says now counts. */
const contradicts = (last: Sample | undefined, best: Sample, slew: Ppb): last is Sample =>
  last !== undefined &&
  Math.abs(last.offset - offsetAt(best, last.at, slew)) > rootDistance(last) + rootDistance(best)

function usable(candidate: Candidate, now: Instant<'mono'>, growth: Ppb, slew: Ppb): Usable {
  const { filter, rule } = candidate
  const best = filter.best(growth)
  const sample = best !== undefined && contradicts(filter.last, best, slew) ? filter.last : best
  const offset = sample === undefined ? 0 : offsetAt(sample, now, slew)
  const distance = sample === undefined ? MAX_DISTANCE : agedDistance(sample, now, growth)
  // what the samples scatter by is part of what this source may be wrong by
  const radius = distance + filter.jitter(slew)
  const age = sample === undefined ? 0 : elapsed(now, sample.at)
  const waited = Math.max(0, Math.min(age, (intervalOf(candidate) ?? 0) * 1e9))
  return {
    source: rule.source,
    rule,
    filter,
    offset,
    distance,
    lo: offset - radius,
    hi: offset + radius,
    leap: filter.last?.leap ?? 'none',
    rate: () => filter.rate,
    quality: distance - (waited * growth) / 1e9,
  }
}

interface Vote {
  readonly truechimers: readonly Usable[]
  readonly contested: boolean
  /** Verdict of those outside. */
  readonly losers: Judgement
}

/** Where all agree: this text would be made with every sample. */
const NOBODY: Judgement = { verdict: 'falseticker', why: '' }

const outside = ({ lo, hi }: Cover): Judgement => ({
  verdict: 'falseticker',
  why: `the majority is at ${span((lo + hi) / 2)}`,
})

function vote(all: readonly Usable[]): Vote {
  const trusted = all.filter(({ rule }) => rule.trust)
  const voters = trusted.length > 0 ? trusted : all
  const best = deepest(voters)
  if (best !== undefined && best.depth * 2 > voters.length) {
    const truechimers = all.filter((each) => isTrue(each, best))
    const losers = truechimers.length < all.length ? outside(best) : NOBODY
    return { truechimers, contested: false, losers }
  }
  return { ...byRank(voters, all.length), contested: all.length > 0 }
}

/** Without a majority only a better rank that agrees with itself can be believed. */
function byRank(voters: readonly Usable[], count: number): Pick<Vote, 'truechimers' | 'losers'> {
  const top = Math.min(...voters.map(({ rule }) => rule.rank))
  const group = voters.filter(({ rule }) => rule.rank === top)
  const best = deepest(group)
  const alone = group.length < voters.length
  const agree = alone && best !== undefined && best.depth * 2 > group.length
  return {
    truechimers: agree ? group.filter((each) => isTrue(each, best)) : [],
    losers: { verdict: 'no-majority', why: `${count} sources disagree` },
  }
}

function pick(group: readonly Usable[], current: string | undefined): Usable | undefined {
  const preferred = group.filter(({ rule }) => rule.prefer)
  const pool = preferred.length > 0 ? preferred : group
  const best = [...pool].sort((a, b) => a.quality - b.quality)[0]
  const present = pool.find(({ source }) => source === current)
  if (best === undefined || present === undefined) return best
  return present.quality > HYSTERESIS * best.quality ? best : present
}

function combine(used: readonly Usable[]): { offset: Nanos; distance: Nanos } {
  const weights = used.map(({ distance }) => 1 / Math.max(1, distance))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const weighted = (values: readonly number[]): number =>
    values.reduce((sum, value, k) => sum + value * (weights[k] ?? 0), 0) / total
  const offset = weighted(used.map((each) => each.offset))
  const distance = weighted(used.map((each) => each.distance + Math.abs(each.offset - offset)))
  return { offset: nanos(offset), distance: nanos(distance) }
}

/**
 * `current` is the source that was selected so far, `growth` how fast an unattended clock errs,
 * `before` the leap second that was near so far, `slew` what moves the clock on purpose: samples of
 * different moments are compared as of now.
 */
export function select(
  candidates: readonly Candidate[],
  current: string | undefined,
  now: Instant<'mono'>,
  growth: Ppb,
  before?: NearLeap,
  slew: Ppb = ppb(0),
): Selection {
  const verdicts = new Map<string, Judgement>()
  const judged: Usable[] = []
  for (const candidate of candidates) {
    const refused = refusal(candidate, now, growth)
    if (refused === undefined) judged.push(usable(candidate, now, growth, slew))
    else verdicts.set(candidate.rule.source, refused)
  }
  const leap = nearLeap(judged, before, now)
  // whom the operator trusts is not doubted here either
  const smears = smeared(
    judged.filter(({ rule }) => !rule.trust),
    leap,
  )
  for (const [source, why] of smears) verdicts.set(source, { verdict: 'smeared', why })
  const all = judged.filter(({ source }) => !smears.has(source))
  const { truechimers, contested, losers } = vote(all)
  for (const { source } of all) verdicts.set(source, losers)
  // one of the required ones is enough, as in chrony
  const required = candidates.filter(({ rule }) => rule.require)
  const missing = truechimers.some(({ rule }) => rule.require) ? undefined : required[0]
  const rank = Math.min(...truechimers.map(({ rule }) => rule.rank))
  const group = truechimers.filter(({ rule }) => rule.rank === rank)
  const adrift = drifters(group, now)
  const steady = group.filter(({ source }) => !adrift.has(source))
  const selected = missing === undefined ? pick(steady, current) : undefined
  if (selected === undefined) {
    const why = missing === undefined ? 'nothing selected' : `${missing.rule.source} is required`
    for (const { source } of truechimers) verdicts.set(source, { verdict: 'standby', why })
    return { ...NOTHING, verdicts, contested, leap }
  }
  const used = judgeGroup(steady, selected, verdicts)
  for (const [source, why] of adrift) verdicts.set(source, { verdict: 'outlier', why })
  for (const { source } of truechimers.filter(({ rule }) => rule.rank !== rank)) {
    verdicts.set(source, { verdict: 'standby', why: `agrees; ${selected.source} steers` })
  }
  const cover = coverOf(all.filter(({ rule }) => rule.rank === rank))
  const { offset, distance } = combine(used)
  return { verdicts, selected: selected.source, rank, offset, distance, cover, contested, leap }
}

/** Trusted ones alone, where there are any. */
function coverOf(group: readonly Usable[]): Cover | undefined {
  const trusted = group.filter(({ rule }) => rule.trust)
  return cover(trusted.length > 0 ? trusted : group)
}

const NOTHING = {
  selected: undefined,
  rank: undefined,
  cover: undefined,
  offset: nanos(0),
  distance: nanos(MAX_DISTANCE),
} as const

/** Judged with every sample and read by people now and then: the text is made when it is read. */
const byDistance = (verdict: Verdict, distance: number): Judgement => ({
  verdict,
  get why() {
    return `root distance ${span(distance)}`
  },
})

/** Verdicts within the rank that steers; returns those whose offsets are combined. */
function judgeGroup(
  group: readonly Usable[],
  selected: Usable,
  verdicts: Map<string, Judgement>,
): readonly Usable[] {
  const typical = median(group.map(({ distance }) => distance))
  const limit = COMBINE_LIMIT * Math.max(selected.distance, typical)
  const used = group.filter((each) => each === selected || each.distance <= limit)
  for (const each of group) {
    const among = each.distance <= limit ? 'combined' : 'outlier'
    verdicts.set(each.source, byDistance(each === selected ? 'selected' : among, each.distance))
  }
  return used
}
