/**
 * A simulated chronyd that steers the system clock: answers TRACKING on its command port. It takes a
 * simulated time service as reference: every second it dials the frequency that removes what it
 * measures, noise included, within ten seconds.
 */
import { nanos, ppb, utc } from '../../core/units.ts'
import { encodeChronyReply } from '../../sources/chrony-packet.ts'
import type { SimSystemClock } from '../clocks.ts'
import { createLink, type Link } from '../network.ts'
import type { Packet, Peer, Surroundings } from '../peer.ts'
import { SeededRandom } from '../random.ts'

export interface ChronydOptions {
  readonly clock: SimSystemClock
  readonly address?: string
  readonly port?: number
  /** Standard deviation of one measurement, ns. */
  readonly noiseNs?: number
}

const REQUEST_LENGTH = 104
const TRACKING = 33
const NOT_SUPPORTED = 3
const TRACKING_REPLY = 5
const NULL_REPLY = 1
const SECOND = 1e9
const TIME_CONSTANT = 10
const INTEGRAL = 0.005
/** 10.255.0.1 */
const REFERENCE = 0x0aff0001
const REFERENCE_BYTES = Uint8Array.of(10, 255, 0, 1)

export class Chronyd implements Peer {
  readonly transport = 'udp'
  readonly address: string
  readonly port: number
  readonly link: Link = createLink({ delayNs: 20_000, jitterNs: 5_000 })
  readonly incarnation = 1
  listening = true
  /** False: it lost its servers and says so. */
  synchronized = true
  readonly #options: ChronydOptions
  #world: Surroundings | undefined
  #random = new SeededRandom('')
  #integral = 0
  #offset = 0

  constructor(options: ChronydOptions) {
    this.#options = options
    this.address = options.address ?? '127.0.0.1'
    this.port = options.port ?? 323
  }

  start(world: Surroundings): void {
    this.#world = world
    this.#random = world.random('chronyd')
    this.#steer(world)
  }

  receive({ data, answer }: Packet): void {
    if (this.#world === undefined || data.length < REQUEST_LENGTH) return
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    const head = { command: view.getUint16(4), sequence: view.getUint32(8) }
    if (head.command === TRACKING) answer(this.#tracking(head, this.#world))
    else {
      const data = { is: 'null', type: NULL_REPLY } as const
      answer(encodeChronyReply({ ...head, status: NOT_SUPPORTED, data }))
    }
  }

  #steer(world: Surroundings): void {
    world.after(SECOND, () => this.#steer(world))
    if (!this.synchronized || !this.listening) return
    const t = world.time()
    const { clock, noiseNs = 5000 } = this.#options
    this.#offset = clock.difference(t, world.utc(t)) + this.#random.gaussian(noiseNs)
    this.#integral -= this.#offset * INTEGRAL
    const frequency = ppb(this.#integral - this.#offset / TIME_CONSTANT)
    clock.foreignAdjust({ frequency, synchronized: true, maxError: nanos(1e6) })
  }

  #tracking(head: { command: number; sequence: number }, world: Surroundings): Uint8Array {
    const { synchronized } = this
    const fields = {
      referenceId: synchronized ? REFERENCE : 0,
      address: { family: synchronized ? 1 : 0, bytes: REFERENCE_BYTES },
      stratum: synchronized ? 3 : 0,
      leap: synchronized ? 0 : 3,
      referenceTime: utc(world.utc(world.time())),
      // positive: the clock is slow
      currentCorrection: -this.#offset / SECOND,
      lastOffset: -this.#offset / SECOND,
      rmsOffset: 1e-5,
      frequency: -this.#integral / 1000,
      residualFrequency: 0,
      skew: 0.1,
      rootDelay: 0.0005,
      rootDispersion: 0.0003,
      lastUpdateInterval: 1,
    }
    const data = { is: 'tracking', type: TRACKING_REPLY, fields } as const
    return encodeChronyReply({ ...head, status: 0, data })
  }
}
