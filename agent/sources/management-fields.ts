/**
 * The alphabet of PTP management data: one two-way codec per kind of field, so that the table in
 * management-data.ts is written once and read in both directions.
 *
 * Network byte order, but for the exceptions that linuxptp's tlv.c makes: the counters of the port
 * statistics are little endian, and port corrections come in the byte order of the host.
 * Scaled types are converted here and nowhere else: TimeInterval (2^-16 ns, IEEE 1588-2019 clause
 * 5.3.2) and ScaledNs (96 bits of it) to ns, scaled rates (2^-41, IEEE 802.1AS-2020 clause
 * 11.4.4.3) to ppb. Nothing here throws: reading past the end sets `short` and yields zeros,
 * writing a value out of range clamps or wraps it.
 */
import type { Nanos, Ppb } from '../core/units.ts'

/** A place in the bytes; `short` once something was wanted beyond `end`. */
export interface Cursor {
  readonly view: DataView
  readonly end: number
  at: number
  short: boolean
}

export interface Field<T> {
  read(cursor: Cursor): T
  /** Bytes go to the end of `out`. */
  write(out: number[], value: T): void
}

export type ValueOf<F> = F extends Field<infer T> ? T : never

export const cursorOf = (bytes: Uint8Array, at = 0, end = bytes.length): Cursor => ({
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  end,
  at,
  short: false,
})

/** Where the next `size` bytes are, or undefined when they are not there. */
function take(cursor: Cursor, size: number): number | undefined {
  const from = cursor.at
  if (cursor.short || from + size > cursor.end) {
    cursor.short = true
    return undefined
  }
  cursor.at = from + size
  return from
}

/** `size`: a multiple of four. */
function integer(size: number, signed: boolean, little = false): Field<bigint> {
  const bits = BigInt(size * 8)
  return {
    read(cursor) {
      const from = take(cursor, size)
      if (from === undefined) return 0n
      let value = 0n
      for (let i = 0; i < size; i += 4) {
        const place = little ? size - 4 - i : i
        value = (value << 32n) | BigInt(cursor.view.getUint32(from + place, little))
      }
      return signed ? BigInt.asIntN(size * 8, value) : value
    },
    write(out, value) {
      const high = (1n << (signed ? bits - 1n : bits)) - 1n
      const low = signed ? -high - 1n : 0n
      const clamped = value > high ? high : value < low ? low : value
      for (let i = 0; i < size; i++) {
        const place = BigInt(little ? i : size - 1 - i)
        out.push(Number((clamped >> (8n * place)) & 0xffn))
      }
    },
  }
}

const wholeOf = (value: number): bigint => (Number.isFinite(value) ? BigInt(Math.round(value)) : 0n)

/** A field whose wire form is `inner` seen through a pair of functions. */
export const mapped = <W, T>(
  inner: Field<W>,
  from: (wire: W) => T,
  to: (value: T) => W,
): Field<T> => ({
  read: (cursor) => from(inner.read(cursor)),
  write: (out, value) => inner.write(out, to(value)),
})

/** Of up to six bytes, which a double holds: most of every message, and a bigint per byte is dear. */
function small(size: number, signed: boolean): Field<number> {
  const range = 2 ** (8 * size)
  const low = signed ? -range / 2 : 0
  const high = low + range - 1
  return {
    read(cursor) {
      const from = take(cursor, size)
      if (from === undefined) return 0
      let value = 0
      for (let i = 0; i < size; i++) value = value * 256 + cursor.view.getUint8(from + i)
      return value > high ? value - range : value
    },
    write(out, value) {
      const whole = Number.isFinite(value) ? Math.round(value) : 0
      const clamped = Math.min(high, Math.max(low, whole))
      for (let unit = range / 256; unit >= 1; unit /= 256)
        out.push(Math.floor(clamped / unit) & 0xff)
    },
  }
}

export const u8 = small(1, false)
export const u16 = small(2, false)
export const u32 = small(4, false)
/** Seconds of the PTP time scale: enough for 8.9 million years. */
export const u48 = small(6, false)
export const i8 = small(1, true)
export const i16 = small(2, true)
export const i32 = small(4, true)
export const i64 = integer(8, true)
const littleI64 = integer(8, true, true)
/** A counter of linuxptp's port statistics; exact to 2^53. */
export const counter = mapped(integer(8, false, true), Number, wholeOf)

const unscaled = (wire: bigint): Nanos => (Number(wire) / 65536) as Nanos
const scaled = (value: Nanos): bigint => wholeOf(value * 65536)

/** TIME_STATUS_NP's offset is plain ns, unlike everybody else's. */
export const plainNanos = mapped(i64, (wire) => Number(wire) as Nanos, wholeOf)
export const timeInterval = mapped(i64, unscaled, scaled)
/** u16 most significant, u64 ns, u16 fraction: together one signed number in 2^-16 ns. */
export const scaledNanos = mapped(integer(12, true), unscaled, scaled)

const RATE_UNIT = 2 ** -41 * 1e9
export const scaledRate = mapped(
  i32,
  (wire) => (wire * RATE_UNIT) as Ppb,
  (rate) => rate / RATE_UNIT,
)

const ONE_SECOND = 65_536_000_000_000n
const isLatency = (wire: bigint): boolean => wire > -ONE_SECOND && wire < ONE_SECOND

/**
 * linuxptp throws the byte order conversion of port corrections away, so they come in the order of
 * the host that ptp4l runs on, until someone repairs it. A latency is far below a second, and read
 * in the wrong order it is far above. Written little endian and below a second.
 */
