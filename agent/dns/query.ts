/**
 * One query, or two at once over one channel, from opening the channel to closing it. Events in; actions
 * and outcomes out.
 *
 *   opening ─opened─► waiting ─all answers─► (stamping ─sent─►) done
 *      │                 └──timeout──► expired ─answer: late, or the end of the patience─► done
 *      └──failed / timeout / a certificate that will not do──► done
 *
 * Latency over UDP: receive stamp - transmit stamp of the kernel, so that nothing of this program is in
 * it. The transmit stamp may come after the answer: it is waited for a moment. Where there is none, or
 * the clock was stepped in between (the difference is negative or longer than what the monotonic clock
 * saw), the monotonic clock counts. Over a stream: from opening to the answer, with every handshake.
 *
 * An answer with another id or question does not end a query, since a resolver would wait on, too; it is
 * counted once, and stands for the time-out if nothing better comes.
 */
import type { PortFaultCode } from '../core/errors.ts'
import type { Action, Event, Now, Stamp } from '../core/machine.ts'
import type { TlsReport } from '../core/tls.ts'
import {
  elapsed,
  type Instant,
  type Nanos,
  plus,
  seconds,
  since,
  toSeconds,
} from '../core/units.ts'
import type { Attempt, TlsFault, Transport } from './facts.ts'
import { type Ask, encodeQuery, type Reading, readAnswer } from './message.ts'
import { frame, MessageStream } from './stream.ts'
import type { DnsResult } from './view.ts'

/** How long an answer waits for the transmit stamp of its query. */
const STAMP_PATIENCE = seconds(0.05)
/** A late answer is waited for as long again as the time-out. */
const LATE_FACTOR = 2
/** The two clocks of a latency are read at different moments; a stamp may be this much older. */
const CLOCK_SLACK_NS = 1e6

export interface QueryTls {
  /** Undefined: the name is not checked, as CoreDNS does without `tls_servername`. */
  readonly serverName: string | undefined
  /** PEM; undefined: the usual ones. */
  readonly ca: string | undefined
  /** False: the CA could not be read, so nothing follows from a certificate that nobody vouches for. */
  readonly trustKnown: boolean
}

export interface QueryOptions {
  readonly address: string
  readonly port: number
  readonly transport: Transport
  readonly tls?: QueryTls | undefined
  readonly channel: string
  /** One for each ask. */
  readonly ids: readonly number[]
  readonly asks: readonly Ask[]
  /** Seconds. */
  readonly timeout: number
}

export type Outcome = Omit<Attempt, 'at'>

export interface Step {
  readonly actions: readonly Action[]
  readonly outcomes: readonly Outcome[]
}

type State = 'opening' | 'waiting' | 'stamping' | 'expired' | 'done'

export type QueryEvent = Extract<
  Event,
  { on: 'connected' | 'opened' | 'sent' | 'received' | 'closed' | 'failed' | 'timer' }
>

interface Answer {
  readonly reading: Reading
  readonly stamp: Stamp
  readonly at: Instant<'mono'>
}

interface Leg {
  readonly id: number
  readonly ask: Ask
  transmitted?: Stamp
  answer?: Answer
}

const NOTHING: Step = { actions: [], outcomes: [] }

const FAILED: Partial<Record<PortFaultCode, DnsResult>> = {
  REFUSED: 'conn_refused',
  TIMEOUT: 'timeout',
  HANDSHAKE: 'tls_error',
}

export class Query {
  readonly #options: QueryOptions
  readonly #legs: readonly Leg[]
  readonly #stream = new MessageStream()
  #state: State = 'opening'
  #begunAt: Instant<'mono'> | undefined
  #openedAt: Instant<'mono'> | undefined
  #tls: TlsReport | undefined
  /** The TCP handshake of a TLS channel is done. */
  #connected = false
  #stamped = false
  #mismatched = false

  constructor(options: QueryOptions) {
    this.#options = options
    this.#legs = options.asks.map((ask, index) => ({ ask, id: options.ids[index] ?? 0 }))
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  get #datagrams(): boolean {
    return this.#options.transport === 'udp'
  }

