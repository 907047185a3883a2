/**
 * The simulated world: performs every action of the agent (core/machine.ts) in virtual time and
 * gives it every event, as `runtime/runner.ts` does on a real node. Nothing here reads a real clock,
 * waits, or draws a random number that does not come from the seed: the same seed gives the same
 * journal, byte for byte.
 *
 * True time is a bigint of ns since the world began. The agent never sees it: it gets the readings of
 * its own clocks, and gets them late (its event loop), while kernel stamps are taken in time.
 */
import type { Action, Event, Machine, Now } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import type { ClockName } from '../core/sample.ts'
import { type Nanos, nanos } from '../core/units.ts'
import type { Node } from '../ports/node.ts'
import { Channels } from './channels.ts'
import { Children, type Program } from './children.ts'
import type { SimPhc, SimSystemClock } from './clocks.ts'
import { Devices, type Outcome, type PhcDevice, type ReadOut } from './devices.ts'
import { EventLoop } from './event-loop.ts'
import type { Peer } from './peer.ts'
import { SimPulses } from './pulses.ts'
import { Queue } from './queue.ts'
import { SeededRandom } from './random.ts'
import {
  createNode,
  createPhcs,
  createSystemClock,
  EPOCH,
  TAI_OFFSET,
  type WorldOptions,
} from './setup.ts'
import { Timers } from './timers.ts'

export interface NoteRecord {
  /** True seconds since the world began. */
  readonly at: number
  readonly code: NoteCode
  readonly subject: string
  readonly detail: string
}

/** Sees each event as it is delivered, with the actions that came back. */
export type Witness = (event: Event, now: Now, actions: readonly Action[]) => void

const LATENCY_NS = 200_000
const STAMP_NOISE_NS = 50

export class World {
  readonly system: SimSystemClock
  readonly devices: Devices
  readonly pulses: SimPulses
  readonly node: Node
  readonly notes: NoteRecord[] = []
  readonly random: SeededRandom
  readonly #queue = new Queue()
  readonly #phcs: readonly PhcDevice[]
  readonly #channels: Channels
  readonly #timers: Timers
  readonly #children: Children
  readonly #loop: EventLoop
  readonly #witnesses: Witness[] = []
  #machine: Machine | undefined
  #time = 0n
  readonly #epoch: bigint
  /** Seconds inserted less seconds deleted since the world began. */
  #leapt = 0

