/** Pulses, one a second: where they are stamped, and where they are put out. */
import type { ClockName } from './sample.ts'

export type Edge = 'rising' | 'falling' | 'both'

/** A pin of a PHC by number or by the driver's name (SDP0, SMA1); undefined: the first. */
export type PinName = number | string | undefined

/**
 * `pps`: the kernel stamps the pulses of /dev/ppsN on CLOCK_REALTIME (RFC 2783; assert is the rising
 * edge). `extts`: a PHC stamps the edges at one of its inputs itself (PTP_EXTTS_REQUEST2).
 */
export type PulseInput =
  | { readonly kind: 'pps'; readonly device: string; readonly edge: 'rising' | 'falling' }
  | {
      readonly kind: 'extts'
      readonly clock: ClockName
      readonly channel: number
      readonly pin: PinName
      readonly edge: Edge
    }

/**
 * `perout`: pulses at an output of a PHC (PTP_PEROUT_REQUEST2), the first edge `phase` ns after a whole
 * second of the PHC, high for `width` ns, or as long as the device likes. `kernel`: the PHC's own second
 * as PPS events of the kernel (PTP_ENABLE_PPS).
 */
export type PulseOutput =
  | {
      readonly kind: 'perout'
      readonly channel: number
      readonly pin: PinName
      readonly period: bigint
      readonly phase: bigint
      readonly width: bigint | undefined
    }
  | { readonly kind: 'kernel' }

/** `/dev/pps0 rising`, `phc:eth0 channel 0 rising`, for people. */
export const describeInput = (input: PulseInput): string =>
  input.kind === 'pps'
    ? `${input.device} ${input.edge}`
    : `${input.clock} channel ${input.channel} ${input.edge}`
