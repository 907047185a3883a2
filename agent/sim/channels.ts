/**
 * The sockets of the simulated node: performs open, send and close, and delivers opened, received,
 * sent, closed and failed.
 *
 * A kernel stamp is the system clock's reading at the true moment of departure or arrival, plus
 * noise; a daemon stamp is the reading when the agent gets to see it. A tcp or tls stream keeps its order.
 */
import type { PortFault } from '../core/errors.ts'
import type { Action, Event, Now, Transport } from '../core/machine.ts'
import type { TlsReport } from '../core/tls.ts'
import { type Instant, utc } from '../core/units.ts'
import type { MakeEvent } from './event-loop.ts'
import { copies, type Link, travel } from './network.ts'
import { endpointOf, type Peer } from './peer.ts'
import type { SeededRandom } from './random.ts'

export interface ChannelHost {
  time(): bigint
  after(ns: number, run: () => void): void
  /** CLOCK_REALTIME now. */
  realtime(): Instant<'utc'>
  /** The machine sleeps: nothing arrives. */
  asleep(): boolean
  /** Gives the agent an event when it gets round to it; undefined: no event after all. */
  deliver(make: MakeEvent): void
}

export interface ChannelOptions {
  readonly host: ChannelHost
  readonly network: SeededRandom
  readonly stamps: SeededRandom
  /** Standard deviation of kernel stamps, ns. */
  readonly stampNoiseNs: number
}

interface Channel {
  readonly name: string
  readonly id: string
  readonly transport: Transport
  readonly stamps: boolean
  readonly peer: Peer | undefined
  readonly incarnation: number
  open: boolean
  /** No byte of a stream arrives before this. */
  lastThere: bigint
  lastBack: bigint
}

type Open = Action & { readonly do: 'open' }
type Send = Action & { readonly do: 'send' }

/** From the agent's call to the wire, and from the wire to its transmit stamp, ns. */
const SEND_NS = 15_000
const STAMP_NS = 40_000
const CONNECT_TIMEOUT_NS = 20e9

const refused = (syscall: string): PortFault => ({
  code: 'REFUSED',
  syscall,
  errno: 'ECONNREFUSED',
})

const NO_SESSION: PortFault = {
  code: 'HANDSHAKE',
  syscall: 'SSL_connect',
  errno: 'ERR_SSL_WRONG_VERSION_NUMBER',
}

export class Channels {
  readonly #options: ChannelOptions
  readonly #host: ChannelHost
  readonly #peers = new Map<string, Peer>()
  readonly #channels = new Map<string, Channel>()
  #opened = 0

  constructor(options: ChannelOptions) {
    this.#options = options
    this.#host = options.host
  }

  add(peer: Peer): void {
    this.#peers.set(endpointOf(peer.transport, peer.address, peer.port), peer)
  }

  open({ channel: name, transport, address, port, stamps }: Open): void {
    const peer = this.#peers.get(endpointOf(transport, address, port))
    const before = this.#channels.get(name)
    if (before !== undefined) before.open = false
    const channel: Channel = {
      name,
      id: `${name}#${++this.#opened}`,
      transport,
      peer,
      stamps: stamps && transport === 'udp',
      incarnation: peer?.incarnation ?? 0,
      open: true,
      lastThere: 0n,
      lastBack: 0n,
    }
    this.#channels.set(name, channel)
    if (transport === 'tcp' || transport === 'tls') this.#connect(channel)
    else if (transport === 'unix') this.#bind(channel)
    else this.#ready(channel)
  }

  send({ channel: name, data, token }: Send): void {
    const channel = this.#channels.get(name)
    if (channel === undefined) return
    const { peer } = channel
    const gone = peer === undefined || !peer.listening || peer.incarnation !== channel.incarnation
    if (channel.transport === 'unix' && gone) {
      this.#fail('send', channel, refused('send'))
      return
    }
    this.#host.after(SEND_NS, () => this.#depart(channel, data.slice(), token))
  }

  close(name: string): void {
    const channel = this.#channels.get(name)
    if (channel !== undefined) channel.open = false
    this.#channels.delete(name)
  }

