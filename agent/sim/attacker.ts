/**
 * Somebody hostile between the node and one NTP server. Off the path he can only guess: forged
 * answers reach the right port, but their origin stamp is a guess, since the cookie is not known to
 * him. On the path he sees all datagrams and may forge with the right origin stamp, send earlier answers
 * again, deliver an answer twice, or hold datagrams back (the delay attack, which no cryptography
 * prevents: RFC 7384 section 3.2.6). Keys are known to nobody but the ends: a MAC of his is a guess.
 */
import { type Nanos, nanos, utc } from '../core/units.ts'
import {
  decodeNtp,
  encodeNtp,
  MODE_SERVER,
  type NtpStamp,
  referenceIdOf,
  utcToStamp,
} from '../sources/ntp-packet.ts'
import type { Direction, Injected, Meddler } from './network.ts'
import type { Surroundings } from './peer.ts'
import { SeededRandom } from './random.ts'

/** May change while the world runs. */
export interface AttackerBehaviour {
  /** Forged answers to each request. */
  forged: number
  /** Their origin is that of the request instead of a guess. */
  seesRequests: boolean
  /** Id of the key in the MAC that they carry, its digest guessed; undefined: they have none. */
  keyId: number | undefined
  /** Time in them minus true time, ns. */
  lieNs: number
  /** Kiss code in them instead of time. */
  kiss: string | undefined
  /** Earlier answers, the newest first, that are sent again after each request. */
  replayed: number
  /** Probability that a datagram arrives twice. */
  duplicated: number
  /** Probability that a datagram is held back, for how long, ns, and in which direction. */
  held: number
  heldNs: number
  heldWay: Direction | 'both'
}

export interface AttackerOptions extends Partial<AttackerBehaviour> {
  /** Name of the server whose place he takes. */
  readonly server: string
}

const BEHAVIOUR: AttackerBehaviour = {
  forged: 0,
  seesRequests: false,
  keyId: undefined,
  lieNs: 0,
  kiss: undefined,
  replayed: 0,
  duplicated: 0,
  held: 0,
  heldNs: 0,
  heldWay: 'back',
}

/** Nearer to the node than any server, so that his answers come first. */
const REACH_NS = 20_000
const APART_NS = 1000
/** Of SHA-1. */
const DIGEST = 20
const REMEMBERED = 64
const TWICE_AFTER_NS = 3000

export class Attacker implements Meddler {
  readonly server: string
  readonly behaviour: AttackerBehaviour
  #world: Pick<Surroundings, 'time' | 'utc'> | undefined
  #random = new SeededRandom('')
  #answers: readonly Uint8Array[] = []

  constructor({ server, ...behaviour }: AttackerOptions) {
    this.server = server
    this.behaviour = { ...BEHAVIOUR, ...behaviour }
  }

  start(world: Pick<Surroundings, 'time' | 'utc'>, random: SeededRandom): void {
    this.#world = world
    this.#random = random
  }

  inject(request: Uint8Array): readonly Injected[] {
    const { forged, replayed } = this.behaviour
    const datagrams = [
      ...Array.from({ length: forged }, () => this.#forge(request)),
      ...this.#answers.slice(0, replayed),
    ]
    return datagrams.map((data, k) => ({ data, ns: REACH_NS + k * APART_NS }))
  }

  pass(way: Direction, data: Uint8Array): readonly number[] {
    if (way === 'back') this.#answers = [data.slice(), ...this.#answers].slice(0, REMEMBERED)
    const { held, heldNs, heldWay, duplicated } = this.behaviour
    // all are drawn always, so that one attack does not change another
    const isHeld = this.#random.uniform() < held && (heldWay === 'both' || heldWay === way)
    const isTwice = this.#random.uniform() < duplicated
    const late = isHeld ? heldNs : 0
    return isTwice ? [late, late + TWICE_AFTER_NS] : [late]
  }

  #forge(request: Uint8Array): Uint8Array {
    const { kiss, lieNs, keyId } = this.behaviour
    const t = this.#world?.time() ?? 0n
    const time = utcToStamp(utc((this.#world?.utc(t) ?? 0n) + BigInt(Math.round(lieNs))))
    const none: Nanos = nanos(0)
    return encodeNtp({
      leap: 'none',
      version: 4,
      mode: MODE_SERVER,
      stratum: kiss === undefined ? 1 : 0,
      poll: 6,
      precision: -24,
      rootDelay: none,
      rootDispersion: none,
      referenceId: referenceIdOf(kiss ?? 'GPS'),
      reference: time,
      origin: this.#origin(request),
      receive: time,
      transmit: time,
      extensions: [],
      mac: keyId === undefined ? undefined : { keyId, digest: this.#random.bytes(DIGEST) },
    })
  }

  #origin(request: Uint8Array): NtpStamp {
    const seen = this.behaviour.seesRequests ? decodeNtp(request) : undefined
    return seen?.ok === true ? seen.value.transmit : this.#guess()
  }

  #guess(): NtpStamp {
    return this.#random.bytes(8).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  }
}
