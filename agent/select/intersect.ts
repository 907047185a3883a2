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

/** The deepest overlap; of equally deep ones the first. Undefined for no intervals. */
export function deepest(intervals: readonly Interval[]): Intersection | undefined {
  const edges = intervals
    .flatMap(({ lo, hi }) => [
      { at: lo, opens: true },
      { at: hi, opens: false },
    ])
    // intervals that only touch do overlap: opening comes first
    .sort((a, b) => a.at - b.at || Number(b.opens) - Number(a.opens))
  let depth = 0
  let best: Intersection | undefined
  let open: number | undefined
  for (const { at, opens } of edges) {
    if (opens) {
      depth += 1
      if (depth > (best?.depth ?? 0)) {
        best = { lo: at, hi: at, depth }
        open = at
      }
      continue
    }
    if (best !== undefined && open !== undefined && depth === best.depth) {
      best = { lo: open, hi: at, depth }
      open = undefined
    }
    depth -= 1
  }
  return best
}

/** A truechimer contains the best interval or lies wholly inside it. */
export const isTrue = ({ lo, hi }: Interval, best: Intersection): boolean =>
  (lo <= best.lo && hi >= best.hi) || (lo >= best.lo && hi <= best.hi)
