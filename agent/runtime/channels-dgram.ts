/**
 * UDP by node:dgram, for a node where the kernel's stamps cannot be had. Stamps are the program's
 * own: before the packet is handed to the kernel, and after it was handed over by the event loop.
 */
import { createSocket } from 'node:dgram'
import { isIP, isIPv6 } from 'node:net'
import {
  type Channel,
  daemonStamp,
  type Link,
  type OpenAction,
  type Opened,
  socketFault,
} from './channels-link.ts'

type Lookup = (
  host: string,
  options: unknown,
  done: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
) => void

/** Addresses are literals: without this, Node would ask getaddrinfo in its pool of four threads. */
const literal: Lookup = (host, _options, done) => done(null, host, isIPv6(host) ? 6 : 4)

export function openDgram(action: OpenAction, link: Link): Opened {
  const { channel: name, address, port } = action
  if (isIP(address) === 0) {
    return { ok: false, fault: { code: 'INVALID', syscall: 'connect', errno: 'EINVAL' } }
  }
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', lookup: literal })
  let connected = false
  socket.on('error', (error) => {
    const fault = socketFault(error, 'connect')
    if (connected) link.emit({ on: 'failed', what: 'send', key: name, fault })
    else link.end({ on: 'failed', what: 'open', key: name, fault })
  })
  socket.on('message', (data) => {
    link.emit({ on: 'received', channel: name, data, stamp: daemonStamp(link) })
  })
  socket.connect(port, address, () => {
    connected = true
    link.emit({ on: 'opened', channel: name, stamps: 'daemon' })
  })
  const channel: Channel = {
    send: (data, token) => {
      if (!connected) return { code: 'REFUSED', syscall: 'send', errno: 'ENOTCONN' }
      const stamp = daemonStamp(link)
      socket.send(data, (error) => {
        if (error === null) return
        const fault = socketFault(error, 'send')
        link.emit({ on: 'failed', what: 'send', key: name, fault })
      })
      if (action.stamps) link.emit({ on: 'sent', channel: name, token, stamp })
      return undefined
    },
    close: () => {
      socket.removeAllListeners('message')
      socket.close()
    },
  }
  return { ok: true, channel }
}
