/**
 * Unix datagrams. Our end is a file beside the server's socket, so that a server in another network
 * namespace can answer; where that directory is not for us to write, a name in the abstract space.
 */
import type { Poller } from '../../native/poller.ts'
import { UnixSocket } from '../../native/unix-socket.ts'
import type { PortFault } from '../core/errors.ts'
import {
  type Channel,
  daemonStamp,
  drain,
  type Link,
  type OpenAction,
  type Opened,
} from './channels-link.ts'

/** EACCES, EPERM, EROFS, ENOSPC: the directory is not ours, or full. */
const NOT_BESIDE: readonly string[] = ['PERMISSION', 'NO_SPACE']

function connectUnix(server: string) {
  const beside = UnixSocket.connect(server, 'beside')
  if (beside.ok || beside.fault.syscall !== 'bind') return beside
  return NOT_BESIDE.includes(beside.fault.code) ? UnixSocket.connect(server, 'abstract') : beside
}

export function openUnix(action: OpenAction, link: Link, poller: Poller): Opened {
  const connected = connectUnix(action.address)
  if (!connected.ok) return connected
  const { socket } = connected
  const name = action.channel
  const take = (data: Uint8Array): void =>
    link.emit({ on: 'received', channel: name, data, stamp: daemonStamp(link) })
  const refused = (fault: PortFault): void =>
    link.emit({ on: 'failed', what: 'send', key: name, fault })
  const fault = poller.add(
    socket.fd,
    () =>
      drain(
        link,
        () => socket.receive(),
        ({ data }) => take(data),
        refused,
      ),
    (lost) => link.end({ on: 'failed', what: 'open', key: name, fault: lost }),
  )
  if (fault !== undefined) {
    socket.close()
    return { ok: false, fault }
  }
  const channel: Channel = {
    send: (data) => {
      const sent = socket.send(data)
      return sent.ok ? undefined : sent.fault
    },
    close: () => {
      poller.remove(socket.fd)
      socket.close()
    },
  }
  link.emit({ on: 'opened', channel: name, stamps: 'daemon' })
  return { ok: true, channel }
}