  start(now: Now): Action[] {
    const { channel, transport, address, port, timeout, tls } = this.#options
    const stamps = this.#datagrams
    this.#begunAt = now.mono
    const open: Action =
      transport === 'dot'
        ? {
            ...{ do: 'open', channel, transport: 'tls', address, port, stamps },
            tls: {
              ...(tls?.serverName !== undefined && { serverName: tls.serverName }),
              ...(tls?.ca !== undefined && { ca: tls.ca }),
            },
          }
        : { do: 'open', channel, transport, address, port, stamps }
    return [open, { do: 'timer', key: channel, at: plus(now.mono, seconds(timeout)) }]
  }

  handle(event: QueryEvent, now: Now): Step {
    switch (event.on) {
      case 'connected':
        this.#connected = true
        return NOTHING
      case 'opened':
        return this.#opened(event, now)
      case 'sent':
        return this.#sent(event.token, event.stamp)
      case 'received':
        return this.#received(event.data, event.stamp, now)
      case 'timer':
        return this.#timer(now)
      case 'closed':
        return this.#broken(this.#stream.partial ? 'malformed' : 'conn_refused')
      case 'failed':
        return this.#broken(FAILED[event.fault.code] ?? 'unreachable')
    }
  }

  #opened({ stamps, tls }: Extract<Event, { on: 'opened' }>, now: Now): Step {
    if (this.#state !== 'opening') return NOTHING
    const { channel } = this.#options
    this.#state = 'waiting'
    this.#openedAt = now.mono
    this.#tls = tls
    this.#stamped = stamps !== 'daemon' && this.#datagrams
    if (this.#datagrams) this.#begunAt = now.mono
    const fault = this.#certificateFault(now)
    if (fault !== undefined) {
      return this.#end(this.#dressed({ result: 'tls_error', tlsFault: fault }))
    }
    const actions = this.#legs.map(({ id, ask }, token): Action => {
      const query = encodeQuery(id, ask)
      return { do: 'send', channel, data: this.#datagrams ? query : frame(query), token }
    })
    return { actions, outcomes: [] }
  }

  /** What nobody wants to have checked is no fault. */
  #certificateFault(now: Now): TlsFault | undefined {
    const fault = this.#tls?.fault
    const { serverName, trustKnown = true } = this.#options.tls ?? {}
    if (fault === 'name' && serverName === undefined) return undefined
    if (fault !== 'untrusted' || trustKnown || this.#tls === undefined) return fault
    const { from, until } = this.#tls.certificate
    const utc = Number(now.utc) / 1e9
    if (utc < from) return 'not-yet-valid'
    return utc > until ? 'expired' : undefined
  }

