/**
 * The conversation with one management socket: is it open, was it ever answered, which requests are
 * under way. Answers are matched by sequenceId and management id; one request to all ports may have
 * many. Notifications have a sequence of their own and come with boundaryHops 1, answers with the 0
 * that we sent.
 *
 * Nothing in the protocol says "wrong domain" or "I was restarted": the first is silence from a
 * socket that accepts what we send, the second a refusal on a socket that worked, or a notification
 * counter that starts again.
 */
import type { Action } from '../core/machine.ts'
import { type Instant, type Nanos, nanos, plus, seconds } from '../core/units.ts'
import type { RandomPort } from '../ports/random.ts'
import {
  encodeGet,
  encodeSet,
  type ManagementMessage,
  type Requester,
  renumbered,
} from './management.ts'
import { DATA_SETS, type DataSet, type DataSetName } from './management-data.ts'
import { clockIdentity, cursorOf } from './management-fields.ts'
import type { PortIdentity } from './management-parts.ts'
import { elapsed } from './phc-schedule.ts'

export const CHANNEL = 'ptp4l'
/** ptp4l answers within a millisecond; a busy node gets a second. */
const ANSWER = seconds(1)
/** How long a request may still get answers of further ports. */
const FORGET = seconds(3)

interface InFlight {
  readonly name: DataSetName
  readonly at: Instant<'mono'>
  answered: boolean
  missed: boolean
}

export type Kind =
  | 'answer'
  | 'push'
  /** A notification whose counter went back: another ptp4l, or it forgot us. */
  | 'reset'
  /** Neither asked for nor subscribed to. */
  | 'stray'

export class Session {
  readonly #address: string
  readonly #requester: Requester
  #state: 'closed' | 'opening' | 'open' = 'closed'
  #sequence = 0
  #pushSequence: number | undefined
  #inFlight = new Map<number, InFlight>()
  /** Requests as they were made once; only their number changes. */
  readonly #gets = new Map<DataSetName, Uint8Array>()
  #openedAt: Instant<'mono'> | undefined
  #heardAt: Instant<'mono'> | undefined

  constructor(address: string, domain: number, random: RandomPort) {
    this.#address = address
    // subscriptions are kept under this identity: two agents must not have the same
    const [high = 0, low = 0, ...clock] = random.bytes(10)
    const source = {
      clock: clockIdentity.read(cursorOf(Uint8Array.from(clock))),
      port: (high << 8) | low,
    }
    this.#requester = { domain, source }
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** Something came since the socket was opened. */
  get heard(): boolean {
    return this.#heardAt !== undefined
  }

  get identity(): PortIdentity {
    return this.#requester.source
  }

  open(): Action {
    this.#state = 'opening'
    const address = this.#address
    return { do: 'open', channel: CHANNEL, transport: 'unix', address, port: 0, stamps: false }
  }

  opened(now: Instant<'mono'>): void {
    this.#state = 'open'
    this.#openedAt = now
    this.#heardAt = undefined
    this.#pushSequence = undefined
    this.#inFlight.clear()
  }

  closed(): void {
    this.#state = 'closed'
    this.#heardAt = undefined
    this.#inFlight.clear()
  }

  get(name: DataSetName, now: Instant<'mono'>): Action {
    const made = this.#gets.get(name) ?? encodeGet(this.#requester, 0, name)
    this.#gets.set(name, made)
    return this.#send(name, now, (sequence) => renumbered(made, sequence))
  }

  set(set: DataSet, now: Instant<'mono'>): Action {
    return this.#send(set.name, now, (sequence) => encodeSet(this.#requester, sequence, set))
  }

  /** What the message is to us; anything but a stray is a sign of life. */
  classify(message: ManagementMessage, now: Instant<'mono'>): Kind {
    const { clock, port } = this.identity
    if (message.target.clock !== clock || message.target.port !== port) return 'stray'
    if (message.domain !== this.#requester.domain) return 'stray'
    const kind = message.boundaryHops > 0 ? this.#push(message) : this.#answer(message)
    if (kind !== 'stray') this.#heardAt = now
    return kind
  }

  /** Requests that got no answer in time, each named once. */
  sweep(now: Instant<'mono'>): readonly DataSetName[] {
    const missed: DataSetName[] = []
    const [due, forgotten] = [plus(now, nanos(-ANSWER)), plus(now, nanos(-FORGET))]
    for (const [sequence, request] of this.#inFlight) {
      // in the order in which they were sent
      if (request.at > due) break
      if (!request.answered && !request.missed) {
        request.missed = true
        missed.push(request.name)
      }
      if (request.at <= forgotten) this.#inFlight.delete(sequence)
    }
    return missed
  }

  /** How long nothing was heard on the open socket. */
  silence(now: Instant<'mono'>): Nanos {
    const last = this.#heardAt ?? this.#openedAt
    return last === undefined ? (0 as Nanos) : elapsed(now, last)
  }

  #send(name: DataSetName, at: Instant<'mono'>, encode: (sequence: number) => Uint8Array): Action {
    const sequence = this.#sequence
    this.#sequence = (sequence + 1) & 0xffff
    this.#inFlight.set(sequence, { name, at, answered: false, missed: false })
    return { do: 'send', channel: CHANNEL, data: encode(sequence), token: sequence }
  }

  #answer({ sequenceId, body, action }: ManagementMessage): Kind {
    const request = this.#inFlight.get(sequenceId)
    if (request === undefined || DATA_SETS[request.name].id !== body.id) return 'stray'
    if (action !== 'RESPONSE' && action !== 'ACKNOWLEDGE') return 'stray'
    request.answered = true
    return 'answer'
  }

  #push({ sequenceId, action }: ManagementMessage): Kind {
    if (action !== 'RESPONSE') return 'stray'
    const last = this.#pushSequence
    this.#pushSequence = sequenceId
    const back = last !== undefined && ((sequenceId - last) & 0xffff) > 0x8000
    return back ? 'reset' : 'push'
  }
}
