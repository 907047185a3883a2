/**
 * DNS messages (RFC 1035 section 4) through `dns-packet`, whose only importer this is: it throws on
 * malformed bytes, so every call stands in a `try` here and becomes a value.
 *
 *   query:  | id 2 | flags 2 (RD, CD) | 1, 0, 0, 1 | name, type, class | OPT: payload size, DO, NSID |
 *   answer: bytes -> value or fault -> one word out of DNS_RESULTS, and what the answer tells beside it
 *
 * EDNS (RFC 6891) announces 1232 bytes, the size that avoids fragments on every usual path (DNS flag day
 * 2020; CoreDNS' own default). Messages over 16 KiB are refused: no answer to a probe is that long, and
 * chains of compression pointers cost the square of the length.
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
} from 'dns-packet'
import { type Decoded, decoded, fault } from '../core/errors.ts'
import type { Validity } from '../core/tls.ts'
import type { Attempt } from './facts.ts'
import type { Question } from './question.ts'
import type { DnsResult } from './view.ts'

const HEADER_LENGTH = 12
const EDNS_PAYLOAD_SIZE = 1232
const MAX_MESSAGE = 16_384
/** Option codes (RFC 5001, RFC 8914). */
const NSID = 3
const EXTENDED_ERROR = 15
const NO_BYTES = new Uint8Array(0)
/** The types of the library know only some of the options that it writes. */
const NSID_ASKED = { code: NSID, data: Buffer.alloc(0) } as unknown as PacketOpt

export interface DnsAnswer {
  readonly id: number
  /** True: the sender calls it an answer (QR). */
  readonly response: boolean
  readonly opcode: number
  /** With the upper bits of EDNS, where there are any. */
  readonly rcode: number
  readonly truncated: boolean
  readonly flags: NonNullable<Attempt['flags']>
  readonly questions: readonly {
    readonly name: string
    readonly type: string
    readonly class: string
  }[]
  readonly answers: readonly Answer[]
  readonly authorities: readonly Answer[]
  /** Of EDNS. */
  readonly options: readonly { readonly code: number; readonly data: Uint8Array }[]
}

export type DnsFault = 'short' | 'too-long' | 'malformed'

/** What is asked, and how. */
export interface Ask {
  readonly question: Question
  /** IN without it. */
  readonly class?: 'IN' | 'CH'
  /** Undefined: no OPT record at all. */
  readonly edns:
    | { readonly payload: number; readonly dnssec: boolean; readonly nsid: boolean }
    | undefined
  /** CD (RFC 4035 section 3.2.2). */
  readonly checkingDisabled: boolean
}

export const USUAL_EDNS: NonNullable<Ask['edns']> = {
  payload: EDNS_PAYLOAD_SIZE,
  dnssec: false,
  nsid: false,
}

const optRecord = ({ payload, dnssec, nsid }: NonNullable<Ask['edns']>): OptAnswer => ({
  type: 'OPT',
  name: '.',
  udpPayloadSize: payload,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: dnssec ? DNSSEC_OK : 0,
  flag_do: dnssec,
  options: nsid ? [NSID_ASKED] : [],
})

export function encodeQuery(id: number, ask: Ask): Uint8Array {
  const { question, edns, checkingDisabled } = ask
  return encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED | (checkingDisabled ? CHECKING_DISABLED : 0),
    questions: [{ type: question.type, name: question.name, class: ask.class ?? 'IN' }],
    additionals: edns === undefined ? [] : [optRecord(edns)],
  })
}

const optOf = ({ additionals = [] }: DecodedPacket): OptAnswer | undefined =>
  additionals.find((record) => record.type === 'OPT')

function toAnswer(packet: DecodedPacket): DnsAnswer {
  const { id = 0, flags = 0, questions = [], answers = [], authorities = [] } = packet
  const opt = optOf(packet)
  return {
    id,
    response: packet.flag_qr,
    opcode: (flags >> 11) & 0xf,
    rcode: ((opt?.extendedRcode ?? 0) << 4) | (flags & 0xf),
    truncated: packet.flag_tc,
    flags: {
      authoritative: packet.flag_aa,
      recursion: packet.flag_ra,
      authentic: packet.flag_ad,
      edns: opt !== undefined,
    },
    questions: questions.map(({ name, type, class: of = 'IN' }) => ({ name, type, class: of })),
    answers,
    authorities,
    options: (opt?.options ?? []).map(({ code, data }) => ({ code, data: data ?? NO_BYTES })),
  }
}

export function decodeAnswer(bytes: Uint8Array): Decoded<DnsAnswer, DnsFault> {
  if (bytes.length < HEADER_LENGTH) return fault('short', bytes.length)
  if (bytes.length > MAX_MESSAGE) return fault('too-long', MAX_MESSAGE)
  try {
    const packet = decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
    // the library takes a record whose data ends behind the message
    if (decode.bytes > bytes.length) return fault('malformed', bytes.length)
    return decoded(toAnswer(packet))
  } catch {
    return fault('malformed', HEADER_LENGTH)
  }
}

const RCODES: readonly (DnsResult | undefined)[] = [
  undefined,
  'formerr',
  'servfail',
  'nxdomain',
  'notimp',
  'refused',
]

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** A server that refuses may leave the question out; one that answers may not (RFC 9619). */
function answersTo(answer: DnsAnswer, id: number, ask: Ask): boolean {
  if (!answer.response || answer.id !== id || answer.opcode !== 0) return false
  const [asked] = answer.questions
  if (asked === undefined) return answer.rcode !== 0
  const { name, type } = ask.question
  const same = sameName(asked.name, name) && asked.type === type
  return answer.questions.length === 1 && same && asked.class === (ask.class ?? 'IN')
}

