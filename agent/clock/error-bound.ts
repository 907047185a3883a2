/**
 * How wrong a clock may be now:
 *
 *   |offset| + root distance at the last believed measurement + what the clock can have done since
 *
 * The offset counts in full although it is being removed: it was measured, its removal only believed.
 */
import { type Instant, type Nanos, nanos, type Ppb, since } from '../core/units.ts'
import { grown } from './oscillator-history.ts'

export interface BoundBase {
  readonly at: Instant<'mono'>
  readonly offset: Nanos
  readonly distance: Nanos
  /** Frequency dialled beyond the steady one, which moves the clock on purpose. */
  readonly slew: Ppb
}

export function errorBound(base: BoundBase, growth: Ppb, now: Instant<'mono'>): Nanos {
  const elapsed = nanos(Math.max(0, since(now, base.at)))
  const moved = base.offset + (base.slew * elapsed) / 1e9
  const offset = Math.max(Math.abs(base.offset), Math.abs(moved))
  return nanos(offset + base.distance + grown(growth, elapsed))
}

/** Seconds until a bound that is `bound` now and grows by `growth` passes `limit` seconds. */
export function secondsUntil(bound: Nanos, growth: Ppb, limit: number): number {
  const left = limit * 1e9 - bound
  if (left <= 0) return 0
  // growth * s * (1 + s / 3600) = left, solved for s
  return 1800 * (Math.sqrt(1 + left / (growth * 900)) - 1)
}