  #ready(channel: Channel, tls?: TlsReport): void {
    const stamps = channel.stamps ? 'kernel' : 'daemon'
    const opened = { on: 'opened', channel: channel.name, stamps } as const
    this.#deliver(channel, () => (tls === undefined ? opened : { ...opened, tls }))
  }

  #bind(channel: Channel): void {
    if (channel.peer === undefined || !channel.peer.listening) {
      const fault: PortFault = { code: 'NOT_FOUND', syscall: 'connect', errno: 'ENOENT' }
      this.#fail('open', channel, fault)
    } else this.#ready(channel)
  }

  /** One round trip, and one more for TLS 1.3; a cut path shows only after a long time-out. */
  #connect(channel: Channel): void {
    const there = this.#travel(channel.peer?.link, 'there')
    const back = this.#travel(channel.peer?.link, 'back')
    if (there === undefined || back === undefined) {
      const fault: PortFault = { code: 'TIMEOUT', syscall: 'connect', errno: 'ETIMEDOUT' }
      this.#host.after(CONNECT_TIMEOUT_NS, () => this.#fail('open', channel, fault))
      return
    }
    this.#host.after(there + back, () => {
      if (channel.peer?.listening !== true) this.#fail('open', channel, refused('connect'))
      else if (channel.transport === 'tls') this.#shakeHands(channel, channel.peer, there + back)
      else this.#ready(channel)
    })
  }

  #shakeHands(channel: Channel, { tls }: Peer, ns: number): void {
    const seconds = ns / 1e9
    const took = { connectSeconds: seconds, tlsSeconds: seconds }
    this.#host.after(ns, () => {
      if (tls === undefined) this.#fail('open', channel, NO_SESSION)
      else this.#ready(channel, { ...tls, ...took })
    })
  }

  #travel(link: Link | undefined, way: 'there' | 'back'): number | undefined {
    return link === undefined ? undefined : travel(link, way, this.#options.network)
  }

  #depart(channel: Channel, data: Uint8Array, token: number): void {
    if (channel.stamps) {
      const at = this.#stamp()
      this.#host.after(STAMP_NS, () =>
        this.#deliver(channel, () => ({
          on: 'sent',
          channel: channel.name,
          token,
          stamp: { at, kind: 'kernel' },
        })),
      )
    }
    const link = channel.peer?.link
    for (const { data: forged, ns } of link?.meddler?.inject(data) ?? []) {
      this.#host.after(ns, () => this.#arrive(channel, forged))
    }
    const ns = this.#travel(link, 'there')
    if (link === undefined || ns === undefined) return
    for (const late of copies(link, 'there', data)) {
      channel.lastThere = this.#inOrder(channel, ns + late, channel.lastThere, () =>
        this.#reach(channel, data),
      )
    }
  }

  #reach(channel: Channel, data: Uint8Array): void {
    const { peer } = channel
    if (peer === undefined) return
    if (!peer.listening) {
      const ns = this.#travel(peer.link, 'back')
      if (ns !== undefined) {
        this.#host.after(ns, () => this.#fail('send', channel, refused('recvmsg')))
      }
      return
    }
    peer.receive({ data, channel: channel.id, answer: (bytes) => this.#answer(channel, bytes) })
  }

  #answer(channel: Channel, data: Uint8Array): void {
    const link = channel.peer?.link
    const ns = this.#travel(link, 'back')
    if (link === undefined || ns === undefined) return
    for (const late of copies(link, 'back', data)) {
      channel.lastBack = this.#inOrder(channel, ns + late, channel.lastBack, () =>
        this.#arrive(channel, data),
      )
    }
  }

  #arrive(channel: Channel, data: Uint8Array): void {
    const { name } = channel
    if (!channel.stamps) {
      this.#deliver(channel, (now) => ({
        on: 'received',
        channel: name,
        data,
        stamp: { at: now.utc, kind: 'daemon' },
      }))
      return
    }
    const stamp = { at: this.#stamp(), kind: 'kernel' } as const
    this.#deliver(channel, () => ({ on: 'received', channel: name, data, stamp }))
  }

  #inOrder({ transport }: Channel, ns: number, last: bigint, run: () => void): bigint {
    const now = this.#host.time()
    const at = now + BigInt(Math.round(ns))
    const when = transport === 'udp' || at > last ? at : last
    this.#host.after(Number(when - now), run)
    return when
  }

  #stamp(): Instant<'utc'> {
    const noise = this.#options.stamps.gaussian(this.#options.stampNoiseNs)
    return utc(this.#host.realtime() + BigInt(Math.round(noise)))
  }

  #fail(what: 'open' | 'send', channel: Channel, fault: PortFault): void {
    this.#deliver(channel, () => ({ on: 'failed', what, key: channel.name, fault }))
  }

  #deliver(channel: Channel, make: (now: Now) => Event): void {
    if (this.#host.asleep()) return
    this.#host.deliver((now) => (channel.open ? make(now) : undefined))
  }
}