/** `nodata`: the name is there, the record type is not. */
function resultOf({ truncated, rcode, answers }: DnsAnswer, { question }: Ask): DnsResult {
  if (truncated) return 'truncated'
  if (rcode !== 0) return RCODES[rcode] ?? 'other_rcode'
  return answers.some(({ type }) => type === question.type) ? 'noerror' : 'nodata'
}

/** Text of a record's data; bytes as they are, whatever the record is. */
const dataOf = (record: Answer): string =>
  JSON.stringify('data' in record ? record.data : [], (_, value: unknown) =>
    typeof value === 'string' ? value.toLowerCase() : value,
  )

/** FNV-1a from two starts: 64 bits, for telling apart what nobody forges. */
function hashOf(text: string): string {
  const hash = [0x811c9dc5, 0x01000193].map((start) => {
    let value = start
    for (let index = 0; index < text.length; index += 1) {
      value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
    }
    return (value >>> 0).toString(36)
  })
  return hash.join('-')
}

function digestOf(answers: readonly Answer[]): string | undefined {
  const records = answers
    .filter(({ type }) => type !== 'RRSIG')
    .map((record) => `${record.name.toLowerCase()} ${record.type} ${dataOf(record)}`)
    .sort()
  if (records.length === 0) return undefined
  return hashOf(records.join('\n'))
}

function signaturesOf(records: readonly Answer[]): Validity[] {
  return records.flatMap((record) => {
    if (record.type !== 'RRSIG') return []
    // seconds of 32 bits (RFC 4034 section 3.1.5): unambiguous as they are until 2106
    const { inception = 0, expiration = 0, signersName = '.' } = record.data
    return [{ from: inception, until: expiration, by: signersName.replace(/(?<=.)\.$/, '') }]
  })
}

function serialOf(records: readonly Answer[]): number | undefined {
  for (const record of records) if (record.type === 'SOA') return record.data.serial
  return undefined
}

const MAX_TEXT = 255
const CONTROLS = /\p{Cc}/gu
const PRINTABLE = /^[\x20-\x7e]*$/

const readable = (bytes: Uint8Array): string => {
  const text = Buffer.from(bytes).toString('latin1')
  return (PRINTABLE.test(text) ? text : Buffer.from(bytes).toString('hex')).slice(0, MAX_TEXT)
}

function identityOf({ answers, options }: DnsAnswer, ask: Ask): string | undefined {
  const nsid = options.find(({ code, data }) => code === NSID && data.length > 0)
  if (nsid !== undefined) return readable(nsid.data)
  if (ask.class !== 'CH') return undefined
  for (const record of answers) {
    if (record.type !== 'TXT') continue
    const parts = Array.isArray(record.data) ? record.data : [record.data]
    return readable(Buffer.concat(parts.map((part) => Buffer.from(part))))
  }
  return undefined
}

/** RFC 8914 section 2: INFO-CODE of two bytes, then UTF-8. */
function extendedErrors({ options }: DnsAnswer): Pick<Reading, 'ede' | 'edeTexts'> {
  const errors = options.filter(({ code, data }) => code === EXTENDED_ERROR && data.length >= 2)
  const texts = errors
    .map(({ data }) => Buffer.from(data.subarray(2)).toString('utf8'))
    .map((text) => text.replace(CONTROLS, '').slice(0, MAX_TEXT))
    .filter((text) => text !== '')
  return {
    ...(errors.length > 0 && {
      ede: errors.map(({ data }) => (data[0] ?? 0) * 256 + (data[1] ?? 0)),
    }),
    ...(texts.length > 0 && { edeTexts: texts }),
  }
}

/** Everything of an attempt that stands in the answer itself. */
export type Reading = Pick<
  Attempt,
  | ('result' | 'bytes' | 'flags' | 'ttl' | 'digest')
  | ('ede' | 'edeTexts' | 'serial' | 'identity' | 'signatures')
>

/** What came back for a query; of what is no answer to it, the result and the length alone. */
export function readAnswer(bytes: Uint8Array, id: number, ask: Ask): Reading {
  const message = decodeAnswer(bytes)
  if (!message.ok) return { result: 'malformed', bytes: bytes.length }
  const answer = message.value
  if (!answersTo(answer, id, ask)) return { result: 'mismatch', bytes: bytes.length }
  const { answers, authorities, flags } = answer
  const ttls = answers.flatMap((record) => ('ttl' in record ? (record.ttl ?? 0) : []))
  const digest = digestOf(answers)
  const serial = serialOf([...answers, ...authorities])
  const identity = identityOf(answer, ask)
  const own = signaturesOf(answers)
  const signatures = own.length > 0 ? own : signaturesOf(authorities)
  return {
    ...{ result: resultOf(answer, ask), bytes: bytes.length, flags },
    ...(ttls.length > 0 && { ttl: Math.min(...ttls) }),
    ...(digest !== undefined && { digest }),
    ...(serial !== undefined && { serial }),
    ...(identity !== undefined && { identity }),
    ...(signatures.length > 0 && { signatures }),
    ...extendedErrors(answer),
  }
}
