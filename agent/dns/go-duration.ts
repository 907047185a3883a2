/** Durations as Go writes them (time.ParseDuration): `500ms`, `1m30s`, `1.5h`. */

const UNITS: Readonly<Record<string, number>> = {
  ...{ ns: 1e-9, us: 1e-6, µs: 1e-6, μs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 },
}
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g
const WHOLE = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/

/** Seconds, negative ones too; undefined for what is none. */
export function parseGoDuration(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0
  if (text.length > 64 || !WHOLE.test(text)) return undefined
  const parts = [...text.matchAll(PART)]
  const seconds = parts.reduce(
    (sum, [, number = '', unit = '']) => sum + Number(number) * (UNITS[unit] ?? 0),
    0,
  )
  return text.startsWith('-') ? -seconds : seconds
}