  #sent(token: number, stamp: Stamp): Step {
    const leg = this.#legs[token]
    if (leg !== undefined) leg.transmitted = stamp
    const [first] = this.#legs
    return this.#state === 'stamping' && first?.transmitted !== undefined ? this.#settle() : NOTHING
  }

  #received(data: Uint8Array, stamp: Stamp, now: Now): Step {
    if (this.#state !== 'waiting' && this.#state !== 'expired') return NOTHING
    const message = this.#datagrams ? data : this.#stream.push(data)
    if (message === undefined) return NOTHING
    const answered = this.#match(message)
    if (answered === undefined) return this.#mismatch(message.length)
    answered.leg.answer = { reading: answered.reading, stamp, at: now.mono }
    if (this.#state === 'expired') return this.#settle('late')
    if (this.#legs.some(({ answer }) => answer === undefined)) return NOTHING
    const [first] = this.#legs
    if (first?.transmitted !== undefined || !this.#stamped || stamp.kind === 'daemon') {
      return this.#settle()
    }
    this.#state = 'stamping'
    const at = plus(now.mono, STAMP_PATIENCE)
    return { actions: [{ do: 'timer', key: this.#options.channel, at }], outcomes: [] }
  }

  /** Bytes that are no message belong to the first that waits: nobody can tell. */
  #match(message: Uint8Array): { leg: Leg; reading: Reading } | undefined {
    for (const leg of this.#legs) {
      if (leg.answer !== undefined) continue
      const reading = readAnswer(message, leg.id, leg.ask)
      if (reading.result !== 'mismatch') return { leg, reading }
    }
    return undefined
  }

  /** A stream has no second chance: what follows belongs to nobody. */
  #mismatch(bytes: number): Step {
    if (!this.#datagrams) return this.#end({ result: 'mismatch', bytes })
    if (this.#mismatched || this.#state === 'expired') return NOTHING
    this.#mismatched = true
    return { actions: [], outcomes: [{ result: 'mismatch', bytes }] }
  }

  #timer(now: Now): Step {
    if (this.#state === 'stamping') return this.#settle()
    if (this.#state === 'expired') return this.#end()
    // whoever speaks no TLS waits for the rest of a message
    if (this.#state === 'opening' && this.#connected) return this.#broken('tls_error')
    if (this.#legs.length > 1 && this.#state === 'waiting') {
      return this.#mismatched ? this.#end() : this.#settle()
    }
    const lost: Outcome[] = this.#mismatched ? [] : [this.#dressed({ result: 'timeout' })]
    if (this.#state === 'opening' || !this.#datagrams) return this.#end(...lost)
    const { channel, timeout } = this.#options
    this.#state = 'expired'
    const at = plus(now.mono, seconds(timeout * (LATE_FACTOR - 1)))
    return { actions: [{ do: 'timer', key: channel, at }], outcomes: lost }
  }

  /** The channel is of no use any more; after a time-out that is no news. */
  #broken(result: DnsResult): Step {
    if (this.#state === 'stamping') return this.#settle()
    if (this.#state === 'expired') return this.#end()
    const failed: Outcome = { result, ...(result === 'tls_error' && { tlsFault: 'handshake' }) }
    const second: Pick<Outcome, 'second'> = this.#legs.length > 1 ? { second: result } : {}
    return this.#end(this.#dressed({ ...failed, ...second }))
  }

  /** What the answers amount to; those that are missing were lost. */
  #settle(result?: DnsResult): Step {
    const [first, second] = this.#legs
    const answer = first?.answer
    const reading: Reading = answer?.reading ?? { result: 'timeout' }
    const addresses = this.#legs.flatMap((leg) => leg.answer?.reading.addresses ?? [])
    return this.#end(
      this.#dressed({
        ...reading,
        ...(addresses.length > 0 && { addresses }),
        ...(answer && { seconds: toSeconds(this.#latency(answer, first?.transmitted)) }),
        ...(second && { second: second.answer?.reading.result ?? 'timeout' }),
        ...(result && { result }),
      }),
    )
  }

  /** With the phases of a stream, and the certificate. */
  #dressed(outcome: Outcome): Outcome {
    const begun = this.#begunAt
    const opened = this.#openedAt
    if (this.#datagrams || begun === undefined || opened === undefined) return outcome
    const tls = this.#tls
    const total = toSeconds(elapsed(opened, begun))
    const connect = tls?.connectSeconds ?? total
    const query = outcome.seconds === undefined ? undefined : outcome.seconds - total
    const phases = { connect, ...(tls && { tls: tls.tlsSeconds }), ...(query && { query }) }
    return { ...outcome, phases, ...(tls && { certificate: tls.certificate }) }
  }

  #latency({ stamp, at }: Answer, sent: Stamp | undefined): Nanos {
    const seen = since(at, this.#begunAt ?? at)
    if (!this.#stamped || sent === undefined || sent.kind === 'daemon' || stamp.kind === 'daemon') {
      return seen
    }
    const apart = (stamp.at as bigint) - (sent.at as bigint)
    const plausible = apart >= 0n && apart <= BigInt(Math.round(seen + CLOCK_SLACK_NS))
    return plausible ? (Number(apart) as Nanos) : seen
  }

  #end(...outcomes: Outcome[]): Step {
    const { channel } = this.#options
    this.#state = 'done'
    return {
      actions: [
        { do: 'cancel', key: channel },
        { do: 'close', channel },
      ],
      outcomes,
    }
  }
}
