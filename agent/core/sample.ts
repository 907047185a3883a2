/**
 * One measurement of one clock against one reference: what every source produces and every filter,
 * selection and servo consumes.
 */
import type { Instant, Nanos } from './units.ts'

/** Name of a clock of this node: `system` (CLOCK_REALTIME) or `phc:NAME`. */
export type ClockName = 'system' | `phc:${string}`

/** What a source says of the last second of the current UTC day; `unknown`: unsynchronised. */
export type LeapWarning = 'none' | 'insert' | 'delete' | 'unknown'

/** Who took a time stamp, best first. `daemon`: the program itself, after it was scheduled. */
export type StampKind = 'hardware' | 'kernel' | 'daemon'

/**
 * Sources that read one clock of this node against another are named after both, `system>phc:eth0`: the
 * reference first, what is measured behind it. A plain PHC measures the system clock.
 */
export const edgeName = (reference: ClockName, clock: ClockName): string => `${reference}>${clock}`

/** The clock of this node that a source of that name reads others against; any text for other sources. */
export function referenceOf(source: string): string {
  const end = source.indexOf('>')
  return end < 0 ? source : source.slice(0, end)
}

export interface Sample {
  /** Id of the source that measured. */
  readonly source: string
  /** The clock that was measured (the local side of the offset). */
  readonly clock: ClockName
  /** When, on the monotonic clock of the node. */
  readonly at: Instant<'mono'>
  /** local - reference; positive: the clock is ahead. */
  readonly offset: Nanos
  /** Round trip of the exchange, mean path delay (PTP) or length of the read-out (PHC), >= 0. */
  readonly delay: Nanos
  /** Error this one measurement may have beside delay/2: precision, stamp noise, > 0. */
  readonly dispersion: Nanos
  /** Delay and dispersion of the reference itself up to the primary source (RFC 5905 section 7.3). */
  readonly rootDelay: Nanos
  readonly rootDispersion: Nanos
  /** 0 for a reference outside NTP's hierarchy (PHC, PTP), else the server's stratum 1..15. */
  readonly stratum: number
  readonly leap: LeapWarning
  /** What the reference calls its own reference: refid text or grandmaster identity. */
  readonly reference: string
  /** Worst kind of the stamps that made it. */
  readonly stamps: StampKind
}

/**
 * Root distance at the moment of the sample: the farthest the true offset can be from `offset`
 * (RFC 5905 section 11.1, without the growth since).
 */
export const rootDistance = (sample: Sample): Nanos =>
  (sample.rootDelay / 2 +
    sample.rootDispersion +
    Math.max(0, sample.delay) / 2 +
    sample.dispersion) as Nanos
