/**
 * All readings of one comparison to one offset: phc2sys and chronyd take the shortest, and throw away that
 * the others were nearly as good. The PHC was read somewhere within each pair, so a pair that is longer
 * than the shortest by e is spread evenly over e (variance e^2 / 12) on top of the noise of the stamps
 * themselves, which the scatter of this very comparison tells. Where offsets go with e, one way is slower
 * than the other one, and the offset at e = 0 is meant.
 */
import {
  type Comparison,
  type NearReading,
  type PairedReading,
  readingOf,
} from '../core/comparison.ts'
import { stepBetween } from '../core/units.ts'

/** How long a pair took, ns; negative: its ends are not in order. */
export const width = ({ before, after }: PairedReading): bigint => stepBetween(after, before)

/** Noise of the stamps of a PHC that is tried, one deviation, ns. */
const NOISES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] as const
/** A slope counts from so many of its own deviations on: one in a thousand comparisons of a fair bus. */
const SIGNIFICANT = 3.5
/** Fewer say nothing of their own noise. */
const ENOUGH = 4

interface Point {
  /** Beyond the shortest pair, ns. */
  readonly excess: number
  /** Beyond what the shortest pair says, ns. */
  readonly offset: number
  /** After the shortest pair, ns. */
  readonly later: number
}

interface Fit {
  readonly offset: number
  /** The moment of which it tells. */
  readonly later: number
  /** Sum of squared residuals over their variances: about the number of readings where the noise fits. */
  readonly misfit: number
}

/** Weighted mean, or the value at excess 0 of a line where a line is needed. */
function fit(points: readonly Point[], noise: number): Fit {
  let [n, sx, sy, sxx, sxy, syy, st] = [0, 0, 0, 0, 0, 0, 0]
  for (const { excess, offset, later } of points) {
    const weight = 1 / (noise * noise + (excess * excess) / 12)
    n += weight
    st += weight * later
    sx += weight * excess
    sy += weight * offset
    sxx += weight * excess * excess
    sxy += weight * excess * offset
    syy += weight * offset * offset
  }
  const spread = sxx - (sx * sx) / n
  const slope = spread > 0 ? (sxy - (sx * sy) / n) / spread : 0
  const leans = slope * slope * spread > SIGNIFICANT * SIGNIFICANT
  const offset = leans ? (sy - slope * sx) / n : sy / n
  const misfit = syy - (sy * sy) / n - (leans ? slope * slope * spread : 0)
  return { offset, later: st / n, misfit }
}

/** One whose ends are in order and closest; undefined: there is none. */
function shortestOf(readings: readonly NearReading[]): NearReading | undefined {
  let best: NearReading | undefined
  let shortest = Number.POSITIVE_INFINITY
  for (const each of readings) {
    const ns = each.after - each.before
    if (ns >= 0 && ns < shortest) [best, shortest] = [each, ns]
  }
  return best
}

/**
 * As wide as the shortest pair, whose bound holds for it, too, and to the nanosecond; undefined where no
 * pair is in order.
 */
export function combine(comparison: Comparison): PairedReading | undefined {
  const best = shortestOf(comparison.readings)
  if (best === undefined) return undefined
  const shortest = best.after - best.before
  const points: Point[] = []
  for (const each of comparison.readings) {
    const excess = each.after - each.before - shortest
    if (excess < 0) continue
    const later = each.before - best.before
    points.push({ excess, offset: later + excess / 2 - (each.phc - best.phc), later })
  }
  const meant = points.length < ENOUGH ? best : weighted(best, points, shortest / 2)
  return readingOf(comparison, meant)
}

/** `most`: as far as the shortest pair may be wrong, ns. */
function weighted(best: NearReading, points: readonly Point[], most: number): NearReading {
  let found = fit(points, NOISES[0])
  for (const noise of NOISES.slice(1)) {
    if (found.misfit <= points.length) break
    found = fit(points, noise)
  }
  const correction = Math.round(Math.min(most, Math.max(-most, found.offset)))
  const later = Math.round(found.later)
  return {
    before: best.before + later,
    phc: best.phc + later - correction,
    after: best.after + later,
  }
}
