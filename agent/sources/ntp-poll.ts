/**
 * When to ask an NTP server again: pure functions on a small state.
 *
 * In: what came of each request. Out: the poll exponent (log2 s) and the next interval. The interval
 * lies between 2^minpoll and 2^maxpoll s, less than a second only as long as the server answers within
 * 10 ms. A burst at start (iburst) sends up to 8 requests 2 s apart until 4 were good. RATE raises the
 * floor for the rest of the association.
 *
 * Adaption, first form (after RFC 5905 appendix A.5.5.5, counting samples instead of seconds so that
 * it also works below 1 s): an offset within the gate max(4 jitter, delay / 8) says that the clock does
 * well alone; eight of those in a row widen the interval, two outside of it in a row shrink it.
 */
import { type Nanos, nanos, seconds } from '../core/units.ts'

export interface PollRange {
  readonly minpoll: number
  readonly maxpoll: number
  readonly iburst: boolean
}

export interface PollState {
  /** log2 s */
  readonly poll: number
  /** Lowest and highest value of `poll`. */
  readonly lowest: number
  readonly highest: number
  /** Requests left of the burst, and good samples still wanted of it. */
  readonly burst: number
  readonly wanted: number
  /** Offsets within (positive) or outside (negative) the gate in a row. */
  readonly run: number
  /** RMS difference of successive offsets, ns. */
  readonly jitter: number
  readonly offset: Nanos | undefined
}

/** 15.6 ms and 36 hours; the latter is RFC 5905's MAXPOLL. */
const POLL_MIN = -6
const POLL_MAX = 17
const BURST_REQUESTS = 8
const BURST_GOOD = 4
const BURST_INTERVAL = seconds(2)
/** A server farther away than this is not asked more often than once per second (as chronyd). */
const NEAR = seconds(0.01)
/** Up to 2 % longer, so that many clients do not fall into step. */
const SPREAD = 0.02
/** RFC 5905 PGATE and the weight of its jitter average. */
const GATE = 4
const JITTER_WEIGHT = 1 / 4
/** Half the round trip bounds the error of one offset; typical asymmetry is a quarter of that. */
const DELAY_SHARE = 1 / 8
const RUN_TO_WIDEN = 8
const RUN_TO_SHRINK = -2
/** RATE: 2^4 times slower at once, at least up to 17 min even where maxpoll is less. */
const RATE_BACK_OFF = 4
const RATE_CEILING = 10

const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value))

export function startPoll({ minpoll, maxpoll, iburst }: PollRange): PollState {
  const lowest = clamp(minpoll, POLL_MIN, POLL_MAX)
  return {
    poll: lowest,
    lowest,
    highest: clamp(maxpoll, lowest, POLL_MAX),
    burst: iburst ? BURST_REQUESTS : 0,
    wanted: BURST_GOOD,
    run: 0,
    jitter: 0,
    offset: undefined,
  }
}

const inBurst = ({ burst, wanted }: PollState): boolean => burst > 0 && wanted > 0

/** A request was sent. */
export const pollSent = (state: PollState): PollState => ({
  ...state,
  burst: Math.max(0, state.burst - 1),
})

/** A good sample came of it. */
export function pollSampled(state: PollState, offset: Nanos, delay: Nanos): PollState {
  const difference = state.offset === undefined ? 0 : offset - state.offset
  const variance = state.jitter ** 2
  const jitter = Math.sqrt(variance + (difference ** 2 - variance) * JITTER_WEIGHT)
  const gate = Math.max(GATE * jitter, delay * DELAY_SHARE)
  const next = { ...state, jitter, offset, wanted: Math.max(0, state.wanted - 1) }
  // the offsets of a burst are too close to each other to say anything about the clock
  if (inBurst(state)) return next
  return adapted(next, Math.abs(offset) <= gate)
}

function adapted(state: PollState, within: boolean): PollState {
  const run = within ? Math.max(0, state.run) + 1 : Math.min(0, state.run) - 1
  if (run < RUN_TO_WIDEN && run > RUN_TO_SHRINK) return { ...state, run }
  const poll = clamp(state.poll + Math.sign(run), state.lowest, state.highest)
  return { ...state, poll, run: 0 }
}

/** The server asked us to slow down. */
export function pollRated(state: PollState): PollState {
  const poll = Math.min(state.poll + RATE_BACK_OFF, Math.max(state.highest, RATE_CEILING))
  return { ...state, poll, lowest: poll, highest: Math.max(state.highest, poll), burst: 0, run: 0 }
}

/** The clock was stepped: the offset before it is no measure of jitter. */
export const pollStepped = (state: PollState): PollState => ({ ...state, offset: undefined })

/** Present interval without spread. `delay`: the last round trip, undefined while unreachable. */
export function pollInterval(state: PollState, delay: Nanos | undefined): Nanos {
  const near = delay !== undefined && delay < NEAR
  const interval = seconds(2 ** (near ? state.poll : Math.max(0, state.poll)))
  // a burst is never slower than the ordinary polls
  return inBurst(state) ? nanos(Math.min(BURST_INTERVAL, interval)) : interval
}

/** `uniform` in [0, 1). */
export const spread = (interval: Nanos, uniform: number): Nanos =>
  nanos(interval * (1 + SPREAD * uniform))
