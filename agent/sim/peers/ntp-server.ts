/**
 * A simulated NTP server: answers with stamps of its own clock, which may lie, drift, be
 * unsynchronised, fall silent or send a kiss of death. Basic and interleaved mode (RFC 9769). What is
 * asked with a MAC is answered with one, or with a crypto-NAK where it is wrong (as ntpd).
 */
import type { LeapWarning } from '../../core/sample.ts'
import { nanos, utc } from '../../core/units.ts'
import type { KeyPort } from '../../ports/keys.ts'
import {
  decodeNtp,
  encodeNtp,
  MODE_CLIENT,
  MODE_SERVER,
  NO_STAMP,
  NTP_PORT,
  type NtpMac,
  type NtpPacket,
  type NtpStamp,
  referenceIdOf,
  utcToStamp,
} from '../../sources/ntp-packet.ts'
import { createLink, type Link } from '../network.ts'
import type { Packet, Peer, Surroundings } from '../peer.ts'
import { SeededRandom } from '../random.ts'

/** May change while the world runs. */
export interface NtpBehaviour {
  /** Its clock minus true time, ns. */
  errorNs: number
  /** On top of it since the world began, ppb. */
  driftPpb: number
  /** Standard deviation of its stamps, ns. */
  noiseNs: number
  stratum: number
  leap: LeapWarning
  /** Up to 4 letters at stratum 1, an IPv4 address from 2 on. */
  reference: string
  rootDelayNs: number
  rootDispersionNs: number
  interleaved: boolean
  /** Kiss code to send instead of time: RATE, DENY, RSTR. */
  kiss: string | undefined
  silent: boolean
  /** Between arrival and answer: 5 us and an exponential part of this mean, ns. */
  processingNs: number
}

export interface NtpServerOptions extends Partial<NtpBehaviour> {
  readonly address: string
  readonly port?: number
  readonly link?: Partial<Link>
  /** Its symmetric keys. */
  readonly keys?: KeyPort
}

const BEHAVIOUR: NtpBehaviour = {
  errorNs: 0,
  driftPpb: 0,
  noiseNs: 100,
  stratum: 2,
  leap: 'none',
  reference: '10.255.0.1',
  rootDelayNs: 500_000,
  rootDispersionNs: 300_000,
  interleaved: true,
  kiss: undefined,
  silent: false,
  processingNs: 20_000,
}

function referenceOf({ kiss, stratum, reference }: NtpBehaviour): number {
  if (kiss !== undefined || stratum < 2) return referenceIdOf(kiss ?? reference)
  return reference.split('.').reduce((id, octet) => ((id << 8) | Number(octet)) >>> 0, 0)
}

/** Far above the noise of the stamps: no server sends before it received. */
const LEAST_PROCESSING_NS = 5000
const PRECISION = -24
const REMEMBERED = 256
const REFERENCE_AGE = 16_000_000_000n

export class NtpServer implements Peer {
  readonly transport = 'udp'
  readonly address: string
  readonly port: number
  readonly link: Link
  readonly incarnation = 1
  /** False: nobody listens on the port. */
  listening = true
  readonly behaviour: NtpBehaviour
  #world: Surroundings | undefined
  #random = new SeededRandom('')
  readonly #keys: KeyPort | undefined
  /** Receive stamp of a request to the true departure of its answer, for interleaved mode. */
  readonly #departures = new Map<NtpStamp, NtpStamp>()

  constructor({ address, port = NTP_PORT, link = {}, keys, ...behaviour }: NtpServerOptions) {
    this.address = address
    this.port = port
    this.link = createLink(link)
    this.#keys = keys
    this.behaviour = { ...BEHAVIOUR, ...behaviour }
  }

  start(world: Surroundings): void {
    this.#world = world
    this.#random = world.random('server')
  }

  receive({ data, answer }: Packet): void {
    const request = decodeNtp(data)
    if (!request.ok || request.value.mode !== MODE_CLIENT || this.behaviour.silent) return
    const world = this.#world
    if (world === undefined) return
    const received = this.#stamp(world)
    const ns = LEAST_PROCESSING_NS + this.#random.exponential(this.behaviour.processingNs)
    world.after(ns, () => {
      const plain = this.#answer(world, request.value, received)
      answer(encodeNtp({ ...plain, mac: this.#mac(data, request.value, plain) }))
    })
  }

  /** In the style of the request, of which `data` are the bytes. */
  #mac(data: Uint8Array, { mac }: NtpPacket, plain: NtpPacket): NtpMac | undefined {
    if (mac === undefined) return undefined
    const key = this.#keys?.key(mac.keyId, plain.version === 4 ? 20 : undefined)
    const covered = data.subarray(0, data.length - 4 - mac.digest.length)
    const known = key?.verify(covered, mac.digest) === true
    if (key === undefined || !known) return { keyId: 0, digest: new Uint8Array() }
    return { keyId: key.id, digest: key.mac(encodeNtp(plain)) }
  }

  /** Its clock now. */
  #stamp(world: Surroundings): NtpStamp {
    const t = world.time()
    const { errorNs, driftPpb, noiseNs } = this.behaviour
    const error = errorNs + Number(t) * driftPpb * 1e-9 + this.#random.gaussian(noiseNs)
    return utcToStamp(utc(world.utc(t) + BigInt(Math.round(error))))
  }

  #answer(world: Surroundings, request: NtpPacket, received: NtpStamp): NtpPacket {
    const { behaviour } = this
    const departure = this.#stamp(world)
    const earlier = behaviour.interleaved ? this.#departures.get(request.origin) : undefined
    const interleaved = earlier !== undefined && request.receive !== request.transmit
    this.#remember(received, departure)
    const t = world.time()
    const reference = utc(world.utc(t) - REFERENCE_AGE)
    return {
      leap: behaviour.leap,
      version: request.version,
      mode: MODE_SERVER,
      stratum: behaviour.kiss === undefined ? behaviour.stratum : 0,
      poll: request.poll,
      precision: PRECISION,
      rootDelay: nanos(behaviour.rootDelayNs),
      rootDispersion: nanos(behaviour.rootDispersionNs),
      referenceId: referenceOf(behaviour),
      reference: behaviour.leap === 'unknown' ? NO_STAMP : utcToStamp(reference),
      origin: interleaved ? request.receive : request.transmit,
      receive: received,
      transmit: interleaved ? earlier : departure,
      extensions: [],
      mac: undefined,
    }
  }

  #remember(received: NtpStamp, departure: NtpStamp): void {
    this.#departures.set(received, departure)
    if (this.#departures.size <= REMEMBERED) return
    const [oldest] = this.#departures.keys()
    if (oldest !== undefined) this.#departures.delete(oldest)
  }
}
