/**
 * DNS messages (RFC 1035 section 4) through `dns-packet`, whose only importer this is: it throws on
 * malformed bytes, so every call stands in a `try` here and becomes a value.
 *
 *   query:  | id 2 | flags 2 (RD, CD) | 1, 0, 0, 1 | name, type, class | OPT: payload size, DO, NSID |
 *   answer: bytes -> packet, or malformed -> answers the ask, or mismatch -> one word out of DNS_RESULTS
 *           and what else stands in it
 *
 * The library reads most records without a look at their length, so the end that it comes to is held
 * against the end that the lengths say. Messages over 16 KiB are refused: no answer to a probe is that
 * long, and chains of compression pointers cost the square of the length.
 */
import {
  type Answer,
  CHECKING_DISABLED,
  type DecodedPacket,
  DNSSEC_OK,
  decode,
  encode,
  type OptAnswer,
  type PacketOpt,
  RECURSION_DESIRED,
  type RrsigAnswer,
} from 'dns-packet'
import type { Validity } from '../core/tls.ts'
import type { Attempt } from './facts.ts'
import { bytesText, plainText, utf8Text } from './foreign-text.ts'
import { HEADER_LENGTH, messageEnd } from './message-end.ts'
import type { Question } from './question.ts'
import { recordDigest } from './record-digest.ts'
import type { DnsResult } from './view.ts'

const MAX_MESSAGE = 16_384
/** RFC 2181 section 8: a TTL with the sign bit counts as zero. */
const MAX_TTL = 0x7fffffff
/** Kept of one answer; a message of 16 KiB could hold thousands. */
const MOST_ERRORS = 8
const MOST_SIGNATURES = 16

/** EDNS options: NSID (RFC 5001), extended error (RFC 8914). */
const NSID = 3
const EXTENDED_ERROR = 15

/** What is asked, and how. */
export interface Ask {
  readonly question: Question
  /** IN without it. */
  readonly class?: 'IN' | 'CH'
  /** Undefined: no OPT record at all (RFC 6891). */
  readonly edns:
    | {
        /** Largest answer over UDP that we take, bytes. */
        readonly payload: number
        /** DO bit (RFC 3225): send signatures. */
        readonly dnssec: boolean
        /** Ask for the server's name (RFC 5001). */
        readonly nsid: boolean
      }
    | undefined
  /** CD bit (RFC 4035 section 3.2.2). */
  readonly checkingDisabled: boolean
  /** Tell the addresses of the answer. */
  readonly addresses?: boolean
}

/**
 * 1232 bytes, no DNSSEC, no NSID: the size avoids fragments on every usual path (DNS flag day 2020; CoreDNS'
 * own default).
 */
export const USUAL_EDNS: NonNullable<Ask['edns']> = { payload: 1232, dnssec: false, nsid: false }

function optRecord({ payload, dnssec, nsid }: NonNullable<Ask['edns']>): OptAnswer {
  // the library encodes any code that comes with its data; its types know of four only
  const request = { code: NSID, data: Buffer.alloc(0) } as unknown as PacketOpt
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: payload,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: dnssec ? DNSSEC_OK : 0,
    flag_do: dnssec,
    options: nsid ? [request] : [],
  }
}

export function encodeQuery(id: number, ask: Ask): Uint8Array {
  const { name, type } = ask.question
  return encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED | (ask.checkingDisabled ? CHECKING_DISABLED : 0),
    questions: [{ type, name, class: ask.class ?? 'IN' }],
    additionals: ask.edns === undefined ? [] : [optRecord(ask.edns)],
  })
}

/** Undefined: these bytes are no DNS message. */
function decodePacket(bytes: Uint8Array): DecodedPacket | undefined {
  if (bytes.length < HEADER_LENGTH || bytes.length > MAX_MESSAGE) return undefined
  try {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const end = messageEnd(buffer)
    if (end > bytes.length) return undefined
    const packet = decode(buffer)
    return decode.bytes === end ? packet : undefined
  } catch {
    return undefined
  }
}

