/**
 * Codec of the NTP packet: header, extension fields, MAC trailer, and the 64-bit time stamp.
 *
 * In: bytes of one datagram, or a packet. Out: a packet or a fault, or bytes. Nothing is judged here
 * beyond the format; the on-wire checks are in `ntp-exchange.ts`.
 *
 *      0        8        16       24
 *    0 | LI VN Mode | Stratum | Poll | Precision |   LI 2 bits, VN 3, Mode 3; poll, precision log2 s
 *    4 | Root delay            (unsigned 16.16 s) |
 *    8 | Root dispersion       (unsigned 16.16 s) |
 *   12 | Reference id                             |
 *   16 | Reference stamp  24 Origin  32 Receive  40 Transmit   (64 bits each)
 *   48 | extension fields: u16 type, u16 length (header included), body     only version 4
 *      | MAC: u32 key id, digest (a key id alone: crypto-NAK)
 *
 * RFC 5905 section 7.3, RFC 7822 section 3 (extension fields), RFC 8573 (MAC).
 *
 * A time stamp counts 2^-32 s since 1900 modulo 2^64, so it wraps every 136 years (era 1 begins
 * 2036-02-07 06:28:16 UTC). It is only ever read relative to a pivot within 68 years.
 */
import { type Decoded, decoded, type Fault, fault } from '../core/errors.ts'
import type { LeapWarning } from '../core/sample.ts'
import { type Instant, type Nanos, nanos, utc } from '../core/units.ts'

export type NtpFault = 'truncated' | 'bad-length' | 'bad-version' | 'bad-extension' | 'bad-mac'

/** 64-bit NTP time stamp, 0n: unset. */
export type NtpStamp = bigint

export const NTP_PORT = 123
export const MODE_CLIENT = 3
export const MODE_SERVER = 4
export const NO_STAMP: NtpStamp = 0n

export interface NtpExtension {
  readonly type: number
  /** Without the 4 bytes of type and length, padding included. */
  readonly body: Uint8Array
}

export interface NtpMac {
  readonly keyId: number
  /** Empty in a crypto-NAK. */
  readonly digest: Uint8Array
}

export interface NtpPacket {
  readonly leap: LeapWarning
  /** 1..4 */
  readonly version: number
  readonly mode: number
  readonly stratum: number
  /** log2 seconds, signed. */
  readonly poll: number
  readonly precision: number
  readonly rootDelay: Nanos
  readonly rootDispersion: Nanos
  /** 32 bits, unsigned. */
  readonly referenceId: number
  readonly reference: NtpStamp
  readonly origin: NtpStamp
  readonly receive: NtpStamp
  readonly transmit: NtpStamp
  readonly extensions: readonly NtpExtension[]
  readonly mac: NtpMac | undefined
}

const HEADER = 48
/** RFC 7822 section 3: the shortest extension field, and the shortest one that no MAC follows. */
const EXTENSION_MIN = 16
const LAST_EXTENSION_MIN = 28
/** Key id and a digest of 128 or 160 bits; version 4 knows no longer ones (RFC 7822 section 3). */
const MAC_LENGTHS: readonly number[] = [20, 24]
/** Up to version 3 all the rest is MAC: 128 to 512 bits. */
const OLD_MAC_MIN = 20
const OLD_MAC_MAX = 68
const LEAPS: readonly LeapWarning[] = ['none', 'insert', 'delete', 'unknown']

/** ns per unit of the 16.16 format: 10^9 / 2^16, exact in a double, and so are all its products. */
const SHORT_UNIT = 15_258.789_062_5
const U32 = 0xffff_ffff

