/** A reading of a PHC against CLOCK_REALTIME. */
import type { Instant } from './units.ts'

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

export interface Comparison {
  readonly method: CompareMethod
  /** At least one, in the order taken. */
  readonly readings: readonly PairedReading[]
}
