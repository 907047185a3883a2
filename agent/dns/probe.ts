/**
 * The DNS probe: every server of the plan over every transport, one query at a time out of one schedule,
 * so that the whole node stays below `maxRate` whatever it probes.
 *
 * The first query comes after a random part of one gap, each next one after 1 to 1.25 gaps: a fleet that
 * was started together drifts apart. What an answer makes worth asking takes its turn in the rate as any
 * other: over TCP what was truncated (RFC 7766 section 5), without validation what was SERVFAIL.
 *
 * One channel per query, hence a fresh port and a random id (RFC 5452 section 9).
 * A target fails over a transport after three bad results in a row: one lost datagram is no event.
 */
import type { DnsConfig } from '../config/types.ts'
import type { Action, Event, Machine, Now } from '../core/machine.ts'
import { type Instant, plus, seconds } from '../core/units.ts'
import type { RandomPort } from '../ports/random.ts'
import { asksOf, type Probe, probesOf } from './checks.ts'
import type { OwnClockFacts, Transport } from './facts.ts'
import { Ledger, type Surroundings } from './ledger.ts'
import type { Ask } from './message.ts'
import type { PlannedTarget } from './plan-types.ts'
import { type Outcome, Query, type QueryEvent, type QueryTls } from './query.ts'
import { isAnswered } from './rules/evidence.ts'
import { costOf, Schedule } from './schedule.ts'
import type { DnsSetup } from './setup.ts'
import { Tally } from './tally.ts'
import type { DnsView } from './view.ts'

const NEXT = 'next'
/** Consecutive failures after which a target counts as failing. */
const FAILING = 3
const JITTER = 0.25
/** Until a query that nobody answered is tried again, ahead of the round. */
const AGAIN = seconds(1)

export interface DnsProbeOptions {
  readonly config: DnsConfig
  readonly setup: DnsSetup
  readonly random: RandomPort
  /** For a single measurement: so many rounds, each with every check. */
  readonly rounds?: number
}

/** Answers to one probe out of one or two channels. */
interface Course {
  readonly probe: Probe
  /** When it was asked. */
  readonly at: Instant<'mono'>
  readonly outcomes: (Outcome | undefined)[]
}

interface Running {
  readonly query: Query
  readonly course: Course
  /** Place of this query among those of its probe. */
  readonly place: number
}

export class DnsProbe implements Machine {
  readonly id = 'dns'
  #options: DnsProbeOptions
  #schedule: Schedule
  #ledger: Ledger
  readonly #tallies = new Map<string, Tally>()
  readonly #running = new Map<string, Running>()
  #count = 0

  constructor(options: DnsProbeOptions) {
    const { config, setup } = options
    this.#options = options
    this.#schedule = this.#scheduleOf()
    this.#ledger = new Ledger({ setup, timeout: config.timeout })
  }

