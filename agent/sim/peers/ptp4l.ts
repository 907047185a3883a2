/**
 * A simulated ptp4l: one port that disciplines one PHC from a simulated grandmaster, and answers on
 * its management socket as the real one does (subscriptions included).
 *
 * Every Sync: offset = PHC - grandmaster + noise, into linuxptp's PI servo, out as a frequency or,
 * at the beginning only, a step. Port: LISTENING, UNCALIBRATED until the servo is locked, SLAVE; back
 * to LISTENING when the master is silent for three announce intervals. Without a master the PHC runs
 * on at its last frequency.
 */
import { decodeManagement } from '../../sources/management.ts'
import type { SimPhc } from '../clocks.ts'
import { createLink, type Link } from '../network.ts'
import type { Packet, Peer, Surroundings } from '../peer.ts'
import { SeededRandom } from '../random.ts'
import { PtpServo } from './ptp-servo.ts'
import { Ptp4lManagement } from './ptp4l-management.ts'

/** The clock at the other end, and what it says of itself. All may change while the world runs. */
export interface Grandmaster {
  /** `aabbcc.ddee.ff0011`. */
  identity: string
  clockClass: number
  clockAccuracy: number
  /** TAI - UTC that it announces. */
  utcOffset: number
  utcOffsetValid: boolean
  ptpTimescale: boolean
  timeTraceable: boolean
  leap: 'none' | 'insert' | 'delete'
  /** How far its time is off TAI, ns. */
  errorNs: number
  /** It sends Announce and Sync. */
  present: boolean
}

export type PortState = 'INITIALIZING' | 'LISTENING' | 'UNCALIBRATED' | 'SLAVE'

export interface Ptp4lOptions {
  readonly socket: string
  readonly domain: number
  readonly interface: string
  readonly phcIndex: number
  readonly phc: SimPhc
  /** Seconds between Syncs: 1/8 or 1. */
  readonly interval?: number
  /** Standard deviation of one measured offset, ns. */
  readonly noiseNs?: number
  readonly meanPathDelayNs?: number
  /** From v4.0 on: Sync notifications. */
  readonly subscriptions?: boolean
  readonly grandmaster?: Partial<Grandmaster>
}

/** What the management socket shows of the port. */
export interface PortView {
  readonly state: PortState
  readonly offsetNs: number
  readonly ingress: bigint
  /** Received since it was started. */
  readonly syncs: number
  readonly meanPathDelayNs: number
  readonly grandmaster: Grandmaster
}

const GRANDMASTER: Grandmaster = {
  identity: '48b02d.fffe.a1b2c3',
  clockClass: 6,
  clockAccuracy: 0x21, // 100 ns
  utcOffset: 37,
  utcOffsetValid: true,
  ptpTimescale: true,
  timeTraceable: true,
  leap: 'none',
  errorNs: 0,
  present: true,
}

const START_SECONDS = 0.5
const ANNOUNCE_TIMEOUT = 3e9
const QUALIFY = 2e9

export class Ptp4l implements Peer {
  readonly transport = 'unix'
  readonly port = 0
  readonly address: string
  readonly link: Link = createLink({ delayNs: 30_000, jitterNs: 10_000 })
  readonly grandmaster: Grandmaster
  readonly #options: Ptp4lOptions
  readonly #intervalNs: number
  readonly #servo: PtpServo
  readonly #management: Ptp4lManagement
  #world: Surroundings | undefined
  #noise = new SeededRandom('')
  #running = true
  #broken = false
  #whenDead: (last: readonly string[]) => void = () => undefined
  #incarnation = 1
  #state: PortState = 'INITIALIZING'
  /** True time at which the master was first and last heard. */
  #heardFirst: bigint | undefined
  #heardLast = 0n
  #offset = 0
  #ingress = 0n
  #syncs = 0

  constructor(options: Ptp4lOptions) {
    this.#options = options
    this.address = options.socket
    this.grandmaster = { ...GRANDMASTER, ...options.grandmaster }
    const interval = options.interval ?? 1
    this.#intervalNs = interval * 1e9
    this.#servo = new PtpServo(interval)
    this.#management = new Ptp4lManagement({ ...options, view: () => this.view })
  }

