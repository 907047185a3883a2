/**
 * DNS messages (RFC 1035 section 4) through `dns-packet`, whose only importer this is: it throws on
 * malformed bytes, so every call stands in a `try` here and becomes a value.
 *
 *   query:  | id 2 | flags 2 (RD) | 1, 0, 0, 1 | name, type, IN | OPT: payload size 1232 |
 *   answer: bytes -> value or fault -> one word out of DNS_RESULTS
 *
 * EDNS (RFC 6891) announces 1232 bytes, the size that avoids fragments on every usual path (DNS flag day
 * 2020; CoreDNS' own default). Messages over 16 KiB are refused: no answer to a probe is that long, and
 * chains of compression pointers cost the square of the length.
 */
import { type DecodedPacket, decode, encode, RECURSION_DESIRED } from 'dns-packet'
import { type Decoded, decoded, fault } from '../core/errors.ts'
import type { Question } from './question.ts'
import type { DnsResult } from './view.ts'

const HEADER_LENGTH = 12
const EDNS_PAYLOAD_SIZE = 1232
const MAX_MESSAGE = 16_384

export interface DnsAnswer {
  readonly id: number
  /** True: the sender calls it an answer (QR). */
  readonly response: boolean
  readonly opcode: number
  /** With the upper bits of EDNS, where there are any. */
  readonly rcode: number
  readonly truncated: boolean
  readonly questions: readonly { readonly name: string; readonly type: string }[]
  /** Types of the records in the answer section. */
  readonly types: readonly string[]
}

export type DnsFault = 'short' | 'too-long' | 'malformed'

export function encodeQuery(id: number, { name, type }: Question): Uint8Array {
  return encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED,
    questions: [{ type, name, class: 'IN' }],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: EDNS_PAYLOAD_SIZE,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ],
  })
}

function extendedRcode({ additionals = [] }: DecodedPacket): number {
  for (const record of additionals) if (record.type === 'OPT') return record.extendedRcode
  return 0
}

function toAnswer(packet: DecodedPacket): DnsAnswer {
  const { id = 0, flags = 0, questions = [], answers = [] } = packet
  return {
    id,
    response: packet.flag_qr,
    opcode: (flags >> 11) & 0xf,
    rcode: (extendedRcode(packet) << 4) | (flags & 0xf),
    truncated: packet.flag_tc,
    questions: questions.map(({ name, type }) => ({ name, type })),
    types: answers.map(({ type }) => type),
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
function answersTo(answer: DnsAnswer, id: number, question: Question): boolean {
  if (!answer.response || answer.id !== id || answer.opcode !== 0) return false
  const [asked] = answer.questions
  if (asked === undefined) return answer.rcode !== 0
  const same = sameName(asked.name, question.name) && asked.type === question.type
  return answer.questions.length === 1 && same
}

/** What came back for a query, as one word. `nodata`: the name is there, the record type is not. */
export function classify(bytes: Uint8Array, id: number, question: Question): DnsResult {
  const message = decodeAnswer(bytes)
  if (!message.ok) return 'malformed'
  const answer = message.value
  if (!answersTo(answer, id, question)) return 'mismatch'
  if (answer.truncated) return 'truncated'
  if (answer.rcode !== 0) return RCODES[answer.rcode] ?? 'other_rcode'
  return answer.types.includes(question.type) ? 'noerror' : 'nodata'
}
