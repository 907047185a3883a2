/** What a scenario of the lab is, and the arithmetic its bounds are made of. */
import type { Lab, Truth } from './lab.ts'

export interface Check {
  readonly name: string
  readonly value: number
  /** The scenario fails when `value` is above it; undefined: a figure without a bound. */
  readonly limit?: number
  readonly unit: string
}

export const holds = ({ value, limit }: Check): boolean =>
  limit === undefined ? !Number.isNaN(value) : value <= limit

export interface Scenario {
  readonly title: string
  run(lab: Lab): Promise<Check[]>
}

export type ClockOf = Exclude<keyof Truth, 'at'>

/** Root mean square of (clock - reference) over the readings, reference the truth unless named. */
export function rmsOf(readings: readonly Truth[], clock: ClockOf, against?: ClockOf): number {
  const squares = readings.map((each) => difference(each, clock, against) ** 2)
  return Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length)
}

export const worstOf = (readings: readonly Truth[], clock: ClockOf, against?: ClockOf): number =>
  Math.max(...readings.map((each) => Math.abs(difference(each, clock, against))))

/** Seconds after `from` since when |clock - reference| has stayed within `limit` ns; Infinity: never. */
export function settled(
  readings: readonly Truth[],
  from: number,
  options: {
    readonly clock: ClockOf
    readonly limit: number
    readonly against?: ClockOf | undefined
  },
): number {
  const outside = readings.filter(
    (each) => Math.abs(difference(each, options.clock, options.against)) > options.limit,
  )
  const last = outside.at(-1)
  if (last === undefined) return 0
  return last === readings.at(-1) ? Number.POSITIVE_INFINITY : last.at - from
}

const difference = (each: Truth, clock: ClockOf, against?: ClockOf): number =>
  each[clock] - (against === undefined ? 0 : each[against])
