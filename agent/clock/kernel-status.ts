/**
 * What the kernel is told of the system clock, so that whoever asks it (adjtimex(2), ntp_gettime(3),
 * timedatectl, node_exporter) hears the truth: maxerror is our error bound, esterror the offset as
 * measured, UNSYNC is clear only while the clock is locked or in holdover, the TAI offset is written
 * only where a reference vouches for it, and a leap second only on a day that may end in one.
 *
 * The kernel adds 500 ppm to maxerror by itself and sets UNSYNC at 16 s, so this is said once a second.
 */
import type { LeapWarning } from '../core/sample.ts'
import { type Instant, type Nanos, nanos } from '../core/units.ts'
import type { ClockState } from '../observe/snapshot.ts'
import type { ClockAdjustment } from '../ports/clock.ts'
import { isLeapDay } from './leap.ts'

/** NTP_PHASE_LIMIT: at this error the kernel itself calls the clock unsynchronised. */
const NOTHING_KNOWN = nanos(16e9)

export interface KernelTruth {
  readonly state: ClockState
  /** Undefined: nothing is known. */
  readonly bound: Nanos | undefined
  readonly offset: Nanos | undefined
  readonly leap: LeapWarning | undefined
  readonly taiOffset: number | undefined
}

export function kernelStatus(truth: KernelTruth, now: Instant<'utc'>): ClockAdjustment {
  const { state, bound, offset, leap, taiOffset } = truth
  const announced = isLeapDay(now) && leap !== undefined && leap !== 'unknown' ? leap : 'none'
  return {
    maxError: bound ?? NOTHING_KNOWN,
    estimatedError: offset === undefined ? NOTHING_KNOWN : nanos(Math.abs(offset)),
    synchronized: bound !== undefined && (state === 'locked' || state === 'holdover'),
    leap: announced,
    ...(taiOffset !== undefined && { taiOffset }),
  }
}
