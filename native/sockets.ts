/**
 * UDP sockets with time stamps of the kernel, for packets received and sent. Connected, from a
 * random local port, never blocking. Failures are values.
 *
 * A receive stamp comes with its packet. A transmit stamp comes later, through the socket's error
 * queue, with the number that the kernel gave to the packet (OPT_ID): sends are counted from 0.
 * Stamps are CLOCK_REALTIME; raw stamps of the interface's own clock come beside them once they are
 * asked for: the transmit stamp of hardware in a message of its own, after that of the kernel.
 * Documentation/networking/timestamping.rst of Linux, socket(7).
 */
import type { PortFault } from '../agent/core/errors.ts'
import { portFault } from './errno.ts'
import { close, connect, getsockname, lastErrno, send, setsockopt, socket } from './libc.ts'
import { type Message, MSG_DONTWAIT, MSG_ERRQUEUE, receiveMessage } from './msghdr.ts'
import { AF_INET, inetAddress, keyOf, type SocketAddress } from './sockets-address.ts'

export const SOCK_DGRAM = 2
export const SOCK_FLAGS = 0o2000000 | 0o4000 // SOCK_CLOEXEC, SOCK_NONBLOCK
const MSG_NOSIGNAL = 0x4000
const SOL_SOCKET = 1
const SO_TIMESTAMPING = 37
const SO_SELECT_ERR_QUEUE = 45

const TX_HARDWARE = 1 << 0
const TX_SOFTWARE = 1 << 1
const RX_HARDWARE = 1 << 2
const RX_SOFTWARE = 1 << 3
const REPORT_SOFTWARE = 1 << 4
const RAW_HARDWARE = 1 << 6
const OPT_ID = 1 << 7
const OPT_TSONLY = 1 << 11
const OPT_PKTINFO = 1 << 13
const OPT_TX_SWHW = 1 << 14
const WITHOUT_ID = TX_SOFTWARE | RX_SOFTWARE | REPORT_SOFTWARE | OPT_TSONLY
const STAMPS = WITHOUT_ID | OPT_ID
const HARDWARE = TX_HARDWARE | RX_HARDWARE | RAW_HARDWARE | OPT_PKTINFO | OPT_TX_SWHW

export type Failed = { readonly ok: false; readonly fault: PortFault }
export const failed = (syscall: string, errno: number): Failed => ({
  ok: false,
  fault: portFault(syscall, errno),
})
const INVALID_ADDRESS = 22

/** A message, undefined when there is none at present, or a fault. */
export type Received = Message | Failed | undefined

export const isFailed = (received: Message | Failed): received is Failed => 'ok' in received

export function receiveFrom(fd: number, flags: number): Received {
  const result = receiveMessage(fd, flags)
  return typeof result === 'number' ? failed('recvmsg', result) : result
}

/** 0, or the errno. */
export function sendTo(fd: number, data: Uint8Array): number {
  return send(fd, data, data.length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? lastErrno() : 0
}

const option = (fd: number, name: number, value: number): boolean => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return setsockopt(fd, SOL_SOCKET, name, bytes, bytes.length) === 0
}

/** Without SO_SELECT_ERR_QUEUE (Linux 3.10) a stamp would only be seen as an error of the socket. */
export const enableStamps = (fd: number): boolean =>
  option(fd, SO_SELECT_ERR_QUEUE, 1) && option(fd, SO_TIMESTAMPING, STAMPS)

export class UdpSocket {
  readonly fd: number
  /** Whether the kernel stamps; false also where it refused. */
  readonly stamps: boolean
  #sent = 0
  #open = true
  #hardware = 0

  private constructor(fd: number, stamps: boolean) {
    this.fd = fd
    this.stamps = stamps
  }

  static connect(
    address: string,
    port: number,
    stamps: boolean,
  ): { readonly ok: true; readonly socket: UdpSocket } | Failed {
    const remote = inetAddress(address, port)
    if (remote === undefined) return failed('connect', INVALID_ADDRESS)
    const fd = socket(remote.family, SOCK_DGRAM | SOCK_FLAGS, 0)
    if (fd < 0) return failed('socket', lastErrno())
    const stamped = stamps && enableStamps(fd)
    const errno = connectTo(fd, remote)
    if (errno === 0) return { ok: true, socket: new UdpSocket(fd, stamped) }
    close(fd)
    return failed('connect', errno)
  }

  /** Stamps of the interface's clock as well, where it takes them; false: the kernel refused. */
  askHardware(): boolean {
    if (!this.stamps || !option(this.fd, SO_TIMESTAMPING, STAMPS | HARDWARE)) return false
    this.#hardware = HARDWARE
    return true
  }

  /** The local address as `addressKey` writes it. */
  localKey(): string {
    const bytes = new Uint8Array(28)
    const failed = getsockname(this.fd, bytes, new Uint32Array([bytes.length])) < 0
    return failed ? '' : keyOf(bytes)
  }

  /** `id`: the number that the transmit stamp of this packet will carry. */
  send(data: Uint8Array): { readonly ok: true; readonly id: number } | Failed {
    const errno = sendTo(this.fd, data)
    if (errno !== 0) {
      this.#recount()
      return failed('send', errno)
    }
    const id = this.#sent
    this.#sent = (this.#sent + 1) >>> 0
    return { ok: true, id }
  }

  receive(): Received {
    return receiveFrom(this.fd, 0)
  }

  /** The next transmit stamp: a message without data, with an id. */
  receiveStamp(): Received {
    return this.stamps ? receiveFrom(this.fd, MSG_ERRQUEUE) : undefined
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    close(this.fd)
  }

  /**
   * Kernels differ in whether a failed send was counted. Taking OPT_ID away and giving it back
   * starts their count anew (Linux 4.0 and later), so ours does, too.
   */
  #recount(): void {
    if (!this.stamps) return
    option(this.fd, SO_TIMESTAMPING, WITHOUT_ID | this.#hardware)
    option(this.fd, SO_TIMESTAMPING, STAMPS | this.#hardware)
    this.#sent = 0
  }
}

/** The local port of an IPv4 socket, 0 when it has none. */
export function localPort(fd: number): number {
  const address = new Uint8Array(16)
  if (getsockname(fd, address, new Uint32Array([address.length])) < 0) return 0
  return new DataView(address.buffer).getUint16(2)
}

/** 0, or the errno. */
export const connectTo = (fd: number, remote: SocketAddress): number =>
  connect(fd, remote.bytes, remote.bytes.length) < 0 ? lastErrno() : 0

/**
 * Keeps the kernel stamping while no stamped socket is open. Stamping is switched on for the whole
 * system, and not at once: the first packets of the first socket would get a stamp when they are
 * read instead of when they arrive. Returns the function that ends it.
 */
export function holdStamping(): () => void {
  const fd = socket(AF_INET, SOCK_DGRAM | SOCK_FLAGS, 0)
  if (fd < 0) return () => undefined
  option(fd, SO_TIMESTAMPING, RX_SOFTWARE | REPORT_SOFTWARE)
  return () => close(fd)
}