const isOpt = (record: Answer): record is OptAnswer => record.type === 'OPT'
const optOf = ({ additionals = [] }: DecodedPacket): OptAnswer | undefined =>
  additionals.find(isOpt)

/** With the upper bits of EDNS, where there are any. */
const rcodeOf = (packet: DecodedPacket): number =>
  ((optOf(packet)?.extendedRcode ?? 0) << 4) | ((packet.flags ?? 0) & 0xf)

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** A server that refuses may leave the question out; one that answers may not (RFC 9619). */
function answersTo(packet: DecodedPacket, id: number, ask: Ask): boolean {
  const { flags = 0, questions = [] } = packet
  const opcode = (flags >> 11) & 0xf
  if (!packet.flag_qr || packet.id !== id || opcode !== 0) return false
  const [asked] = questions
  if (asked === undefined) return rcodeOf(packet) !== 0
  const { name, type } = ask.question
  const same =
    sameName(asked.name, name) && asked.type === type && asked.class === (ask.class ?? 'IN')
  return questions.length === 1 && same
}

const RCODES: readonly (DnsResult | undefined)[] = [
  undefined,
  'formerr',
  'servfail',
  'nxdomain',
  'notimp',
  'refused',
]

/** `nodata`: the name is there, the record type is not. */
function resultOf(packet: DecodedPacket, { type }: Question): DnsResult {
  if (packet.flag_tc) return 'truncated'
  const rcode = rcodeOf(packet)
  if (rcode !== 0) return RCODES[rcode] ?? 'other_rcode'
  return packet.answers?.some((record) => record.type === type) ? 'noerror' : 'nodata'
}

function leastTtl({ answers = [] }: DecodedPacket): number | undefined {
  const ttls = answers.flatMap((record) => (isOpt(record) ? [] : (record.ttl ?? 0)))
  if (ttls.length === 0) return undefined
  return Math.min(...ttls.map((ttl) => (ttl > MAX_TTL ? 0 : ttl)))
}

/** Of a truncated answer there is no digest: it holds a part of the set. */
const digestOf = ({ flag_tc, answers = [] }: DecodedPacket): string | undefined =>
  flag_tc ? undefined : recordDigest(answers.flatMap((record) => (isOpt(record) ? [] : record)))

/** Payloads of one EDNS option; the code of an unknown option is a number that the types do not list. */
const optionsOf = (packet: DecodedPacket, code: number): Uint8Array[] =>
  optOf(packet)?.options.flatMap((option) =>
    (option.code as number) === code && option.data !== undefined ? [option.data] : [],
  ) ?? []

function extendedErrors(packet: DecodedPacket): Pick<Reading, 'ede' | 'edeTexts'> {
  const errors = optionsOf(packet, EXTENDED_ERROR).filter(({ length }) => length >= 2)
  const codes = errors.map(([high = 0, low = 0]) => (high << 8) | low)
  const texts = errors.map((data) => utf8Text(data.subarray(2))).filter((text) => text !== '')
  return {
    ...(codes.length > 0 && { ede: [...new Set(codes)].slice(0, MOST_ERRORS) }),
    ...(texts.length > 0 && { edeTexts: [...new Set(texts)].slice(0, MOST_ERRORS) }),
  }
}

/**
 * Serial of a SOA record. The one in the authority section belongs to the zone that denies the name, which
 * is another one where a zone's own SOA was asked for and the server does not have it.
 */
function serialOf(packet: DecodedPacket, { type }: Question): number | undefined {
  const { answers = [], authorities = [] } = packet
  const from = type === 'SOA' ? answers : [...answers, ...authorities]
  return from.find((record) => record.type === 'SOA')?.data.serial
}

/** The text of a CHAOS name such as hostname.bind (RFC 4892), else NSID. */
function identityOf(packet: DecodedPacket, ask: Ask): string | undefined {
  const text =
    ask.class === 'CH' ? packet.answers?.find((record) => record.type === 'TXT')?.data : undefined
  // decoded text is a list of buffers, whatever the types allow for encoding
  const bytes = Array.isArray(text)
    ? Buffer.concat(text.map((part) => Buffer.from(part)))
    : optionsOf(packet, NSID)[0]
  return bytes === undefined || bytes.length === 0 ? undefined : bytesText(bytes)
}

