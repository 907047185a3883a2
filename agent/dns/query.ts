/**
 * One query, from opening its channel to closing it. Events in; actions and outcomes out.
 *
 *   opening ─opened─► waiting ─answer─► (stamping ─sent─►) done
 *      │                 └──timeout──► expired ─answer: late, or the end of the patience─► done
 *      └──failed / timeout──► done
 *
 * Latency over UDP: receive stamp - transmit stamp of the kernel, so that nothing of this program is in
 * it. The transmit stamp may come after the answer: it is waited for a moment. Where there is none, or
 * the clock was stepped in between (the difference is negative or longer than what the monotonic clock
 * saw), the monotonic clock counts. Over TCP: from opening to the answer, connecting included.
 *
 * An answer with another id or question does not end a query, since a resolver would wait on, too; it is
 * counted once, and stands for the time-out if nothing better comes.
 */
import type { PortFaultCode } from '../core/errors.ts'
import type { Action, Event, Now, Stamp } from '../core/machine.ts'
import { type Instant, type Nanos, plus, seconds, since, toSeconds } from '../core/units.ts'
import { type Ask, encodeQuery, readAnswer, USUAL_EDNS } from './message.ts'
import { frame, MessageStream } from './stream.ts'
import type { Outcome } from './tally.ts'
import type { Probe } from './targets.ts'
import type { DnsResult } from './view.ts'

/** How long an answer waits for the transmit stamp of its query. */
const STAMP_PATIENCE = seconds(0.05)
/** A late answer is waited for as long again as the time-out. */
const LATE_FACTOR = 2
/** The two clocks of a latency are read at different moments; a stamp may be this much older. */
const CLOCK_SLACK_NS = 1e6

export interface QueryOptions {
  readonly probe: Probe
  readonly channel: string
  readonly id: number
  /** Seconds. */
  readonly timeout: number
}

export interface Step {
  readonly actions: readonly Action[]
  readonly outcomes: readonly Outcome[]
}

type State = 'opening' | 'waiting' | 'stamping' | 'expired' | 'done'

type QueryEvent = Extract<
  Event,
  { on: 'opened' | 'sent' | 'received' | 'closed' | 'failed' | 'timer' }
>

interface Answer {
  readonly result: DnsResult
  readonly stamp: Stamp
  readonly at: Instant<'mono'>
}

const NOTHING: Step = { actions: [], outcomes: [] }

const askOf = ({ question }: Probe): Ask => ({
  question,
  edns: USUAL_EDNS,
  checkingDisabled: false,
})

const FAILED: Partial<Record<PortFaultCode, DnsResult>> = {
  REFUSED: 'conn_refused',
  TIMEOUT: 'timeout',
}

export class Query {
  readonly probe: Probe
  readonly #options: QueryOptions
  readonly #stream = new MessageStream()
  #state: State = 'opening'
  #begunAt: Instant<'mono'> | undefined
  #stamped = false
  #transmitted: Stamp | undefined
  #answer: Answer | undefined
  #mismatched = false

  constructor(options: QueryOptions) {
    this.#options = options
    this.probe = options.probe
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  start(now: Now): Action[] {
    const { channel, probe, timeout } = this.#options
    const { address, port } = probe.target
    const stamps = probe.transport === 'udp'
    this.#begunAt = now.mono
    return [
      { do: 'open', channel, transport: probe.transport, address, port, stamps },
      { do: 'timer', key: channel, at: plus(now.mono, seconds(timeout)) },
    ]
  }

  handle(event: QueryEvent, now: Now): Step {
    switch (event.on) {
      case 'opened':
        return this.#opened(event.stamps !== 'daemon', now)
      case 'sent':
        return this.#sent(event.stamp)
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

  #opened(stamped: boolean, now: Now): Step {
    if (this.#state !== 'opening') return NOTHING
    const { channel, id, probe } = this.#options
    const query = encodeQuery(id, askOf(probe))
    const udp = probe.transport === 'udp'
    this.#state = 'waiting'
    this.#stamped = stamped && udp
    if (udp) this.#begunAt = now.mono
    const data = udp ? query : frame(query)
    return { actions: [{ do: 'send', channel, data, token: 0 }], outcomes: [] }
  }

  #sent(stamp: Stamp): Step {
    this.#transmitted = stamp
    return this.#state === 'stamping' ? this.#settle() : NOTHING
  }

  #received(data: Uint8Array, stamp: Stamp, now: Now): Step {
    if (this.#state !== 'waiting' && this.#state !== 'expired') return NOTHING
    const { id, probe } = this.#options
    const message = probe.transport === 'udp' ? data : this.#stream.push(data)
    if (message === undefined) return NOTHING
    const { result } = readAnswer(message, id, askOf(probe))
    if (result === 'mismatch') return this.#mismatch()
    this.#answer = { result, stamp, at: now.mono }
    if (this.#state === 'expired') return this.#settle('late')
    if (this.#transmitted !== undefined || !this.#stamped || stamp.kind === 'daemon') {
      return this.#settle()
    }
    this.#state = 'stamping'
    const at = plus(now.mono, STAMP_PATIENCE)
    return { actions: [{ do: 'timer', key: this.#options.channel, at }], outcomes: [] }
  }

  /** A stream has no second chance: what follows belongs to nobody. */
  #mismatch(): Step {
    if (this.probe.transport === 'tcp') return this.#end({ result: 'mismatch', seconds: undefined })
    if (this.#mismatched || this.#state === 'expired') return NOTHING
    this.#mismatched = true
    return { actions: [], outcomes: [{ result: 'mismatch', seconds: undefined }] }
  }

  #timer(now: Now): Step {
    if (this.#state === 'stamping') return this.#settle()
    if (this.#state === 'expired') return this.#end()
    const lost: Outcome[] = this.#mismatched ? [] : [{ result: 'timeout', seconds: undefined }]
    if (this.#state === 'opening' || this.probe.transport === 'tcp') return this.#end(...lost)
    const { channel, timeout } = this.#options
    this.#state = 'expired'
    const at = plus(now.mono, seconds(timeout * (LATE_FACTOR - 1)))
    return { actions: [{ do: 'timer', key: channel, at }], outcomes: lost }
  }

  /** The channel is of no use any more; after a time-out that is no news. */
  #broken(result: DnsResult): Step {
    if (this.#state === 'stamping') return this.#settle()
    if (this.#state === 'expired') return this.#end()
    return this.#end({ result, seconds: undefined })
  }

  #settle(result?: DnsResult): Step {
    const answer = this.#answer
    if (answer === undefined) return this.#end()
    return this.#end({ result: result ?? answer.result, seconds: toSeconds(this.#latency(answer)) })
  }

  #latency({ stamp, at }: Answer): Nanos {
    const seen = since(at, this.#begunAt ?? at)
    const sent = this.#transmitted
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
