/**
 * Time values with a passport: every number that stands for time carries its unit and its scale.
 *
 * Instants are `bigint` nanoseconds since the epoch of their scale: a double holds today's Unix time
 * only to 240 ns. Differences are `number` nanoseconds: 2^53 ns is 104 days and fractions survive.
 * The brands make "TAI minus UTC" and "ppb for ns" compile errors; at run time they cost nothing.
 *
 * Sign, everywhere: offset = local - reference (positive: we are ahead); a positive frequency makes
 * the clock run faster; a step is what is added to the clock.
 */

declare const scaleOf: unique symbol
declare const unitOf: unique symbol

/**
 * `utc`: CLOCK_REALTIME, Unix epoch. `tai`: CLOCK_TAI. `mono`: CLOCK_MONOTONIC of this boot.
 * `phc`: whatever a PTP hardware clock counts, TAI by convention.
 */
export type Scale = 'utc' | 'tai' | 'mono' | 'phc'

/** Nanoseconds since the epoch of scale `S`. */
export type Instant<S extends Scale> = bigint & { readonly [scaleOf]: S }
/** A difference in nanoseconds, may be fractional, signed. */
export type Nanos = number & { readonly [unitOf]: 'ns' }
/** A frequency ratio minus one, in parts per 10^9, signed: positive runs fast. */
export type Ppb = number & { readonly [unitOf]: 'ppb' }

export const NANOS_PER_SECOND = 1e9
const MAX_DIFFERENCE = 8_640_000_000_000_000n // 100 days: beyond it a difference is a step, in bigint

export const utc = (ns: bigint): Instant<'utc'> => ns as Instant<'utc'>
export const tai = (ns: bigint): Instant<'tai'> => ns as Instant<'tai'>
export const mono = (ns: bigint): Instant<'mono'> => ns as Instant<'mono'>
export const phc = (ns: bigint): Instant<'phc'> => ns as Instant<'phc'>
export const nanos = (ns: number): Nanos => ns as Nanos
export const ppb = (value: number): Ppb => value as Ppb

/** Whole and fractional seconds to nanoseconds. */
export const seconds = (s: number): Nanos => (s * NANOS_PER_SECOND) as Nanos
/** Nanoseconds to seconds, for metrics, logs and people. */
export const toSeconds = (ns: Nanos): number => ns / NANOS_PER_SECOND

/**
 * `later - earlier` on one scale. Throws RangeError beyond 100 days, where a double would start to
 * lose nanoseconds: such a difference is a step and belongs in bigint (`stepBetween`).
 */
export function since<S extends Scale>(later: Instant<S>, earlier: Instant<NoInfer<S>>): Nanos {
  const difference = (later as bigint) - (earlier as bigint)
  if (difference > MAX_DIFFERENCE || difference < -MAX_DIFFERENCE) {
    throw new RangeError(`difference of ${difference} ns is too large for a double`)
  }
  return Number(difference) as Nanos
}

/**
 * A length of time, without a limit: an uptime, an age, how long a state has lasted. Beyond 104 days
 * single nanoseconds are lost, which no age needs.
 */
export const elapsed = <S extends Scale>(later: Instant<S>, earlier: Instant<NoInfer<S>>): Nanos =>
  Number((later as bigint) - (earlier as bigint)) as Nanos

/** The same difference as whole nanoseconds. */
export const stepBetween = <S extends Scale>(
  later: Instant<S>,
  earlier: Instant<NoInfer<S>>,
): bigint => (later as bigint) - (earlier as bigint)

/** `instant + difference`, rounded to the nanosecond. */
export function plus<S extends Scale>(instant: Instant<S>, difference: Nanos): Instant<S> {
  return ((instant as bigint) + BigInt(Math.round(difference))) as Instant<S>
}

/** What a frequency error of `rate` adds over `interval`, in nanoseconds. */
export const drifted = (rate: Ppb, interval: Nanos): Nanos => (rate * interval * 1e-9) as Nanos

/** Whichever is there, and the earlier of two. */
export const earliest = (
  a: Instant<'mono'> | undefined,
  b: Instant<'mono'> | undefined,
): Instant<'mono'> | undefined => (a === undefined || (b !== undefined && b < a) ? b : a)
