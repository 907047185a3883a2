/**
 * Faults as values. Two kinds only: a codec's fault (their bytes, never our exception) and a port's
 * fault (device or operating system). An AgentError is the thrown form of the second, for the few
 * places where nothing can go on.
 */

/** The result of every decoder and parser: a value, or what is wrong with the input and where. */
export type Decoded<T, F extends string = string> =
  | { readonly ok: true; readonly value: T }
  | Fault<F>

export interface Fault<F extends string = string> {
  readonly ok: false
  /** Stable code, kebab-case: `truncated`, `bad-version`, ... */
  readonly fault: F
  /** Byte offset, or line number for text. */
  readonly at: number
}

export const decoded = <T>(value: T): { readonly ok: true; readonly value: T } => ({
  ok: true,
  value,
})
export const fault = <F extends string>(code: F, at: number): Fault<F> => ({
  ok: false,
  fault: code,
  at,
})

/** What to do about a device or system failure. */
export type FaultCategory = 'retry' | 'degrade' | 'exit'

/** Every device or system failure the agent knows by name, with what to do and what to tell. */
export const PORT_FAULTS = {
  PERMISSION: ['degrade', 'not permitted: missing capability, device right or seccomp rule'],
  NO_DEVICE: ['retry', 'the device is not there'],
  NOT_SUPPORTED: ['degrade', 'the kernel or the device does not offer this'],
  BUSY: ['retry', 'the device is in use (virtual clocks, or another program holds it)'],
  NOT_FOUND: ['retry', 'no such file, socket or name'],
  REFUSED: ['retry', 'nobody listens there'],
  HANDSHAKE: ['retry', 'something listens there, but no TLS session came about'],
  UNREACHABLE: ['retry', 'no route or the network is down'],
  TIMEOUT: ['retry', 'no answer in time'],
  OUT_OF_RANGE: ['degrade', 'the value is beyond what the device takes'],
  NO_SPACE: ['degrade', 'the file system is full or read-only'],
  IN_USE: ['exit', 'the address is in use'],
  INVALID: ['degrade', 'the kernel refused the request as malformed'],
  IO: ['retry', 'input/output error'],
  UNKNOWN: ['retry', 'an unforeseen error'],
} as const satisfies Record<string, readonly [FaultCategory, string]>

export type PortFaultCode = keyof typeof PORT_FAULTS

export interface PortFault {
  readonly code: PortFaultCode
  /** The call that failed, e.g. `clock_adjtime` or `ioctl(PTP_SYS_OFFSET_EXTENDED)`. */
  readonly syscall: string
  /** Its errno name, e.g. `EPERM`; empty where there was none. */
  readonly errno: string
  /** What it means here and what to do, where that is known (fault-hints.ts). */
  readonly hint?: string
}

export const categoryOf = (code: PortFaultCode): FaultCategory => PORT_FAULTS[code][0]

/** `ioctl(PTP_CLOCK_GETCAPS): EACCES, not permitted: ...`, for logs and people. */
export const describeFault = (f: PortFault): string =>
  `${f.syscall}: ${f.errno === '' ? '' : `${f.errno}, `}${f.hint ?? PORT_FAULTS[f.code][1]}`

export class AgentError extends Error implements PortFault {
  readonly code: PortFaultCode
  readonly syscall: string
  readonly errno: string

  constructor(f: PortFault, options?: ErrorOptions) {
    super(describeFault(f), options)
    this.name = 'AgentError'
    this.code = f.code
    this.syscall = f.syscall
    this.errno = f.errno
  }
}
