/**
 * The exchanges with one server, one at a time: socket, request, answer, transmit stamp.
 *
 *   ask ─► open ─► send ─► received, sent (in any order) ─► close, result
 *                    └───► timeout, failure ──────────────► close, result
 *
 * Each request has a socket of its own with a fresh random port (RFC 9109) and accepts one answer.
 * T1 is the stamp of the `sent` event, T4 that of `received`. The kernel's transmit stamp may come
 * after the answer; it is waited for 50 ms, then the time at which we asked to send stands in for it.
 * What a result means for the polls is decided in `ntp.ts`.
 */
import type { ClockChange } from '../core/clock-change.ts'
import { describeFault } from '../core/errors.ts'
import type { Action, Event, Now } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import type { LeapWarning } from '../core/sample.ts'
import { type Instant, type Nanos, plus, seconds } from '../core/units.ts'
import type { RandomPort } from '../ports/random.ts'
import type { Association } from './ntp-association.ts'
import type { Limits, Measured } from './ntp-exchange.ts'
import { exchangeOf, handedOver, moved, newPending, type Pending } from './ntp-pending.ts'
import { StampCounter, type StampCounts } from './ntp-stamps.ts'

export type EventOf<K extends Event['on']> = Event & { readonly on: K }

export type Result =
  | {
      readonly is: 'measured'
      readonly measured: Measured
      readonly leap: LeapWarning
      readonly interleaved: boolean
    }
  | { readonly is: 'kiss'; readonly kiss: string }
  /** The server answered that it is of no use, or did not answer. */
  | { readonly is: 'useless'; readonly code: NoteCode; readonly detail: string }
  /** Nobody's fault: the clock was stepped meanwhile. */
  | { readonly is: 'discarded' }

export interface Progress {
  readonly actions: readonly Action[]
  /** The exchange is over; absent while it goes on. */
  readonly result?: Result
  /** When the exchange began, with `result`. */
  readonly startedAt?: Instant<'mono'>
}

export interface RequestCounts {
  readonly sent: number
  readonly received: number
  /** Stamps of ours on exchanges that were completed, by who took them. */
  readonly stamped: StampCounts
}

interface Destination {
  readonly address: string
  readonly port: number
  readonly timeout: Nanos
}

const NOTHING: Progress = { actions: [] }
const STAMP_PATIENCE = seconds(0.05)
/** Two cookies. */
const RANDOM_BYTES = 16

const note = (code: NoteCode, detail: string): Action => ({ do: 'note', code, detail })

export class NtpRequests {
  readonly #random: RandomPort
  readonly #limits: Limits
  readonly #association: Association
  #pending: Pending | undefined
  #sequence = 0
  #sent = 0
  #received = 0
  #openFailed = false
  readonly #stamped = new StampCounter()

  constructor(random: RandomPort, limits: Limits, association: Association) {
    this.#random = random
    this.#limits = limits
    this.#association = association
  }

