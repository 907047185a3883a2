/** Durations as Go writes them (time.ParseDuration): `500ms`, `1m30s`, `1.5h`. */

/** Nanoseconds. */
const UNITS: Readonly<Record<string, number>> = {
  ...{ ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 },
}
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g
const WHOLE = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/

/** Seconds, negative ones too; undefined for what is none. */
export function parseGoDuration(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0
  if (text.length > 64 || !WHOLE.test(text)) return undefined
  const parts = [...text.matchAll(PART)]
  const nanoseconds = parts.reduce(
    (sum, [, number = '', unit = '']) => sum + Number(number) * (UNITS[unit] ?? 0),
    0,
  )
  return (text.startsWith('-') ? -nanoseconds : nanoseconds) / 1e9
}
