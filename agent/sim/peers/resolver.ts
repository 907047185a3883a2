/**
 * A simulated name server on UDP, TCP and TLS: answers A and AAAA out of a small zone, or misbehaves in
 * one of the ways that a probe has to tell apart.
 */
import { type Answer, AUTHORITATIVE_ANSWER, type DecodedPacket, decode, encode } from 'dns-packet'
import { createLink, type Link } from '../network.ts'
import type { Packet, Peer, Surroundings } from '../peer.ts'

/** May change while the world runs. */
export interface ResolverBehaviour {
  /** `validating`: with the clock of the node; while that is wrong, SERVFAIL to all that ask without CD. */
  mode: 'normal' | 'drop' | 'servfail' | 'refused' | 'truncated' | 'garbage' | 'validating'
  /** Time that it takes to answer, ns. */
  slowNs: number
}

export interface ResolverOptions extends Partial<ResolverBehaviour> {
  readonly address: string
  readonly port?: number
  /** Name (lower case, without a final dot) to addresses; IPv6 literals have a colon. */
  readonly zone: Readonly<Record<string, readonly string[]>>
  readonly link?: Partial<Link>
  /** Error of the clock by which it validates, ns; right without it. */
  readonly clockError?: () => number
  /** Its certificate; there is nobody on the TLS port without one. */
  readonly tls?: NonNullable<Peer['tls']>
}

type Transport = 'udp' | 'tcp' | 'tls'

/** RFC 7858 section 3.1. */
const TLS_PORT = 853
const RESPONSE = 0x8000
const TRUNCATED = 0x0200
const SERVFAIL = 2
const NXDOMAIN = 3
const REFUSED = 5
const TTL = 30
const QUICK_NS = 50_000
/** Signatures of the root hold for two to three weeks; on average half of that is left. */
const SIGNATURES_NS = 10 * 86_400e9

class Endpoint implements Peer {
  readonly transport: Transport
  readonly address: string
  readonly port: number
  readonly link: Link
  readonly tls?: NonNullable<Peer['tls']>
  readonly incarnation = 1
  listening = true
  readonly #resolver: Resolver
  /** Bytes of a query over a stream that is not whole yet, by channel. */
  readonly #pieces = new Map<string, Uint8Array>()
  #world: Surroundings | undefined

  constructor(resolver: Resolver, transport: Transport) {
    const { address, port = 53, tls } = resolver.options
    this.#resolver = resolver
    this.transport = transport
    this.address = address
    this.port = transport === 'tls' ? TLS_PORT : port
    this.link = resolver.link
    if (transport === 'tls' && tls !== undefined) this.tls = tls
  }

  start(world: Surroundings): void {
    this.#world = world
  }

  receive(packet: Packet): void {
    const datagram = this.transport === 'udp'
    const query = datagram ? packet.data : this.#collect(packet)
    const reply = query && this.#resolver.reply(query, this.transport)
    if (reply === undefined) return
    const framed = datagram ? reply : prefix(reply)
    this.#world?.after(QUICK_NS + this.#resolver.behaviour.slowNs, () => packet.answer(framed))
  }

  #collect({ channel, data }: Packet): Uint8Array | undefined {
    const before = this.#pieces.get(channel) ?? new Uint8Array(0)
    const all = Uint8Array.from([...before, ...data])
    const length = ((all[0] ?? 0) << 8) | (all[1] ?? 0)
    if (all.length < 2 || all.length < length + 2) {
      this.#pieces.set(channel, all)
      return undefined
    }
    this.#pieces.delete(channel)
    return all.slice(2, length + 2)
  }
}

const prefix = (message: Uint8Array): Uint8Array =>
  Uint8Array.from([message.length >> 8, message.length & 255, ...message])

export class Resolver {
  readonly options: ResolverOptions
  readonly behaviour: ResolverBehaviour
  readonly link: Link
  readonly endpoints: readonly Endpoint[]

  constructor(options: ResolverOptions) {
    this.options = options
    this.behaviour = { mode: options.mode ?? 'normal', slowNs: options.slowNs ?? 0 }
    this.link = createLink({ delayNs: 200_000, jitterNs: 50_000, ...options.link })
    const streams = options.tls === undefined ? (['tcp'] as const) : (['tcp', 'tls'] as const)
    this.endpoints = (['udp', ...streams] as const).map((each) => new Endpoint(this, each))
  }

  /** Whether anybody listens on its ports. */
  set listening(on: boolean) {
    for (const endpoint of this.endpoints) endpoint.listening = on
  }

  /** False: every signature is too old or too new for its clock. */
  get canValidate(): boolean {
    const { clockError = () => 0 } = this.options
    return this.behaviour.mode !== 'validating' || Math.abs(clockError()) < SIGNATURES_NS
  }

  /** The answer to a query; undefined: none. */
  reply(query: Uint8Array, transport: Transport): Uint8Array | undefined {
    const { mode } = this.behaviour
    if (mode === 'drop') return undefined
    if (mode === 'garbage') return query.slice(0, 11)
    const asked = parse(query)
    if (asked === undefined) return undefined
    if (!asked.flag_cd && !this.canValidate) return this.#encode(asked, SERVFAIL, [])
    if (mode === 'servfail') return this.#encode(asked, SERVFAIL, [])
    if (mode === 'refused') return this.#encode(asked, REFUSED, [])
    if (mode === 'truncated' && transport === 'udp') return this.#encode(asked, TRUNCATED, [])
    return this.#lookUp(asked)
  }

  #lookUp(asked: DecodedPacket): Uint8Array {
    const question = asked.questions?.[0]
    const name = question?.name.toLowerCase() ?? ''
    const addresses = this.options.zone[name]
    if (question === undefined || addresses === undefined) return this.#encode(asked, NXDOMAIN, [])
    const { type } = question
    const answers = addresses
      .filter((address) => type === (address.includes(':') ? 'AAAA' : 'A'))
      .map((data): Answer => ({ type: type === 'A' ? 'A' : 'AAAA', name, ttl: TTL, data }))
    return this.#encode(asked, AUTHORITATIVE_ANSWER, answers)
  }

  #encode(asked: DecodedPacket, flags: number, answers: Answer[]): Uint8Array {
    const { id = 0, questions = [] } = asked
    const recursion = (asked.flags ?? 0) & 0x0100
    return encode({ type: 'response', id, flags: RESPONSE | recursion | flags, questions, answers })
  }
}

function parse(query: Uint8Array): DecodedPacket | undefined {
  try {
    return decode(Buffer.from(query.buffer, query.byteOffset, query.byteLength))
  } catch {
    return undefined // dns-packet throws on malformed bytes; a server is silent then
  }
}