  get counts(): RequestCounts {
    return { sent: this.#sent, received: this.#received, stamped: this.#stamped.counts }
  }

  get busy(): boolean {
    return this.#pending !== undefined
  }

  ask({ address, port, timeout }: Destination, now: Now): Action[] {
    this.#sequence += 1
    const channel = `request-${this.#sequence}`
    const request = this.#association.request(this.#random.bytes(RANDOM_BYTES))
    this.#pending = newPending(channel, this.#sequence, request, now.mono)
    return [
      { do: 'open', channel, transport: 'udp', address, port, stamps: true, hardware: true },
      { do: 'timer', key: 'timeout', at: plus(now.mono, timeout) },
    ]
  }

  opened({ channel, stamps }: EventOf<'opened'>, now: Now): Progress {
    const pending = this.#pending
    if (pending?.channel !== channel || pending.handedOver !== undefined) return NOTHING
    this.#openFailed = false
    this.#sent += 1
    this.#pending = handedOver(pending, stamps, now)
    const data = this.#association.encode(pending.request)
    return { actions: [{ do: 'send', channel, data, token: pending.token }] }
  }

  sent({ channel, token, stamp, cost }: EventOf<'sent'>): Progress {
    const pending = this.#pending
    if (pending?.channel !== channel || pending.token !== token) return NOTHING
    this.#pending = { ...pending, t1: stamp, sendCost: cost }
    return this.#settle(this.#pending, true)
  }

  received({ channel, data, stamp }: EventOf<'received'>, now: Now): Progress {
    const pending = this.#pending
    if (pending?.channel !== channel || pending.handedOver === undefined) return NOTHING
    this.#received += 1
    const answer = this.#association.judge(data, pending.request, pending.answer?.packet)
    if (answer.is === 'ignored') return { actions: [note(answer.code, answer.detail)] }
    if (pending.answer !== undefined) {
      return { actions: [note('duplicate', 'a second answer to one request')] }
    }
    if (answer.is !== 'valid') {
      this.#association.missed(pending.request)
      return this.#end(pending, answer)
    }
    const { packet, interleaved } = answer
    this.#pending = { ...pending, answer: { packet, interleaved, t4: stamp } }
    const progress = this.#settle(this.#pending, true)
    if (progress.result !== undefined) return progress
    return {
      actions: [
        { do: 'cancel', key: 'timeout' },
        { do: 'timer', key: 'stamp', at: plus(now.mono, STAMP_PATIENCE) },
      ],
    }
  }

  /** The transmit stamp did not come. */
  unstamped(): Progress {
    const progress = this.#pending === undefined ? NOTHING : this.#settle(this.#pending, false)
    if (progress.result === undefined) return NOTHING
    const said = note('no-transmit-stamp', 'the time of the call stands in')
    return { ...progress, actions: [said, ...progress.actions] }
  }

  timedOut(): Progress {
    return this.#lost('timeout', 'no answer')
  }

  failed({ what, key, fault }: EventOf<'failed'>): Progress {
    if (this.#pending?.channel !== key) return NOTHING
    // told once, counted afterwards: a node without network asks in vain for hours
    const first = what === 'open' && !this.#openFailed
    this.#openFailed ||= what === 'open'
    return this.#lost(first ? 'open-failed' : 'send-failed', describeFault(fault))
  }

  /**
   * The clock was changed: after a step the stamps before it are worthless; a change of frequency
   * moves them. A request whose socket is still being opened has no stamp yet and goes on.
   */
  changed(change: ClockChange, now: Now): Progress {
    const pending = this.#pending
    if (change.step === 0n && change.leap === undefined) {
      this.#association.changed(change, now)
      this.#pending = pending && moved(pending, change, now)
      return NOTHING
    }
    this.#association.forget()
    if (pending?.handedOver === undefined) return NOTHING
    return this.#end(pending, { is: 'discarded' })
  }

  /** The server is another one. */
  forget(): void {
    this.#association.forget()
  }

  stop(): Action[] {
    return this.#pending === undefined ? [] : this.#close(this.#pending)
  }

  #lost(code: NoteCode, detail: string): Progress {
    const pending = this.#pending
    if (pending === undefined) return NOTHING
    this.#association.missed(pending.request)
    return this.#end(pending, { is: 'useless', code, detail })
  }

  /** Answer and transmit stamp are there, or the latter is not waited for any more. */
  #settle(pending: Pending, patient: boolean): Progress {
    const exchange = exchangeOf(pending, patient)
    if (exchange === undefined) return NOTHING
    const measured = this.#association.settle(exchange, pending.request, this.#limits)
    const { packet, interleaved, t1, t4 } = exchange
    this.#stamped.add(t1.kind, t4.kind)
    return this.#end(pending, { is: 'measured', measured, leap: packet.leap, interleaved })
  }

  #end(pending: Pending, result: Result): Progress {
    return { actions: this.#close(pending), result, startedAt: pending.startedAt }
  }

  #close({ channel }: Pending): Action[] {
    this.#pending = undefined
    return [
      { do: 'close', channel },
      { do: 'cancel', key: 'timeout' },
      { do: 'cancel', key: 'stamp' },
    ]
  }
}
