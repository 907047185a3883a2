/**
 * A Unix datagram server as ptp4l is one: bound to a name, answering a client from that name. It
 * looks up the client's name in /proc, where ptp4l takes it from recvfrom(2).
 */
import { readFileSync, readlinkSync, rmSync } from 'node:fs'
import { bind, close, lastErrno, socket } from '../../native/libc.ts'
import { connectTo, isFailed, receiveFrom, sendTo } from '../../native/sockets.ts'
import { AF_UNIX, unixAddress } from '../../native/sockets-address.ts'

const SOCK_DGRAM_NONBLOCK = 2 | 0o4000

/** The name of the socket behind a descriptor of this process, `@` first for an abstract one. */
export function unixName(fd: number): string {
  const inode = /\d+/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[0]
  for (const line of readFileSync('/proc/net/unix', 'utf8').split('\n')) {
    const fields = line.trim().split(/\s+/)
    if (fields[6] === inode) return fields[7] ?? ''
  }
  return ''
}

export class DatagramServer {
  readonly #path: string
  readonly fd: number

  constructor(path: string) {
    this.#path = path
    this.fd = socket(AF_UNIX, SOCK_DGRAM_NONBLOCK, 0)
    const address = unixAddress(path)!.bytes
    if (bind(this.fd, address, address.length) < 0) throw new Error(`bind: ${lastErrno()}`)
  }

  /** The next request; undefined when there is none. */
  receive(): string | undefined {
    const received = receiveFrom(this.fd, 0)
    if (received === undefined || isFailed(received)) return undefined
    return Buffer.from(received.data).toString()
  }

  /** Sends to a client by its name; from then on this server hears that client only. */
  send(client: string, text: string): void {
    const errno = connectTo(this.fd, unixAddress(client)!) || sendTo(this.fd, Buffer.from(text))
    if (errno !== 0) throw new Error(`answer: ${errno}`)
  }

  close(): void {
    close(this.fd)
    if (!this.#path.startsWith('@')) rmSync(this.#path, { force: true })
  }
}
