/**
 * `struct timex` of clock_adjtime(2), 208 bytes on x86-64 and arm64, and the only place that knows the
 * kernel's scaled ppm (2^-16 ppm, so 65.536 per ppb). Outside: ppb, ns, names. Positive ppb: faster.
 *
 *   0 u32 modes    8 i64 offset     16 i64 freq      24 i64 maxerror us   32 i64 esterror us
 *   40 i32 status  48 i64 constant  56 i64 precision 64 i64 tolerance     72 i64 sec  80 i64 usec|nsec
 *   88 i64 tick us                  160 i32 tai
 *
 * The frequency of CLOCK_REALTIME is `freq`, limited to 500 ppm, plus 100,000 ppb for each microsecond
 * that `tick` is off its nominal 10,000 (USER_HZ 100). Up to 500 ppm the tick stays nominal; beyond,
 * the tick takes the nearest whole number of steps and `freq` the rest, at most 50 ppm.
 *
 * A status that is written replaces all writable bits. So the current one is read first and only the
 * bits meant are changed; and a frequency command switches off the kernel's own loops (PLL, FLL, PPS),
 * which would otherwise steer, too.
 */
import { LITTLE_ENDIAN, splitSeconds } from './struct.ts'

export const TIMEX_SIZE = 208

export const ADJ = {
  OFFSET: 0x0001,
  FREQUENCY: 0x0002,
  MAXERROR: 0x0004,
  ESTERROR: 0x0008,
  STATUS: 0x0010,
  TIMECONST: 0x0020,
  TAI: 0x0080,
  SETOFFSET: 0x0100,
  MICRO: 0x1000,
  NANO: 0x2000,
  TICK: 0x4000,
} as const

export const STA = {
  PLL: 0x0001,
  PPSFREQ: 0x0002,
  PPSTIME: 0x0004,
  FLL: 0x0008,
  INS: 0x0010,
  DEL: 0x0020,
  UNSYNC: 0x0040,
  FREQHOLD: 0x0080,
  NANO: 0x2000,
} as const

const KERNEL_LOOPS = STA.PLL | STA.PPSFREQ | STA.PPSTIME | STA.FLL | STA.FREQHOLD
/** STA_RONLY: PPSSIGNAL ... CLK; the kernel ignores them when written. */
const READ_ONLY_BITS = 0xff00

const SCALED_PER_PPB = 65.536
const NOMINAL_TICK = 10_000
const PPB_PER_TICK = 100_000
/** Largest `freq` of CLOCK_REALTIME (MAXFREQ, 500 ppm). */
const MAX_FREQ_PPB = 500_000
/** The kernel takes ticks of 9,000 to 11,000, but `freq` must be able to fill the gaps. */
export const MAX_SYSTEM_PPB = 100_000_000
/** MAX_TAI_OFFSET of the kernel, seconds. */
const MAX_TAI = 100_000
/** Some 300 years: beyond it the kernel's own time, a signed 64-bit number of ns, ends. */
const MAX_STEP = 1n << 63n

/** What clock_adjtime(2) gives back; of a PHC only `frequencyPpb` (and `tick` 0) has a meaning. */
export interface Timex {
  /** `freq` and, of the system clock, `tick` together. */
  readonly frequencyPpb: number
  readonly status: number
  readonly maxErrorNs: number
  readonly estimatedErrorNs: number
  readonly tick: number
  readonly tai: number
  /** Time that the call saw, ns. */
  readonly time: bigint
}

/** Splits a frequency of the system clock into tick and the rest for `freq`. */
export function splitFrequency(ppb: number): {
  readonly tick: number
  readonly freqPpb: number
} {
  const steps = Math.abs(ppb) <= MAX_FREQ_PPB ? 0 : Math.round(ppb / PPB_PER_TICK)
  return { tick: NOMINAL_TICK + steps, freqPpb: ppb - steps * PPB_PER_TICK }
}

const int = (view: DataView, at: number): number => Number(view.getBigInt64(at, LITTLE_ENDIAN))
const setInt = (view: DataView, at: number, value: bigint): void =>
  view.setBigInt64(at, value, LITTLE_ENDIAN)

export function decodeTimex(view: DataView): Timex {
  const status = view.getInt32(40, LITTLE_ENDIAN)
  const tick = int(view, 88)
  const ticks = tick === 0 ? 0 : (tick - NOMINAL_TICK) * PPB_PER_TICK
  const fraction = view.getBigInt64(80, LITTLE_ENDIAN)
  return {
    frequencyPpb: int(view, 16) / SCALED_PER_PPB + ticks,
    status,
    maxErrorNs: int(view, 24) * 1000,
    estimatedErrorNs: int(view, 32) * 1000,
    tick,
    tai: view.getInt32(160, LITTLE_ENDIAN),
    time:
      view.getBigInt64(72, LITTLE_ENDIAN) * 1_000_000_000n +
      ((status & STA.NANO) === 0 ? fraction * 1000n : fraction),
  }
}

