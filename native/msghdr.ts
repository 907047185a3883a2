/**
 * recvmsg(2) into one block of memory that is made once and used for every packet of the process:
 * nothing is allocated per packet but the copy of its payload. The calls are synchronous and do not
 * block, so nothing of the block survives from one call to the next.
 *
 *   msghdr    56  0 name*, 8 u32 namelen, 16 iov*, 24 u64 iovlen, 32 control*, 40 u64 controllen,
 *                 48 i32 flags
 *   iovec     16  0 base*, 8 u64 length
 *   cmsghdr   16  0 u64 length with header, 8 i32 level, 12 i32 type, 16 data; next at align8
 *   scm_timestamping 48  three timespec: [0] software, [1] unused, [2] raw hardware
 *   scm_ts_pktinfo   16  0 u32 interface index, 4 u32 length of the frame without its check sequence
 *   sock_extended_err 16 0 u32 errno, 4 u8 origin, 8 u32 info, 12 u32 data
 *
 * Layout of 64-bit Linux, little-endian. linux/socket.h, linux/errqueue.h, cmsg(3).
 */
import { EAGAIN, EINTR } from './errno.ts'
import { bufferAddress, lastErrno, recvmsg } from './libc.ts'

const MSGHDR = 56
const IOVEC = 16
const CONTROL = 512
/** Of any datagram, so that none is cut. */
const PAYLOAD = 65_536

const SOL_SOCKET = 1
const SCM_TIMESTAMPING = 37
const SCM_TIMESTAMPING_PKTINFO = 58
const SO_EE_ORIGIN_TIMESTAMPING = 4
const ERROR_LEVELS: readonly (readonly [level: number, type: number])[] = [
  [0, 11], // SOL_IP, IP_RECVERR
  [41, 25], // SOL_IPV6, IPV6_RECVERR
]

export const MSG_DONTWAIT = 0x40
export const MSG_ERRQUEUE = 0x2000

/** What the kernel attached to a message; all times are ns, absent ones undefined. */
export interface Ancillary {
  /** CLOCK_REALTIME, taken by the kernel. */
  readonly software: bigint | undefined
  /** The clock of the network interface, whichever that is. */
  readonly hardware: bigint | undefined
  /** Number of the packet of a transmit stamp (OPT_ID). */
  readonly id: number | undefined
  /** What a packet that was stamped in hardware came by (OPT_PKTINFO); transmit stamps have none. */
  readonly frame?: FrameInfo
}

export interface FrameInfo {
  /** Interface index; 0 where the driver does not tell. */
  readonly interfaceIndex: number
  /** Bytes on layer 2, without the frame check sequence. */
  readonly length: number
}

export interface Message extends Ancillary {
  readonly data: Uint8Array
}

const NANOS_PER_SECOND = 1_000_000_000n

function timespecAt(view: DataView, at: number): bigint | undefined {
  const ns = view.getBigInt64(at, true) * NANOS_PER_SECOND + view.getBigInt64(at + 8, true)
  return ns === 0n ? undefined : ns
}

/** The number of the packet of a transmit stamp; undefined: another kind of error. */
const packetAt = (view: DataView, at: number): number | undefined =>
  view.getUint8(at + 4) === SO_EE_ORIGIN_TIMESTAMPING ? view.getUint32(at + 12, true) : undefined

const frameAt = (view: DataView, at: number): FrameInfo => ({
  interfaceIndex: view.getUint32(at, true),
  length: view.getUint32(at + 4, true),
})

const isExtendedError = (level: number, type: number): boolean =>
  ERROR_LEVELS.some(([l, t]) => l === level && t === type)

/** The control messages in the first `length` bytes; what is not known or cut short is skipped. */
export function parseControl(view: DataView, length: number): Ancillary {
  let software: bigint | undefined
  let hardware: bigint | undefined
  let id: number | undefined
  let frame: FrameInfo | undefined
  let at = 0
  while (at + 16 <= length) {
    const size = Number(view.getBigUint64(at, true))
    if (size < 16 || at + size > length) break
    const level = view.getInt32(at + 8, true)
    const type = view.getInt32(at + 12, true)
    if (level === SOL_SOCKET && type === SCM_TIMESTAMPING && size >= 64) {
      software = timespecAt(view, at + 16)
      hardware = timespecAt(view, at + 48)
    }
    if (level === SOL_SOCKET && type === SCM_TIMESTAMPING_PKTINFO && size >= 32) {
      frame = frameAt(view, at + 16)
    }
    if (isExtendedError(level, type) && size >= 32) id = packetAt(view, at + 16) ?? id
    at += (size + 7) & ~7
  }
  return frame === undefined ? { software, hardware, id } : { software, hardware, id, frame }
}

/**
 * One buffer for all parts, since they hold each other's addresses: a part that no function refers to
 * would be collected, and the kernel would write where something else lies by then.
 */
const VECTOR_AT = 64
const CONTROL_AT = VECTOR_AT + IOVEC
const PAYLOAD_AT = CONTROL_AT + CONTROL
const block = new ArrayBuffer(PAYLOAD_AT + PAYLOAD)
const header = new Uint8Array(block, 0, MSGHDR)
const headerView = new DataView(block, 0, MSGHDR)
const controlView = new DataView(block, CONTROL_AT, CONTROL)
const payload = new Uint8Array(block, PAYLOAD_AT, PAYLOAD)

function linkParts(): void {
  const vectorView = new DataView(block, VECTOR_AT, IOVEC)
  vectorView.setBigUint64(0, bufferAddress(payload), true)
  vectorView.setBigUint64(8, BigInt(PAYLOAD), true)
  headerView.setBigUint64(16, bufferAddress(new Uint8Array(block, VECTOR_AT, IOVEC)), true)
  headerView.setBigUint64(24, 1n, true)
  headerView.setBigUint64(32, bufferAddress(new Uint8Array(block, CONTROL_AT, CONTROL)), true)
}
linkParts()

/** One message, undefined when there is none, or the errno. */
export function receiveMessage(fd: number, flags: number): Message | number | undefined {
  headerView.setBigUint64(40, BigInt(CONTROL), true)
  const length = recvmsg(fd, header, flags | MSG_DONTWAIT)
  if (length < 0) {
    const errno = lastErrno()
    return errno === EAGAIN || errno === EINTR ? undefined : errno
  }
  const attached = parseControl(controlView, Number(headerView.getBigUint64(40, true)))
  return { ...attached, data: payload.slice(0, length) }
}
