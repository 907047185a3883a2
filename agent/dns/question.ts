/**
 * What a probe asks: a name and a record type, written `NAME` or `NAME TYPE`.
 *
 * The root is asked for its name servers, anything else for its IPv4 address: `.` is the one name that
 * every resolver must answer, wherever it stands, without leaking the node's names to it.
 * Limits: RFC 1035 section 2.3.4 (labels of 63 bytes, 255 in all on the wire, so 253 as text).
 */
import { type Decoded, decoded, fault } from '../core/errors.ts'

export const RECORD_TYPES = [
  'A',
  'AAAA',
  'CNAME',
  'DNSKEY',
  'DS',
  'MX',
  'NS',
  'PTR',
  'SOA',
  'SRV',
  'TXT',
] as const
export type RecordType = (typeof RECORD_TYPES)[number]

export interface Question {
  /** Without the dot at the end; the root is `.`. */
  readonly name: string
  readonly type: RecordType
}

export type QuestionFault = 'bad-name' | 'bad-type'

const LABEL = /^[\w-]{1,63}$/

const isRecordType = (text: string): text is RecordType =>
  (RECORD_TYPES as readonly string[]).includes(text)

export function parseQuestion(text: string): Decoded<Question, QuestionFault> {
  const [written = '', type, more] = text.trim().split(/\s+/)
  const name = written === '.' ? '.' : written.replace(/\.$/, '')
  const labels = written === '.' ? [] : name.split('.')
  if (name.length > 253 || !labels.every((label) => LABEL.test(label))) return fault('bad-name', 0)
  if (type === undefined) return decoded({ name, type: name === '.' ? 'NS' : 'A' })
  const upper = type.toUpperCase()
  if (more !== undefined || !isRecordType(upper)) return fault('bad-type', written.length)
  return decoded({ name, type: upper })
}

/** Those of them that are well-formed. */
export const questionsOf = (names: readonly string[]): Question[] =>
  names.map(parseQuestion).flatMap((parsed) => (parsed.ok ? [parsed.value] : []))
