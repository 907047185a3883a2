/** Figures `<what>|<program>` of several seeds as medians, and ours as a ratio to each peer's. */
import type { Result } from '../../test/lab/host.ts'

export const OURS = 'timewarden'

interface Peer {
  readonly name: string
  readonly median: number
  /** Ours divided by theirs; NaN when both never got there. */
  readonly ratio: number
}

export interface Comparison {
  readonly figure: string
  readonly unit: string
  readonly ours: { readonly median: number; readonly least: number; readonly most: number }
  readonly peers: readonly Peer[]
}

/** Figures of which the agent replaces all peers at once: it is also put beside their sum. */
const SUMMED = /^(CPU time|memory)/

interface Column {
  readonly unit: string
  readonly values: Map<string, number[]>
}

function collect(results: readonly Pick<Result, 'checks'>[]): Map<string, Column> {
  const columns = new Map<string, Column>()
  for (const { name, unit, value } of results.flatMap(({ checks }) => checks)) {
    const [figure = '', program = ''] = name.split('|')
    const column = columns.get(figure) ?? { unit, values: new Map<string, number[]>() }
    columns.set(figure, column)
    column.values.set(program, [...(column.values.get(program) ?? []), value])
  }
  return columns
}

/** The middle one, the better of two: what never happened is infinite, and has no mean. */
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN

function compare(figure: string, { unit, values }: Column): Comparison | undefined {
  const mine = values.get(OURS)
  if (mine === undefined) return undefined
  const ours = { median: median(mine), least: Math.min(...mine), most: Math.max(...mine) }
  const peers = [...values]
    .filter(([name]) => name !== OURS)
    .map(([name, theirs]) => ({ name, median: median(theirs) }))
  const all = { name: 'sum', median: peers.reduce((sum, peer) => sum + peer.median, 0) }
  const shown = SUMMED.test(figure) && peers.length > 1 ? [...peers, all] : peers
  return {
    ...{ figure, unit, ours },
    peers: shown.map((peer) => ({ ...peer, ratio: ours.median / peer.median })),
  }
}

export const compareAll = (results: readonly Pick<Result, 'checks'>[]): Comparison[] =>
  [...collect(results)].flatMap(([figure, column]) => compare(figure, column) ?? [])
