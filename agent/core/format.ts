/**
 * Numbers for people: a quantity with three significant digits in the unit that fits, and an instant
 * as ISO 8601 with nanoseconds. Used by the command line and by the sentences of health.
 */
import type { Instant } from './units.ts'

const MINUTE = 60
const HOUR = 3600
const DAY = 86_400

const UNITS = [
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
] as const

/** Three significant digits, without an exponent: 1230, 123, 12.3, 1.23, 0.123. */
export function formatDigits(value: number): string {
  const size = Math.abs(Number(value.toPrecision(3)))
  if (size === 0) return '0'
  const digits = Math.min(3, Math.max(0, 2 - Math.floor(Math.log10(size))))
  return value.toFixed(digits)
}

/** 2.14e-7 to `214 ns`; below a thousandth of a nanosecond nothing is left. */
export function formatSeconds(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '-'
  const size = Math.abs(seconds)
  if (size < 1e-12) return '0 ns'
  if (size >= 100 * HOUR) return `${formatDigits(seconds / DAY)} d`
  // half a unit below: 999.6 µs is written 1.00 ms
  const [scale, unit] = UNITS.find(([limit]) => size >= limit * 0.9995) ?? ([1e-9, 'ns'] as const)
  return `${formatDigits(seconds / scale)} ${unit}`
}

/** The same with its sign: an offset is read as ahead (+) or behind (-). */
export function formatOffset(seconds: number | null | undefined): string {
  const text = formatSeconds(seconds)
  return seconds !== null && seconds !== undefined && seconds >= 0 ? `+${text}` : text
}

/** A length of time as people tell it: `125 ms`, `8 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. */
export function formatSpan(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '-'
  if (seconds > 0 && seconds < 0.9995) return formatSeconds(seconds)
  const whole = Math.max(0, Math.round(seconds))
  const pair = (big: number, bigName: string, small: number, smallName: string): string => {
    const rest = Math.floor((whole % big) / small)
    const first = `${Math.floor(whole / big)} ${bigName}`
    return rest === 0 ? first : `${first} ${rest} ${smallName}`
  }
  if (whole < MINUTE) return `${whole} s`
  if (whole < HOUR) return pair(MINUTE, 'min', 1, 's')
  if (whole < DAY) return pair(HOUR, 'h', MINUTE, 'min')
  return pair(DAY, 'd', HOUR, 'h')
}

/** `2026-06-01T00:00:00.123456789Z`; a Date holds milliseconds only. */
export function formatInstant(at: Instant<'utc'>): string {
  const fraction = ((at % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  const whole = (at - fraction) / 1_000_000_000n
  const date = new Date(Number(whole) * 1000).toISOString().slice(0, 19)
  return `${date}.${fraction.toString().padStart(9, '0')}Z`
}
