/**
 * One exchange with an NTP server: what to ask, whether an answer is acceptable, what it measures.
 * Pure functions on values; the machine that sends and waits is `ntp.ts`.
 *
 *   ours    T1 ──────────────► T4        offset = local - server = -((T2 - T1) + (T3 - T4)) / 2
 *   server      ► T2 ── T3 ──┘           delay  = (T4 - T1) - (T3 - T2)
 *
 * The transmit stamp in a basic answer was taken by the server's program, before its own way through
 * its kernel; that way lies in the return leg. So that the legs are alike, ours counts too: T1 is our
 * kernel's stamp less the median of what our own sends took (`sendCost`). Over a veth pair that takes
 * p50 of |offset| from 4 us to 0.5 us; up to the NIC's stamp where that stamps. In interleaved mode all
 * stamps are kernels' or NICs', and nothing is added.
 *
 * T1 and T4 are stamps of our kernel and never leave the node: the transmit field of a request is 64
 * random bits, a cookie which the answer must repeat (data minimisation).
 *
 * Interleaved mode (RFC 9769): the server tells in its next answer when the last one really left, so
 * that all four stamps are taken by kernels or hardware. The request carries the receive stamp of the
 * last answer (by which the server finds its state) and a second cookie; an answer that repeats the
 * second cookie is interleaved. Of the two sets of stamps that it makes possible,
 *
 *   previous   T1 T2 T4 of the last exchange with T3 from this answer: short, but one poll old
 *   spanning   T1 T2 of this exchange with T3 T4 of the last: fresh, but long as a poll interval
 *
 * the previous one is taken when its interval is more than 10 times shorter (as chronyd does): the
 * frequency error of our clock enters with the length of the interval.
 *
 * RFC 5905 sections 8, 9.2 and 11; the numbers 1, 2, 3, 5, 6, 7, A of the checks are those of chronyc's
 * ntpdata report.
 */
import type { NoteCode } from '../core/notes.ts'
import type { Sample, StampKind } from '../core/sample.ts'
import { type Instant, type Nanos, nanos, plus, seconds, utc } from '../core/units.ts'
import type { MacKey } from '../ports/keys.ts'
import { doubt, seal } from './ntp-auth.ts'
import {
  decodeNtp,
  kissCode,
  MODE_CLIENT,
  MODE_SERVER,
  NO_STAMP,
  type NtpPacket,
  type NtpStamp,
  referenceText,
  stampToUtc,
} from './ntp-packet.ts'

/** A time stamp of ours on CLOCK_REALTIME, moved when the clock's frequency was changed later. */
export interface LocalStamp {
  readonly at: Instant<'utc'>
  readonly kind: StampKind
  /** Beside what its kind always may be wrong by, ns. */
  readonly dispersion?: Nanos
}

/** The last acceptable answer, and when its exchange happened. */
export interface History {
  readonly t1: LocalStamp
  readonly t4: LocalStamp
  readonly receive: NtpStamp
  /** Its answer was a basic one: the exchange was measured already. */
  readonly basic: boolean
  /** Uncertainty of the clock changes since. */
  readonly moved: Nanos
}

export interface Request {
  readonly transmit: NtpStamp
  /** Second cookie of an interleaved request, NO_STAMP in a basic one. */
  readonly receive: NtpStamp
  readonly origin: NtpStamp
}

/** A cookie of 64 random bits that is not the "unset" of the protocol. */
function cookie(bytes: Uint8Array): NtpStamp {
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  return value === NO_STAMP ? 1n : value
}

/** Another one, neither unset. */
const cookieBeside = (other: NtpStamp): NtpStamp => (other === 1n ? 2n : 1n)

/** `random`: 16 bytes. With `history` the request asks for an interleaved answer. */
export function makeRequest(random: Uint8Array, history: History | undefined): Request {
  const transmit = cookie(random.subarray(0, 8))
  if (history === undefined) return { transmit, receive: NO_STAMP, origin: NO_STAMP }
  // a server takes equal receive and transmit fields for a basic request
  const second = cookie(random.subarray(8, 16))
  const receive = second === transmit ? cookieBeside(transmit) : second
  return { transmit, receive, origin: history.receive }
}

/** Bytes of a request: everything that a server has no need to know is a constant. */
export const encodeRequest = (
  { transmit, receive, origin }: Request,
  key: MacKey | undefined,
): Uint8Array =>
  seal(key, {
    leap: 'none',
    mode: MODE_CLIENT,
    stratum: 0,
    poll: 0,
    precision: 32,
    rootDelay: nanos(0),
    rootDispersion: nanos(0),
    referenceId: 0,
    reference: NO_STAMP,
    origin,
    receive,
    transmit,
    extensions: [],
  })

/** RFC 5905 appendix A.1.1 MAXDISP: the root distance at which a server is no reference any more. */
const MAX_ROOT_DISTANCE = seconds(16)
const MAX_STRATUM = 15

