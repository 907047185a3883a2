/**
 * Sources that spread a leap second over hours instead of inserting it, named before they are taken
 * for liars, or worse, averaged in with others (RFC 8633 section 3.7.1 warns of mixing them).
 *
 * A smeared server does not announce the leap second. Around an inserted one it runs slow, so that
 * local - server grows: from 0 up to 0.5 s at midnight, where the others jump by a second, and from
 * -0.5 s back to 0 (linear from noon to noon, 11.574 ppm: Google, AWS, and chrony's recipe is alike).
 * Other smears are steeper, shorter, or lie all before or all after the leap, but none leaves the
 * second between "not yet" and "already", and none turns back. A deleted one is the same mirrored.
 *
 * Two things tell: how far apart from the majority the source is, and how fast it goes there.
 */
import { formatSeconds } from '../core/format.ts'
import type { LeapWarning } from '../core/sample.ts'
import { median } from '../core/stats.ts'
import { elapsed, type Instant, type Ppb } from '../core/units.ts'
import { deepest, type Intersection, type Interval, isTrue } from './intersect.ts'

/** What one source says, ns: its interval, its offset (local - source), the leap it announces. */
export interface LeapView extends Interval {
  readonly offset: number
  readonly leap: LeapWarning
  /** How fast its offset grows, and one deviation of that; undefined while unknown. Asked near a leap only. */
  readonly rate: () => { readonly rate: Ppb; readonly error: Ppb } | undefined
}

/** A leap second that the majority tells of, or told of lately. */
export interface NearLeap {
  readonly warning: 'insert' | 'delete'
  /** When it was told last. */
  readonly at: Instant<'mono'>
}

const SECOND = 1e9
/** The longest smears end 12 h (Google, AWS) to 18 h (Meta) after the leap. */
const AFTERWARDS = 86_400e9
/** 1 s in 24 h, ppb, and how near a rate must come to be taken for it. */
const LINEAR = 1e9 / 86_400
const NEARNESS = 0.1
/** Slopes of smears, ppb: less is a constant lie; UTC-SLS, the steepest, has 1000 ppm. */
const FLATTEST = 2_000
const STEEPEST = 1_200_000
/** A slope is known when its deviation is below this, ppb. */
const KNOWN = 1_000

/** `before`: what was returned last. */
export function nearLeap(
  views: readonly LeapView[],
  before: NearLeap | undefined,
  now: Instant<'mono'>,
): NearLeap | undefined {
  // it is asked with every sample, and there is no leap second on most days
  const told = views.some(({ leap }) => leap === 'insert' || leap === 'delete')
  const majority = told ? majorityOf(views) : undefined
  if (majority !== undefined) {
    const agreed = views.filter((view) => isTrue(view, majority))
    for (const warning of ['insert', 'delete'] as const) {
      const tellers = agreed.filter(({ leap }) => leap === warning)
      if (tellers.length * 2 > agreed.length) return { warning, at: now }
    }
  }
  return before !== undefined && elapsed(now, before.at) < AFTERWARDS ? before : undefined
}

const NOBODY: ReadonlyMap<string, string> = new Map()

/** Sources that smear `leap`, each with the reason. */
export function smeared(
  views: readonly LeapView[],
  leap: NearLeap | undefined,
): ReadonlyMap<string, string> {
  const majority = leap === undefined ? undefined : majorityOf(views)
  if (leap === undefined || majority === undefined) return NOBODY
  const common = commonRate(views, majority)
  const found = views.flatMap((view) => {
    // whoever announces it will insert it
    const why = view.leap === leap.warning ? undefined : reason(view, majority, leap, common)
    return why === undefined ? [] : [[view.source, why] as const]
  })
  return new Map(found)
}

function majorityOf(views: readonly Interval[]): Intersection | undefined {
  const best = deepest(views)
  return best !== undefined && best.depth * 2 > views.length ? best : undefined
}

/** What our own clock does to the offsets of all. */
function commonRate(views: readonly LeapView[], majority: Intersection): number {
  const rates = views.flatMap((view) => {
    const rate = isTrue(view, majority) ? view.rate()?.rate : undefined
    return rate === undefined ? [] : [rate]
  })
  return rates.length === 0 ? 0 : median(rates)
}

function reason(
  view: LeapView,
  majority: Intersection,
  { warning }: NearLeap,
  common: number,
): string | undefined {
  const apart = view.offset - (majority.lo + majority.hi) / 2
  const slope = slopeOf(view, warning, common)
  const linear = slope !== undefined && Math.abs(slope / LINEAR - 1) < NEARNESS
  if (isTrue(view, majority)) return linear ? 'runs at the rate of a smear' : undefined
  const radius = (view.hi - view.lo) / 2
  if (Math.abs(apart) >= SECOND - radius) return undefined
  if (slope !== undefined && (slope < FLATTEST || slope > STEEPEST)) return undefined
  return `${formatSeconds(Math.abs(apart) / SECOND)} from those that insert the leap second`
}

/** Positive: in the direction of a smear, ppb; undefined while it is not known. */
function slopeOf(view: LeapView, warning: NearLeap['warning'], common: number): number | undefined {
  const rate = view.rate()
  if (rate === undefined || rate.error > KNOWN) return undefined
  return (warning === 'insert' ? 1 : -1) * (rate.rate - common)
}
