/**
 * Clocks by number: the fixed ones of clock_gettime(2), and the dynamic id of an open /dev/ptpN
 * (FD_TO_CLOCKID of linux/posix-timers.h). A dynamic id is good as long as the descriptor is open.
 */
import { orErrno } from './ioctl.ts'
import { clockAdjtime, clockGettime } from './libc.ts'

export const CLOCK_REALTIME = 0
export const CLOCK_MONOTONIC = 1
export const CLOCK_MONOTONIC_RAW = 4

/** `(~fd << 3) | 3` in 32-bit two's complement: 3 gives -29. */
export const clockIdOf = (fd: number): number => (~fd << 3) | 3

/** Result >= 0 (the time state of adjtimex(2), 5 included), or -errno. */
export type ClockAdjtime = (clockId: number, timex: Uint8Array) => number
/** 0 with `timespec` filled in (seconds, nanoseconds), or -errno. */
export type ClockGettime = (clockId: number, timespec: BigInt64Array) => number

/**
 * clock_adjtime(2). Changes a clock when `modes` of the structure is not 0: only an actuator that was
 * told to drive may be given this.
 */
export const callClockAdjtime: ClockAdjtime = (clockId, timex) =>
  orErrno(clockAdjtime(clockId, timex))

export const callClockGettime: ClockGettime = (clockId, timespec) =>
  orErrno(clockGettime(clockId, timespec))

const timespec = new BigInt64Array(2)

export const toNanos = (spec: BigInt64Array): bigint =>
  (spec[0] ?? 0n) * 1_000_000_000n + (spec[1] ?? 0n)

/** One of the fixed clocks, which cannot fail. */
export function readClock(clockId: number): bigint {
  clockGettime(clockId, timespec)
  return toNanos(timespec)
}

export interface ClockPair {
  readonly mono: bigint
  readonly utc: bigint
}

/**
 * CLOCK_MONOTONIC and CLOCK_REALTIME at one moment: the one is read before and after the other, and
 * its middle taken, so that they belong together within half of two calls (some 100 ns).
 */
export function readClockPair(): ClockPair {
  const before = readClock(CLOCK_MONOTONIC)
  const utc = readClock(CLOCK_REALTIME)
  const after = readClock(CLOCK_MONOTONIC)
  return { mono: before + (after - before) / 2n, utc }
}
