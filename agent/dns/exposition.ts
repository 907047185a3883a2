/**
 * Values out of a page of metrics (Prometheus text format 0.0.4): the sum over all series of a name.
 * Lines of other names are passed over unread.
 */

export interface Exposition {
  /** A name without a series has none. */
  readonly sums: ReadonlyMap<string, number>
  /** Lines of a wanted name that were not understood; they are in no sum. */
  readonly faults: readonly ExpositionFault[]
}

export interface ExpositionFault {
  readonly code: 'bad-series' | 'bad-value'
  /** From 1. */
  readonly line: number
  readonly text: string
}

/** Labels, in whose values a brace means nothing; value; time stamp. */
const REST = /^(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?[ \t]*$/
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,4})?$/i
const NAME = /^[a-z_:][a-z0-9_:]*/i
const MAX_FAULTS = 10

/** Behind the name: a value, or what is not understood. */
function seriesValue(rest: string): number | ExpositionFault['code'] {
  const [, word] = REST.exec(rest) ?? []
  if (word === undefined) return 'bad-series'
  const value = NUMBER.test(word) ? Number(word) : Number.NaN
  return Number.isFinite(value) ? value : 'bad-value'
}

export function readExposition(text: string, names: readonly string[]): Exposition {
  const sums = new Map<string, number>()
  const faults: ExpositionFault[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const name = NAME.exec(line)?.[0]
    if (name === undefined || !names.includes(name)) continue
    const value = seriesValue(line.slice(name.length))
    if (typeof value === 'number') sums.set(name, (sums.get(name) ?? 0) + value)
    else faults.push({ code: value, line: index + 1, text: line.slice(0, 200) })
  }
  return { sums, faults: faults.slice(0, MAX_FAULTS) }
}
