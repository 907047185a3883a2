/**
 * The DNS probe: every nameserver of resolv.conf and every configured target, over UDP and TCP, one
 * query at a time out of one schedule, so that the whole node stays below `maxRate` whatever it probes.
 *
 * Schedule: a round over all probes (targets.ts), again and again. The first query comes after a random
 * part of one gap, each next one after 1 to 1.25 gaps: a fleet that was started together drifts apart.
 * A truncated answer over UDP puts the same question over TCP in front of the round (RFC 7766 section 5);
 * it takes its turn in the rate as any other.
 *
 * One channel per query, hence a fresh port and a random id (RFC 5452 section 9).
 * A target fails over a transport after three bad results in a row: one lost datagram is no event.
 */
import type { DnsConfig } from '../config/types.ts'
import type { Action, Event, Machine, Now } from '../core/machine.ts'
import { plus, seconds } from '../core/units.ts'
import type { RandomPort } from '../ports/random.ts'
import type { OwnClockFacts } from './facts.ts'
import { Ledger } from './ledger.ts'
import { Query, type Step } from './query.ts'
import { parseResolvConf, type ResolvConf } from './resolv-conf.ts'
import { type Outcome, Tally } from './tally.ts'
import { buildRound, buildTargets, type DnsTransport, type Probe, type Target } from './targets.ts'
import type { DnsView } from './view.ts'

const NEXT = 'next'
/** Consecutive failures after which a target counts as failing. */
const FAILING = 3
const JITTER = 0.25

export interface DnsProbeOptions {
  readonly config: DnsConfig
  /** Text of resolv.conf; empty: there is none. */
  readonly resolvConf: string
  readonly random: RandomPort
}

export class DnsProbe implements Machine {
  readonly id = 'dns'
  readonly #config: DnsConfig
  readonly #random: RandomPort
  readonly #resolvConf: ResolvConf
  readonly #round: readonly Probe[]
  readonly #tallies = new Map<string, Tally>()
  readonly #ledger: Ledger
  readonly #queries = new Map<string, Query>()
  readonly #followUps: Probe[] = []
  #turn = 0
  #count = 0

  constructor({ config, resolvConf, random }: DnsProbeOptions) {
    this.#config = config
    this.#random = random
    this.#resolvConf = parseResolvConf(resolvConf)
    const targets = config.enabled ? buildTargets(config, resolvConf, this.#resolvConf) : []
    this.#round = buildRound(targets)
    this.#ledger = new Ledger({
      ...{ targets, resolvConf: this.#resolvConf, path: config.resolvConf },
      ...{ missing: resolvConf.trim() === '', timeout: config.timeout },
    })
    for (const target of targets) {
      for (const transport of target.transports) this.#tally(target, transport)
    }
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
      case 'opened':
      case 'sent':
      case 'received':
      case 'closed':
        return this.#deliver(event.channel, event, now)
      default:
        return []
    }
  }

  /** `clock` is our own, with which a diagnosis compares what answers say of the time. */
  view(now: Now, clock: OwnClockFacts): DnsView {
    const { nameservers, search, options } = this.#resolvConf
    return {
      enabled: this.#config.enabled,
      targets: [...this.#tallies.values()].map((tally) => tally.view(now.mono)),
      nameservers: nameservers.map(({ address }) => address),
      search,
      ndots: options.ndots,
      ...(this.#round.length > 0 && { report: this.#ledger.report(now.mono, clock) }),
    }
  }

  #start(now: Now): Action[] {
    if (!this.#config.enabled) return []
    const faults = this.#resolvConf.faults.map(
      ({ code, line, text }): Action => ({
        do: 'note',
        code: 'resolv-conf',
        detail: `line ${line}: ${code}: ${text}`,
      }),
    )
    if (this.#round.length === 0) return faults
    return [...faults, this.#timer(now, this.#random.uniform())]
  }

  #stop(): Action[] {
    const actions: Action[] = [{ do: 'cancel', key: NEXT }]
    for (const channel of this.#queries.keys()) {
      actions.push({ do: 'cancel', key: channel }, { do: 'close', channel })
    }
    this.#queries.clear()
    return actions
  }

  /** A gap is the time between two queries at the allowed rate. */
  #timer(now: Now, gaps: number): Action {
    return { do: 'timer', key: NEXT, at: plus(now.mono, seconds(gaps / this.#config.maxRate)) }
  }

  #next(now: Now): Action[] {
    const again = this.#timer(now, 1 + JITTER * this.#random.uniform())
    const probe = this.#followUps.shift() ?? this.#round[this.#turn++ % this.#round.length]
    if (probe === undefined) return []
    const channel = `q${this.#count++}`
    const [high = 0, low = 0] = this.#random.bytes(2)
    const id = high * 256 + low
    const query = new Query({ probe, channel, id, timeout: this.#config.timeout })
    this.#queries.set(channel, query)
    return [...query.start(now), again]
  }

  #deliver(channel: string, event: Parameters<Query['handle']>[0], now: Now): readonly Action[] {
    const query = this.#queries.get(channel)
    if (query === undefined) return []
    const step: Step = query.handle(event, now)
    if (query.done) this.#queries.delete(channel)
    const notes = step.outcomes.flatMap((outcome) => this.#record(query.probe, outcome, now))
    return [...step.actions, ...notes]
  }

  #record(probe: Probe, outcome: Outcome, now: Now): Action[] {
    const { target, transport, question } = probe
    this.#ledger.record(probe, outcome, now.mono)
    const { before, after } = this.#tally(target, transport).record(
      outcome,
      question.name,
      now.mono,
    )
    if (outcome.result === 'truncated' && transport === 'udp') this.#followUp(probe)
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

  /** Once per question that waits, whatever truncates in the meantime. */
  #followUp(probe: Probe): void {
    const { target, question } = probe
    const waiting = this.#followUps.some(
      (other) => other.target === target && other.question === question,
    )
    if (!waiting) this.#followUps.push({ target, question, transport: 'tcp' })
  }

  #tally(target: Target, transport: DnsTransport): Tally {
    const key = `${target.label} ${transport}`
    const known = this.#tallies.get(key)
    if (known !== undefined) return known
    const tally = new Tally(target, transport)
    this.#tallies.set(key, tally)
    return tally
  }
}
