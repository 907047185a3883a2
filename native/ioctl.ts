/**
 * ioctl(2) request numbers, computed as `asm-generic/ioctl.h` does (x86-64, arm64; not powerpc, mips,
 * sparc), and the call itself with its error as a value.
 *
 *   31 30 | 29 .. 16 | 15 .. 8 | 7 .. 0
 *   dir   | size     | type    | nr        dir: 0 none, 1 write (to the kernel), 2 read, 3 both
 *
 * Sources: linux/ptp_clock.h, linux/pps.h, linux/sockios.h.
 */
import { ioctl, ioctlValue, lastErrno } from './libc.ts'
import { SIZE } from './struct.ts'

export type Direction = 'none' | 'write' | 'read' | 'both'

const DIRECTION: Readonly<Record<Direction, number>> = { none: 0, write: 1, read: 2, both: 3 }

/** Positional as in C's `_IOC(dir, type, nr, size)`. */
export const ioctlNumber = (direction: Direction, type: number, nr: number, size: number): number =>
  ((DIRECTION[direction] << 30) | (size << 16) | (type << 8) | nr) >>> 0

const ptp = (direction: Direction, nr: number, size: number): number =>
  ioctlNumber(direction, 0x3d, nr, size)
const pps = (direction: Direction, nr: number): number =>
  ioctlNumber(direction, 0x70, nr, 8 /* declared with a pointer type */)

/**
 * Requests of /dev/ptpN. Those that end in 2 came with Linux 5.4: they refuse reserved words that are
 * not zero. ENABLE_PPS takes its argument by value. SYS_OFFSET is written back although it says
 * `write`.
 */
export const PTP = {
  CLOCK_GETCAPS: ptp('read', 1, SIZE.caps),
  EXTTS_REQUEST: ptp('write', 2, SIZE.exttsRequest),
  PEROUT_REQUEST: ptp('write', 3, SIZE.peroutRequest),
  ENABLE_PPS: ptp('write', 4, 4),
  SYS_OFFSET: ptp('write', 5, SIZE.sysOffset),
  PIN_GETFUNC: ptp('both', 6, SIZE.pinDesc),
  PIN_SETFUNC: ptp('write', 7, SIZE.pinDesc),
  SYS_OFFSET_PRECISE: ptp('both', 8, SIZE.sysOffsetPrecise),
  SYS_OFFSET_EXTENDED: ptp('both', 9, SIZE.sysOffsetExtended),
  CLOCK_GETCAPS2: ptp('read', 10, SIZE.caps),
  EXTTS_REQUEST2: ptp('write', 11, SIZE.exttsRequest),
  PEROUT_REQUEST2: ptp('write', 12, SIZE.peroutRequest),
  ENABLE_PPS2: ptp('write', 13, 4),
  SYS_OFFSET2: ptp('write', 14, SIZE.sysOffset),
  PIN_GETFUNC2: ptp('both', 15, SIZE.pinDesc),
  PIN_SETFUNC2: ptp('write', 16, SIZE.pinDesc),
  SYS_OFFSET_PRECISE2: ptp('both', 17, SIZE.sysOffsetPrecise),
  SYS_OFFSET_EXTENDED2: ptp('both', 18, SIZE.sysOffsetExtended),
  MASK_CLEAR_ALL: ptp('none', 19, 0),
  MASK_EN_SINGLE: ptp('write', 20, 4),
  SYS_OFFSET_PRECISE_CYCLES: ptp('both', 21, SIZE.sysOffsetPrecise),
  SYS_OFFSET_EXTENDED_CYCLES: ptp('both', 22, SIZE.sysOffsetExtended),
} as const

/** Requests of /dev/ppsN. */
export const PPS = {
  GETPARAMS: pps('read', 0xa1),
  SETPARAMS: pps('write', 0xa2),
  GETCAP: pps('read', 0xa3),
  FETCH: pps('both', 0xa4),
  KC_BIND: pps('write', 0xa5),
} as const

/** Numbers from before the encoding above. */
export const SIOCGIFINDEX = 0x8933
export const SIOCETHTOOL = 0x8946
export const SIOCSHWTSTAMP = 0x89b0
export const SIOCGHWTSTAMP = 0x89b1

/** Result >= 0, or -errno. A number goes by value, bytes by address. */
export type Ioctl = (fd: number, request: number, argument: Uint8Array | number) => number

/** The call's result, or -errno if it failed; to be asked right after the call. */
export const orErrno = (result: number): number => (result < 0 ? -lastErrno() : result)

export const callIoctl: Ioctl = (fd, request, argument) =>
  orErrno(
    typeof argument === 'number' ? ioctlValue(fd, request, argument) : ioctl(fd, request, argument),
  )
