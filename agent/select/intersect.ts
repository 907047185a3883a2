/**
 * The interval in which most sources say that the true offset lies (Marzullo; RFC 5905 section
 * 11.2.1 with chrony's rule of what a truechimer is).
 */

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
  const edges = intervals
    .flatMap(({ lo, hi }) => [
      { at: lo, opens: true },
      { at: hi, opens: false },
    ])
    // intervals that only touch do overlap: opening comes first
    .sort((a, b) => a.at - b.at || Number(b.opens) - Number(a.opens))
  let depth = 0
  let open = 0
  let rising = false
  let best: Intersection | undefined
  for (const { at, opens } of edges) {
    if (opens) {
      depth += 1
      open = at
    } else {
      // between an opening and the closing after it the overlap is as deep as around here
      if (rising) best = better(best, { lo: open, hi: at, depth })
      depth -= 1
    }
    rising = opens
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
  const starts = intervals.map(({ lo }) => lo).sort((a, b) => a - b)
  const ends = intervals.map(({ hi }) => hi).sort((a, b) => b - a)
  const holds = (point: number): boolean =>
    intervals.filter(({ lo, hi }) => lo <= point && point <= hi).length >= need
  const [lo, hi] = [starts.find(holds), ends.find(holds)]
  return lo === undefined || hi === undefined ? undefined : { lo, hi }
}
