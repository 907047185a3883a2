/**
 * A PTP hardware clock, /dev/ptpN: what it can, and its readings against CLOCK_REALTIME.
 *
 * The way to read is learnt once per device, best first:
 *   PTP_SYS_OFFSET_PRECISE    hardware latches both clocks at one moment
 *   PTP_SYS_OFFSET_EXTENDED   the driver brackets the PHC's register read with the system clock
 *   PTP_SYS_OFFSET            the kernel brackets the driver's whole read function
 *   clock_gettime thrice      we bracket the system call: a matter of microseconds
 * While learning, anything but "busy", "gone" or "not allowed" means that the next way is tried:
 * drivers differ in how they say no. A busy device gets three tries per reading.
 *
 * Opened for reading only, a PHC can be read and compared but neither adjusted nor told to stamp.
 * Facts: linux/ptp_clock.h, drivers/ptp/ptp_chardev.c. Failures are values.
 */
import {
  type CompareMethod,
  type Comparison,
  comparisonOf,
  type PairedReading,
} from '../agent/core/comparison.ts'
import type { PortFault } from '../agent/core/errors.ts'
import { phc, utc } from '../agent/core/units.ts'
import {
  CLOCK_REALTIME,
  type ClockGettime,
  callClockGettime,
  clockIdOf,
  toNanos,
} from './clock-id.ts'
import { EBUSY, ENODEV, portFault } from './errno.ts'
import { callIoctl, type Ioctl, orErrno, PTP } from './ioctl.ts'
import { close, open } from './libc.ts'
import {
  decodeCaps,
  decodeNear,
  decodeSysOffset,
  decodeSysOffsetExtended,
  decodeSysOffsetPrecise,
  encodeSysOffset,
  encodeSysOffsetExtended,
  type PtpCaps,
  SIZE,
  sampleCount,
  scratch,
  type Triple,
} from './struct.ts'

export type Failure = { readonly ok: false; readonly fault: PortFault }
export const failure = (syscall: string, errno: number): Failure => ({
  ok: false,
  fault: portFault(syscall, errno),
})

/** The system calls that a PHC needs, each result >= 0 or -errno; tests bring their own. */
export interface PtpCalls {
  readonly open: (path: string, flags: number) => number
  readonly close: (fd: number) => number
  readonly ioctl: Ioctl
  readonly gettime: ClockGettime
}

export const PTP_CALLS: PtpCalls = {
  open: (path, flags) => orErrno(open(path, flags)),
  close,
  ioctl: callIoctl,
  gettime: callClockGettime,
}

const O_RDONLY = 0
const O_RDWR = 2
const O_CLOEXEC = 0x80000
const BUSY_TRIES = 3
const METHODS: readonly CompareMethod[] = ['precise', 'extended', 'basic', 'bracket']
/** Errors that say nothing about the method: EPERM, EACCES, and those of the device itself. */
const NOT_THE_METHOD = new Set([1, 13, ENODEV, EBUSY])

const SYSCALL: Readonly<Record<CompareMethod, string>> = {
  precise: 'ioctl(PTP_SYS_OFFSET_PRECISE)',
  extended: 'ioctl(PTP_SYS_OFFSET_EXTENDED)',
  basic: 'ioctl(PTP_SYS_OFFSET)',
  bracket: 'clock_gettime',
}

const paired = ({ before, phc: device, after }: Triple): PairedReading => ({
  before: utc(before),
  phc: phc(device),
  after: utc(after),
})

export class PtpClock {
  readonly path: string
  readonly fd: number
  readonly writable: boolean
  /** For clock_gettime(2) and clock_adjtime(2). */
  readonly clockId: number
  readonly #calls: PtpCalls
  readonly #extended = scratch(SIZE.sysOffsetExtended)
  readonly #basic = scratch(SIZE.sysOffset)
  readonly #precise = scratch(SIZE.sysOffsetPrecise)
  readonly #timespec = new BigInt64Array(2)
  #method: CompareMethod | undefined

  private constructor(path: string, fd: number, writable: boolean, calls: PtpCalls) {
    this.path = path
    this.fd = fd
    this.writable = writable
    this.clockId = clockIdOf(fd)
    this.#calls = calls
  }