export type Answer =
  /** Not an answer to this request: go on waiting. */
  | { readonly is: 'ignored'; readonly code: NoteCode; readonly detail: string }
  | { readonly is: 'kiss'; readonly kiss: string }
  /** It answers this request, but the server is of no use as it is now. */
  | { readonly is: 'useless'; readonly code: NoteCode; readonly detail: string }
  | { readonly is: 'valid'; readonly packet: NtpPacket; readonly interleaved: boolean }

const ignored = (code: NoteCode, detail: string): Answer => ({ is: 'ignored', code, detail })
const useless = (code: NoteCode, detail: string): Answer => ({ is: 'useless', code, detail })

/** Stamps of the last acceptable answer, for the test of duplicates. */
export type Seen = Pick<NtpPacket, 'receive' | 'transmit'>

/**
 * The checks that need no clock: 1, 2, 5, 3, 6 and 7. A kiss of death counts only after the origin
 * check and that of the MAC, so that nobody off the path, and with a key nobody who lacks it, can use
 * one to silence a server.
 */
export function judge(
  data: Uint8Array,
  request: Request,
  seen: Seen | undefined,
  key: MacKey | undefined,
): Answer {
  const result = decodeNtp(data)
  if (!result.ok) return ignored('malformed', `${result.fault} at byte ${result.at}`)
  const packet = result.value
  if (packet.mode !== MODE_SERVER) return ignored('wrong-mode', `mode ${packet.mode}`)
  if (seen?.receive === packet.receive && seen.transmit === packet.transmit) {
    return ignored('duplicate', 'receive and transmit stamps of the last answer')
  }
  const interleaved = request.receive !== NO_STAMP && packet.origin === request.receive
  if (!interleaved && packet.origin !== request.transmit) {
    return ignored('bogus', 'the origin stamp is not the one we sent')
  }
  const doubted = doubt(key, data, packet)
  if (doubted !== undefined) return doubted
  const kiss = kissCode(packet)
  if (kiss !== undefined) return { is: 'kiss', kiss }
  return unusable(packet) ?? { is: 'valid', packet, interleaved }
}

/** Checks 3 (stamps are set), 6 (leap, stratum) and 7 (root distance). */
function unusable(packet: NtpPacket): Answer | undefined {
  if (packet.receive === NO_STAMP || packet.transmit === NO_STAMP) {
    return useless('zero-stamp', 'the server sent no receive or transmit stamp')
  }
  if (packet.leap === 'unknown') return useless('unsynchronised', 'leap indicator 3')
  if (packet.stratum < 1 || packet.stratum > MAX_STRATUM) {
    return useless('bad-stratum', `stratum ${packet.stratum}`)
  }
  const distance = packet.rootDelay / 2 + packet.rootDispersion
  if (distance >= MAX_ROOT_DISTANCE) {
    return useless('root-distance', `${(distance / 1e9).toFixed(3)} s from its own reference`)
  }
  return undefined
}

/** Four stamps of one measurement, in ns of UTC, and the worst of the two local kinds. */
interface Stamps {
  readonly t1: bigint
  readonly t2: bigint
  readonly t3: bigint
  readonly t4: bigint
  readonly kind: StampKind
  /** Of the conversion of the two local stamps. */
  readonly conversion: Nanos
  /** Time that passed on our clock between the two local stamps. */
  readonly interval: Nanos
}

/** What the answer measures, without the identity of the source. */
export type Measurement = Omit<Sample, 'source' | 'clock' | 'at'> & {
  /** Middle of the two local stamps, where the offset holds. */
  readonly middle: Instant<'utc'>
}

export type Measured =
  | { readonly ok: true; readonly measurement: Measurement }
  | { readonly ok: false; readonly code: NoteCode; readonly detail: string }

export interface Exchange {
  readonly packet: NtpPacket
  readonly interleaved: boolean
  readonly t1: LocalStamp
  readonly t4: LocalStamp
  /** Our own way from the program to the transmit stamp, ns; 0 where it is not known. */
  readonly sendCost: Nanos
  /** The exchange before this one. */
  readonly history: History | undefined
  /** Uncertainty of clock changes while the answer was under way. */
  readonly moved: Nanos
}

export interface Limits {
  /** Largest round trip. */
  readonly maxDelay: Nanos
  /** Added to the offset: half of a known asymmetry. */
  readonly correction: Nanos
}

/** Longest time a server may hold a request; beyond it its clock error over the time counts. */
const MAX_PROCESSING = seconds(4)
/** How much shorter the previous set must be. */
const PREVIOUS_PREFERENCE = 10
/** RFC 5905 appendix A.1.1 PHI: frequency tolerance of our clock, 15 ppm. */
const PHI = 15e-6
/** Reading CLOCK_REALTIME, jitter of the call included; a server's own precision comes with it. */
const OWN_PRECISION = nanos(100)
/**
 * How far a stamp may be from the moment the packet passed: hardware is limited by its clock's tick
 * and PHY latency, a kernel stamp by interrupt and softirq latency, the program's by its scheduling.
 */