  get listening(): boolean {
    return this.#running
  }

  get incarnation(): number {
    return this.#incarnation
  }

  get state(): PortState {
    return this.#state
  }

  get view(): PortView {
    return {
      state: this.#state,
      offsetNs: this.#offset,
      ingress: this.#ingress,
      syncs: this.#syncs,
      meanPathDelayNs: this.#options.meanPathDelayNs ?? 1500,
      grandmaster: this.grandmaster,
    }
  }

  start(world: Surroundings): void {
    this.#world = world
    this.#noise = world.random('noise')
    if (this.#running) this.#begin()
  }

  receive({ data, channel, answer }: Packet): void {
    const message = decodeManagement(data)
    if (this.#running && message.ok && this.#world !== undefined) {
      this.#management.receive(message.value, { channel, answer, now: this.#world.time() })
    }
  }

  /** A child of somebody does not run before it is started. */
  adopt(whenDead: (last: readonly string[]) => void): void {
    this.kill()
    this.#whenDead = whenDead
  }

  kill(): void {
    const died = this.#running
    this.#end()
    if (died) this.#whenDead([])
  }

  restart(): void {
    this.#end()
    this.#running = true
    this.#begin()
    if (this.#broken) this.#world?.after(START_SECONDS * 1e8, () => this.#fail())
  }

  break(): void {
    this.#broken = true
    this.kill()
  }

  mend(): void {
    this.#broken = false
  }

  #fail(): void {
    if (!this.#running) return
    this.#end()
    this.#whenDead(['failed to parse configuration file'])
  }

  #end(): void {
    this.#running = false
    this.#incarnation++
    this.#management.forget()
  }

  #begin(): void {
    this.#state = 'INITIALIZING'
    this.#heardFirst = undefined
    this.#offset = 0
    this.#ingress = 0n
    this.#syncs = 0
    this.#servo.reset(this.#options.phc.status().frequency)
    const incarnation = this.#incarnation
    this.#world?.after(START_SECONDS * 1e9, () => {
      if (incarnation !== this.#incarnation) return
      this.#enter('LISTENING')
      this.#tick(incarnation)
    })
  }

  /** Once per Sync interval, whether a Sync comes or not. */
  #tick(incarnation: number): void {
    const world = this.#world
    if (world === undefined || incarnation !== this.#incarnation) return
    world.after(this.#intervalNs, () => this.#tick(incarnation))
    if (this.grandmaster.present) this.#hear(world)
    else if (world.time() - this.#heardLast > ANNOUNCE_TIMEOUT) this.#lose()
  }

  #hear(world: Surroundings): void {
    const now = world.time()
    this.#heardFirst ??= now
    this.#heardLast = now
    if (this.#state === 'LISTENING' && now - this.#heardFirst >= QUALIFY) {
      this.#enter('UNCALIBRATED')
    }
    if (this.#state === 'UNCALIBRATED' || this.#state === 'SLAVE') this.#sync(world)
  }

  #lose(): void {
    this.#heardFirst = undefined
    if (this.#state === 'LISTENING') return
    this.#servo.reset(this.#options.phc.status().frequency)
    this.#enter('LISTENING')
  }

  #sync(world: Surroundings): void {
    const { phc, noiseNs = 15 } = this.#options
    const t = world.time()
    const error = phc.difference(t, world.tai(t)) - this.grandmaster.errorNs
    this.#offset = error + this.#noise.gaussian(noiseNs)
    this.#ingress = phc.read(t)
    this.#syncs += 1
    const { frequency, step, locked } = this.#servo.sample(this.#offset, t)
    if (step !== 0n) {
      phc.foreignAdjust({ step })
      this.#ingress = 0n
    }
    if (frequency !== undefined) phc.foreignAdjust({ frequency: frequency })
    this.#management.pushSync(t)
    if (locked && this.#state === 'UNCALIBRATED') this.#enter('SLAVE')
  }

  #enter(state: PortState): void {
    this.#state = state
    if (this.#world !== undefined) this.#management.pushPortState(this.#world.time())
  }
}