  /** `write`: to adjust it or to set up stamps, outputs and pins. */
  static open(
    path: string,
    write = false,
    calls: PtpCalls = PTP_CALLS,
  ): { readonly ok: true; readonly clock: PtpClock } | Failure {
    const fd = calls.open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC)
    if (fd < 0) return failure(`open(${path})`, -fd)
    return { ok: true, clock: new PtpClock(path, fd, write, calls) }
  }

  close(): void {
    this.#calls.close(this.fd)
  }

  caps(): { readonly ok: true; readonly caps: PtpCaps } | Failure {
    const { bytes, view } = scratch(SIZE.caps)
    const result = this.#calls.ioctl(this.fd, PTP.CLOCK_GETCAPS, bytes)
    return result < 0
      ? failure('ioctl(PTP_CLOCK_GETCAPS)', -result)
      : { ok: true, caps: decodeCaps(view) }
  }

  /** The way that this device is read; undefined before the first reading. */
  get method(): CompareMethod | undefined {
    return this.#method
  }

  /** `readings` (1 to 25) of the PHC; `precise` always gives one. */
  compare(readings: number): { readonly ok: true; readonly comparison: Comparison } | Failure {
    const samples = sampleCount(readings)
    let last: Failure | undefined
    for (const method of this.#method === undefined ? METHODS : [this.#method]) {
      const taken = this.#patiently(method, samples)
      if (typeof taken !== 'number') {
        this.#method = method
        return { ok: true, comparison: taken }
      }
      last = failure(SYSCALL[method], -taken)
      if (NOT_THE_METHOD.has(-taken)) break
    }
    return last ?? failure(SYSCALL.bracket, ENODEV)
  }

  /**
   * The raw triples of PTP_SYS_OFFSET_EXTENDED against another clock than CLOCK_REALTIME: 1
   * MONOTONIC, 4 MONOTONIC_RAW. EINVAL before Linux 6.12.
   */
  compareWith(
    clockId: number,
    readings: number,
  ): { readonly ok: true; readonly triples: readonly Triple[] } | Failure {
    const taken = this.#askExtended(sampleCount(readings), clockId)
    return typeof taken === 'number'
      ? failure(SYSCALL.extended, -taken)
      : { ok: true, triples: decodeSysOffsetExtended(taken) }
  }

  /** Time of the PHC, ns. */
  time(): bigint | Failure {
    const result = this.#gettime(this.clockId)
    return typeof result === 'number' ? failure('clock_gettime', -result) : result
  }

  #patiently(method: CompareMethod, samples: number): Comparison | number {
    let taken: Comparison | number = -EBUSY
    for (let tries = 0; tries < BUSY_TRIES && taken === -EBUSY; tries++) {
      taken = this.#reading(method, samples)
    }
    return taken
  }

  #reading(method: CompareMethod, samples: number): Comparison | number {
    if (method === 'extended') {
      const view = this.#askExtended(samples, CLOCK_REALTIME)
      return typeof view === 'number' ? view : { method, ...decodeNear(view) }
    }
    const taken = this.#triples(method, samples)
    return typeof taken === 'number' ? taken : comparisonOf(method, taken.map(paired))
  }

  #triples(
    method: Exclude<CompareMethod, 'extended'>,
    samples: number,
  ): readonly Triple[] | number {
    switch (method) {
      case 'precise':
        return this.#preciseReading()
      case 'basic':
        return this.#basicReading(samples)
      case 'bracket':
        return this.#bracketReadings(samples)
    }
  }

  #preciseReading(): readonly Triple[] | number {
    this.#precise.bytes.fill(0)
    const result = this.#calls.ioctl(this.fd, PTP.SYS_OFFSET_PRECISE, this.#precise.bytes)
    if (result < 0) return result
    const { device, realtime } = decodeSysOffsetPrecise(this.#precise.view)
    return [{ before: realtime, phc: device, after: realtime }]
  }

  #askExtended(samples: number, clockId: number): DataView | number {
    encodeSysOffsetExtended(this.#extended, samples, clockId)
    const result = this.#calls.ioctl(this.fd, PTP.SYS_OFFSET_EXTENDED, this.#extended.bytes)
    return result < 0 ? result : this.#extended.view
  }

  #basicReading(samples: number): readonly Triple[] | number {
    encodeSysOffset(this.#basic, samples)
    const result = this.#calls.ioctl(this.fd, PTP.SYS_OFFSET, this.#basic.bytes)
    return result < 0 ? result : decodeSysOffset(this.#basic.view)
  }

  #bracketReadings(samples: number): readonly Triple[] | number {
    const triples: Triple[] = []
    for (let k = 0; k < samples; k++) {
      const before = this.#gettime(CLOCK_REALTIME)
      const device = this.#gettime(this.clockId)
      const after = this.#gettime(CLOCK_REALTIME)
      if (typeof before === 'number') return before
      if (typeof device === 'number') return device
      if (typeof after === 'number') return after
      triples.push({ before, phc: device, after })
    }
    return triples
  }

  #gettime(clockId: number): bigint | number {
    const result = this.#calls.gettime(clockId, this.#timespec)
    return result < 0 ? result : toNanos(this.#timespec)
  }
}
