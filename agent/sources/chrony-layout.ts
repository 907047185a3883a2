/**
 * Field encodings of chronyd's command protocol, and tables of fields that are read and written by
 * the same description. Offsets are absolute in the packet.
 *
 * Float: 7 bits of signed exponent, 25 bits of signed coefficient, two's complement, no hidden bit;
 * value = coefficient * 2^(exponent - 25), 24 bits of precision.
 * Timespec: u32 seconds (high), u32 seconds (low), u32 nanoseconds.
 * Address: 16 bytes (IPv4 in the first 4), u16 family, u16 padding.
 */
import { type Instant, utc } from '../core/units.ts'

/** One encoding. Methods, not properties: tables mix them. */
export interface Wire<T> {
  readonly size: number
  read(view: DataView, at: number): T
  write(view: DataView, at: number, value: T): void
}

export type Layout = Readonly<Record<string, readonly [at: number, wire: Wire<unknown>]>>

/** What a table of fields describes. */
export type Fields<L extends Layout> = {
  readonly [K in keyof L]: L[K][1] extends Wire<infer T> ? T : never
}

export const layoutLength = (layout: Layout): number =>
  Math.max(0, ...Object.values(layout).map(([at, wire]) => at + wire.size))

/** The caller has checked the length. */
export const readFields = <L extends Layout>(layout: L, view: DataView): Fields<L> =>
  Object.fromEntries(
    Object.entries(layout).map(([name, [at, wire]]) => [name, wire.read(view, at)]),
  ) as Fields<L>

export function writeFields<L extends Layout>(layout: L, view: DataView, fields: Fields<L>): void {
  for (const [name, [at, wire]] of Object.entries(layout)) {
    wire.write(view, at, (fields as Record<string, unknown>)[name])
  }
}

export const u8: Wire<number> = {
  size: 1,
  read: (view, at) => view.getUint8(at),
  write: (view, at, value) => view.setUint8(at, value),
}
export const i8: Wire<number> = {
  size: 1,
  read: (view, at) => view.getInt8(at),
  write: (view, at, value) => view.setInt8(at, value),
}
export const u16: Wire<number> = {
  size: 2,
  read: (view, at) => view.getUint16(at),
  write: (view, at, value) => view.setUint16(at, value),
}
export const i16: Wire<number> = {
  size: 2,
  read: (view, at) => view.getInt16(at),
  write: (view, at, value) => view.setInt16(at, value),
}
export const u32: Wire<number> = {
  size: 4,
  read: (view, at) => view.getUint32(at),
  write: (view, at, value) => view.setUint32(at, value),
}
export const i32: Wire<number> = {
  size: 4,
  read: (view, at) => view.getInt32(at),
  write: (view, at, value) => view.setInt32(at, value),
}
export const u64: Wire<bigint> = {
  size: 8,
  read: (view, at) => view.getBigUint64(at),
  write: (view, at, value) => view.setBigUint64(at, value),
}
/** One byte that is a character of chronyc's reports: `*`, `K` ... */
export const letter: Wire<string> = {
  size: 1,
  read: (view, at) => String.fromCharCode(view.getUint8(at)),
  write: (view, at, value) => view.setUint8(at, value.charCodeAt(0)),
}
export const float: Wire<number> = {
  size: 4,
  read: (view, at) => decodeFloat(view.getUint32(at)),
  write: (view, at, value) => view.setUint32(at, encodeFloat(value)),
}

const NANOS = 1_000_000_000n
const NO_HIGH_SECONDS = 0x7fff_ffff
const MAX_NANOS = 999_999_999

/** A high word of 0x7fffffff comes from hosts with 32-bit time and means 0. */
export const timespec: Wire<Instant<'utc'>> = {
  size: 12,
  read(view, at) {
    const high = view.getUint32(at)
    const seconds =
      (BigInt(high === NO_HIGH_SECONDS ? 0 : high) << 32n) | BigInt(view.getUint32(at + 4))
    return utc(seconds * NANOS + BigInt(Math.min(MAX_NANOS, view.getUint32(at + 8))))
  },
  write(view, at, value) {
    const seconds = value / NANOS
    view.setUint32(at, Number(seconds >> 32n))
    view.setUint32(at + 4, Number(seconds & 0xffff_ffffn))
    view.setUint32(at + 8, Number(value % NANOS))
  },
}

export interface ChronyAddress {
  /** 0 none (a reference clock), 1 IPv4, 2 IPv6, 3 a name that is not resolved yet. */
  readonly family: number
  /** 16, whatever the family. */
  readonly bytes: Uint8Array
}

export const address: Wire<ChronyAddress> = {
  size: 20,
  read: (view, at) => ({
    family: view.getUint16(at + 16),
    bytes: new Uint8Array(view.buffer, view.byteOffset + at, 16).slice(),
  }),
  write(view, at, { family, bytes }) {
    new Uint8Array(view.buffer, view.byteOffset + at, 16).set(bytes)
    view.setUint16(at + 16, family)
  },
}

const IPV4 = 1
const IPV6 = 2

/** `127.0.0.1`, `2001:db8::1` (RFC 5952), or nothing for what is no address. */
export function addressText({ family, bytes }: ChronyAddress): string {
  if (family === IPV4) return [...bytes.subarray(0, 4)].join('.')
  if (family !== IPV6) return ''
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  )
  const text = groups.join(':')
  // the longest run of two or more zero groups, the first among equals, becomes `::`
  const runs = text.match(/(?<![^:])0(?::0)+(?![^:])/g) ?? []
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '')
  if (longest === '') return text
  const start = text.search(new RegExp(`(?<![^:])${longest}(?![^:])`))
  const head = text.slice(0, start).replace(/:$/, '')
  return `${head}::${text.slice(start + longest.length).replace(/^:/, '')}`
}

const COEFFICIENT_BITS = 25
const COEFFICIENT_MAX = 2 ** 24 - 1
const EXPONENT_MIN = -64
const EXPONENT_MAX = 63
const LEAST = 1e-100
const LARGEST = 1e100

export function decodeFloat(word: number): number {
  const exponent = word >> COEFFICIENT_BITS
  const coefficient = (word << 7) >> 7
  return coefficient * 2 ** (exponent - COEFFICIENT_BITS)
}

/** Rounds half away from zero to 24 bits, as chronyd does. NaN becomes 0. */
export function encodeFloat(value: number): number {
  const size = Math.min(LARGEST, Math.abs(value))
  if (Number.isNaN(size) || size < LEAST) return 0
  const negative = value < 0 ? 1 : 0
  const limit = COEFFICIENT_MAX + negative
  let exponent = Math.trunc(Math.log2(size) + 1)
  let coefficient = Math.trunc(size * 2 ** (COEFFICIENT_BITS - exponent) + 0.5)
  while (coefficient > limit) {
    coefficient = Math.floor(coefficient / 2)
    exponent += 1
  }
  if (exponent > EXPONENT_MAX) {
    exponent = EXPONENT_MAX
    coefficient = limit
  }
  if (exponent < EXPONENT_MIN) {
    coefficient = Math.floor(coefficient / 2 ** (EXPONENT_MIN - exponent))
    exponent = coefficient === 0 ? 0 : EXPONENT_MIN
  }
  const signed = negative === 1 ? -coefficient : coefficient
  return ((exponent << COEFFICIENT_BITS) | (signed & 0x1ff_ffff)) >>> 0
}
