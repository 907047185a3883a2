/** The kinds of value that a configuration key can have, each with its range and its description. */
import * as v from 'valibot'
import { addressFamily } from '../dns/address.ts'
import { DURATION, DURATION_EXPECTED, formatDuration, parseDuration } from './duration.ts'

/** Seconds out of `3s`, within the limits (in seconds). */
export const duration = (low: number, high: number, description: string) =>
  v.pipe(
    v.union(
      [v.literal(0), v.pipe(v.string(), v.regex(DURATION, DURATION_EXPECTED))],
      () => DURATION_EXPECTED,
    ),
    v.description(description),
    v.transform(parseDuration),
    v.minValue(low, `must be at least ${formatDuration(low)}`),
    v.maxValue(high, `must be at most ${formatDuration(high)}`),
  )

export const number = (low: number, high: number, description: string) =>
  v.pipe(v.number(), v.minValue(low), v.maxValue(high), v.description(description))

export const integer = (low: number, high: number, description: string) =>
  v.pipe(v.number(), v.integer(), v.minValue(low), v.maxValue(high), v.description(description))

export const flag = (description: string) => v.pipe(v.boolean(), v.description(description))

export const address = (description: string, why = '') =>
  v.pipe(
    v.string(),
    v.check((value) => addressFamily(value) !== undefined, `expected an IP address${why}`),
    v.description(description),
  )

export const absolute = (description: string) =>
  v.pipe(v.string(), v.regex(/^\//, 'expected an absolute path'), v.description(description))

export const CLOCK_KEY = /^(system|phc:[^\s|>]+)$/
export const CLOCK_KEY_EXPECTED =
  'expected system, or phc: with an interface, a device (/dev/ptp0) or a PCI address'