/** Modes 0: read everything, change nothing. */
export const encodeRead = (view: DataView): void => {
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength).fill(0)
}

/** What to change; what is absent stays as it is. */
export interface TimexChange {
  readonly frequencyPpb?: number
  /** Added to the clock, ns. */
  readonly stepNs?: bigint
  readonly maxErrorNs?: number
  readonly estimatedErrorNs?: number
  readonly synchronized?: boolean
  readonly tai?: number
  readonly leap?: 'none' | 'insert' | 'delete' | 'unknown'
}

/** Whether every number of a change is one that the kernel's integers can take. */
export const isEncodable = (change: TimexChange): boolean =>
  [change.frequencyPpb, change.maxErrorNs, change.estimatedErrorNs, change.tai].every(
    (value) => value === undefined || Number.isFinite(value),
  ) &&
  (change.stepNs === undefined || (change.stepNs < MAX_STEP && change.stepNs > -MAX_STEP)) &&
  (change.tai === undefined ||
    (Number.isInteger(change.tai) && change.tai >= 0 && change.tai <= MAX_TAI))

const scaled = (ppb: number): bigint => BigInt(Math.round(ppb * SCALED_PER_PPB))

/** Microseconds of an error, rounded up: a bound must not shrink on its way to the kernel. */
const microseconds = (ns: number): bigint => BigInt(Math.ceil(Math.max(0, ns) / 1000))

const LEAP_BITS = { none: 0, unknown: 0, insert: STA.INS, delete: STA.DEL } as const

/** The status to write, or undefined when it stays as it is. */
function nextStatus(current: number, change: TimexChange): number | undefined {
  let status = current & ~READ_ONLY_BITS
  if (change.leap !== undefined) {
    status = (status & ~(STA.INS | STA.DEL)) | LEAP_BITS[change.leap]
  }
  if (change.synchronized !== undefined) {
    status = (status & ~STA.UNSYNC) | (change.synchronized ? 0 : STA.UNSYNC)
  }
  if (change.frequencyPpb !== undefined) status &= ~KERNEL_LOOPS
  const wanted = change.leap !== undefined || change.synchronized !== undefined
  if (!wanted && status === (current & ~READ_ONLY_BITS)) return undefined
  // the step of the same call makes it unsynchronised: do not take that back unasked
  return change.stepNs !== undefined && change.synchronized === undefined
    ? status | STA.UNSYNC
    : status
}

function encodeStep(view: DataView, step: bigint): number {
  const [seconds, nanoseconds] = splitSeconds(step)
  setInt(view, 72, seconds)
  setInt(view, 80, nanoseconds)
  return ADJ.SETOFFSET | ADJ.NANO
}

/**
 * All of `change` in one call for CLOCK_REALTIME: the kernel does the step first, which marks the
 * clock as unsynchronised, and then writes status and errors. Returns the modes, 0: nothing to do.
 */
export function encodeSystemChange(view: DataView, change: TimexChange, status: number): number {
  encodeRead(view)
  let modes = 0
  if (change.stepNs !== undefined && change.stepNs !== 0n) modes |= encodeStep(view, change.stepNs)
  if (change.frequencyPpb !== undefined) {
    const { tick, freqPpb } = splitFrequency(change.frequencyPpb)
    setInt(view, 16, scaled(freqPpb))
    setInt(view, 88, BigInt(tick))
    modes |= ADJ.FREQUENCY | ADJ.TICK
  }
  if (change.maxErrorNs !== undefined) {
    setInt(view, 24, microseconds(change.maxErrorNs))
    modes |= ADJ.MAXERROR
  }
  if (change.estimatedErrorNs !== undefined) {
    setInt(view, 32, microseconds(change.estimatedErrorNs))
    modes |= ADJ.ESTERROR
  }
  if (change.tai !== undefined) {
    setInt(view, 48, BigInt(change.tai))
    modes |= ADJ.TAI
  }
  const next = nextStatus(status, change)
  if (next !== undefined) {
    view.setInt32(40, next, LITTLE_ENDIAN)
    modes |= ADJ.STATUS
  }
  view.setUint32(0, modes, LITTLE_ENDIAN)
  return modes
}

/** A PHC takes one thing per call. */
export function encodePhcFrequency(view: DataView, ppb: number): void {
  encodeRead(view)
  setInt(view, 16, scaled(ppb))
  view.setUint32(0, ADJ.FREQUENCY, LITTLE_ENDIAN)
}

export function encodePhcStep(view: DataView, step: bigint): void {
  encodeRead(view)
  view.setUint32(0, encodeStep(view, step), LITTLE_ENDIAN)
}
