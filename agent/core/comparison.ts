/** A reading of a PHC against CLOCK_REALTIME. */
import { type Instant, phc as phcOf, stepBetween, utc as utcOf } from './units.ts'

/**
 * How the reading was taken, best first: PTP_SYS_OFFSET_PRECISE (hardware cross time stamp),
 * PTP_SYS_OFFSET_EXTENDED, PTP_SYS_OFFSET, two clock_gettime calls around a third.
 */
export type CompareMethod = 'precise' | 'extended' | 'basic' | 'bracket'

/** System time before and after the PHC was read; equal for `precise`. */
export interface PairedReading {
  readonly before: Instant<'utc'>
  readonly phc: Instant<'phc'>
  readonly after: Instant<'utc'>
}

/** The same in ns since the first reading of its comparison: see there. */
export interface NearReading {
  readonly before: number
  readonly phc: number
  readonly after: number
}

/**
 * Readings that were taken together lie microseconds apart: plain numbers hold what is between them, and a
 * bigint for each of 75 stamps costs more than all that is done with them.
 */
export interface Comparison {
  readonly method: CompareMethod
  /** What the readings count from: `before` and `phc` of the first. */
  readonly utc: Instant<'utc'>
  readonly phc: Instant<'phc'>
  /** At least one, in the order taken. */
  readonly readings: readonly NearReading[]
}

export function comparisonOf(
  method: CompareMethod,
  readings: readonly PairedReading[],
): Comparison {
  const [first] = readings
  const [utc, phc] = [first?.before ?? utcOf(0n), first?.phc ?? phcOf(0n)]
  const near = readings.map((each) => ({
    before: Number(stepBetween(each.before, utc)),
    phc: Number(stepBetween(each.phc, phc)),
    after: Number(stepBetween(each.after, utc)),
  }))
  return { method, utc, phc, readings: near }
}

/** One of its readings, or whole ns between them, as instants. */
export const readingOf = (
  { utc, phc }: Comparison,
  { before, phc: read, after }: NearReading,
): PairedReading => ({
  before: utcOf((utc as bigint) + BigInt(before)),
  phc: phcOf((phc as bigint) + BigInt(read)),
  after: utcOf((utc as bigint) + BigInt(after)),
})
