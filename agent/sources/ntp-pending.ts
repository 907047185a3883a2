/**
 * One request under way, as a value: from the opening of its socket until answer and transmit stamp
 * are both there. Pure functions; the machine around it is `ntp-request.ts`.
 */
import type { ClockChange } from '../core/clock-change.ts'
import type { Now } from '../core/machine.ts'
import type { StampKind } from '../core/sample.ts'
import { type Instant, type Nanos, nanos, seconds } from '../core/units.ts'
import { moveStamp } from './ntp-association.ts'
import type { Exchange, LocalStamp, Request } from './ntp-exchange.ts'
import type { NtpPacket } from './ntp-packet.ts'

export interface Pending {
  readonly channel: string
  readonly token: number
  readonly startedAt: Instant<'mono'>
  readonly request: Request
  /** Kind of stamps that the channel promised; undefined until it is open. */
  readonly stamps: StampKind | undefined
  /** When the request was handed over; stands in for a transmit stamp that does not come. */
  readonly handedOver: LocalStamp | undefined
  /** The transmit stamp. */
  readonly t1: LocalStamp | undefined
  /** What our own way from the program to that stamp took. */
  readonly sendCost: Nanos | undefined
  readonly answer: PendingAnswer | undefined
  /** Uncertainty of clock changes meanwhile. */
  readonly moved: Nanos
}

/** An exchange that is complete; the send cost is that of this request alone. */
export type Settled = Omit<Exchange, 'history' | 'sendCost'> & {
  readonly sendCost: Nanos | undefined
}

export interface PendingAnswer {
  readonly packet: NtpPacket
  readonly interleaved: boolean
  readonly t4: LocalStamp
}

export const newPending = (
  channel: string,
  token: number,
  request: Request,
  startedAt: Instant<'mono'>,
): Pending => ({
  channel,
  token,
  startedAt,
  request,
  stamps: undefined,
  handedOver: undefined,
  t1: undefined,
  sendCost: undefined,
  answer: undefined,
  moved: nanos(0),
})

/** The channel is open and the request goes out now. */
export const handedOver = (pending: Pending, stamps: StampKind, now: Now): Pending => ({
  ...pending,
  stamps,
  handedOver: { at: now.utc, kind: 'daemon' },
})

/** All there? Then the exchange; else undefined. `patient`: a transmit stamp may still come. */
export function exchangeOf(
  { answer, t1, sendCost, handedOver: fallback, stamps, moved }: Pending,
  patient: boolean,
): Settled | undefined {
  if (answer === undefined) return undefined
  // a channel without kernel stamps has nothing to wait for
  const sent = t1 ?? (patient && stamps !== 'daemon' ? undefined : fallback)
  return sent === undefined ? undefined : { ...answer, t1: sent, sendCost, moved }
}

/** The frequency of our clock was changed while the request was under way. */
export function moved(pending: Pending, change: ClockChange, now: Now): Pending {
  const { t1, handedOver: fallback, answer } = pending
  if (fallback === undefined) return pending
  return {
    ...pending,
    t1: t1 && moveStamp(t1, change, now),
    handedOver: moveStamp(fallback, change, now),
    answer: answer && { ...answer, t4: moveStamp(answer.t4, change, now) },
    moved: nanos(pending.moved + change.uncertainty),
  }
}

const SHORTEST = seconds(0.5)
const ONE_SECOND = seconds(1)

/** How long an answer is waited for: as long as it would be accepted, but not over the next poll. */
export const patience = (maxDelay: Nanos, interval: Nanos): Nanos =>
  nanos(Math.max(SHORTEST, Math.min(maxDelay, Math.max(interval, ONE_SECOND))))
