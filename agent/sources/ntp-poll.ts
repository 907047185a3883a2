/**
 * When to ask an NTP server again: pure functions on a small state.
 *
 * In: what came of each request. Out: the next interval. A clock is only as good as it is measured, and
 * a short interval that stays beats one that adapts (0.11 against 0.5 ms RMS over a WAN), so the server
 * is asked every 2^minpoll s as long as it answers. The interval widens towards 2^maxpoll s where that
 * costs nothing, while nobody answers: one step each 4 polls after the first 8, which is always less
 * than a third of the silence so far.
 *
 * Extras: iburst (at start, when a lost server is back, after a foreign step) sends up to 8 requests 2 s
 * apart until 4 were good; burst up to 3 more where one gave no good sample; presend one before each
 * (two in interleaved mode), whose answer only warms the path. What extras ask too soon is a debt: each
 * later interval is a quarter longer until it is paid, so that the mean is never below 2^minpoll s, and
 * with a debt there are no further extras. An iburst of the node's own network is free.
 *
 * RATE (RFC 5905 section 7.4): 16 times slower at once, up to 17 min; one step back for every 8 good
 * answers, never quite to where it was.
 */
import { type Nanos, nanos, seconds } from '../core/units.ts'

export interface PollRange {
  /** log2 s */
  readonly minpoll: number
  readonly maxpoll: number
  readonly iburst: boolean
  readonly burst: boolean
  /** Poll exponent from which a warm-up is sent before each request; undefined: never. */
  readonly presend?: number | undefined
  readonly xleave: boolean
}

export interface PollState {
  readonly range: PollRange
  /** The requests of an iburst count into the mean interval. */
  readonly polite: boolean
  /** log2 s: the exponent while the server answers, and the highest. RATE raises the first. */
  readonly lowest: number
  readonly highest: number
  /** Steps above `lowest` by RATE, and good answers since it was changed. */
  readonly rated: number
  readonly calm: number
  /** Requests left of a burst, and good samples still wanted of it. */
  readonly burst: number
  readonly wanted: number
  /** The burst adds to no debt. */
  readonly free: boolean
  /** Requests before the next one that counts; the one under way is of them. */
  readonly warmUps: number
  readonly warming: boolean
  /** Time by which earlier requests came too soon, ns. */
  readonly debt: Nanos
  /** Polls in a row that nobody answered, bursts aside. */
  readonly silent: number
}

/**
 * What came of a request: a good sample; an answer without one; an answer that never gives one (the
 * first interleaved one) or that the clock spoilt; nothing of use; or it never left this node.
 */
export type Outcome = 'good' | 'answered' | 'neutral' | 'lost' | 'unsent'

/** 15.6 ms and 36 hours; the latter is RFC 5905's MAXPOLL. */
const POLL_MIN = -6
const POLL_MAX = 17
/** Of iburst; of burst beside the request that failed. */
const START_REQUESTS = 8
const START_GOOD = 4
const EXTRA_REQUESTS = 3
const BURST_INTERVAL = seconds(2)
const WARM_INTERVAL = seconds(2)
/** A server farther away than this is not asked more often than once per second (as chronyd). */
const NEAR = seconds(0.01)
/** Up to 2 % longer, so that many clients do not fall into step. */
const SPREAD = 0.02
/** A debt makes an interval longer by this share. */
const PAY_SHARE = 1 / 4
const SILENT_FIRST = 8
const SILENT_STEP = 4
const RATE_BACK_OFF = 4
const RATE_CEILING = 10
/** A step of the back-off is taken back after so many good answers, and not sooner than after so long. */
const RATE_FORGIVES = 8
const RATE_FORGIVES_SECONDS = 4096

const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value))

/** The state towards a server that was not asked yet. `polite`: not of the node's own network. */
export function startPoll(range: PollRange, polite: boolean): PollState {
  const lowest = clamp(range.minpoll, POLL_MIN, POLL_MAX)
  const fresh = {
    ...{ range, polite, lowest, highest: clamp(range.maxpoll, lowest, POLL_MAX) },
    ...{ rated: 0, calm: 0, burst: 0, wanted: 0, free: false },
    ...{ warmUps: 0, warming: false, debt: nanos(0), silent: 0 },
  }
  return burstAnew(fresh, START_REQUESTS, START_GOOD)
}

const burstAnew = (state: PollState, burst: number, wanted: number): PollState =>
  state.range.iburst && state.debt === 0 && state.rated === 0
    ? { ...state, burst, wanted, free: !state.polite }
    : state

const inBurst = ({ burst, wanted }: PollState): boolean => burst > 0 && wanted > 0

/** The clock was stepped by somebody else: everything has to be measured anew. */
export const pollAnew = (state: PollState): PollState =>
  burstAnew(state, START_REQUESTS, START_GOOD)

