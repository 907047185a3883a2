/** TCP by node:net. Bytes are delivered as they come; there are no transmit stamps. */
import { isIP, connect as netConnect } from 'node:net'
import {
  type Channel,
  daemonStamp,
  type Link,
  type OpenAction,
  type Opened,
  socketFault,
} from './channels-link.ts'

export function openTcp(action: OpenAction, link: Link): Opened {
  const { channel: name, address, port } = action
  // a name would be looked up in Node's pool of four threads
  if (isIP(address) === 0) {
    return { ok: false, fault: { code: 'INVALID', syscall: 'connect', errno: 'EINVAL' } }
  }
  const socket = netConnect({ host: address, port, noDelay: true })
  let connected = false
  socket.on('connect', () => {
    connected = true
    link.emit({ on: 'opened', channel: name, stamps: 'daemon' })
  })
  socket.on('data', (data) => {
    link.emit({ on: 'received', channel: name, data, stamp: daemonStamp(link) })
  })
  socket.on('error', (error) => {
    const fault = socketFault(error, 'connect')
    if (connected) link.emit({ on: 'failed', what: 'send', key: name, fault })
    else link.end({ on: 'failed', what: 'open', key: name, fault })
  })
  socket.on('close', () => link.end({ on: 'closed', channel: name }))
  const channel: Channel = {
    send: (data) => {
      if (!connected || socket.destroyed) {
        return { code: 'REFUSED', syscall: 'write', errno: 'ENOTCONN' }
      }
      socket.write(data)
      return undefined
    },
    close: () => socket.destroy(),
  }
  return { ok: true, channel }
}
