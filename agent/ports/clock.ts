/**
 * A clock that can be read and, where allowed, adjusted. Both calls return at once (one system call),
 * so they are plain functions. Linux implementation: clock_adjtime(2); simulated one: sim/.
 */
import type { PortFault } from '../core/errors.ts'
import type { Now } from '../core/machine.ts'
import type { ClockName, LeapWarning } from '../core/sample.ts'
import type { Nanos, Ppb } from '../core/units.ts'

export interface ClockCapabilities {
  /** False: opened for reading only, or the capability is missing. */
  readonly adjustable: boolean
  /** Largest frequency offset that the clock takes. */
  readonly maxFrequency: Ppb
  /** Why not adjustable, in one phrase; empty when it is. */
  readonly reason: string
}

/** What the kernel says of a clock. Only `frequency` has a meaning for a PHC. */
export interface ClockStatus {
  /** When it was read. */
  readonly at: Now
  /** Frequency offset in effect, tick included. */
  readonly frequency: Ppb
  /** The kernel's own phase-locked loop is on (STA_PLL): somebody uses ADJ_OFFSET. */
  readonly pll: boolean
  /** STA_UNSYNC is clear. */
  readonly synchronized: boolean
  readonly maxError: Nanos
  readonly estimatedError: Nanos
  /** TAI - UTC as the kernel holds it, seconds. */
  readonly taiOffset: number
  readonly leap: LeapWarning
}

/** What to change; what is absent stays as it is. */
export interface ClockAdjustment {
  readonly frequency?: Ppb
  /** Added to the clock, ns. */
  readonly step?: bigint
  /** Kernel status of the system clock; a PHC ignores all below. */
  readonly maxError?: Nanos
  readonly estimatedError?: Nanos
  readonly synchronized?: boolean
  readonly taiOffset?: number
  readonly leap?: LeapWarning
}

export type ClockEffect =
  | {
      readonly ok: true
      /** When it took effect. */
      readonly at: Now
      /** Frequency really in effect afterwards, as read back. */
      readonly frequency: Ppb
      /** Step really done. */
      readonly step: bigint
    }
  | { readonly ok: false; readonly fault: PortFault }

export interface ClockPort {
  readonly name: ClockName
  readonly capabilities: ClockCapabilities
  status(): ClockStatus | { readonly ok: false; readonly fault: PortFault }
  adjust(adjustment: ClockAdjustment): ClockEffect
  /** Nobody asks it any more; absent: there is nothing to close. */
  close?(): void
}
