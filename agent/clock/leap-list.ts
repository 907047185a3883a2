/**
 * leap-seconds.list of IERS and NIST: from when on which TAI - UTC holds, until when the list is good,
 * and a SHA-1 over its digits. Times in the file are seconds since 1900 that do not count leap seconds.
 *
 *   #$ 3960835200     last update          2272060800  10   from then on TAI - UTC is 10 s
 *   #@ 3991593600     expiry               #h 49db2447 571e5e1b 2f002a53 9c8da8e4 39b8e49e
 *
 * A hash that is there must be right; the lists that the linuxptp-daemon writes have none.
 */
import { type Decoded, decoded, type Fault, fault } from '../core/errors.ts'
import type { LeapWarning } from '../core/sample.ts'
import { sha1 } from '../core/sha1.ts'
import { type Instant, utc } from '../core/units.ts'

/** Where tzdata puts the list; a node without one is no fault. */
export const LEAP_LIST = '/usr/share/zoneinfo/leap-seconds.list'

export interface LeapEntry {
  readonly from: Instant<'utc'>
  /** TAI - UTC, seconds. */
  readonly taiOffset: number
}

export interface LeapList {
  readonly updated: Instant<'utc'>
  readonly expires: Instant<'utc'>
  /** At least one, oldest first; each a second more or less than the one before. */
  readonly entries: readonly LeapEntry[]
  /** It had a hash, and the hash is right. */
  readonly verified: boolean
}

export type LeapListFault =
  | 'malformed'
  | 'wrong-order'
  | 'wrong-jump'
  | 'twice'
  | 'no-update'
  | 'no-expiry'
  | 'no-entries'
  | 'bad-hash'

/** Seconds from 1900 to 1970 (RFC 5905 section 6). */
const NTP_TO_UNIX = 2_208_988_800n
const SECOND = 1_000_000_000n
const DAY = 86_400n * SECOND
/** More than any list has or will have in centuries: what is longer is not one. */
const MAX_LINES = 2000

const NUMBER = /^\d{1,11}$/
const ENTRY = /^(\d{1,11})\s+(\d{1,3})$/
const HASH = /^[\da-f]{1,8}(\s+[\da-f]{1,8}){4}$/i

const instantOf = (seconds: string): Instant<'utc'> => utc((BigInt(seconds) - NTP_TO_UNIX) * SECOND)

interface Draft {
  updated?: string
  expires?: string
  hash?: readonly number[]
  hashLine: number
  /** The digits of all entries, as the hash goes over them. */
  digits: string
  readonly entries: LeapEntry[]
}

function takeMark(draft: Draft, mark: string, rest: string): LeapListFault | undefined {
  if (mark === 'h') {
    if (draft.hash !== undefined) return 'twice'
    if (!HASH.test(rest)) return 'malformed'
    // some lists leave out leading zeros: words are compared as numbers
    draft.hash = rest.split(/\s+/).map((word) => Number.parseInt(word, 16))
    return undefined
  }
  const key = mark === '$' ? 'updated' : 'expires'
  if (draft[key] !== undefined) return 'twice'
  if (!NUMBER.test(rest)) return 'malformed'
  draft[key] = rest
  return undefined
}

function takeEntry(draft: Draft, text: string): LeapListFault | undefined {
  const [, seconds, offset] = ENTRY.exec(text) ?? []
  if (seconds === undefined || offset === undefined) return 'malformed'
  const entry = { from: instantOf(seconds), taiOffset: Number(offset) }
  const last = draft.entries.at(-1)
  if (last !== undefined && entry.from <= last.from) return 'wrong-order'
  if (last !== undefined && Math.abs(entry.taiOffset - last.taiOffset) !== 1) return 'wrong-jump'
  draft.entries.push(entry)
  draft.digits += seconds + offset
  return undefined
}

function takeLine(draft: Draft, line: string, number: number): LeapListFault | undefined {
  const marked = /^#([$@h])(.*)$/.exec(line)
  if (marked !== null) {
    if (marked[1] === 'h') draft.hashLine = number
    return takeMark(draft, marked[1] ?? '', (marked[2] ?? '').trim())
  }
  const text = line.replace(/#.*/, '').trim()
  return text === '' ? undefined : takeEntry(draft, text)
}

/** What is missing is found missing at the last line. */
function finish(draft: Draft, lines: number): Decoded<LeapList, LeapListFault> {
  const { updated, expires, hash, entries, digits } = draft
  if (updated === undefined) return fault('no-update', lines)
  if (expires === undefined) return fault('no-expiry', lines)
  if (entries.length === 0) return fault('no-entries', lines)
  const expected = sha1(updated + expires + digits)
  const same = hash === undefined || expected.every((word, i) => word === hash[i])
  if (!same) return fault('bad-hash', draft.hashLine)
  const verified = hash !== undefined
  return decoded({ updated: instantOf(updated), expires: instantOf(expires), entries, verified })
}

/** A fault's `at` is the line, from 1. */
export function parseLeapList(text: string): Decoded<LeapList, LeapListFault> {
  const lines = text.split(/\r?\n/, MAX_LINES + 1)
  if (lines.length > MAX_LINES) return fault('malformed', MAX_LINES + 1)
  const draft: Draft = { hashLine: 0, digits: '', entries: [] }
  for (const [i, line] of lines.entries()) {
    const wrong = takeLine(draft, line, i + 1)
    if (wrong !== undefined) return fault(wrong, i + 1) satisfies Fault<LeapListFault>
  }
  return finish(draft, lines.length)
}

/** TAI - UTC in seconds at `at`; undefined before the first entry. */
export const taiOffsetAt = ({ entries }: LeapList, at: Instant<'utc'>): number | undefined =>
  entries.findLast(({ from }) => from <= at)?.taiOffset

export interface Leap {
  /** The first moment after it. */
  readonly at: Instant<'utc'>
  /** 1: a second is inserted, TAI - UTC grows; -1: one is deleted. */
  readonly sign: 1 | -1
}

/** The first leap second after `at`; undefined: the list knows of none. */
export function nextLeap({ entries }: LeapList, at: Instant<'utc'>): Leap | undefined {
  const next = entries.findIndex(({ from }) => from > at)
  const [before, after] = [entries[next - 1], entries[next]]
  if (before === undefined || after === undefined) return undefined
  return { at: after.from, sign: after.taiOffset > before.taiOffset ? 1 : -1 }
}

/** From then on the list does not know whether there is a leap second. */
export const isExpired = ({ expires }: LeapList, at: Instant<'utc'>): boolean => at >= expires

/** How the UTC day of `at` ends, by the list. */
export function leapOfDay(list: LeapList, at: Instant<'utc'>): Exclude<LeapWarning, 'unknown'> {
  const leap = nextLeap(list, at)
  if (leap === undefined || (leap.at as bigint) - (at as bigint) > DAY) return 'none'
  return leap.sign === 1 ? 'insert' : 'delete'
}
