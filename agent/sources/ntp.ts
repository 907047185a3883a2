/**
 * NTP client of one server: when to ask, whom, and what to make of what comes back.
 *
 *   start ─► (resolve ─►) wait ─► ask ─► measured ─► sample ─► wait ...
 *                                     ├► useless ─► (resolve again) ─► wait ...
 *                                     └► kiss ─► slower, or never again
 *
 * Out: samples of the system clock, offset = local - reference (the sign is made in
 * `ntp-exchange.ts`), at the middle of the exchange on the monotonic clock. Exchanges are in
 * `ntp-request.ts`, the checks in `ntp-exchange.ts`, the schedule in `ntp-poll.ts`, names in
 * `ntp-address.ts`.
 *
 * RFC 5905 sections 7.4 (kiss of death), 11 and 13; RFC 8633 (best practice).
 */
import type { NtpSourceConfig } from '../config/types.ts'
import type { ClockChange } from '../core/clock-change.ts'
import type { Action, Event, Now } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import type { Sample } from '../core/sample.ts'
import { type Instant, mono, type Nanos, nanos, plus, seconds, toSeconds } from '../core/units.ts'
import type { RandomPort } from '../ports/random.ts'
import { ServerAddress, type Slot } from './ntp-address.ts'
import type { Measurement } from './ntp-exchange.ts'
import { NTP_PORT } from './ntp-packet.ts'
import { patience } from './ntp-pending.ts'
import * as polling from './ntp-poll.ts'
import { NtpRecord } from './ntp-record.ts'
import { type EventOf, NtpRequests, type Progress, type Result } from './ntp-request.ts'
import type { Source, SourceView } from './source.ts'

export interface NtpSourceOptions {
  readonly id: string
  readonly config: NtpSourceConfig
  readonly random: RandomPort
  /** Place among the sources of one pool; default: the only one. */
  readonly slot?: Slot
  /** Orders the addresses of a name; the same for all slots of a pool. */
  readonly salt?: number
}

/** First requests of several sources are spread over this time. */
const START_SPREAD = seconds(0.2)
/** The server refuses this client (RFC 5905 section 7.4). */
const REFUSALS: readonly string[] = ['DENY', 'RSTR']
const TIMERS = ['poll', 'timeout', 'stamp', 'resolve']
const NTP = 'ntp'

const note = (code: NoteCode, detail: string): Action => ({ do: 'note', code, detail })
const pollAt = (at: Instant<'mono'>): Action => ({ do: 'timer', key: 'poll', at })

export class NtpSource implements Source {
  readonly kind = NTP
  readonly id: string
  readonly #config: NtpSourceConfig
  readonly #random: RandomPort
  readonly #server: ServerAddress
  readonly #requests: NtpRequests
  readonly #record = new NtpRecord()
  #poll: polling.PollState
  #stopped = false

  constructor({ id, config, random, slot, salt }: NtpSourceOptions) {
    this.id = id
    this.#config = config
    this.#random = random
    this.#server = new ServerAddress(config.name, slot ?? { index: 0, count: 1 }, salt ?? 0)
    const limits = { maxDelay: seconds(config.maxDelay), correction: seconds(config.offset) }
    this.#requests = new NtpRequests(random, limits, config.xleave)
    this.#poll = polling.startPoll(config)
  }

  handle(event: Event, now: Now): readonly Action[] {
    if (this.#stopped) return []
    switch (event.on) {
      case 'start':
        return this.#server.current === undefined ? this.#server.resolve() : this.#begin(now)
      case 'stop':
        return this.#stop()
      case 'timer':
        return this.#timer(event.key, now)
      case 'opened':
        return this.#go(this.#requests.opened(event, now), now)
      case 'sent':
        return this.#go(this.#requests.sent(event), now)
      case 'received':
        return this.#go(this.#requests.received(event, now), now)
      case 'resolved':
        return this.#resolved(event.addresses, now)
      case 'failed':
        return this.#failed(event, now)
      case 'change':
        return event.change.clock === 'system' ? this.#changed(event.change, now) : []
      default:
        return []
    }
  }

  view(_now: Now): SourceView {
    return this.#record.view({
      id: this.id,
      address: this.#server.current ?? this.#config.name,
      pollSeconds: toSeconds(this.#interval()),
      counts: this.#requests.counts,
    })
  }

  #interval(): Nanos {
    return polling.pollInterval(this.#poll, this.#record.delay)
  }

