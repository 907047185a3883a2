/**
 * What a ptp4l instance says, put together: data sets in, samples, upstreams and notes out.
 *
 * A sample needs a Sync that is new, a port that receives (SLAVE; UNCALIBRATED where ptp4l runs
 * free), a grandmaster that is not this clock, and the name of the clock that stamped. Whatever of
 * these is missing is the reason that everybody sees: in the view, and in `upstream`.
 */
import type { Ptp4lSourceConfig } from '../config/types.ts'
import { type ClockChange, moveSample } from '../core/clock-change.ts'
import type { Action, Now, Upstream } from '../core/machine.ts'
import type { ClockName, Sample } from '../core/sample.ts'
import { type Instant, type Nanos, nanos, plus } from '../core/units.ts'
import type { DataSet, TimeProperties, TimeStatus } from './management-data.ts'
import { elapsed } from './phc-schedule.ts'
import { Herald, note } from './ptp4l-herald.ts'
import { type Port, Ports } from './ptp4l-ports.ts'
import { freshIngress, ingressAt, SyncStream } from './ptp4l-sync.ts'
import {
  type Facts,
  hasDelay,
  noFacts,
  type Reason,
  reasonOf,
  sampleOf,
  staleAfter,
  stampsOf,
  utcOffsetOf,
} from './ptp4l-upstream.ts'

/** Names the PHC of a port: by index where ptp4l or ethtool told it, else by its interface. */
export type PhcName = (index: number | undefined, interfaceName: string) => ClockName | undefined

export class Tracker {
  readonly ports = new Ports()
  readonly #id: string
  readonly #config: Ptp4lSourceConfig
  readonly #phcName: PhcName
  readonly #sync = new SyncStream()
  readonly #herald = new Herald()
  readonly #identifying = new Set<number>()
  #facts: Facts = noFacts()
  #last: Sample | undefined
  #clock: ClockName | undefined
  #pushedAt: Instant<'mono'> | undefined
  #mustIdentify = false
  /** The last one that was not this clock itself. */
  #grandmaster = ''
  #reach = 0
  #sampled = false
  /** Why there is nobody to talk to; undefined while ptp4l answers. */
  link: Reason | undefined

  constructor(id: string, config: Ptp4lSourceConfig, phcName: PhcName) {
    this.#id = id
    this.#config = config
    this.#phcName = phcName
  }

  get facts(): Readonly<Facts> {
    return this.#facts
  }

  get last(): Sample | undefined {
    return this.#last
  }

  get clock(): ClockName | undefined {
    return this.#clock
  }

  get upstream(): Upstream | undefined {
    return this.#herald.upstream
  }

  /** The poll under way counts as soon as it has brought something, and not before it ends. */
  get reach(): number {
    return this.#sampled ? ((this.#reach << 1) | 1) & 0xff : this.#reach
  }