export function decodeNtp(bytes: Uint8Array): Decoded<NtpPacket, NtpFault> {
  if (bytes.length < HEADER) return fault('truncated', bytes.length)
  if (bytes.length % 4 !== 0) return fault('bad-length', bytes.length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const first = view.getUint8(0)
  const version = (first >> 3) & 7
  if (version < 1 || version > 4) return fault('bad-version', 0)
  const trailer = version === 4 ? decodeTrailer(bytes, view) : decodeOldTrailer(bytes, view)
  if (!trailer.ok) return trailer
  return decoded({
    leap: LEAPS[first >> 6] ?? 'unknown',
    version,
    mode: first & 7,
    stratum: view.getUint8(1),
    poll: view.getInt8(2),
    precision: view.getInt8(3),
    rootDelay: nanos(view.getUint32(4) * SHORT_UNIT),
    rootDispersion: nanos(view.getUint32(8) * SHORT_UNIT),
    referenceId: view.getUint32(12),
    reference: view.getBigUint64(16),
    origin: view.getBigUint64(24),
    receive: view.getBigUint64(32),
    transmit: view.getBigUint64(40),
    ...trailer.value,
  })
}

type Trailer = Pick<NtpPacket, 'extensions' | 'mac'>

/**
 * Where a MAC begins is told by what is left alone: 4 bytes are a crypto-NAK, 20 or 24 a MAC, 28 and
 * more begin with an extension field (RFC 7822 section 3).
 */
function decodeTrailer(bytes: Uint8Array, view: DataView): Decoded<Trailer, NtpFault> {
  const extensions: NtpExtension[] = []
  let at = HEADER
  while (bytes.length - at >= LAST_EXTENSION_MIN) {
    const length = view.getUint16(at + 2)
    if (length < EXTENSION_MIN || length % 4 !== 0 || length > bytes.length - at) {
      return fault('bad-extension', at)
    }
    extensions.push({ type: view.getUint16(at), body: bytes.slice(at + 4, at + length) })
    at += length
  }
  const left = bytes.length - at
  if (left === 0) return decoded({ extensions, mac: undefined })
  if (left === 4 && view.getUint32(at) !== 0) return fault('bad-mac', at)
  if (left !== 4 && !MAC_LENGTHS.includes(left)) return fault('bad-mac', at)
  return decoded({ extensions, mac: macAt(bytes, view, at) })
}

function decodeOldTrailer(bytes: Uint8Array, view: DataView): Decoded<Trailer, NtpFault> {
  const left = bytes.length - HEADER
  if (left === 0) return decoded({ extensions: [], mac: undefined })
  const nak = left === 4 && view.getUint32(HEADER) === 0
  if (!nak && (left < OLD_MAC_MIN || left > OLD_MAC_MAX)) return badMac()
  return decoded({ extensions: [], mac: macAt(bytes, view, HEADER) })
}

const badMac = (): Fault<NtpFault> => fault('bad-mac', HEADER)

const macAt = (bytes: Uint8Array, view: DataView, at: number): NtpMac => ({
  keyId: view.getUint32(at),
  digest: bytes.slice(at + 4),
})

/**
 * Bytes of a packet. Root delay and dispersion are rounded up to 2^-16 s: they are bounds. Extension
 * bodies are padded with zeros to the length that the format demands.
 */
export function encodeNtp(packet: NtpPacket): Uint8Array {
  const bodies = paddedLengths(packet)
  const extensionBytes = bodies.reduce((sum, length) => sum + 4 + length, 0)
  const macBytes = packet.mac === undefined ? 0 : 4 + packet.mac.digest.length
  const bytes = new Uint8Array(HEADER + extensionBytes + macBytes)
  const view = new DataView(bytes.buffer)
  encodeHeader(packet, view)
  let at = HEADER
  packet.extensions.forEach(({ type, body }, index) => {
    const length = 4 + (bodies[index] ?? 0)
    view.setUint16(at, type)
    view.setUint16(at + 2, length)
    bytes.set(body, at + 4)
    at += length
  })
  if (packet.mac !== undefined) {
    view.setUint32(at, packet.mac.keyId)
    bytes.set(packet.mac.digest, at + 4)
  }
  return bytes
}

function encodeHeader(packet: NtpPacket, view: DataView): void {
  view.setUint8(0, (LEAPS.indexOf(packet.leap) << 6) | ((packet.version & 7) << 3) | packet.mode)
  view.setUint8(1, packet.stratum)
  view.setInt8(2, packet.poll)
  view.setInt8(3, packet.precision)
  view.setUint32(4, shortOf(packet.rootDelay))
  view.setUint32(8, shortOf(packet.rootDispersion))
  view.setUint32(12, packet.referenceId)
  view.setBigUint64(16, packet.reference)
  view.setBigUint64(24, packet.origin)
  view.setBigUint64(32, packet.receive)
  view.setBigUint64(40, packet.transmit)
}

const shortOf = (ns: Nanos): number => Math.min(U32, Math.max(0, Math.ceil(ns / SHORT_UNIT)))

function paddedLengths({ extensions, mac }: NtpPacket): number[] {
  return extensions.map(({ body }, index) => {
    const last = index === extensions.length - 1 && mac === undefined
    return Math.max(Math.ceil(body.length / 4) * 4, (last ? LAST_EXTENSION_MIN : EXTENSION_MIN) - 4)
  })
}

/** Seconds from 1900 to 1970 (RFC 5905 figure 4). */
const NTP_TO_UNIX = 2_208_988_800n
const NANOS = 1_000_000_000n
const UNITS = 1n << 32n

/** Rounds to nearest, halves upwards; `by` > 0. */
function divideRounded(value: bigint, by: bigint): bigint {
  const shifted = 2n * value + by
  const quotient = shifted / (2n * by)
  return shifted < 0n && quotient * 2n * by !== shifted ? quotient - 1n : quotient
}

/** Units of 2^-32 s since 1900 without wrapping at 64 bits. */
const unitsOf = (at: Instant<'utc'>): bigint =>
  divideRounded((at + NTP_TO_UNIX * NANOS) * UNITS, NANOS)

/**
 * Rounded to the nearest 2^-32 s (233 ps). The one instant per era that would become 0, which means
 * "unset", becomes 1: still the same nanosecond.
 */
export function utcToStamp(at: Instant<'utc'>): NtpStamp {
  const stamp = BigInt.asUintN(64, unitsOf(at))
  return stamp === NO_STAMP ? 1n : stamp
}

/**
 * The instant nearest to `pivot` (within 68 years) that the stamp can mean, rounded to the nearest
 * nanosecond; exact for every stamp that `utcToStamp` made.
 */
export function stampToUtc(stamp: NtpStamp, pivot: Instant<'utc'>): Instant<'utc'> {
  const near = unitsOf(pivot)
  const units = near + BigInt.asIntN(64, stamp - near)
  return utc(divideRounded(units * NANOS, UNITS) - NTP_TO_UNIX * NANOS)
}

const octets = (id: number): number[] => [id >>> 24, (id >>> 16) & 255, (id >>> 8) & 255, id & 255]

/** `GPS`, `RATE`: left-justified, zero-padded ASCII; undefined when it is anything else. */
function asciiOf(id: number): string | undefined {
  const text = String.fromCharCode(...octets(id)).replace(/\0+$/, '')
  return /^[\x20-\x7e]+$/.test(text) ? text : undefined
}

/**
 * What a server calls its reference: a name of up to 4 letters at stratum 0 and 1, the IPv4 address
 * (or, not to be told apart, the first 4 bytes of a hash of an IPv6 address) from stratum 2 on.
 */
export function referenceText(packet: Pick<NtpPacket, 'referenceId' | 'stratum'>): string {
  if (packet.stratum > 1) return octets(packet.referenceId).join('.')
  if (packet.referenceId === 0) return ''
  const hex = packet.referenceId.toString(16).toUpperCase().padStart(8, '0')
  return asciiOf(packet.referenceId) ?? hex
}

/** `RATE`, `DENY`, ...: the kiss code of a stratum 0 packet (RFC 5905 section 7.4), else undefined. */
export const kissCode = (packet: NtpPacket): string | undefined =>
  packet.stratum === 0 ? asciiOf(packet.referenceId) : undefined

/** A reference id made of up to 4 letters. */
export const referenceIdOf = (text: string): number =>
  [0, 1, 2, 3].reduce((id, index) => ((id << 8) | (text.charCodeAt(index) & 255)) >>> 0, 0)
