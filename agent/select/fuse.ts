/**
 * One estimate of a clock out of those of several sources.
 *
 * Each source errs in two ways: by noise, which its estimator knows, and by what noise does not show: an
 * asymmetric path, a server that is off itself. The latter is unknown but grows with the root distance;
 * a tenth of it counts as one deviation. Frequencies do not suffer from it: they are weighed by noise
 * alone.
 */
import { type Nanos, nanos, ppb } from '../core/units.ts'
import type { Estimate } from './estimator.ts'

export interface Contribution {
  readonly estimate: Estimate
  /** Root distance of the source, ns. */
  readonly distance: Nanos
}

const UNSEEN = 0.1
/** Nothing is known better than this, ns and ppb. */
const SMALLEST = 1e-3

interface Weighted {
  readonly value: number
  readonly weight: number
}

const average = (all: readonly Weighted[]): number => {
  const total = all.reduce((sum, { weight }) => sum + weight, 0)
  return all.reduce((sum, { value, weight }) => sum + value * weight, 0) / total
}

const certainty = (deviation: number): number => 1 / Math.max(SMALLEST, deviation) ** 2

const deviationOf = (deviations: readonly number[]): number =>
  1 / Math.sqrt(deviations.reduce((sum, each) => sum + certainty(each), 0))

/** Undefined for no contributions. */
export function fuse(all: readonly Contribution[]): Estimate | undefined {
  if (all.length === 0) return undefined
  const offsets = all.map(({ estimate, distance }) => ({
    value: estimate.offset,
    weight: certainty(Math.hypot(estimate.offsetError, UNSEEN * distance)),
  }))
  const frequencies = all.map(({ estimate }) => ({
    value: estimate.frequency,
    weight: certainty(estimate.frequencyError),
  }))
  return {
    offset: nanos(average(offsets)),
    frequency: ppb(average(frequencies)),
    offsetError: nanos(deviationOf(all.map(({ estimate }) => estimate.offsetError))),
    frequencyError: ppb(deviationOf(all.map(({ estimate }) => estimate.frequencyError))),
  }
}