  reason(now: Instant<'mono'>): Reason {
    const { freeRunning } = this.#config
    const syncAge = this.#sync.age(now)
    const given = { freeRunning, clock: this.#clock, syncAge, limit: this.#limit() }
    return this.link ?? reasonOf(this.#facts, this.ports, given)
  }

  /** A poll interval is over, answered or not. */
  countPoll(): void {
    this.#reach = ((this.#reach << 1) | (this.#sampled ? 1 : 0)) & 0xff
    this.#sampled = false
  }

  isPushed(now: Instant<'mono'>): boolean {
    return this.#pushedAt !== undefined && elapsed(now, this.#pushedAt) < this.#limit()
  }

  /**
   * When to ask so that the answer tells of a Sync that has just come: a ptp4l before 4.0 notifies of none,
   * and what it did to its clock by then is a second old. Undefined where nobody knows, or is told anyway.
   */
  behindSync(now: Instant<'mono'>, period: Nanos): Instant<'mono'> | undefined {
    const { syncSeconds = 0 } = this.ports.receiving(this.#config.freeRunning) ?? {}
    const last = this.#last
    if (last === undefined || syncSeconds < SELDOM || this.isPushed(now)) return undefined
    const age = elapsed(now, last.at)
    if (age > this.#limit()) return undefined
    const interval = syncSeconds * 1e9
    const syncs = Math.ceil((age + period / 2 - BEHIND) / interval)
    return plus(last.at, nanos(syncs * interval + BEHIND))
  }

  /** Notifications came once, and now Syncs are seen only by asking. */
  pushesEnded(now: Instant<'mono'>): boolean {
    const age = this.#sync.age(now)
    const fresh = age !== undefined && age < this.#limit()
    return this.#pushedAt !== undefined && !this.isPushed(now) && fresh
  }

  newConversation(): void {
    this.#mustIdentify = false
    this.#identifying.clear()
    this.#pushedAt = undefined
  }

  restarted(): void {
    this.#sync.reset()
    this.#facts = { ...this.#facts, status: undefined }
  }

  /** ptp4l cannot tell its PHCs (before 4.0, a read-only socket, free running): ask the interfaces. */
  hardwareClockUnknown(out: Action[]): void {
    this.#mustIdentify = true
    for (const port of this.ports.unmapped()) {
      if (this.#identifying.has(port.number)) continue
      this.#identifying.add(port.number)
      out.push({ do: 'identify', key: `port:${port.number}`, interface: port.interface })
    }
  }

  identified(port: number, phcIndex: number, now: Now, out: Action[]): void {
    this.ports.identified(port, phcIndex, now.mono)
    this.tell(now, out)
  }

  change(change: ClockChange): void {
    if (change.clock !== this.#clock) return
    if (change.step !== 0n) this.#sync.forgetOffsets()
    if (this.#last !== undefined) this.#last = moveSample(this.#last, change)
  }

  absorb(set: DataSet, pushed: boolean, now: Now, out: Action[]): void {
    switch (set.name) {
      case 'DEFAULT_DATA_SET':
        this.ports.keep(set.value.numberPorts)
        break
      case 'PORT_PROPERTIES_NP':
        this.#portNote(this.ports.properties(set.value, now.mono), out)
        if (this.#mustIdentify) this.hardwareClockUnknown(out)
        break
      case 'PORT_DATA_SET':
        this.#portNote(this.ports.dataSet(set.value, now.mono), out)
        break
      case 'PORT_HWCLOCK_NP':
        if (!this.ports.hardwareClock(set.value, now.mono)) this.hardwareClockUnknown(out)
        break
      case 'TIME_PROPERTIES_DATA_SET':
        this.#properties(set.value, out)
        break
      case 'PARENT_DATA_SET':
        this.#facts.parent = set.value
        break
      case 'CURRENT_DATA_SET':
        this.#facts.current = set.value
        break
      case 'TIME_STATUS_NP':
        if (pushed) this.#pushedAt = now.mono
        this.#status(set.value, now, out)
        return
    }
    this.tell(now, out)
  }

  /** Says what the clock is worth when that changed, and on every Sync (`always`). */
  tell(now: Now, out: Action[], always = false): void {
    const clock = this.#measured()
    if (clock === undefined) return
    const last = this.#last?.clock === clock ? this.#last : undefined
    const reason = this.reason(now.mono)
    const steers = this.link === undefined && this.#steers(clock)
    const news = { facts: this.#facts, clock, reason, steers, last, now: now.mono }
    this.#herald.tell(news, out, always)
  }

  /** Also uncalibrated: it turns the clock to find its frequency. */
  #steers(clock: ClockName): boolean {
    const turns = this.ports.list.filter(({ state }) => TURNS.has(state))
    return !this.#config.freeRunning && turns.some((port) => clockOf(port, this.#phcName) === clock)
  }

  #portNote(change: string, out: Action[]): void {
    if (change !== '') out.push(note('port-state', change))
  }

  #properties(properties: TimeProperties, out: Action[]): void {
    const before = this.#facts.properties
    this.#facts.properties = properties
    if (before === undefined || utcOffsetOf(before) === utcOffsetOf(properties)) return
    const detail = `TAI - UTC from ${utcOffsetOf(before)} s to ${utcOffsetOf(properties)} s`
    out.push(note('utc-offset', detail))
  }

  #status(status: TimeStatus, now: Now, out: Action[]): void {
    this.#facts.status = status
    if (status.gmPresent) this.#follow(status.gmIdentity, out)
    const progress = this.#sync.take(status, now.mono)
    const port = this.ports.receiving(this.#config.freeRunning)
    const clock = this.#measured()
    const usable = port !== undefined && status.gmPresent
    if (usable && progress === 'old') out.push(note('no-progress', `${status.ingressTime}`))
    const measured = usable && clock !== undefined && hasDelay(this.#facts, port)
    if (!measured) this.#sync.forgetOffsets()
    if (measured && progress === 'new') this.#sample(status, port, clock, now, out)
    if (measured && progress === 'first') this.#vouch(status, port, now, out)
    this.tell(now, out, progress === 'new')
  }

  #follow(grandmaster: string, out: Action[]): void {
    const before = this.#grandmaster
    this.#grandmaster = grandmaster
    if (before === '' || before === grandmaster) return
    out.push(note('grandmaster', `${before} to ${grandmaster}`))
  }

  /**
   * A ptp4l that steers its clock is believed with the Sync that it had when we came, if that is as young as
   * our own clock can tell: readers of the PHC need not wait for the next one.
   */
  #vouch(status: TimeStatus, port: Port, now: Now, out: Action[]): void {
    if (this.#config.freeRunning) return
    const at = freshIngress(status.ingressTime, this.#toStamps(port), now, this.#limit())
    if (at === undefined) return
    this.#sync.vouch(at)
    out.push({ do: 'timer', key: 'stale', at: plus(at, this.#limit()) })
  }

  /** Seconds from UTC to the scale of the stamps. */
  #toStamps(port: Port): number {
    return stampsOf(port) === 'hardware' ? utcOffsetOf(this.#facts.properties) : 0
  }

  #sample(status: TimeStatus, port: Port, clock: ClockName, now: Now, out: Action[]): void {
    const at = ingressAt(status.ingressTime, this.#toStamps(port), now, this.#limit())
    const { jitter } = this.#sync
    const sample = sampleOf(this.#facts, status, { source: this.#id, clock, at, port, jitter })
    this.#last = sample
    this.#sampled = true
    out.push({ do: 'sample', sample })
    out.push({ do: 'timer', key: 'stale', at: plus(now.mono, this.#limit()) })
  }

  /** The clock behind the receiving port; without one, the clock that it was or may become. */
  #measured(): ClockName | undefined {
    const port = this.ports.receiving(this.#config.freeRunning)
    const first = this.ports.list[0]
    if (port !== undefined) this.#clock = clockOf(port, this.#phcName)
    else if (first !== undefined) this.#clock ??= clockOf(first, this.#phcName)
    return this.#clock
  }

  /** Syncs that come by notification are seen at once; the others when we ask. */
  #limit(): Nanos {
    const { syncSeconds = 1 } = this.ports.receiving(this.#config.freeRunning) ?? {}
    const asked = this.#pushedAt === undefined ? this.#config.poll : 0
    return staleAfter(Math.max(syncSeconds, asked))
  }
}

/** Syncs that come more often than this, s, are never far. */
const SELDOM = 0.25
/** From a Sync to its Follow_Up, and to what ptp4l does about it. */
const BEHIND = 30e6
const TURNS = new Set(['SLAVE', 'UNCALIBRATED'])

/** A port that stamps in hardware does not measure the system clock, whoever says so. */
const notSystem = (name: ClockName | undefined): ClockName | undefined =>
  name === 'system' ? undefined : name

function clockOf(port: Port, phcName: PhcName): ClockName | undefined {
  if (port.stamping === 'software') return 'system'
  if (port.phcIndex === undefined) return notSystem(phcName(undefined, port.interface))
  if (port.phcIndex >= 0) return notSystem(phcName(port.phcIndex, port.interface))
  return port.stamping === undefined ? 'system' : undefined
}
