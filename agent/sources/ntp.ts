/**
 * NTP client of one server: when to ask, whom, and what to make of what comes back.
 *
 *   start ─► (resolve ─►) wait ─► ask ─► measured ─► screened ─► (combined ─►) sample ─► wait ...
 *                                     ├► useless ─► (resolve again) ─► wait ...
 *                                     └► kiss ─► slower, or another address, or never again
 *
 * Out: samples of the system clock, offset = local - reference (the sign is made in
 * `ntp-exchange.ts`), at the middle of the exchange on the monotonic clock. Exchanges are in
 * `ntp-request.ts`, the checks in `ntp-exchange.ts` and `ntp-intake.ts`, the schedule in
 * `ntp-schedule.ts`, names in `ntp-address.ts`.
 *
 * RFC 5905 sections 7.4 (kiss of death), 11 and 13; RFC 8633 (best practice).
 */
import type { NtpSourceConfig } from '../config/types.ts'
import type { ClockChange } from '../core/clock-change.ts'
import type { Action, Event, Now } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import type { Sample } from '../core/sample.ts'
import { type Instant, mono, nanos, plus, seconds, toSeconds } from '../core/units.ts'
import type { KeyPort } from '../ports/keys.ts'
import type { RandomPort } from '../ports/random.ts'
import { ServerAddress } from './ntp-address.ts'
import { Association } from './ntp-association.ts'
import { type Authentication, authenticationOf } from './ntp-auth.ts'
import { AddressBook } from './ntp-book.ts'
import type { Measurement } from './ntp-exchange.ts'
import { NtpIntake } from './ntp-intake.ts'
import { patience } from './ntp-pending.ts'
import type { Outcome } from './ntp-poll.ts'
import { NtpRecord } from './ntp-record.ts'
import { type EventOf, NtpRequests, type Progress, type Result } from './ntp-request.ts'
import { NtpSchedule } from './ntp-schedule.ts'
import type { Source, SourceView } from './source.ts'

export interface NtpSourceOptions {
  readonly id: string
  readonly config: NtpSourceConfig
  readonly random: RandomPort
  readonly keys?: KeyPort | undefined
  /** Orders the addresses of a name; the same for all slots of a pool. */
  readonly salt?: number
  /** Shared by all NTP sources of the node; default: one of its own. */
  readonly book?: AddressBook
  /** Addresses of the node with their prefix lengths, `192.0.2.7/24`. */
  readonly networks?: readonly string[]
}

/** First requests of several sources are spread over this time. */
const START_SPREAD = seconds(0.2)
/** The server refuses this client (RFC 5905 section 7.4). */
const REFUSALS: readonly string[] = ['DENY', 'RSTR']
const TIMERS = ['poll', 'timeout', 'stamp', 'resolve']

const note = (code: NoteCode, detail: string): Action => ({ do: 'note', code, detail })
const pollAt = (at: Instant<'mono'>): Action => ({ do: 'timer', key: 'poll', at })

/** What came of an exchange: for the schedule, and to be done. */
interface Aftermath {
  readonly outcome: Outcome
  readonly actions: readonly Action[]
}

export class NtpSource implements Source {
  readonly kind = 'ntp'
  readonly id: string
  readonly #config: NtpSourceConfig
  readonly #random: RandomPort
  readonly #authentication: Authentication
  readonly #server: ServerAddress
  readonly #requests: NtpRequests
  readonly #intake: NtpIntake
  readonly #schedule: NtpSchedule
  readonly #record = new NtpRecord()
  #stopped = false

