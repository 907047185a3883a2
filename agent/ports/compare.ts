/**
 * Readings of a PHC against CLOCK_REALTIME, taken inside the kernel, so that nothing of this program's
 * own timing is in them. One or a few system calls: plain function. Linux: PTP_SYS_OFFSET_*.
 */
import type { Comparison } from '../core/comparison.ts'
import type { PortFault } from '../core/errors.ts'
import type { ClockName } from '../core/sample.ts'

export type CompareResult =
  | { readonly ok: true; readonly comparison: Comparison }
  | { readonly ok: false; readonly fault: PortFault }

export interface ComparePort {
  /** `readings`: how many to take where the method allows a choice; at least 1. */
  compare(clock: ClockName, readings: number): CompareResult
}