  constructor(options: WorldOptions) {
    this.#epoch = options.epoch ?? EPOCH
    this.random = new SeededRandom(options.seed)
    this.#loop = new EventLoop({
      queue: this.#queue,
      time: () => this.#time,
      now: () => this.now(),
      random: this.random.fork('latency'),
      latencyNs: options.latencyNs ?? LATENCY_NS,
      give: (event) => this.#give(event),
    })
    const surroundings = { time: () => this.#time, random: this.random }
    this.system = createSystemClock(options, surroundings)
    this.#phcs = createPhcs(options, this.system, surroundings)
    this.node = createNode(options, this.system, this.#phcs, this.random)
    this.devices = new Devices({
      system: this.system,
      phcs: this.#phcs,
      random: this.random.fork('read-out'),
    })
    this.pulses = new SimPulses({
      ...{ system: this.system, phc: (name) => this.phc(name) },
      random: this.random.fork('pulses'),
      ...{ time: () => this.#time, utc: (t) => this.utc(t) },
      after: (ns, run) => this.after(ns, run),
    })
    this.#channels = this.#createChannels(options.stampNoiseNs ?? STAMP_NOISE_NS)
    this.#timers = this.#createTimers()
    this.#children = new Children({
      after: (ns, run) => this.after(ns, run),
      deliver: (event) => this.#loop.deliver(() => event),
    })
  }

  /** True time, ns since the world began. */
  get time(): bigint {
    return this.#time
  }

  /** The same in seconds, for people. */
  get elapsed(): number {
    return Number(this.#time) / 1e9
  }

  /** True UTC and TAI at true time `t`. */
  utc(t: bigint): bigint {
    return this.#epoch + t - BigInt(this.#leapt) * 1_000_000_000n
  }

  tai(t: bigint): bigint {
    return this.#epoch + t + BigInt(TAI_OFFSET) * 1_000_000_000n
  }

  /** UTC has a second more (1) or less (-1), and so has the system clock where the kernel knew. */
  leap(by: 1 | -1): void {
    this.#leapt += by
    this.system.leap(by)
  }

  /** What the agent would read now. */
  now(): Now {
    return this.system.at(this.#time)
  }

  phc(name: ClockName): SimPhc | undefined {
    return this.#phcs.find((each) => each.clock.name === name)?.clock
  }

  /** How a PHC is read, to be changed. */
  readOut(name: ClockName): ReadOut | undefined {
    return this.#phcs.find((each) => each.clock.name === name)?.readOut
  }

  /** True error of a clock now: the system clock against UTC, a PHC against TAI. */
  truth(clock: ClockName): Nanos {
    const t = this.#time
    if (clock === 'system') return this.system.difference(t, this.utc(t))
    return this.phc(clock)?.difference(t, this.tai(t)) ?? nanos(Number.NaN)
  }

  add(peer: Peer): void {
    this.#channels.add(peer)
    peer.start({
      time: () => this.#time,
      utc: (t) => this.utc(t),
      tai: (t) => this.tai(t),
      after: (ns, run) => this.after(ns, run),
      random: (name) => this.random.fork(`${peer.transport} ${peer.address} ${peer.port} ${name}`),
    })
  }

  /** A program that the agent may start; it runs once it was. */
  install(program: Program): void {
    this.#children.install(program)
  }

  /** Whoever wants to see every event and what came of it. */
  watch(witness: Witness): void {
    this.#witnesses.push(witness)
  }

  /** Starts the agent: it gets `start`, and from then on every event. */
  start(machine: Machine): void {
    this.#machine = machine
    this.#loop.deliver(() => ({ on: 'start' }))
  }

  /** What the agent wants of its own accord. */
  act(make: (now: Now) => readonly Action[]): void {
    for (const action of make(this.now())) this.#perform(action)
  }

  /** Gives the agent `stop` at once; nothing reaches it afterwards. */
  stop(): void {
    this.#give({ on: 'stop' })
    this.#machine = undefined
  }

  after(ns: number, run: () => void): void {
    this.#queue.add(this.#time + BigInt(Math.max(0, Math.round(ns))), run)
  }

  /** Does it `seconds` after the world began. */
  at(seconds: number, run: () => void): void {
    this.#queue.add(BigInt(Math.round(seconds * 1e9)), run)
  }

  runFor(seconds: number): void {
    this.runUntil(this.#time + BigInt(Math.round(seconds * 1e9)))
  }

  runUntil(until: bigint): void {
    for (;;) {
      const entry = this.#queue.next(until)
      if (entry === undefined) break
      if (entry.at > this.#time) this.#time = entry.at
      entry.run?.()
    }
    if (until > this.#time) this.#time = until
  }

  /** The machine sleeps while the world goes on; its clock is then set from the RTC, off by that. */
  suspend(seconds: number, rtcErrorNs = 0n): void {
    const before = this.now().mono
    this.#loop.sleep()
    this.after(seconds * 1e9, () => this.#wake(before, rtcErrorNs))
  }

  #wake(before: bigint, rtcErrorNs: bigint): void {
    this.system.slept(this.now().mono - before, rtcErrorNs)
    this.#timers.rearm()
    this.#loop.wake()
  }

  #createChannels(stampNoiseNs: number): Channels {
    return new Channels({
      host: {
        time: () => this.#time,
        after: (ns, run) => this.after(ns, run),
        realtime: () => this.now().utc,
        asleep: () => this.#loop.asleep,
        deliver: (make) => this.#loop.deliver(make),
      },
      network: this.random.fork('network'),
      stamps: this.random.fork('stamps'),
      stampNoiseNs,
    })
  }

  #createTimers(): Timers {
    return new Timers({
      queue: this.#queue,
      monotonic: () => this.now().mono,
      when: (value) => this.system.when(value),
      asleep: () => this.#loop.asleep,
      ring: (key, claim) => this.#loop.deliver(() => (claim() ? { on: 'timer', key } : undefined)),
    })
  }

  #give(event: Event): void {
    if (this.#machine === undefined) return
    const now = this.now()
    const actions = this.#machine.handle(event, now)
    for (const witness of this.#witnesses) witness(event, now, actions)
    for (const action of actions) this.#perform(action)
  }

  #perform(action: Action): void {
    switch (action.do) {
      case 'timer':
        this.#timers.set(action.key, action.at)
        break
      case 'cancel':
        this.#timers.cancel(action.key)
        break
      case 'open':
        this.#channels.open(action)
        break
      case 'send':
        this.#channels.send(action)
        break
      case 'close':
        this.#channels.close(action.channel)
        break
      case 'spawn':
        this.#children.spawn(action)
        break
      case 'kill':
        this.#children.kill(action.key)
        break
      case 'note':
        this.#note(action)
        break
      case 'sample':
      case 'upstream':
        break // the agent's own parts talk like this
      case 'pulses':
      case 'emit':
        this.#later(this.pulses.perform(action))
        break
      default:
        this.#later(this.devices.perform(action, this.#time))
    }
  }

  #later({ ns, event }: Outcome): void {
    this.after(ns, () => this.#loop.deliver(() => event))
  }

  #note({ code, detail, subject = '' }: Action & { readonly do: 'note' }): void {
    this.notes.push({ at: this.elapsed, code, subject, detail })
  }
}
