/**
 * Structures of linux/ptp_clock.h and linux/pps.h: native byte order, natural alignment, the same on
 * x86-64 and arm64. Times are `bigint` ns; what scale they have is for the caller to say.
 *
 *   ptp_clock_time      16  0 i64 sec, 8 u32 nsec (never negative: the sign is in sec), 12 reserved
 *   ptp_clock_caps      80  twenty i32: max_adj (ppb), n_alarm, n_ext_ts, n_per_out, pps, n_pins,
 *                           cross_timestamping, adjust_phase, max_phase_adj (ns), 11 reserved
 *   ptp_extts_request   16  0 u32 index, 4 u32 flags, 8 reserved[2]
 *   ptp_extts_event     32  0 time, 16 u32 index, 20 u32 flags, 24 reserved[2]
 *   ptp_perout_request  56  0 start or phase, 16 period, 32 u32 index, 36 u32 flags, 40 on time
 *   ptp_sys_offset     832  0 u32 n_samples, 4 reserved[3], 16 ts[51]: sys phc sys phc ... sys
 *   .._extended       1216  0 u32 n_samples, 4 i32 clockid, 8 reserved[2], 16 ts[25][3]: sys phc sys
 *   .._precise          64  0 device, 16 sys_realtime, 32 sys_monoraw, 48 reserved[4]
 *   ptp_pin_desc        96  0 char name[64], 64 u32 index, 68 u32 func, 72 u32 chan, 76 reserved[5]
 *   pps_fdata           64  0 u32 assert_sequence, 4 u32 clear_sequence, 8 assert, 24 clear,
 *                           40 i32 mode, 48 timeout; each time i64 sec, i32 nsec, u32 flags
 *
 * All functions work on a buffer that the caller keeps and uses again.
 */
import { endianness } from 'node:os'
import type { Comparison } from '../agent/core/comparison.ts'
import { phc, utc } from '../agent/core/units.ts'

export const SIZE = {
  clockTime: 16,
  caps: 80,
  exttsRequest: 16,
  exttsEvent: 32,
  peroutRequest: 56,
  sysOffset: 832,
  sysOffsetExtended: 1216,
  sysOffsetPrecise: 64,
  pinDesc: 96,
  ppsFdata: 64,
} as const

/** PTP_MAX_SAMPLES */
export const MAX_SAMPLES = 25

export const LITTLE_ENDIAN = endianness() === 'LE'

const NANOS_PER_SECOND = 1_000_000_000n

/** Bytes and a view of them, made once per request and device. */
export interface Scratch {
  readonly bytes: Uint8Array
  readonly view: DataView
}

export function scratch(size: number): Scratch {
  const bytes = new Uint8Array(size)
  return { bytes, view: new DataView(bytes.buffer) }
}

const u32 = (view: DataView, at: number): number => view.getUint32(at, LITTLE_ENDIAN)
const i32 = (view: DataView, at: number): number => view.getInt32(at, LITTLE_ENDIAN)
const setU32 = (view: DataView, at: number, value: number): void =>
  view.setUint32(at, value, LITTLE_ENDIAN)

/** Floor division, so that nanoseconds are never negative: -0.25 s is -1 s and 750,000,000 ns. */
export function splitSeconds(ns: bigint): readonly [seconds: bigint, nanoseconds: bigint] {
  const rest = ((ns % NANOS_PER_SECOND) + NANOS_PER_SECOND) % NANOS_PER_SECOND
  return [(ns - rest) / NANOS_PER_SECOND, rest]
}

/** `ptp_clock_time`; `pps_ktime` has the same two members at the same places. */
export const readTime = (view: DataView, at: number): bigint =>
  view.getBigInt64(at, LITTLE_ENDIAN) * NANOS_PER_SECOND + BigInt(u32(view, at + 8))

export function writeTime(view: DataView, at: number, ns: bigint): void {
  const [seconds, rest] = splitSeconds(ns)
  view.setBigInt64(at, seconds, LITTLE_ENDIAN)
  setU32(view, at + 8, Number(rest))
  setU32(view, at + 12, 0)
}

