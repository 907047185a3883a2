/** Pulses that a device stamped or is to put out. A few system calls that never wait: plain functions. */
import type { PortFault } from '../core/errors.ts'
import type { PulseInput, PulseOutput } from '../core/pulse.ts'
import type { ClockName } from '../core/sample.ts'

export type PulsesResult =
  /** Stamps since the last call, oldest first, ns of CLOCK_REALTIME (`pps`) or of the PHC (`extts`). */
  | { readonly ok: true; readonly stamps: readonly bigint[] }
  | { readonly ok: false; readonly fault: PortFault }

export type EmitResult =
  /** `fresh`: it was set up by this call; false: it was put out already. */
  { readonly ok: true; readonly fresh: boolean } | { readonly ok: false; readonly fault: PortFault }

export interface PulsePort {
  read(input: PulseInput): PulsesResult
  /** `again`: the PHC was stepped, and what it puts out has lost its second. */
  emit(clock: ClockName, output: PulseOutput, again: boolean): EmitResult
}
