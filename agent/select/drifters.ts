/**
 * Sources whose own clock runs away from the others: still within what they vouch for, but averaging them
 * in would make this clock follow by their share, and steadily. Two that disagree cannot be told apart;
 * among three or more the middle one is right.
 */
import { median } from '../core/stats.ts'
import type { Instant } from '../core/units.ts'
import type { SampleFilter } from './filter.ts'

interface Member {
  readonly source: string
  readonly filter: SampleFilter
}

const ENOUGH = 3
/** Deviations, and ppb, by which a frequency may differ: a good server wanders, too. */
const DEVIATIONS = 4
const TOLERANCE = 100

/** Source to reason. */
export function drifters(group: readonly Member[], now: Instant<'mono'>): Map<string, string> {
  const adrift = new Map<string, string>()
  if (group.length < ENOUGH) return adrift
  const known = group.flatMap(({ source, filter }) => {
    const estimate = filter.estimate(now)
    return estimate === undefined ? [] : [{ source, ...estimate }]
  })
  if (known.length < ENOUGH) return adrift
  const middle = median(known.map(({ frequency }) => frequency))
  for (const { source, frequency, frequencyError } of known) {
    const apart = frequency - middle
    if (Math.abs(apart) <= TOLERANCE + DEVIATIONS * frequencyError) continue
    // local - reference grows where the reference is slow
    const way = apart > 0 ? 'slow' : 'fast'
    const size = (Math.abs(apart) / 1000).toFixed(3)
    adrift.set(source, `runs ${size} ppm ${way} against the others`)
  }
  return adrift
}