  #scheduleOf(): Schedule {
    const { config, setup, rounds } = this.#options
    const targets = config.enabled ? setup.plan.targets : []
    for (const target of targets) {
      for (const transport of target.transports) this.#tally(target, transport)
    }
    const canaries = config.canaries ?? {}
    return new Schedule({
      targets: targets.map((target) => ({ target, probes: probesOf(target, canaries) })),
      rate: config.maxRatePerTarget ?? config.maxRate,
      rounds,
    })
  }

  /** Of a single measurement: rounds begun, queries asked, and whether it is over. */
  get progress(): { readonly rounds: number; readonly asked: number; readonly over: boolean } {
    const over = this.#schedule.exhausted && this.#running.size === 0
    return { rounds: this.#schedule.rounds, asked: this.#count, over }
  }

  handle(event: Event, now: Now): readonly Action[] {
    switch (event.on) {
      case 'start':
        return this.#start(now)
      case 'stop':
        return this.#stop()
      case 'timer':
        return event.key === NEXT ? this.#next(now) : this.#deliver(event.key, event, now)
      case 'failed':
        return this.#deliver(event.key, event, now)
      case 'connected':
      case 'opened':
      case 'sent':
      case 'received':
      case 'closed':
        return this.#deliver(event.channel, event, now)
      default:
        return []
    }
  }

  /** What is known of the node beside the answers. */
  learn(node: Surroundings): void {
    this.#ledger.learn(node)
  }

  /** The files say something else by now. What was seen and counted of servers that stay is kept. */
  replan(setup: DnsSetup, now: Now): readonly Action[] {
    const stopped = this.#stop()
    const ledger = new Ledger({ setup, timeout: this.#options.config.timeout })
    ledger.inherit(this.#ledger)
    this.#options = { ...this.#options, setup }
    this.#schedule = this.#scheduleOf()
    this.#ledger = ledger
    const labels = new Set(setup.plan.targets.map(({ label }) => label))
    for (const [key, tally] of this.#tallies)
      if (!labels.has(tally.label)) this.#tallies.delete(key)
    return [...stopped, ...this.#start(now)]
  }

  /** `clock` is our own, with which a diagnosis compares what answers say of the time. */
  view(now: Now, clock: OwnClockFacts): DnsView {
    const { config, setup } = this.#options
    const [host] = setup.resolvConfs
    return {
      enabled: config.enabled,
      targets: [...this.#tallies.values()].map((tally) => tally.view(now.mono)),
      nameservers: (host?.resolvConf?.nameservers ?? []).map(({ address }) => address),
      search: host?.resolvConf?.search ?? [],
      ndots: host?.resolvConf?.options.ndots ?? 1,
      ...(!this.#schedule.empty && { report: this.#ledger.report(now.mono, clock) }),
    }
  }

  #start(now: Now): Action[] {
    const { config, setup, random } = this.#options
    if (!config.enabled) return []
    const faults = setup.resolvConfs.flatMap(({ file, resolvConf }) =>
      (resolvConf?.faults ?? []).map(
        ({ code, line, text }): Action => ({
          do: 'note',
          code: 'resolv-conf',
          detail: `${file}: line ${line}: ${code}: ${text}`,
        }),
      ),
    )
    return this.#schedule.empty ? faults : [...faults, this.#timer(now, random.uniform())]
  }

  #stop(): Action[] {
    const actions: Action[] = [{ do: 'cancel', key: NEXT }]
    for (const channel of this.#running.keys()) {
      actions.push({ do: 'cancel', key: channel }, { do: 'close', channel })
    }
    this.#running.clear()
    return actions
  }

  /** A gap is the time between two queries at the allowed rate. */
  #timer(now: Now, gaps: number): Action {
    const { maxRate } = this.#options.config
    return { do: 'timer', key: NEXT, at: plus(now.mono, seconds(gaps / maxRate)) }
  }

  #next(now: Now): Action[] {
    const probe = this.#schedule.next(now.mono)
    const cost = probe === undefined ? 1 : costOf(probe)
    const again = this.#timer(now, cost * (1 + JITTER * this.#options.random.uniform()))
    return probe === undefined ? [again] : [...this.#ask(probe, now), again]
  }

  #ask(probe: Probe, now: Now): Action[] {
    const asks = asksOf(probe, this.#freshLabel()).filter((ask) => ask !== undefined)
    const channels = probe.check === 'split' ? asks.map((ask) => [ask]) : [asks]
    const course: Course = { probe, at: now.mono, outcomes: channels.map(() => undefined) }
    return channels.flatMap((each, place) => {
      const channel = `q${this.#count++}`
      const query = this.#query(probe, channel, each)
      this.#running.set(channel, { query, course, place })
      return query.start(now)
    })
  }

  #query({ target, transport }: Probe, channel: string, asks: readonly Ask[]): Query {
    const { address, port } = target
    const ids = asks.map(() => {
      const [high = 0, low = 0] = this.#options.random.bytes(2)
      return high * 256 + low
    })
    const { timeout } = this.#options.config
    const tls = transport === 'dot' ? this.#tlsOf(target) : undefined
    return new Query({ address, port, transport, tls, channel, asks, timeout, ids: apart(ids) })
  }

  #tlsOf({ tls }: PlannedTarget): QueryTls {
    const { serverName, ca } = tls ?? {}
    const text = ca === undefined ? undefined : this.#options.setup.certificates[ca]
    return { serverName, ca: text, trustKnown: ca === undefined || text !== undefined }
  }

  #freshLabel(): string {
    const bytes = [...this.#options.random.bytes(6)]
    return `tw-${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
  }

  #deliver(channel: string, event: QueryEvent, now: Now): readonly Action[] {
    const running = this.#running.get(channel)
    if (running === undefined) return []
    const { query, course, place } = running
    const step = query.handle(event, now)
    if (query.done) this.#running.delete(channel)
    const notes = step.outcomes.flatMap((outcome) => this.#settle(course, place, outcome, now))
    return [...step.actions, ...notes]
  }

  /** Of two channels both must have come to an end, and then what comes later is no news. */
  #settle(course: Course, place: number, outcome: Outcome, now: Now): Action[] {
    const { outcomes } = course
    if (outcomes.length === 1) return this.#record(course, outcome, now)
    if (outcomes[place] !== undefined) return []
    outcomes[place] = outcome
    const [first, second] = outcomes
    if (first === undefined || second === undefined) return []
    return this.#record(course, { ...first, second: second.result }, now)
  }

  #record({ probe, at }: Course, outcome: Outcome, now: Now): Action[] {
    this.#ledger.record(probe, outcome, at)
    this.#followUp(probe, outcome, now)
    // of a name that must exist alone a result is good or bad by itself
    return probe.check === 'exists' ? this.#judge(probe, outcome, now) : []
  }

  #judge({ target, transport, question }: Probe, outcome: Outcome, now: Now): Action[] {
    const tally = this.#tally(target, transport)
    const { before, after } = tally.record(outcome, question.name, now.mono)
    const subject = `dns:${target.label}`
    const asked = `${transport} ${question.name} ${question.type}`
    if (before < FAILING && after >= FAILING) {
      const detail = `${asked}: ${outcome.result}, ${after} failures in a row`
      return [{ do: 'note', code: 'dns-failing', subject, detail }]
    }
    if (before >= FAILING && after === 0) {
      const detail = `${asked}: ${outcome.result} after ${before} failures`
      return [{ do: 'note', code: 'dns-ok', subject, detail }]
    }
    return []
  }

  #followUp(probe: Probe, { result, second }: Outcome, now: Now): void {
    if (result === 'late') return
    const { check, transport } = probe
    const answered = isAnswered(result) || (second !== undefined && isAnswered(second))
    // the follow-up of a query that was lost makes no pause longer
    if (answered || check !== 'plain') this.#schedule.heard(probe, answered, now.mono)
    if (check === 'exists' && this.#schedule.isDoubtful(probe)) {
      this.#schedule.follow(probe, plus(now.mono, AGAIN))
    }
    // it may be silent for EDNS alone
    if (check === 'exists' && transport === 'udp' && this.#schedule.isDead(probe)) {
      this.#schedule.follow({ ...probe, check: 'plain' }, now.mono)
    }
    if (result === 'truncated' && transport === 'udp') {
      this.#schedule.follow({ ...probe, transport: 'tcp' }, now.mono)
    }
    if (check === 'signed' && result === 'servfail') {
      this.#schedule.follow({ ...probe, check: 'unchecked' }, now.mono)
    }
  }

  #tally(target: PlannedTarget, transport: Transport): Tally {
    const key = `${target.label} ${transport}`
    const known = this.#tallies.get(key)
    if (known !== undefined) return known
    const tally = new Tally({ label: target.label, origin: target.role, transport })
    this.#tallies.set(key, tally)
    return tally
  }
}

/** Two questions over one channel are told apart by their ids. */
const apart = ([first = 0, second]: readonly number[]): number[] => {
  if (second === undefined) return [first]
  return [first, second === first ? (first + 1) % 65_536 : second]
}