export const hostTimeInterval: Field<Nanos> = {
  read(cursor) {
    const { at } = cursor
    const little = littleI64.read(cursor)
    if (cursor.short) return 0 as Nanos
    const big = i64.read({ ...cursor, at })
    return unscaled(!isLatency(little) && isLatency(big) ? big : little)
  },
  write(out, value) {
    const wire = scaled(value)
    littleI64.write(out, isLatency(wire) ? wire : wire < 0n ? 1n - ONE_SECOND : ONE_SECOND - 1n)
  },
}

/** A field with `size` reserved bytes behind it. */
export const padded = <T>(inner: Field<T>, size: number): Field<T> => ({
  read(cursor) {
    const value = inner.read(cursor)
    take(cursor, size)
    return value
  },
  write(out, value) {
    inner.write(out, value)
    for (let i = 0; i < size; i++) out.push(0)
  },
})

/** u8 with a name for some of its bits; the others are ignored and written as zero. */
export const bits = <const P extends Readonly<Record<string, number>>>(
  places: P,
): Field<{ readonly [K in keyof P]: boolean }> => {
  const list = Object.entries(places)
  return mapped(
    u8,
    (wire) => {
      const value: Record<string, boolean> = {}
      for (const [name, bit] of list) value[name] = (wire & (1 << bit)) !== 0
      return value as { [K in keyof P]: boolean }
    },
    (value) => list.reduce((wire, [name, bit]) => wire | (value[name] ? 1 << bit : 0), 0),
  )
}

/** The same with the names of the bits from bit 0 up. */
export const flags = <const N extends string>(
  ...names: readonly N[]
): Field<{ readonly [K in N]: boolean }> =>
  bits(Object.fromEntries(names.map((name, bit) => [name, bit])) as Readonly<Record<N, number>>)

/** A code as its name in `table`; a code without a name is its decimal digits. */
export const named = <const N extends string>(
  inner: Field<number>,
  table: Readonly<Record<number, N>>,
): Field<N | `${number}`> => {
  const codes = new Map<string, number>(
    Object.entries<string>(table).map(([code, name]) => [name, Number(code)]),
  )
  return mapped(
    inner,
    (wire) => table[wire] ?? (`${wire}` as const),
    (value) => codes.get(value) ?? Number(value),
  )
}

/** A number that is a truth value. */
export const truth = (inner: Field<number>): Field<boolean> =>
  mapped(
    inner,
    (wire) => wire !== 0,
    (value) => (value ? 1 : 0),
  )

export type Struct<F> = { readonly [K in keyof F]: ValueOf<F[K]> }

/** Fields one after the other, in the order in which they are written down. */
export function struct<F extends Readonly<Record<string, unknown>>>(fields: F): Field<Struct<F>> {
  const list = Object.entries(fields) as [keyof F & string, Field<unknown>][]
  return {
    read(cursor) {
      const value: Record<string, unknown> = {}
      for (const [name, field] of list) value[name] = field.read(cursor)
      return value as Struct<F>
    },
    write(out, value) {
      for (const [name, field] of list) field.write(out, value[name])
    },
  }
}

/** `count` times the same. */
export const times = <T>(inner: Field<T>, count: number): Field<readonly T[]> => ({
  read(cursor) {
    const items: T[] = []
    while (items.length < count) items.push(inner.read(cursor))
    return items
  },
  write(out, value) {
    for (let i = 0; i < count; i++) inner.write(out, value[i] as T)
  },
})

/** A count and that many items; stops where the bytes end. */
export const counted = <T>(count: Field<number>, inner: Field<T>): Field<readonly T[]> => ({
  read(cursor) {
    const items: T[] = []
    const length = count.read(cursor)
    while (items.length < length && !cursor.short) items.push(inner.read(cursor))
    return items
  },
  write(out, value) {
    count.write(out, value.length)
    for (const item of value) inner.write(out, item)
  },
})

/** PTPText: a length in one byte, then UTF-8, here read as Latin-1 so that any bytes come back. */
export const text8: Field<string> = mapped(
  counted(u8, u8),
  (bytes) => String.fromCharCode(...bytes),
  (text) => [...text].slice(0, 255).map((char) => char.charCodeAt(0) & 0xff),
)

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** EUI-64 as linuxptp logs it: `aabbcc.ddee.ff0011`. */
export const clockIdentity: Field<string> = mapped(
  times(u8, 8),
  (bytes) => {
    let text = ''
    for (const [k, byte] of bytes.entries()) text += (k === 3 || k === 5 ? '.' : '') + HEX[byte]
    return text
  },
  (text) => {
    const digits = text.replaceAll('.', '').padEnd(16, '0')
    return Array.from({ length: 8 }, (_, i) => Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16))
  },
)

/** Which events, as bit numbers, out of a mask of 64 bytes: event n is bit n%8 of byte n/8. */
export const eventMask: Field<readonly number[]> = mapped(
  times(u8, 64),
  (bytes) =>
    Array.from({ length: 512 }, (_, n) => n).filter(
      (n) => ((bytes[n >> 3] ?? 0) & (1 << (n & 7))) !== 0,
    ),
  (events) =>
    events.reduce(
      (bytes, n) => bytes.map((byte, i) => (i === n >> 3 ? byte | (1 << (n & 7)) : byte)),
      Array.from({ length: 64 }, () => 0),
    ),
)