export const STAMP_ERROR: Readonly<Record<StampKind, Nanos>> = {
  hardware: nanos(50),
  kernel: nanos(1_000),
  daemon: nanos(50_000),
}
const ORDER: readonly StampKind[] = ['hardware', 'kernel', 'daemon']
/** No program of this kind ran before, so a clock that reads 1970 still tells the era. */
const PIVOT_FLOOR = utc(1_735_689_600_000_000_000n) // 2025-01-01

const worst = (a: StampKind, b: StampKind): StampKind =>
  ORDER[Math.max(ORDER.indexOf(a), ORDER.indexOf(b))] ?? 'daemon'

/** Check A: the offset with its error, or why this answer is not good enough to be used. */
export function measure(exchange: Exchange, limits: Limits): Measured {
  const { packet, interleaved, history } = exchange
  if (interleaved && (history === undefined || history.basic)) {
    return { ok: false, code: 'interleaved-first', detail: 'its exchange was measured already' }
  }
  const stamps = chooseStamps(exchange)
  const processing = processingTime(exchange)
  if (processing < 0 || processing > MAX_PROCESSING) {
    return { ok: false, code: 'processing-time', detail: `${processing} ns` }
  }
  const precision = 2 ** packet.precision * 1e9
  if (precision > limits.maxDelay) {
    return { ok: false, code: 'bad-precision', detail: `2^${packet.precision} s` }
  }
  const moved = exchange.moved + (interleaved ? (history?.moved ?? 0) : 0)
  const dispersion =
    Math.max(precision, OWN_PRECISION) +
    STAMP_ERROR[stamps.kind] +
    stamps.conversion +
    PHI * stamps.interval +
    moved +
    // a server that stamps in hardware has no such way: half of ours is then an error
    (interleaved ? 0 : exchange.sendCost / 2)
  const delay = Number(stamps.t4 - stamps.t1 - (stamps.t3 - stamps.t2))
  const bad = badDelay(delay, dispersion, limits)
  if (bad !== undefined) return bad
  return {
    ok: true,
    measurement: {
      offset: nanos(offsetOf(stamps) + limits.correction),
      delay: nanos(Math.max(0, delay)),
      dispersion: nanos(dispersion),
      rootDelay: packet.rootDelay,
      rootDispersion: packet.rootDispersion,
      stratum: packet.stratum,
      leap: packet.leap,
      reference: referenceText(packet),
      stamps: stamps.kind,
      middle: utc((stamps.t1 + stamps.t4) / 2n),
    },
  }
}

/**
 * RFC 5905's theta is server - client. The agent's offset is local - reference. This is the one place
 * of the negation. The difference is taken in integers and halved afterwards, so nothing is lost.
 */
function offsetOf({ t1, t2, t3, t4 }: Stamps): number {
  const twiceTheta = t2 - t1 + (t3 - t4)
  return -Number(twiceTheta) / 2
}

function badDelay(delay: number, dispersion: number, limits: Limits): Measured | undefined {
  if (delay < -dispersion) return { ok: false, code: 'negative-delay', detail: `${delay} ns` }
  if (delay - dispersion > limits.maxDelay) {
    return { ok: false, code: 'delay', detail: `${(delay / 1e9).toFixed(6)} s` }
  }
  return undefined
}

const pivotOf = (at: Instant<'utc'>): Instant<'utc'> => (at < PIVOT_FLOOR ? PIVOT_FLOOR : at)

function chooseStamps({ packet, interleaved, history, t1, t4, sendCost }: Exchange): Stamps {
  const pivot = pivotOf(t4.at)
  const t2 = stampToUtc(packet.receive, pivot)
  const t3 = stampToUtc(packet.transmit, pivot)
  if (!interleaved || history === undefined) {
    return stampsOf({ ...t1, at: plus(t1.at, nanos(-sendCost)) }, t2, t3, t4)
  }
  const previousLength = history.t4.at - history.t1.at
  const spanningLength = t1.at - history.t4.at
  if (spanningLength > BigInt(PREVIOUS_PREFERENCE) * previousLength) {
    return stampsOf(history.t1, stampToUtc(history.receive, pivot), t3, history.t4)
  }
  return stampsOf(t1, t2, t3, history.t4)
}

function stampsOf(t1: LocalStamp, t2: bigint, t3: bigint, t4: LocalStamp): Stamps {
  const length = Math.abs(Number(t4.at - t1.at))
  const conversion = nanos(Math.max(t1.dispersion ?? 0, t4.dispersion ?? 0))
  const kind = worst(t1.kind, t4.kind)
  return { t1: t1.at, t2, t3, t4: t4.at, kind, conversion, interval: nanos(length) }
}

/** How long the server held the request that its transmit stamp belongs to, ns. */
function processingTime({ packet, interleaved, history, t4 }: Exchange): number {
  const pivot = pivotOf(t4.at)
  const received = interleaved && history !== undefined ? history.receive : packet.receive
  return Number(stampToUtc(packet.transmit, pivot) - stampToUtc(received, pivot))
}
