/**
 * The composition: sources and the DNS probe feed one discipline per clock; everything ends in a
 * snapshot. No I/O: events in, actions out (core/machine.ts). The only calls that touch the node are
 * those of the synchronous clock ports that the disciplines hold.
 *
 *   event ─► machine ─► sample ─► discipline of that clock ─► ClockChange ─► every machine
 *                    ├► upstream ─► every PHC source
 *                    ├► note ─► counters and events
 *                    └► anything else ─► the runner, its key prefixed with the machine's id
 */

import { LeapSeconds } from './clock/leap-seconds.ts'
import { clockNamed, clockOfPort, type NamedClock, nameClocks } from './clocks.ts'
import { defaultClock } from './config/defaults.ts'
import type { Config } from './config/types.ts'
import { describeFault } from './core/errors.ts'
import type { Action, Event, Machine, Now, Upstream } from './core/machine.ts'
import type { NoteCode } from './core/notes.ts'
import { type ClockName, referenceOf } from './core/sample.ts'
import { elapsed, type Instant, mono, plus, seconds, toSeconds } from './core/units.ts'
import { Discipline } from './discipline.ts'
import type { Outcome } from './discipline-types.ts'
import { type DnsFiles, DnsPart } from './dns-part.ts'
import { Hands } from './hands.ts'
import { driftFile, prefixed, split } from './keys.ts'
import { LeapFile } from './leap-file.ts'
import { Names } from './names.ts'
import { Notes } from './observe/events.ts'
import type { Snapshot } from './observe/snapshot.ts'
import { ownClock } from './own-clock.ts'
import type { Node } from './ports/node.ts'
import { PulsePart } from './pulse-part.ts'
import { reportsOf } from './source-reports.ts'
import { createSources } from './sources/catalogue.ts'
import type { Source } from './sources/source.ts'
import { Child } from './supervise/child.ts'

type Keyed = Event & ({ readonly key: string } | { readonly channel: string })

const SELF = 'agent'
const NAMES = 'names'
const TICK = seconds(1)
const DRIFT = 'drift:'
const SLEW = 'slew:'
const GLANCE = 'glance:'
/** ptp4l tells of a Sync before it turns the clock by it. */
const TURNED = seconds(0.01)
const LEAP_FILE = 'leap-list'

interface Note {
  readonly code: NoteCode
  readonly subject: string
  readonly detail: string
}

export class Agent {
  readonly #node: Node
  readonly #version: string
  readonly #explicit: boolean
  readonly #notes = new Notes()
  readonly #clocks: readonly NamedClock[]
  readonly #disciplines = new Map<ClockName, Discipline>()
  readonly #sources: readonly Source[]
  readonly #dns: DnsPart
  readonly #children: readonly Child[]
  readonly #pulses: PulsePart
  readonly #leaps: LeapSeconds
  readonly #leapFile: LeapFile
  readonly #machines: ReadonlyMap<string, Machine>
  readonly #hands = new Hands()
  readonly #names: Names
  #startedAt: Instant<'mono'> = mono(0n)