  constructor({ id, config, random, keys, salt = 0, book, networks = [] }: NtpSourceOptions) {
    this.id = id
    this.#config = config
    this.#random = random
    const { name, port } = config
    this.#server = new ServerAddress({ source: id, name, port, salt }, book ?? new AddressBook())
    const limits = { maxDelay: seconds(config.maxDelay), correction: seconds(config.offset) }
    this.#authentication = authenticationOf(config, keys)
    const association = new Association(config.xleave, this.#authentication.key)
    this.#requests = new NtpRequests(random, limits, association)
    this.#intake = new NtpIntake(config, networks)
    this.#schedule = new NtpSchedule(config, networks)
  }

  handle(event: Event, now: Now): readonly Action[] {
    if (this.#stopped) return []
    const actions = this.#handle(event, now)
    this.#record.noted(actions)
    return actions
  }

  view(_now: Now): SourceView {
    return this.#record.view({
      id: this.id,
      address: this.#server.current ?? this.#config.name,
      pollSeconds: toSeconds(this.#schedule.interval(this.#record.delay)),
      counts: this.#requests.counts,
      options: this.#schedule.options,
      authentication: this.#authentication.name,
    })
  }

  #handle(event: Event, now: Now): readonly Action[] {
    switch (event.on) {
      case 'start':
        return this.#start(now)
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
        return this.#addressed(() => this.#server.resolved(event, now), now)
      case 'loaded':
        return this.#addressed(() => this.#server.loaded(event.text, now), now)
      case 'failed':
        return this.#failed(event, now)
      case 'change':
        return event.change.clock === 'system' ? this.#changed(event.change, now) : []
      default:
        return []
    }
  }