export interface PtpCaps {
  /** Largest frequency offset, ppb. */
  readonly maxAdjustPpb: number
  readonly alarms: number
  readonly externalTimestamps: number
  readonly periodicOutputs: number
  readonly pps: boolean
  readonly pins: number
  /** PTP_SYS_OFFSET_PRECISE is there (Linux 4.6). */
  readonly crossTimestamping: boolean
  /** ADJ_OFFSET is there (Linux 5.8), up to `maxPhaseNs` (6.5; 0: not told). */
  readonly adjustPhase: boolean
  readonly maxPhaseNs: number
}

export const decodeCaps = (view: DataView): PtpCaps => ({
  maxAdjustPpb: i32(view, 0),
  alarms: i32(view, 4),
  externalTimestamps: i32(view, 8),
  periodicOutputs: i32(view, 12),
  pps: i32(view, 16) !== 0,
  pins: i32(view, 20),
  crossTimestamping: i32(view, 24) !== 0,
  adjustPhase: i32(view, 28) !== 0,
  maxPhaseNs: i32(view, 32),
})

/** One reading: the system clock before and after, the PHC between. */
export interface Triple {
  readonly before: bigint
  readonly phc: bigint
  readonly after: bigint
}

/** How many samples to ask for: at least one, at most what the structures hold. */
export const sampleCount = (wanted: number): number =>
  Math.max(1, Math.min(MAX_SAMPLES, Math.trunc(wanted) || 1))

export function encodeSysOffset({ bytes, view }: Scratch, samples: number): void {
  bytes.fill(0, 0, 16)
  setU32(view, 0, samples)
}

/** Neighbouring system readings are shared: `after` of one sample is `before` of the next. */
export function decodeSysOffset(view: DataView): Triple[] {
  const time = (index: number): bigint => readTime(view, 16 + index * SIZE.clockTime)
  return Array.from({ length: sampleCount(u32(view, 0)) }, (_, k) => ({
    before: time(2 * k),
    phc: time(2 * k + 1),
    after: time(2 * k + 2),
  }))
}

/** `clockId` other than 0 (CLOCK_REALTIME) needs Linux 6.12: 1 MONOTONIC, 4 MONOTONIC_RAW. */
export function encodeSysOffsetExtended(
  { bytes, view }: Scratch,
  samples: number,
  clockId = 0,
): void {
  bytes.fill(0, 0, 16)
  setU32(view, 0, samples)
  view.setInt32(4, clockId, LITTLE_ENDIAN)
}

export const decodeSysOffsetExtended = (view: DataView): Triple[] =>
  Array.from({ length: sampleCount(u32(view, 0)) }, (_, k) => {
    const at = 16 + k * 3 * SIZE.clockTime
    return {
      before: readTime(view, at),
      phc: readTime(view, at + 16),
      after: readTime(view, at + 32),
    }
  })

const [LOW, HIGH] = LITTLE_ENDIAN ? [0, 4] : [4, 0]

/** ns from the time at `from` to that at `at`: exact where they are less than 100 days apart. */
function between(view: DataView, from: number, at: number): number {
  const low = u32(view, at + LOW) - u32(view, from + LOW)
  const high = i32(view, at + HIGH) - i32(view, from + HIGH)
  return (low + high * 2 ** 32) * 1e9 + (u32(view, at + 8) - u32(view, from + 8))
}

/** The same against the system clock, in ns since its first sample, which alone is read in full. */
export function decodeNear(view: DataView): Omit<Comparison, 'method'> {
  const [system, device] = [16, 16 + SIZE.clockTime]
  const readings = []
  const end = system + sampleCount(u32(view, 0)) * 3 * SIZE.clockTime
  for (let at = system; at < end; at += 3 * SIZE.clockTime) {
    readings.push({
      before: between(view, system, at),
      phc: between(view, device, at + 16),
      after: between(view, system, at + 32),
    })
  }
  return { utc: utc(readTime(view, system)), phc: phc(readTime(view, device)), readings }
}

export interface PreciseReading {
  readonly device: bigint
  readonly realtime: bigint
  readonly monotonicRaw: bigint
}

