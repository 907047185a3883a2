/** Small statistics on plain numbers; every function takes its input as it is and changes nothing. */

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, v) => sum + v, 0) / values.length

export const rms = (values: readonly number[]): number => Math.sqrt(mean(values.map((v) => v * v)))

/** Sample standard deviation (n - 1); NaN below two values. */
export function deviation(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN
  const centre = mean(values)
  return Math.sqrt(values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (values.length - 1))
}

/** Longer lists are sorted by the engine, which makes an object of each number. */
const SHORT = 64

/** A copy in ascending order. */
export function ascending(values: readonly number[]): number[] {
  const sorted = values.slice()
  if (sorted.length > SHORT) return sorted.sort((a, b) => a - b)
  for (let i = 1; i < sorted.length; i += 1) {
    const value = sorted[i] as number
    let k = i - 1
    while (k >= 0 && (sorted[k] as number) > value) {
      sorted[k + 1] = sorted[k] as number
      k -= 1
    }
    sorted[k + 1] = value
  }
  return sorted
}

/** The q-quantile (0..1) by linear interpolation between order statistics; NaN when empty. */
export const quantile = (values: readonly number[], q: number): number =>
  quantileOf(ascending(values), values.length, q)

/** The same of the first `count` of a list that is in ascending order. */
export function quantileOf(sorted: ArrayLike<number>, count: number, q: number): number {
  if (count === 0) return Number.NaN
  const place = (count - 1) * q
  const low = sorted[Math.floor(place)]
  const high = sorted[Math.ceil(place)]
  if (low === undefined || high === undefined) return Number.NaN
  return low + (high - low) * (place - Math.floor(place))
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** A list that keeps its last `capacity` members; returns a new array, drops the oldest. */
export const keepLast = <T>(list: readonly T[], item: T, capacity: number): T[] =>
  [...list, item].slice(-capacity)