  #start(now: Now): readonly Action[] {
    if (!this.#authentication.ok) {
      this.#record.trouble(this.#authentication.name)
      return [note('no-key', this.#authentication.name), ...this.#stop()]
    }
    if (this.#server.current !== undefined) return this.#begin(now)
    if (this.#server.isLiteral) this.#record.trouble(this.#server.trouble)
    return this.#server.start()
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

  /** Starts to ask the server at hand, of which nothing is known yet. */
  #begin(now: Now): Action[] {
    const lifted = this.#schedule.begin(this.#server.current)
    const first = pollAt(plus(now.mono, nanos(START_SPREAD * this.#random.uniform())))
    return lifted === '' ? [first] : [note('poll-lifted', lifted), first]
  }

  #ask(now: Now): Action[] {
    const address = this.#server.current
    if (address === undefined || this.#requests.busy) return []
    this.#schedule.asked(this.#requests.counts.sent)
    const interval = this.#schedule.interval(this.#record.delay)
    const timeout = patience(seconds(this.#config.maxDelay), interval)
    return this.#requests.ask({ address, port: this.#config.port, timeout }, now)
  }

  /** Does what an exchange asked for; when it is over, sees to the next one. */
  #go({ actions, result, startedAt }: Progress, now: Now): readonly Action[] {
    if (result === undefined || startedAt === undefined) return actions
    const after = this.#schedule.warming ? this.#warmed(result, now) : this.#after(result, now)
    if (this.#stopped) return [...actions, ...after.actions]
    const { sent } = this.#requests.counts
    const { delay } = this.#record
    const interval = this.#schedule.over(after.outcome, sent, delay, this.#random.uniform())
    const left = Math.max(0, interval - Number(now.mono - startedAt))
    // the sample comes last: it may change the clock, and by then all else is settled
    return [...actions, pollAt(plus(now.mono, nanos(left))), ...after.actions]
  }

  /** The answer to a warm-up counts only where it is a refusal. */
  #warmed(result: Result, now: Now): Aftermath {
    if (result.is === 'kiss') return this.#kissed(result.kiss, now)
    return { outcome: 'neutral', actions: [note('presend', result.is)] }
  }

  #after(result: Result, now: Now): Aftermath {
    switch (result.is) {
      case 'measured':
        return this.#measured(result, now)
      case 'useless': {
        const notes = this.#record.useless(`${result.code}: ${result.detail}`)
        const actions = [note(result.code, result.detail), ...notes, ...this.#fruitless(now)]
        return { outcome: 'lost', actions }
      }
      case 'kiss':
        return this.#kissed(result.kiss, now)
      case 'discarded':
        return { outcome: 'neutral', actions: [note('straddled', '')] }
    }
  }

  #fruitless(now: Now): Action[] {
    return this.#server.fruitless(this.#record.fruitless, this.#record.known, now)
  }

  #measured(result: Result & { is: 'measured' }, now: Now): Aftermath {
    const { measured, leap, interleaved } = result
    const notes = this.#record.useful(leap, interleaved)
    const sample = measured.ok ? this.#sampleOf(measured.measurement, now) : undefined
    const refusal = measured.ok ? sample && this.#intake.judge(sample) : measured
    if (sample === undefined || refusal !== undefined) {
      const { code = 'malformed', detail = '' } = refusal ?? {}
      this.#record.trouble(`${code}: ${detail}`)
      const outcome = code === 'interleaved-first' ? 'neutral' : 'answered'
      return { outcome, actions: [...notes, note(code, detail)] }
    }
    const kept = this.#server.good()
    return { outcome: 'good', actions: [...notes, ...kept, ...this.#emit(sample)] }
  }

  #emit(good: Sample): Action[] {
    const sample = this.#intake.add(good)
    this.#record.good(this.#intake.filled, this.#config.filter)
    if (sample === undefined) return []
    this.#record.sampled(sample)
    return [{ do: 'sample', sample }]
  }

  #sampleOf({ middle, ...measurement }: Measurement, now: Now): Sample {
    const at = mono(now.mono - (now.utc - middle))
    return { source: this.id, clock: 'system', at, ...measurement }
  }

  #kissed(kiss: string, now: Now): Aftermath {
    if (REFUSALS.includes(kiss)) return { outcome: 'lost', actions: this.#refused(kiss, now) }
    const notes = this.#record.useless(`kiss of death: ${kiss}`)
    if (kiss !== 'RATE') return { outcome: 'lost', actions: [...notes, note('kiss-other', kiss)] }
    this.#schedule.rated()
    const told = `asking every ${toSeconds(this.#schedule.interval(this.#record.delay))} s`
    return { outcome: 'neutral', actions: [...notes, note('kiss-rate', told)] }
  }

  /** This address is never asked again; a name may have others. */
  #refused(kiss: string, now: Now): Action[] {
    const said = note('kiss-deny', kiss)
    const trouble = `the server refuses us (${kiss})`
    if (this.#server.isLiteral) {
      this.#record.abandon(trouble)
      return [said, ...this.#stop()]
    }
    this.#record.renew(trouble)
    return [said, ...this.#server.refused(now)]
  }

  /** Whatever tells of addresses: afterwards the server may be another one. */
  #addressed(tell: () => Action[], now: Now): readonly Action[] {
    const before = this.#server.current
    const actions = tell()
    const { current } = this.#server
    if (current === undefined) this.#record.trouble(this.#server.trouble)
    if (current === undefined || current === before) return actions
    const closed = this.#requests.stop()
    this.#requests.forget()
    this.#intake.forget()
    this.#record.renew('no answer yet')
    return [...actions, ...closed, ...this.#begin(now)]
  }

  #failed(event: EventOf<'failed'>, now: Now): readonly Action[] {
    switch (event.what) {
      case 'resolve':
        return this.#addressed(() => this.#server.failed(event.fault, now), now)
      case 'load':
        // a first start has no such file
        return this.#addressed(() => this.#server.loaded('', now), now)
      case 'store':
        return this.#server.unsaved(event.fault)
      default:
        return this.#go(this.#requests.failed(event), now)
    }
  }

  #changed(change: ClockChange, now: Now): readonly Action[] {
    this.#record.moved(change)
    // nothing that was measured before a foreign step means anything
    const anew = change.foreign && change.step !== 0n
    if (anew) this.#intake.forget()
    else this.#intake.changed(change)
    const bursts = anew && this.#schedule.anew()
    const progress = this.#requests.changed(change, now)
    const actions = this.#go(progress, now)
    const idle = progress.result === undefined && !this.#requests.busy
    if (!bursts || !idle || this.#server.current === undefined) return actions
    return [...actions, pollAt(plus(now.mono, this.#schedule.interval(this.#record.delay)))]
  }

  #stop(): Action[] {
    this.#stopped = true
    return [...this.#requests.stop(), ...TIMERS.map((key): Action => ({ do: 'cancel', key }))]
  }
}
