/**
 * UDP with kernel stamps. Transmit stamps are delivered before packets when both are there: an
 * answer can then be worked out at once. A stamp may still come after the answer, or never.
 *
 * Where the interface stamps all packets, its stamps are used instead: the transmit stamp of hardware
 * comes after that of the kernel and is told as well, so that a lost one delays nothing.
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
import { nanos, utc } from '../core/units.ts'
import {
  type Channel,
  daemonStamp,
  drain,
  type Link,
  type OpenAction,
  type Opened,
} from './channels-link.ts'
import type { HardwareNic } from './hardware-nic.ts'
import type { HardwareStamps } from './hardware-stamps.ts'

/** Sends whose stamp is awaited; older ones never got one. */
const MAX_AWAITED = 1024

export interface UdpTools {
  readonly poller: Poller
  /** Called right before a stamped send. */
  readonly warmUp: () => void
  readonly hardware?: HardwareStamps | undefined
}

interface Awaited {
  readonly token: number
  readonly before: Stamp
  /** The kernel's stamp, where that of hardware is still to come. */
  readonly kernel?: bigint
}

class UdpChannel implements Channel {
  readonly #name: string
  readonly #socket: UdpSocket
  readonly #link: Link
  readonly #poller: Poller
  readonly #warmUp: () => void
  /** Stamps were asked for, whoever gives them. */
  readonly #stamps: boolean
  /** Sends whose stamp is awaited, by the kernel's count. */
  readonly #awaited = new Map<number, Awaited>()
  readonly #nic: HardwareNic | undefined
  #watched = false

  constructor(
    action: OpenAction,
    socket: UdpSocket,
    link: Link,
    { poller, warmUp, nic }: UdpTools & { readonly nic: HardwareNic | undefined },
  ) {
    this.#name = action.channel
    this.#stamps = action.stamps
    this.#socket = socket
    this.#link = link
    this.#poller = poller
    this.#warmUp = warmUp
    this.#nic = nic
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
    if (this.#socket.stamps) this.#prepare()
    const before = daemonStamp(this.#link)
    const sent = this.#socket.send(data)
    if (!sent.ok) {
      // the kernel's count starts anew
      this.#awaited.clear()
      return sent.fault
    }
    if (!this.#socket.stamps) {
      if (this.#stamps) this.#link.emit({ on: 'sent', channel: this.#name, token, stamp: before })
      return undefined
    }
    this.#await(sent.id, token, before)
    const stamp = this.#socket.receiveStamp()
    if (stamp !== undefined && !isFailed(stamp)) this.#takeStamp(stamp)
    return this.#watch()
  }

  #prepare(): void {
    this.#unwatch()
    this.#nic?.prepare()
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

  #await(id: number, token: number, before: Stamp): void {
    this.#awaited.set(id, { token, before })
    if (this.#awaited.size <= MAX_AWAITED) return
    const oldest = this.#awaited.keys().next()
    if (oldest.done !== true) this.#awaited.delete(oldest.value)
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

  #takeStamp({ id, software, hardware }: Message): void {
    const awaited = id === undefined ? undefined : this.#awaited.get(id)
    if (id === undefined || awaited === undefined) return
    if (software === undefined) {
      this.#takeHardware(id, hardware, awaited)
      return
    }
    if (this.#nic === undefined) this.#awaited.delete(id)
    else this.#awaited.set(id, { ...awaited, kernel: software })
    this.#tell({ at: utc(software), kind: 'kernel' }, awaited)
  }

  #takeHardware(id: number, hardware: bigint | undefined, awaited: Awaited): void {
    this.#awaited.delete(id)
    const stamp = this.#nic?.transmitted({ hardware, software: awaited.kernel })
    if (stamp !== undefined) this.#tell(stamp, awaited)
  }

  #tell(stamp: Stamp, { token, before }: Awaited): void {
    const cost = nanos(Number(stamp.at - before.at))
    this.#link.emit({ on: 'sent', channel: this.#name, token, stamp, cost })
  }

  #takePacket(message: Message): void {
    const { data, software } = message
    const stamp: Stamp =
      this.#nic?.received(message) ??
      (software === undefined ? daemonStamp(this.#link) : { at: utc(software), kind: 'kernel' })
    this.#link.emit({ on: 'received', channel: this.#name, data, stamp })
  }
}

/** The interface of the socket, once the kernel was asked for its stamps, too. */
function hardwareOf(
  action: OpenAction,
  socket: UdpSocket,
  hardware: HardwareStamps | undefined,
): HardwareNic | undefined {
  if (action.hardware !== true || !socket.stamps) return undefined
  const nic = hardware?.at(socket.localKey())
  return nic !== undefined && socket.askHardware() ? nic : undefined
}

export function openUdp(action: OpenAction, link: Link, tools: UdpTools): Opened {
  const connected = UdpSocket.connect(action.address, action.port, action.stamps)
  if (!connected.ok) return connected
  const { socket } = connected
  const nic = hardwareOf(action, socket, tools.hardware)
  const channel = new UdpChannel(action, socket, link, { ...tools, nic })
  const fault = channel.start()
  if (fault !== undefined) {
    socket.close()
    return { ok: false, fault }
  }
  const stamped = nic === undefined ? 'kernel' : 'hardware'
  const stamps = socket.stamps ? stamped : 'daemon'
  link.emit({ on: 'opened', channel: action.channel, stamps })
  return action.stamps && !socket.stamps
    ? { ok: true, channel, missing: 'no kernel time stamps: the kernel refused SO_TIMESTAMPING' }
    : { ok: true, channel }
}
