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

import type { Config } from './config/types.ts'
import { describeFault } from './core/errors.ts'
import type { Action, Event, Machine, Now, Upstream } from './core/machine.ts'
import type { NoteCode } from './core/notes.ts'
import { type ClockName, referenceOf } from './core/sample.ts'
import { elapsed, type Instant, mono, plus, seconds, toSeconds } from './core/units.ts'
import type { Discipline } from './discipline.ts'
import type { Outcome } from './discipline-types.ts'
import type { DnsFiles } from './dns-part.ts'
import { driftFile, prefixed, split } from './keys.ts'
import type { Names } from './names.ts'
import type { Notes } from './observe/events.ts'
import type { EventRecord, Snapshot } from './observe/snapshot.ts'
import { ownClock } from './own-clock.ts'
import {
  clocksBut,
  type Given,
  keptSources,
  listenersOf,
  machinesOf,
  makeParts,
  missingClocks,
  type Parts,
} from './parts.ts'
import type { Node } from './ports/node.ts'
import { type Listener, tellStanding } from './pulse-part.ts'
import { reportsOf, tellReach } from './source-reports.ts'
import type { Source } from './sources/source.ts'

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

type Note = Pick<EventRecord, 'code' | 'subject' | 'detail'>

export class Agent {
  readonly #version: string
  readonly #notes: Notes
  readonly #names: Names
  #given: Given
  #parts: Parts
  #disciplines: ReadonlyMap<ClockName, Discipline> = new Map()
  #sources: readonly Source[] = []
  #machines: ReadonlyMap<string, Machine> = new Map()
  #listeners: readonly Listener[] = []
  #startedAt: Instant<'mono'> = mono(0n)

  constructor(config: Config, node: Node, version: string, dns?: DnsFiles) {
    this.#version = version
    this.#given = { config, node, dns, leapKey: prefixed(SELF, LEAP_FILE) }
    this.#parts = makeParts(this.#given)
    const { notes, names } = this.#parts
    this.#notes = notes
    this.#names = names
    this.#adopt(this.#parts)
  }

  #adopt(parts: Parts): void {
    this.#parts = parts
    this.#sources = [...parts.sources.values()].map(({ part }) => part.source)
    this.#disciplines = new Map(
      [...parts.disciplines].map(([name, { part }]) => [name as ClockName, part.discipline]),
    )
    this.#machines = machinesOf(parts)
    this.#listeners = listenersOf(parts)
  }

  /** Puts another configuration in force: what it changes ends and begins, everything else goes on. */
  reload(config: Config, node: Node, dns: DnsFiles | undefined, now: Now): readonly Action[] {
    const out: Action[] = []
    const [before, running] = [this.#parts, this.#machines]
    this.#given = { ...this.#given, config, node, dns }
    this.#adopt(makeParts(this.#given, before))
    for (const [id, machine] of running) {
      if (this.#machines.get(id) === machine) continue
      this.#deliver(id, machine, { on: 'stop' }, now, out)
    }
    for (const [name, { discipline, port }] of clocksBut(before, this.#parts)) {
      this.#apply(name, discipline.stop(), now, out)
      port.close?.()
    }
    const kept = keptSources(before, this.#parts)
    this.#parts.hands.keep(kept)
    for (const each of this.#disciplines.values()) each.follow(this.#parts.rules, kept)
    this.#begin(before, running, now, out)
    return out
  }

  /** Something about the agent as a whole. */
  note(code: NoteCode, detail: string, now: Now): readonly Action[] {
    const out: Action[] = []
    this.#note({ code, subject: SELF, detail }, now, out)
    return out
  }

  /** Whatever was not there before. */
  #begin(
    before: Parts | undefined,
    running: ReadonlyMap<string, Machine>,
    now: Now,
    out: Action[],
  ): void {
    for (const { name, why } of missingClocks(this.#parts, before)) {
      this.#note({ code: 'degraded', subject: name, detail: why }, now, out)
    }
    for (const [name] of clocksBut(this.#parts, before)) {
      out.push({ do: 'load', key: prefixed(SELF, DRIFT + name), file: driftFile(name) })
    }
    const { leaps } = this.#parts
    if (leaps !== before?.leaps) out.push(...leaps.part.file.read(now))
    for (const [id, machine] of this.#machines) {
      if (running.get(id) !== machine) this.#deliver(id, machine, { on: 'start' }, now, out)
    }
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
      hostname: this.#given.node.info.hostname,
      at: now.utc,
      mono: now.mono,
      uptimeSeconds: toSeconds(elapsed(now.mono, this.#startedAt)),
      explicitConfig: this.#given.config.explicit,
      clocks,
      sources: reportsOf(this.#sources, this.#disciplines, now),
      dns: this.#parts.dns.part.view(now, ownClock(clocks, now)),
      children: [...this.#parts.children.values()].map(({ part }) => part.view()),
      leapSeconds: this.#parts.leaps.part.leaps.view(now.utc),
      notes: this.#notes.counts(),
      events: this.#notes.events(),
    }
  }

  #start(now: Now, out: Action[]): void {
    this.#startedAt = now.mono
    this.#begin(undefined, new Map(), now, out)
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
        this.#broadcast(
          { on: 'upstream', upstream: this.#parts.hands.best(action.upstream) },
          now,
          out,
        )
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
    this.#parts.hands.heard(source, upstream)
    const discipline = this.#disciplines.get(upstream.clock)
    discipline?.hands(this.#parts.hands.of(upstream.clock))
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
      const { file } = this.#parts.leaps.part
      if (event.on === 'timer') out.push(...file.read(now))
      const wrong = event.on === 'timer' ? [] : file.loaded(event, now)
      for (const detail of wrong) {
        this.#note({ code: 'leap-list', subject: 'system', detail }, now, out)
      }
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

  #rang(key: string, now: Now, out: Action[]): void {
    if (key === 'tick') this.#tick(now, out) // no clock is called so
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
    tellReach(this.#sources, this.#disciplines, now)
    if (this.#parts.hands.known(this.#sources, this.#startedAt, now.mono)) {
      for (const [name, discipline] of this.#disciplines)
        discipline.hands(this.#parts.hands.of(name))
    }
    for (const [name, discipline] of this.#disciplines) {
      this.#apply(name, discipline.tick(now), now, out)
    }
    out.push(...this.#names.clockIs(this.#disciplines.get('system')?.view(now).state, now))
    tellStanding(this.#disciplines.values(), this.#listeners, now, (each, event) =>
      this.#deliver(each.id, each, event, now, out),
    )
  }

  #note({ code, subject, detail }: Note, now: Now, out: Action[]): void {
    this.#notes.record(subject, code, detail, now.utc)
    out.push({ do: 'note', code, subject, detail })
  }
}
