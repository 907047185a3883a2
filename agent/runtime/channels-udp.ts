/**
 * UDP with kernel stamps. Transmit stamps are delivered before packets when both are there: an
 * answer can then be worked out at once. A stamp may still come after the answer, or never.
 *
 * A stamped socket is not watched while it sends. The kernel stamps the packet, then wakes whoever
 * watches the error queue, and only then hands the packet on: with nobody watching the way between
 * the stamp and the peer is 1 to 2 us shorter, and most stamps can be read at once after the send.
 */
import type { Message } from '../../native/msghdr.ts'
import type { Poller } from '../../native/poller.ts'
import { isFailed, UdpSocket } from '../../native/sockets.ts'
import type { PortFault } from '../core/errors.ts'
import type { Stamp } from '../core/machine.ts'
import { utc } from '../core/units.ts'
import {
  type Channel,
  daemonStamp,
  drain,
  type Link,
  type OpenAction,
  type Opened,
} from './channels-link.ts'

/** Sends whose stamp is awaited; older ones never got one. */
const MAX_AWAITED = 1024

export interface UdpTools {
  readonly poller: Poller
  /** Called right before a stamped send. */
  readonly warmUp: () => void
}

class UdpChannel implements Channel {
  readonly #name: string
  readonly #socket: UdpSocket
  readonly #link: Link
  readonly #poller: Poller
  readonly #warmUp: () => void
  /** Stamps were asked for, whoever gives them. */
  readonly #stamps: boolean
  readonly #tokens = new Map<number, number>()
  #watched = false

  constructor(action: OpenAction, socket: UdpSocket, link: Link, { poller, warmUp }: UdpTools) {
    this.#name = action.channel
    this.#stamps = action.stamps
    this.#socket = socket
    this.#link = link
    this.#poller = poller
    this.#warmUp = warmUp
  }

  start(): PortFault | undefined {
    return this.#socket.stamps ? undefined : this.#watch()
  }

  #watch(): PortFault | undefined {
    this.#watched = true
    return this.#poller.add(
      this.#socket.fd,
      () => this.#drain(),
      (fault) => this.#link.end({ on: 'failed', what: 'open', key: this.#name, fault }),
    )
  }

  send(data: Uint8Array, token: number): PortFault | undefined {
    const before = this.#stamps && !this.#socket.stamps ? daemonStamp(this.#link) : undefined
    if (this.#socket.stamps) this.#prepare()
    const sent = this.#socket.send(data)
    if (!sent.ok) {
      // the kernel's count starts anew
      this.#tokens.clear()
      return sent.fault
    }
    if (before !== undefined) this.#sent(token, before)
    if (!this.#socket.stamps) return undefined
    this.#await(sent.id, token)
    const stamp = this.#socket.receiveStamp()
    if (stamp !== undefined && !isFailed(stamp)) this.#takeStamp(stamp)
    return this.#watch()
  }

  #prepare(): void {
    this.#unwatch()
    this.#warmUp()
  }

  #unwatch(): void {
    if (this.#watched) this.#poller.remove(this.#socket.fd)
    this.#watched = false
  }

  close(): void {
    this.#unwatch()
    this.#socket.close()
  }

  #await(id: number, token: number): void {
    this.#tokens.set(id, token)
    if (this.#tokens.size <= MAX_AWAITED) return
    const oldest = this.#tokens.keys().next()
    if (oldest.done !== true) this.#tokens.delete(oldest.value)
  }

  #sent(token: number, stamp: Stamp): void {
    this.#link.emit({ on: 'sent', channel: this.#name, token, stamp })
  }

  #drain(): boolean {
    const refused = (fault: PortFault): void =>
      this.#link.emit({ on: 'failed', what: 'send', key: this.#name, fault })
    const link = this.#link
    const stamps = drain(
      link,
      () => this.#socket.receiveStamp(),
      (message) => this.#takeStamp(message),
      refused,
    )
    const packets = drain(
      link,
      () => this.#socket.receive(),
      (message) => this.#takePacket(message),
      refused,
    )
    return stamps || packets
  }

  #takeStamp({ id, software }: Message): void {
    if (id === undefined || software === undefined) return
    const token = this.#tokens.get(id)
    if (token === undefined) return
    this.#tokens.delete(id)
    this.#sent(token, { at: utc(software), kind: 'kernel' })
  }

  #takePacket({ data, software }: Message): void {
    const stamp: Stamp =
      software === undefined ? daemonStamp(this.#link) : { at: utc(software), kind: 'kernel' }
    this.#link.emit({ on: 'received', channel: this.#name, data, stamp })
  }
}

export function openUdp(action: OpenAction, link: Link, tools: UdpTools): Opened {
  const connected = UdpSocket.connect(action.address, action.port, action.stamps)
  if (!connected.ok) return connected
  const { socket } = connected
  const channel = new UdpChannel(action, socket, link, tools)
  const fault = channel.start()
  if (fault !== undefined) {
    socket.close()
    return { ok: false, fault }
  }
  const stamps = socket.stamps ? 'kernel' : 'daemon'
  link.emit({ on: 'opened', channel: action.channel, stamps })
  return action.stamps && !socket.stamps
    ? { ok: true, channel, missing: 'no kernel time stamps: the kernel refused SO_TIMESTAMPING' }
    : { ok: true, channel }
}
