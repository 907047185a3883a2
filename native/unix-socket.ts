/**
 * Unix datagram sockets, which Node lacks: the management socket of ptp4l, the notification socket
 * of systemd. Never blocking; failures are values. unix(7).
 *
 * A server that answers needs a name to answer to. `beside`: a file of our own in the server's
 * directory, removed on close, writable for everyone so that a server of any user may answer:
 * harmless, since a connected socket takes datagrams from its peer only. `abstract`: a name of the
 * kernel's choice in the name space of our network namespace; needs no writable directory, but does
 * not reach a server in another network namespace. `none`: we only send.
 */
import { chmodSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bind, close, lastErrno, socket } from './libc.ts'
import {
  connectTo,
  type Failed,
  failed,
  type Received,
  receiveFrom,
  SOCK_DGRAM,
  SOCK_FLAGS,
  sendTo,
} from './sockets.ts'
import { AF_UNIX, unixAddress } from './sockets-address.ts'

export type UnixBind = 'beside' | 'abstract' | 'none'

const EADDRINUSE = 98
const ENAMETOOLONG = 36

type Bound = { readonly ok: true; readonly path: string } | Failed

const tooLong = (syscall: string): Failed => ({
  ok: false,
  fault: { ...failed(syscall, ENAMETOOLONG).fault, code: 'OUT_OF_RANGE', errno: 'ENAMETOOLONG' },
})

let serial = 0

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // gone already
  }
}

/** 0, or the errno. */
const bindTo = (fd: number, address: Uint8Array): number =>
  bind(fd, address, address.length) < 0 ? lastErrno() : 0

/** A file left by a killed process with our number is ours to remove. */
function bindBeside(fd: number, server: string): Bound {
  serial += 1
  const path = join(dirname(server), `timewarden.${process.pid}.${serial}`)
  const address = unixAddress(path)
  if (address === undefined) return tooLong('bind')
  let errno = bindTo(fd, address.bytes)
  if (errno === EADDRINUSE) {
    unlinkQuietly(path)
    errno = bindTo(fd, address.bytes)
  }
  if (errno !== 0) return failed('bind', errno)
  try {
    chmodSync(path, 0o666)
  } catch {
    // a server of another user may be unable to answer: seen as its silence
  }
  return { ok: true, path }
}

function bindAbstract(fd: number): Bound {
  const address = unixAddress('')
  const errno = address === undefined ? 0 : bindTo(fd, address.bytes)
  return errno === 0 ? { ok: true, path: '' } : failed('bind', errno)
}

function bindAs(fd: number, how: UnixBind, server: string): Bound {
  if (how === 'beside') return bindBeside(fd, server)
  return how === 'abstract' ? bindAbstract(fd) : { ok: true, path: '' }
}

export class UnixSocket {
  readonly fd: number
  /** Our own name in the file system; empty when there is none. */
  readonly path: string
  #open = true

  private constructor(fd: number, path: string) {
    this.fd = fd
    this.path = path
  }

  /** `server`: a path, or `@name` for an abstract one. */
  static connect(
    server: string,
    how: UnixBind,
  ): { readonly ok: true; readonly socket: UnixSocket } | Failed {
    const remote = unixAddress(server)
    if (remote === undefined) return tooLong('connect')
    const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_FLAGS, 0)
    if (fd < 0) return failed('socket', lastErrno())
    const bound = bindAs(fd, how, server)
    if (!bound.ok) {
      close(fd)
      return bound
    }
    const opened = new UnixSocket(fd, bound.path)
    const errno = connectTo(fd, remote)
    if (errno === 0) return { ok: true, socket: opened }
    opened.close()
    return failed('connect', errno)
  }

  send(data: Uint8Array): { readonly ok: true } | Failed {
    const errno = sendTo(this.fd, data)
    return errno === 0 ? { ok: true } : failed('send', errno)
  }

  receive(): Received {
    return receiveFrom(this.fd, 0)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    close(this.fd)
    if (this.path !== '') unlinkQuietly(this.path)
  }
}