  #timer(key: string, now: Now): readonly Action[] {
    switch (key) {
      case 'poll':
        return this.#ask(now)
      case 'timeout':
        return this.#go(this.#requests.timedOut(), now)
      case 'stamp':
        return this.#go(this.#requests.unstamped(), now)
      default:
        return key === 'resolve' ? this.#server.resolve() : []
    }
  }

  #begin(now: Now): Action[] {
    return [pollAt(plus(now.mono, nanos(START_SPREAD * this.#random.uniform())))]
  }

  #ask(now: Now): Action[] {
    const address = this.#server.current
    if (address === undefined || this.#requests.busy) return []
    this.#poll = polling.pollSent(this.#poll)
    const timeout = patience(seconds(this.#config.maxDelay), this.#interval())
    return this.#requests.ask({ address, port: this.#config.port, timeout }, now)
  }

  /** Does what an exchange asked for; when it is over, sees to the next one. */
  #go({ actions, result, startedAt }: Progress, now: Now): readonly Action[] {
    if (result === undefined || startedAt === undefined) return actions
    const after = this.#after(result, now)
    if (this.#stopped) return [...actions, ...after]
    const interval = polling.spread(this.#interval(), this.#random.uniform())
    const left = Math.max(0, interval - Number(now.mono - startedAt))
    // the sample comes last: it may change the clock, and by then all else is settled
    return [...actions, pollAt(plus(now.mono, nanos(left))), ...after]
  }

  #after(result: Result, now: Now): Action[] {
    switch (result.is) {
      case 'measured':
        return this.#measured(result, now)
      case 'useless': {
        const notes = this.#record.useless(`${result.code}: ${result.detail}`)
        const again = this.#server.fruitless(this.#record.fruitless)
        return [note(result.code, result.detail), ...notes, ...again]
      }
      case 'kiss':
        return this.#kissed(result.kiss)
      case 'discarded':
        return [note('straddled', '')]
    }
  }

  #measured(result: Result & { is: 'measured' }, now: Now): Action[] {
    const { measured, leap, interleaved } = result
    const notes = this.#record.useful(leap, interleaved)
    if (!measured.ok) {
      this.#record.trouble(`${measured.code}: ${measured.detail}`)
      return [...notes, note(measured.code, measured.detail)]
    }
    const sample = this.#sampleOf(measured.measurement, now)
    this.#record.sampled(sample)
    this.#poll = polling.pollSampled(this.#poll, sample.offset, sample.delay)
    return [...notes, { do: 'sample', sample }]
  }

  #sampleOf({ middle, ...measurement }: Measurement, now: Now): Sample {
    const at = mono(now.mono - (now.utc - middle))
    return { source: this.id, clock: 'system', at, ...measurement }
  }

  #kissed(kiss: string): Action[] {
    if (REFUSALS.includes(kiss)) {
      this.#record.abandon(`the server refuses us (${kiss})`)
      return [note('kiss-deny', kiss), ...this.#stop()]
    }
    const notes = this.#record.useless(`kiss of death: ${kiss}`)
    if (kiss !== 'RATE') return [...notes, note('kiss-other', kiss)]
    this.#poll = polling.pollRated(this.#poll)
    return [...notes, note('kiss-rate', `asking every ${toSeconds(this.#interval())} s`)]
  }

  #resolved(addresses: readonly string[], now: Now): readonly Action[] {
    const before = this.#server.current
    const actions = this.#server.resolved(addresses, now)
    const { current } = this.#server
    if (current === undefined) this.#record.trouble(this.#server.trouble)
    if (current === before) return actions
    this.#requests.forget()
    this.#record.renew()
    this.#poll = polling.startPoll(this.#config)
    return before === undefined ? [...actions, ...this.#begin(now)] : actions
  }

  #failed(event: EventOf<'failed'>, now: Now): readonly Action[] {
    if (event.what !== 'resolve') return this.#go(this.#requests.failed(event), now)
    const actions = this.#server.failed(event.fault, now)
    if (this.#server.current === undefined) this.#record.trouble(this.#server.trouble)
    return actions
  }

  #changed(change: ClockChange, now: Now): readonly Action[] {
    this.#record.moved(change)
    if (change.step !== 0n) this.#poll = polling.pollStepped(this.#poll)
    return this.#go(this.#requests.changed(change, now), now)
  }

  #stop(): Action[] {
    this.#stopped = true
    return [...this.#requests.stop(), ...TIMERS.map((key): Action => ({ do: 'cancel', key }))]
  }
}

const idOf = ({ name, port }: NtpSourceConfig): string =>
  port === NTP_PORT ? `${NTP}:${name}` : `${NTP}:${name}:${port}`

/**
 * The sources of one configuration entry: one for a server; for a pool as many as it may have, each
 * with a slot of its own among the addresses of the name (`ntp:0.pool.example#0` ...).
 */
export function createNtpSources(config: NtpSourceConfig, random: RandomPort): Source[] {
  const salt = Math.floor(random.uniform() * 2 ** 32)
  const id = idOf(config)
  if (!config.pool) return [new NtpSource({ id, config, random, salt })]
  return Array.from({ length: config.maxSources }, (_, index) => {
    const slot = { index, count: config.maxSources }
    return new NtpSource({ id: `${id}#${index}`, config, random, slot, salt })
  })
}