/** A request is about to be made; `warming` tells whether its answer only warms the path. */
export const pollAsked = (state: PollState): PollState => ({
  ...state,
  warming: state.warmUps > 0,
  warmUps: Math.max(0, state.warmUps - 1),
})

/** The request is over. */
export function polled(state: PollState, outcome: Outcome): PollState {
  if (state.warming || outcome === 'unsent') return state
  const next = { ...state, burst: Math.max(0, state.burst - 1) }
  switch (outcome) {
    case 'good':
      return forgiven(answered({ ...next, wanted: Math.max(0, state.wanted - 1) }))
    case 'answered':
      return insisting(answered(next), inBurst(state))
    case 'neutral':
      return next
    case 'lost':
      return inBurst(state)
        ? next
        : insisting({ ...next, silent: state.silent + 1 }, state.silent >= SILENT_FIRST)
  }
}

/** The server is there; one that was given up for lost is measured quickly again. */
function answered(state: PollState): PollState {
  const next = { ...state, silent: 0 }
  const back = state.silent >= SILENT_FIRST
  return back ? burstAnew(next, START_REQUESTS - 1, START_GOOD - 1) : next
}

/** Option burst: more requests at once where one failed. */
const insisting = (state: PollState, enough: boolean): PollState =>
  state.range.burst && state.debt === 0 && state.rated === 0 && !enough
    ? { ...state, burst: EXTRA_REQUESTS, wanted: 1, free: false }
    : state

function forgiven(state: PollState): PollState {
  if (state.rated === 0) return state
  const calm = state.calm + 1
  const enough = Math.max(RATE_FORGIVES, RATE_FORGIVES_SECONDS / 2 ** pollExponent(state))
  return calm < enough ? { ...state, calm } : { ...state, calm: 0, rated: state.rated - 1 }
}

/** The server asked us to slow down. */
export function pollRated(state: PollState): PollState {
  const ceiling = Math.max(state.highest, RATE_CEILING)
  const target = Math.min(pollExponent(state) + RATE_BACK_OFF, ceiling)
  const lowest = Math.min(state.lowest + 1, ceiling)
  const rated = target - lowest
  return {
    ...state,
    ...{ lowest, highest: Math.max(state.highest, lowest), rated, calm: 0 },
    ...{ burst: 0, wanted: 0, warmUps: 0, warming: false },
  }
}

/** The exponent of ordinary polls at present, log2 s. */
export function pollExponent({ lowest, highest, rated, silent }: PollState): number {
  const steps = silent < SILENT_FIRST ? 0 : 1 + Math.floor((silent - SILENT_FIRST) / SILENT_STEP)
  return Math.max(lowest + rated, Math.min(highest, lowest + steps))
}

function regular(state: PollState, delay: Nanos | undefined): Nanos {
  const poll = pollExponent(state)
  const near = delay !== undefined && delay < NEAR
  return seconds(2 ** (near ? poll : Math.max(0, poll)))
}

/** Present interval without spread. `delay`: the last round trip, undefined while unreachable. */
export function pollInterval(state: PollState, delay: Nanos | undefined): Nanos {
  const interval = regular(state, delay)
  // a burst is never slower than the ordinary polls
  return inBurst(state) ? nanos(Math.min(BURST_INTERVAL, interval)) : interval
}

/**
 * From the last request to the next one, ns, without spread, and the state that knows of it. `sent`: the
 * last one left this node; one that did not costs nobody anything.
 */
export function nextPoll(
  state: PollState,
  delay: Nanos | undefined,
  sent: boolean,
): { readonly state: PollState; readonly interval: Nanos } {
  const usual = pollInterval(state, delay)
  if (!sent) return { state, interval: usual }
  if (state.warming) return owing(state, nanos(Math.min(WARM_INTERVAL, usual)))
  if (inBurst(state)) {
    return state.free ? { state, interval: usual } : owing(state, usual)
  }
  const share = usual * PAY_SHARE
  const paid = clamp(state.debt - (usual - base(state)), 0, share)
  const warmUps = warmUpsOf(state)
  const early = Math.min(warmUps * WARM_INTERVAL, usual / 2)
  return owing({ ...state, warmUps }, nanos(usual + paid - early))
}

const base = ({ lowest }: PollState): number => 2 ** lowest * 1e9

const owing = (state: PollState, interval: Nanos) => ({
  state: { ...state, debt: nanos(Math.max(0, state.debt + base(state) - interval)) },
  interval,
})

function warmUpsOf(state: PollState): number {
  const { presend, xleave } = state.range
  const wanted = presend !== undefined && pollExponent(state) >= presend
  return wanted && state.debt === 0 ? 1 + Number(xleave) : 0
}

/** `uniform` in [0, 1). */
export const spread = (interval: Nanos, uniform: number): Nanos =>
  nanos(interval * (1 + SPREAD * uniform))