/**
 * Times of a signature are seconds since 1970 modulo 2^32, to be read relative to now (RFC 4034 section
 * 3.1.5): read as they stand they are right until 2106.
 */
const validityOf = ({ data }: RrsigAnswer): Validity => ({
  from: data.inception,
  until: data.expiration,
  by: plainText(data.signersName.toLowerCase()),
})

/** Of every RRSIG in the answer section; of those in the authority section where it has none. Each once. */
function signaturesOf({ answers = [], authorities = [] }: DecodedPacket): Validity[] {
  for (const section of [answers, authorities]) {
    const windows = section.flatMap((record) => (record.type === 'RRSIG' ? validityOf(record) : []))
    const each = new Map(windows.map((window) => [Object.values(window).join(' '), window]))
    if (windows.length > 0) return [...each.values()].slice(0, MOST_SIGNATURES)
  }
  return []
}

/** Everything of an attempt that stands in the answer itself. */
export type Reading = Pick<
  Attempt,
  | 'result'
  | 'bytes'
  | 'flags'
  | 'ttl'
  | 'digest'
  | 'ede'
  | 'edeTexts'
  | 'serial'
  | 'identity'
  | 'signatures'
  | 'addresses'
>

/** At the end of the chain of CNAMEs that begins with the question; a chain longer than this is a loop. */
const MAX_CHAIN = 16
const MAX_ADDRESSES = 16

/** Of a NOERROR answer alone: what comes along with a refusal is not an answer. */
function addressesOf(packet: DecodedPacket, { name, type }: Question): string[] {
  const { answers = [] } = packet
  if (rcodeOf(packet) !== 0) return []
  const named = (owner: string) => answers.filter((record) => sameName(record.name, owner))
  let owner = name
  for (let step = 0; step < MAX_CHAIN; step += 1) {
    const alias = named(owner).find((record) => record.type === 'CNAME')
    if (alias?.type !== 'CNAME') break
    owner = alias.data
  }
  return named(owner)
    .flatMap((record) =>
      record.type === type && (record.type === 'A' || record.type === 'AAAA') ? record.data : [],
    )
    .slice(0, MAX_ADDRESSES)
}

function contentsOf(packet: DecodedPacket, ask: Ask): Omit<Reading, 'result' | 'bytes'> {
  const ttl = leastTtl(packet)
  const digest = digestOf(packet)
  const serial = serialOf(packet, ask.question)
  const identity = identityOf(packet, ask)
  const signatures = signaturesOf(packet)
  const addresses = ask.addresses === true ? addressesOf(packet, ask.question) : []
  return {
    flags: {
      authoritative: packet.flag_aa,
      recursion: packet.flag_ra,
      authentic: packet.flag_ad,
      edns: optOf(packet) !== undefined,
    },
    ...extendedErrors(packet),
    ...(ttl !== undefined && { ttl }),
    ...(digest !== undefined && { digest }),
    ...(serial !== undefined && { serial }),
    ...(identity !== undefined && { identity }),
    ...(signatures.length > 0 && { signatures }),
    ...(addresses.length > 0 && { addresses }),
  }
}

/**
 * What came back for a query. Any bytes are an answer: `malformed` and `mismatch` (not an answer to this
 * ask) stand alone with their length, and all else has its flags and what its records say.
 */
export function readAnswer(bytes: Uint8Array, id: number, ask: Ask): Reading {
  const packet = decodePacket(bytes)
  if (packet === undefined) return { result: 'malformed', bytes: bytes.length }
  if (!answersTo(packet, id, ask)) return { result: 'mismatch', bytes: bytes.length }
  return {
    result: resultOf(packet, ask.question),
    bytes: bytes.length,
    ...contentsOf(packet, ask),
  }
}
