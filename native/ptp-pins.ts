/**
 * The pins of a PTP hardware clock: external time stamps, periodic outputs, what each pin does, and
 * the PPS event into the kernel. All but reading a pin need the device open for writing;
 * PTP_ENABLE_PPS needs CAP_SYS_TIME, too. A read of /dev/ptpN waits for an event whatever the
 * descriptor's flags are, so it is asked first whether there is one. linux/ptp_clock.h.
 */
import { callIoctl, type Ioctl, orErrno, PPS, PTP } from './ioctl.ts'
import { poll, read } from './libc.ts'
import { type Failure, failure } from './ptp-clock.ts'
import {
  decodeExttsEvents,
  decodePin,
  decodePpsEvent,
  EXTTS,
  type ExttsEvent,
  encodeExttsRequest,
  encodePerout,
  encodePin,
  encodePpsFetch,
  LITTLE_ENDIAN,
  type PeriodicOutput,
  type Pin,
  type PinFunction,
  type PpsEvent,
  type Scratch,
  SIZE,
  scratch,
} from './struct.ts'

type Done = { readonly ok: true } | Failure

/** Result >= 0 or -errno. */
export interface PinCalls {
  readonly ioctl: Ioctl
  /** 1 when a read of the descriptor would not wait. */
  readonly readable: (fd: number) => number
  readonly read: (fd: number, buffer: Uint8Array) => number
}

const POLLIN = 1

function readable(fd: number): number {
  const pollfd = scratch(8)
  pollfd.view.setInt32(0, fd, LITTLE_ENDIAN)
  pollfd.view.setInt16(4, POLLIN, LITTLE_ENDIAN)
  return orErrno(poll(pollfd.bytes, 1, 0))
}

export const PIN_CALLS: PinCalls = {
  ioctl: callIoctl,
  readable,
  read: (fd, buffer) => orErrno(read(fd, buffer, buffer.length)),
}

/** The kernel gives at most 30 events per read. */
const MAX_EVENTS = 30

const done = (syscall: string, result: number): Done =>
  result < 0 ? failure(syscall, -result) : { ok: true }

export type Edge = 'rising' | 'falling' | 'both'

const EDGE_FLAGS: Readonly<Record<Edge, number>> = {
  rising: EXTTS.RISING,
  falling: EXTTS.FALLING,
  both: EXTTS.RISING | EXTTS.FALLING,
}

export class PtpPins {
  readonly #fd: number
  readonly #calls: PinCalls
  readonly #extts = scratch(SIZE.exttsRequest)
  readonly #perout = scratch(SIZE.peroutRequest)
  readonly #pin = scratch(SIZE.pinDesc)
  readonly #events = scratch(SIZE.exttsEvent * MAX_EVENTS)

  constructor(fd: number, calls: PinCalls = PIN_CALLS) {
    this.#fd = fd
    this.#calls = calls
  }

  /** REQUEST2 refuses an edge that the hardware cannot tell apart, instead of taking both. */
  enableExtts(channel: number, edge: Edge): Done {
    encodeExttsRequest(this.#extts, channel, EXTTS.ENABLE | EXTTS.STRICT | EDGE_FLAGS[edge])
    return this.#ioctl('PTP_EXTTS_REQUEST2', PTP.EXTTS_REQUEST2, this.#extts)
  }

  disableExtts(channel: number): Done {
    encodeExttsRequest(this.#extts, channel, 0)
    return this.#ioctl('PTP_EXTTS_REQUEST2', PTP.EXTTS_REQUEST2, this.#extts)
  }

  /** The events there are, without waiting; the kernel keeps the last 128. */
  readExtts(): { readonly ok: true; readonly events: readonly ExttsEvent[] } | Failure {
    const ready = this.#calls.readable(this.#fd)
    if (ready < 0) return failure('poll', -ready)
    if (ready === 0) return { ok: true, events: [] }
    const length = this.#calls.read(this.#fd, this.#events.bytes)
    if (length < 0) return failure('read(extts)', -length)
    return { ok: true, events: decodeExttsEvents(this.#events.view, length) }
  }

  setPerout(output: PeriodicOutput): Done {
    encodePerout(this.#perout, output)
    return this.#ioctl('PTP_PEROUT_REQUEST2', PTP.PEROUT_REQUEST2, this.#perout)
  }

  pin(index: number): { readonly ok: true; readonly pin: Pin } | Failure {
    encodePin(this.#pin, { index })
    const result = this.#ioctl('PTP_PIN_GETFUNC', PTP.PIN_GETFUNC, this.#pin)
    return result.ok ? { ok: true, pin: decodePin(this.#pin) } : result
  }

  setPin(index: number, does: PinFunction, channel: number): Done {
    encodePin(this.#pin, { index, function: does, channel })
    return this.#ioctl('PTP_PIN_SETFUNC2', PTP.PIN_SETFUNC2, this.#pin)
  }

  /** PPS events of this PHC to the kernel's PPS subsystem (/dev/ppsN). */
  enablePps(enable: boolean): Done {
    return done(
      'ioctl(PTP_ENABLE_PPS)',
      this.#calls.ioctl(this.#fd, PTP.ENABLE_PPS, enable ? 1 : 0),
    )
  }

  #ioctl(name: string, request: number, { bytes }: Scratch): Done {
    return done(`ioctl(${name})`, this.#calls.ioctl(this.#fd, request, bytes))
  }
}

/** The last event of /dev/ppsN, without waiting. Sequence 0: there was none yet. */
export function fetchPps(
  fd: number,
  call: Ioctl = callIoctl,
): { readonly ok: true; readonly event: PpsEvent } | Failure {
  const buffer = scratch(SIZE.ppsFdata)
  encodePpsFetch(buffer)
  const result = call(fd, PPS.FETCH, buffer.bytes)
  return result < 0
    ? failure('ioctl(PPS_FETCH)', -result)
    : { ok: true, event: decodePpsEvent(buffer.view) }
}
