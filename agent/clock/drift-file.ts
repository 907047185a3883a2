/**
 * The drift file, in chrony's format so that an existing one can be taken over: one line, two numbers,
 * frequency and skew in ppm. chrony's frequency is positive when the clock runs FAST by itself; what we
 * dial against it is its negative, and the negation stands here, once on each way.
 */
import { type Decoded, decoded, fault } from '../core/errors.ts'
import { type Ppb, ppb } from '../core/units.ts'

export interface Drift {
  /** What to dial so that the clock runs true. */
  readonly frequency: Ppb
  /** Uncertainty of it. */
  readonly skew: Ppb
}

export type DriftFault = 'empty' | 'not-two-numbers' | 'out-of-range'

/** No crystal is off by more; a number beyond it is damage. */
const MAX_PPM = 1000

export function parseDrift(text: string): Decoded<Drift, DriftFault> {
  const words = text.trim().split(/\s+/)
  if (words[0] === '') return fault('empty', 1)
  const [frequency = Number.NaN, skew = Number.NaN] = words.map(Number)
  if (words.length !== 2 || !Number.isFinite(frequency) || !Number.isFinite(skew)) {
    return fault('not-two-numbers', 1)
  }
  if (Math.abs(frequency) > MAX_PPM || skew < 0) return fault('out-of-range', 1)
  return decoded({ frequency: ppb(-frequency * 1000), skew: ppb(skew * 1000) })
}

export const formatDrift = ({ frequency, skew }: Drift): string =>
  `${column(-frequency / 1000)} ${column(skew / 1000)}\n`

const column = (ppm: number): string => ppm.toFixed(6).padStart(20)