export const decodeSysOffsetPrecise = (view: DataView): PreciseReading => ({
  device: readTime(view, 0),
  realtime: readTime(view, 16),
  monotonicRaw: readTime(view, 32),
})

/** Bits of `ptp_extts_request.flags`. */
export const EXTTS = { ENABLE: 1, RISING: 2, FALLING: 4, STRICT: 8, EXT_OFFSET: 16 } as const

export function encodeExttsRequest({ bytes, view }: Scratch, index: number, flags: number): void {
  bytes.fill(0)
  setU32(view, 0, index)
  setU32(view, 4, flags)
}

export interface ExttsEvent {
  /** Time of the edge on the PHC, ns; with EXT_OFFSET, an offset. */
  readonly time: bigint
  readonly index: number
  readonly flags: number
}

/** The whole events among the first `length` bytes. */
export const decodeExttsEvents = (view: DataView, length: number): ExttsEvent[] =>
  Array.from({ length: Math.max(0, Math.floor(length / SIZE.exttsEvent)) }, (_, k) => {
    const at = k * SIZE.exttsEvent
    return { time: readTime(view, at), index: u32(view, at + 16), flags: u32(view, at + 20) }
  })

/** Bits of `ptp_perout_request.flags`. */
export const PEROUT = { ONE_SHOT: 1, DUTY_CYCLE: 2, PHASE: 4 } as const

export interface PeriodicOutput {
  readonly index: number
  /** 0 switches the output off. */
  readonly periodNs: bigint
  /** First edge on the PHC's scale, or (`phase`) where in the period edges lie. */
  readonly startNs: bigint
  readonly phase?: boolean
  /** High time per period; the device's own where absent. */
  readonly onNs?: bigint
  readonly oneShot?: boolean
}

export function encodePerout({ bytes, view }: Scratch, output: PeriodicOutput): void {
  bytes.fill(0)
  writeTime(view, 0, output.startNs)
  writeTime(view, 16, output.periodNs)
  setU32(view, 32, output.index)
  const flags =
    (output.oneShot === true ? PEROUT.ONE_SHOT : 0) |
    (output.onNs === undefined ? 0 : PEROUT.DUTY_CYCLE) |
    (output.phase === true ? PEROUT.PHASE : 0)
  setU32(view, 36, flags)
  if (output.onNs !== undefined) writeTime(view, 40, output.onNs)
}

/** Values of `ptp_pin_desc.func`, by their number. */
export const PIN_FUNCTIONS = ['none', 'extts', 'perout', 'physync'] as const
export type PinFunction = (typeof PIN_FUNCTIONS)[number]

export interface Pin {
  readonly index: number
  /** The driver's name of it, such as SDP0 or SMA1. */
  readonly name: string
  readonly function: PinFunction | 'unknown'
  readonly channel: number
}

export function encodePin(
  { bytes, view }: Scratch,
  pin: { readonly index: number; readonly function?: PinFunction; readonly channel?: number },
): void {
  bytes.fill(0)
  setU32(view, 64, pin.index)
  setU32(view, 68, PIN_FUNCTIONS.indexOf(pin.function ?? 'none'))
  setU32(view, 72, pin.channel ?? 0)
}

export function decodePin({ bytes, view }: Scratch): Pin {
  const end = bytes.subarray(0, 64).indexOf(0)
  return {
    index: u32(view, 64),
    name: Buffer.from(bytes.subarray(0, end < 0 ? 64 : end)).toString('latin1'),
    function: PIN_FUNCTIONS[u32(view, 68)] ?? 'unknown',
    channel: u32(view, 72),
  }
}

export interface PpsEvent {
  readonly assertSequence: number
  readonly clearSequence: number
  readonly assert: bigint
  readonly clear: bigint
}

/** A timeout of zero: what there is, without waiting. */
export const encodePpsFetch = ({ bytes }: Scratch): void => {
  bytes.fill(0)
}

export const decodePpsEvent = (view: DataView): PpsEvent => ({
  assertSequence: u32(view, 0),
  clearSequence: u32(view, 4),
  assert: readTime(view, 8),
  clear: readTime(view, 24),
})
