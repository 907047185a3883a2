/**
 * One-way datagrams to a Unix socket, as sd_notify(3) needs them: Node has no AF_UNIX datagrams.
 * Each message carries its address (unlike `unix-socket.ts`, which connects), so a receiver that comes
 * back under the same name is found. A full queue of the receiver is EAGAIN at once, never a wait.
 */
import type { PortFault } from '../agent/core/errors.ts'
import { EINVAL, portFault } from './errno.ts'
import { orErrno } from './ioctl.ts'
import { close, sendto, socket } from './libc.ts'
import { AF_UNIX, unixAddress } from './sockets-address.ts'

/** SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK */
const DATAGRAM = 0x80802
const MSG_NOSIGNAL = 0x4000

/** The address of an absolute path or `@name`; undefined for what sd_notify(3) does not know. */
export function notifyAddress(path: string): Uint8Array | undefined {
  if (!/^[@/][^\0]+$/.test(path)) return undefined
  return unixAddress(path)?.bytes
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
  const address = notifyAddress(path)
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
