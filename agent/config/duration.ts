/**
 * Durations in the configuration: text with a unit, `500ms`, `3s`, `24h`. A bare number is refused,
 * because one reader takes it for seconds and the next for milliseconds; only 0 needs no unit.
 * Minutes are `min`, since `m` is read as milli by half of the readers.
 */
const UNIT_SECONDS = {
  ns: 1e-9,
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  min: 60,
  h: 3600,
  d: 86_400,
} as const

export const DURATION = /^-?\d{1,15}(\.\d{1,9})?(ns|us|ms|s|min|h|d)$/
export const DURATION_EXPECTED = 'expected a duration with its unit: ns, us, ms, s, min, h or d'

/** Seconds; 0 for anything that is not of the form above, which the schema has refused before. */
export function parseDuration(text: string | 0): number {
  if (text === 0 || !DURATION.test(text)) return 0
  const unit = text.replace(/^[-\d.]+/, '') as keyof typeof UNIT_SECONDS
  return scale(text.slice(0, -unit.length), unit)
}

/** Division keeps `20us` at the double next to 2e-5, where 20 * 1e-6 is off by one. */
function scale(digits: string, unit: keyof typeof UNIT_SECONDS): number {
  const factor = UNIT_SECONDS[unit]
  return factor < 1 ? Number(digits) / Math.round(1 / factor) : Number(digits) * factor
}

const LARGEST_FIRST = Object.entries(UNIT_SECONDS).reverse()

/** The other way, for people: the largest unit that needs no fraction below a thousandth. */
export function formatDuration(seconds: number): string {
  if (seconds === 0) return '0'
  for (const [unit, factor] of LARGEST_FIRST) {
    const amount = seconds / factor
    if (Math.abs(amount) >= 1) return `${Number(amount.toFixed(3))}${unit}`
  }
  return `${Number((seconds * 1e9).toFixed(3))}ns`
}

/** What was most likely meant by a duration that has no valid form; undefined: no idea. */
export function suggestDuration(written: unknown): string | undefined {
  if (typeof written === 'number') return `${written}s`
  if (typeof written !== 'string') return undefined
  const match = /^(-?[\d.]+)\s*([a-zµμ]*)$/i.exec(written.trim())
  if (match === null) return undefined
  const [, digits = '', unit = ''] = match
  const meant = `${digits}${UNIT_SYNONYMS[unit.toLowerCase()] ?? unit.toLowerCase()}`
  return DURATION.test(meant) ? meant : undefined
}

const UNIT_SYNONYMS: Readonly<Record<string, string>> = {
  '': 's',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  m: 'min',
  minute: 'min',
  minutes: 'min',
  hour: 'h',
  hours: 'h',
  day: 'd',
  days: 'd',
  msec: 'ms',
  usec: 'us',
  nsec: 'ns',
  µs: 'us', // U+00B5 and U+03BC look the same
  μs: 'us',
}
