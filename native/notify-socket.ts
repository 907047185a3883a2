/**
 * One-way datagrams to a Unix socket, as sd_notify(3) needs them: Node has no AF_UNIX datagrams.
 *
 *   sockaddr_un  0 u16 family 1, 2 char path[108]; `@name` is abstract: a zero byte, then the name,
 *                its length told by the length of the address
 *
 * Each message carries its address, so a receiver that comes back under the same name is found. A
 * full queue of the receiver is EAGAIN at once, never a wait.
 */
import type { PortFault } from '../agent/core/errors.ts'
import { EINVAL, portFault } from './errno.ts'
import { orErrno } from './ioctl.ts'
import { close, sendto, socket } from './libc.ts'
import { LITTLE_ENDIAN, scratch } from './struct.ts'

const AF_UNIX = 1
/** SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK */
const DATAGRAM = 0x80802
const MSG_NOSIGNAL = 0x4000
const PATH_SIZE = 108

/** `sockaddr_un` of a path or `@name`; undefined for what the structure cannot hold. */
export function encodeUnixAddress(path: string): Uint8Array | undefined {
  const name = Buffer.from(path, 'utf8')
  const abstract = path.startsWith('@')
  if (!(abstract || path.startsWith('/'))) return undefined
  if (name.length >= PATH_SIZE || name.includes(0) || name.length < 2) return undefined
  const { bytes, view } = scratch(2 + name.length + (abstract ? 0 : 1))
  view.setUint16(0, AF_UNIX, LITTLE_ENDIAN)
  bytes.set(name, 2)
  if (abstract) bytes[2] = 0
  return bytes
}

export interface NotifySocket {
  send(text: string): { readonly ok: true } | { readonly ok: false; readonly fault: PortFault }
  close(): void
}

export function openNotifySocket(
  path: string,
):
  | { readonly ok: true; readonly socket: NotifySocket }
  | { readonly ok: false; readonly fault: PortFault } {
  const address = encodeUnixAddress(path)
  if (address === undefined) return { ok: false, fault: portFault(`connect(${path})`, EINVAL) }
  const fd = orErrno(socket(AF_UNIX, DATAGRAM, 0))
  if (fd < 0) return { ok: false, fault: portFault('socket', -fd) }
  return {
    ok: true,
    socket: {
      send(text) {
        const data = Buffer.from(text, 'utf8')
        const sent = orErrno(sendto(fd, data, data.length, MSG_NOSIGNAL, address, address.length))
        return sent < 0 ? { ok: false, fault: portFault(`sendto(${path})`, -sent) } : { ok: true }
      },
      close: () => {
        close(fd)
      },
    },
  }
}
