/**
 * The interval in which most sources say that the true offset lies (Marzullo; RFC 5905 section
 * 11.2.1 with chrony's rule of what a truechimer is).
 */

import { ascending } from '../core/stats.ts'

/** `lo` <= offset <= `hi`, ns; `source` names it. */
export interface Interval {
  readonly source: string
  readonly lo: number
  readonly hi: number
}

export interface Intersection {
  /** The part that the largest number of intervals share. */
  readonly lo: number
  readonly hi: number
  /** How many share it. */
  readonly depth: number
}

/** How far an overlap is from where this clock is, which is 0. */
const away = ({ lo, hi }: Pick<Intersection, 'lo' | 'hi'>): number => Math.max(0, lo, -hi)

/**
 * The deepest overlap; of equally deep ones that which this clock is nearest to: so far it was right.
 * Undefined for no intervals.
 */
export function deepest(intervals: readonly Interval[]): Intersection | undefined {
  const starts = ascending(intervals.map(({ lo }) => lo))
  const ends = ascending(intervals.map(({ hi }) => hi))
  let best: Intersection | undefined
  let closed = 0
  for (const [k, lo] of starts.entries()) {
    // intervals that only touch do overlap: opening comes first
    while ((ends[closed] ?? lo) < lo) closed += 1
    const hi = ends[closed] ?? lo
    // between an opening and the closing after it the overlap is as deep as around here
    const last = k + 1 === starts.length || (starts[k + 1] ?? hi) > hi
    if (last) best = better(best, { lo, hi, depth: k + 1 - closed })
  }
  return best
}

function better(best: Intersection | undefined, other: Intersection): Intersection {
  if (best === undefined || other.depth > best.depth) return other
  return other.depth === best.depth && away(other) < away(best) ? other : best
}

/** A truechimer contains the best interval or lies wholly inside it. */
export const isTrue = ({ lo, hi }: Interval, best: Intersection): boolean =>
  (lo <= best.lo && hi >= best.hi) || (lo >= best.lo && hi <= best.hi)

export interface Cover {
  readonly lo: number
  readonly hi: number
}

/**
 * From the first to the last point that more than half of the intervals contain: where the truth lies as
 * long as no more than half of them lie (RFC 5905 section 11.2.1). Undefined where there is no such point.
 */
export function cover(intervals: readonly Interval[]): Cover | undefined {
  const need = Math.floor(intervals.length / 2) + 1
  const starts = ascending(intervals.map(({ lo }) => lo))
  const ends = ascending(intervals.map(({ hi }) => hi))
  // at the k-th start k + 1 have opened, and those that closed before it contain it no more
  const lo = starts.find((start, k) => k + 1 - countBelow(ends, start) >= need)
  // and the same from above
  const hi = ends.findLast((end, k) => ends.length - k - countAbove(starts, end) >= need)
  return lo === undefined || hi === undefined ? undefined : { lo, hi }
}

/** Of an ascending list. */
function countBelow(sorted: readonly number[], limit: number): number {
  const first = sorted.findIndex((value) => value >= limit)
  return first < 0 ? sorted.length : first
}

const countAbove = (sorted: readonly number[], limit: number): number =>
  sorted.length - 1 - sorted.findLastIndex((value) => value <= limit)