  constructor(config: Config, node: Node, version: string, dns?: DnsFiles) {
    this.#node = node
    this.#version = version
    this.#explicit = config.explicit
    this.#leaps = new LeapSeconds(config.leapSeconds)
    this.#leapFile = new LeapFile(this.#leaps, prefixed(SELF, LEAP_FILE))
    this.#clocks = nameClocks(config, node.info, defaultClock('observe'))
    const built = createSources({
      config,
      random: node.random,
      keys: node.keys,
      phcs: this.#clocks.filter((clock) => clock.phc !== undefined),
      clockOf: (index, name) => clockOfPort(this.#clocks, index, name),
      named: (handle) => clockNamed(this.#clocks, handle),
      networks: node.info.networks,
    })
    this.#sources = built.map(({ source }) => source)
    const rules = new Map(built.map(({ rule }) => [rule.source, rule]))
    for (const { name, config: clock, sameAs } of this.#clocks) {
      const port = sameAs === undefined ? node.clock(name) : undefined
      if (port === undefined) continue
      const leaps = name === 'system' ? this.#leaps : undefined
      this.#disciplines.set(
        name,
        new Discipline({ clock: name, config: clock, port, rules, leaps }),
      )
    }
    this.#dns = new DnsPart(config.dns, node, dns)
    this.#names = new Names(() => this.#dns.resolvConf, node.random)
    this.#children = (config.children ?? []).map((child) => new Child(child))
    this.#pulses = new PulsePart(this.#clocks, this.#sources)
    this.#machines = new Map<string, Machine>([
      ...this.#sources.map((source) => [source.id, source] as const),
      ...this.#dns.machines,
      ...this.#pulses.machines,
      ...this.#children.map((child) => [child.id, child] as const),
    ])
  }

  /** One event in, the actions it leads to out, in the order in which they are to be done. */
  handle(event: Event, now: Now): readonly Action[] {
    const out: Action[] = []
    switch (event.on) {
      case 'start':
        this.#start(now, out)
        break
      case 'stop':
        this.#stop(now, out)
        break
      case 'change':
      case 'upstream':
      case 'standing':
        this.#broadcast(event, now, out)
        break
      default:
        this.#route(event, now, out)
    }
    return out
  }

  snapshot(now: Now): Snapshot {
    const clocks = [...this.#disciplines.values()].map((discipline) => discipline.view(now))
    return {
      version: this.#version,
      hostname: this.#node.info.hostname,
      at: now.utc,
      mono: now.mono,
      uptimeSeconds: toSeconds(elapsed(now.mono, this.#startedAt)),
      explicitConfig: this.#explicit,
      clocks,
      sources: reportsOf(this.#sources, this.#disciplines, now),
      dns: this.#dns.view(now, ownClock(clocks, now)),
      children: this.#children.map((child) => child.view()),
      leapSeconds: this.#leaps.view(now.utc),
      notes: this.#notes.counts(),
      events: this.#notes.events(),
    }
  }

  #start(now: Now, out: Action[]): void {
    this.#startedAt = now.mono
    for (const { name, phc, sameAs } of this.#clocks) {
      if (this.#disciplines.has(name)) {
        const key = prefixed(SELF, DRIFT + name)
        out.push({ do: 'load', key, file: driftFile(name) })
      } else {
        const missing = phc === undefined ? 'no such PHC on this node' : 'the PHC cannot be opened'
        const detail = sameAs === undefined ? missing : `the same clock as ${sameAs}`
        this.#note({ code: 'degraded', subject: name, detail }, now, out)
      }
    }
    out.push(...this.#leapFile.read(now))
    this.#broadcast({ on: 'start' }, now, out)
    out.push({ do: 'timer', key: prefixed(SELF, 'tick'), at: plus(now.mono, TICK) })
  }

  /** Sources first, so that nothing arrives any more while the clocks are left in good order. */
  #stop(now: Now, out: Action[]): void {
    this.#broadcast({ on: 'stop' }, now, out)
    out.push({ do: 'cancel', key: prefixed(SELF, 'tick') })
    for (const [name, discipline] of this.#disciplines) {
      this.#apply(name, discipline.stop(), now, out)
    }
  }

  #broadcast(event: Event, now: Now, out: Action[]): void {
    for (const [id, machine] of this.#machines) this.#deliver(id, machine, event, now, out)
  }

  #deliver(id: string, machine: Machine, event: Event, now: Now, out: Action[]): void {
    for (const action of machine.handle(event, now)) this.#absorb(id, action, now, out)
  }

  #route(event: Keyed, now: Now, out: Action[]): void {
    const tried = this.#names.failed(event, now)
    if (tried === undefined) this.#forward(event, now, out)
    else for (const action of tried) this.#absorb(NAMES, action, now, out)
  }

  #heardOfNames(event: Event, now: Now, out: Action[]): void {
    const { actions, events } = this.#names.handle(event, now)
    for (const action of actions) this.#absorb(NAMES, action, now, out)
    for (const each of events) this.#forward(each as Keyed, now, out)
  }

  #forward(event: Keyed, now: Now, out: Action[]): void {
    const [id, rest] = split('key' in event ? event.key : event.channel)
    if (id === SELF) {
      this.#own({ ...event, key: rest } as Event, now, out)
      return
    }
    const renamed = 'key' in event ? { ...event, key: rest } : { ...event, channel: rest }
    const machine = this.#machines.get(id)
    if (id === NAMES) this.#heardOfNames(renamed as Event, now, out)
    else if (machine !== undefined) this.#deliver(id, machine, renamed as Event, now, out)
  }

  /** What a machine asked for: consumed here, or passed on under a key of its own. */
  #absorb(id: string, action: Action, now: Now, out: Action[]): void {
    switch (action.do) {
      case 'sample': {
        const { clock, source } = action.sample
        const reference = this.#disciplines.get(referenceOf(source) as ClockName)
        if (reference !== undefined) this.#apply(reference.clock, reference.glance(now), now, out)
        const discipline = this.#disciplines.get(clock)
        if (discipline !== undefined) {
          this.#apply(clock, discipline.sample(action.sample, now), now, out)
        }
        break
      }
      case 'upstream':
        this.#heard(id, action.upstream, now, out)
        this.#broadcast({ on: 'upstream', upstream: this.#hands.best(action.upstream) }, now, out)
        this.#tellTai(action.upstream)
        break
      case 'note':
        this.#note({ ...action, subject: action.subject ?? id }, now, out)
        break
      case 'open':
      case 'send':
      case 'close':
        out.push({ ...action, channel: prefixed(id, action.channel) })
        break
      default:
        out.push(this.#names.sent({ ...action, key: prefixed(id, action.key) }))
    }
  }

  /** A clock in automatic mode is left to a ptp4l that turns it. */
  #heard(source: string, upstream: Upstream, now: Now, out: Action[]): void {
    this.#hands.heard(source, upstream)
    const discipline = this.#disciplines.get(upstream.clock)
    discipline?.hands(this.#hands.of(upstream.clock))
    // by this Sync the clock is turned, and whoever follows it need not wait for the next reading
    const at = plus(now.mono, TURNED)
    if (discipline !== undefined) {
      out.push({ do: 'timer', key: prefixed(SELF, GLANCE + upstream.clock), at })
    }
  }

  /** The kernel learns TAI - UTC only from a grandmaster that vouches for it, as with phc2sys. */
  #tellTai({ synchronized, utcOffsetValid, timeTraceable, utcOffset }: Upstream): void {
    if (synchronized && utcOffsetValid && timeTraceable) {
      this.#disciplines.get('system')?.tai(utcOffset)
    }
  }

  /** What a discipline did: told to whoever stores samples, counted, and its drift kept. */
  #apply(clock: ClockName, outcome: Outcome, now: Now, out: Action[]): void {
    for (const note of outcome.notes) this.#note({ ...note, subject: clock }, now, out)
    for (const change of outcome.changes) {
      for (const [name, discipline] of this.#disciplines) {
        this.#apply(name, discipline.referenceChanged(change), now, out)
      }
      this.#broadcast({ on: 'change', change }, now, out)
    }
    if (outcome.wake !== undefined) {
      out.push({ do: 'timer', key: prefixed(SELF, SLEW + clock), at: outcome.wake })
    }
    if (outcome.drift !== undefined) {
      const key = prefixed(SELF, DRIFT + clock)
      out.push({ do: 'store', key, file: driftFile(clock), text: outcome.drift })
    }
  }

  /** Events of the agent itself: the tick and the drift files. */
  #own(event: Event, now: Now, out: Action[]): void {
    if ('key' in event && event.key === LEAP_FILE) {
      if (event.on === 'timer') out.push(...this.#leapFile.read(now))
      else this.#leapNews(this.#leapFile.loaded(event, now), now, out)
      return
    }
    if (event.on === 'timer') this.#rang(event.key, now, out)
    if (event.on === 'loaded') this.#startClock(event.key, event.text, now, out)
    if (event.on !== 'failed') return
    const clock = event.key.slice(DRIFT.length) as ClockName
    if (event.what === 'load') this.#startClock(event.key, undefined, now, out)
    // a first start has no drift file yet: that is no fault
    if (event.what === 'load' && event.fault.code === 'NOT_FOUND') return
    this.#note({ code: 'drift-file', subject: clock, detail: describeFault(event.fault) }, now, out)
  }

  #leapNews(wrong: readonly string[], now: Now, out: Action[]): void {
    for (const detail of wrong) {
      this.#note({ code: 'leap-list', subject: 'system', detail }, now, out)
    }
  }

  #rang(key: string, now: Now, out: Action[]): void {
    if (key === 'tick') {
      this.#tick(now, out)
      return
    }
    const clock = key.slice(key.indexOf(':') + 1) as ClockName
    const discipline = this.#disciplines.get(clock)
    if (discipline === undefined) return
    const done = key.startsWith(SLEW) ? discipline.wake(now) : discipline.glance(now)
    this.#apply(clock, done, now, out)
  }

  #startClock(key: string, drift: string | undefined, now: Now, out: Action[]): void {
    const clock = key.slice(DRIFT.length) as ClockName
    const discipline = this.#disciplines.get(clock)
    if (discipline !== undefined) this.#apply(clock, discipline.start(drift, now), now, out)
  }

  #tick(now: Now, out: Action[]): void {
    out.push({ do: 'timer', key: prefixed(SELF, 'tick'), at: plus(now.mono, TICK) })
    for (const source of this.#sources) {
      const { clock, id, reach, trouble, pollSeconds } = source.view(now)
      if (clock !== undefined) this.#disciplines.get(clock)?.reach(id, reach, trouble, pollSeconds)
    }
    if (this.#hands.known(this.#sources, this.#startedAt, now.mono)) {
      for (const [name, discipline] of this.#disciplines) discipline.hands(this.#hands.of(name))
    }
    for (const [name, discipline] of this.#disciplines) {
      this.#apply(name, discipline.tick(now), now, out)
    }
    out.push(...this.#names.clockIs(this.#disciplines.get('system')?.view(now).state, now))
    this.#pulses.tell(this.#disciplines.values(), now, (each, event) =>
      this.#deliver(each.id, each, event, now, out),
    )
  }

  #note({ code, subject, detail }: Note, now: Now, out: Action[]): void {
    this.#notes.record(subject, code, detail, now.utc)
    out.push({ do: 'note', code, subject, detail })
  }
}
