/**
 * Codec of chronyd's command and monitoring protocol, version 6, for what an observer reads.
 *
 * In: bytes of one reply. Out: a reply or a fault; or bytes of a request. All integers big endian.
 *
 *   request  0 version 6 | 1 type 1 | 2 0 0 | 4 command | 6 attempt | 8 sequence | 12 0 (8) | 20 data
 *   reply    0 version 6 | 1 type 2 | 2 0 0 | 4 command | 6 reply type | 8 status | 10 0 (6)
 *           16 sequence  | 20 0 (8) | 28 data
 *
 * A request must be as long as its reply (no amplification): all of ours are padded to 416 bytes, the
 * longest reply but one. Reply types change without a change of version: server statistics have had
 * five, NTP data two. An unknown type is `unsupported`, not a fault.
 *
 * Source: chrony's candm.h, as measured against chronyd 4.3; the replies are tables in
 * `chrony-replies.ts`. `encodeChronyReply` is for simulated and test peers.
 */
import { type Decoded, decoded, fault } from '../core/errors.ts'
import { type Fields, type Layout, layoutLength, readFields, writeFields } from './chrony-layout.ts'
import {
  type ChronyCommand,
  COMMANDS,
  isReplyType,
  NAMES,
  REPLIES,
  type ReplyType,
} from './chrony-replies.ts'

export const CHRONY_PORT = 323

/** Data of a reply: `type` is the number on the wire, `is` the command that it answers. */
export type ChronyData =
  | {
      readonly [T in ReplyType]: {
        readonly is: (typeof NAMES)[T]
        readonly type: T
        readonly fields: Fields<(typeof REPLIES)[T]>
      }
    }[ReplyType]
  /** A status without data. */
  | { readonly is: 'null'; readonly type: typeof NULL_REPLY }
  /** A newer chronyd, or a command that this codec does not know. */
  | { readonly is: 'unsupported'; readonly type: number }

export interface ChronyReply {
  readonly command: number
  readonly sequence: number
  /** 0 is success; `statusText` has the others. */
  readonly status: number
  readonly data: ChronyData
}

export type ChronyFault = 'truncated' | 'bad-version' | 'bad-type' | 'bad-reserved'

const VERSION = 6
const REQUEST = 1
const REPLY = 2
const NULL_REPLY = 1
const REQUEST_LENGTH = 416
const REQUEST_DATA = 20
const REPLY_HEADER = 28

export interface ChronyRequest {
  readonly command: ChronyCommand
  readonly sequence: number
  /** Counts the repetitions of one question from 0. */
  readonly attempt: number
  /** Index of a source, or an address (20 bytes). */
  readonly argument?: number | Uint8Array
}

export function encodeChronyRequest(request: ChronyRequest): Uint8Array {
  const bytes = new Uint8Array(REQUEST_LENGTH)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, VERSION)
  view.setUint8(1, REQUEST)
  view.setUint16(4, COMMANDS[request.command])
  view.setUint16(6, request.attempt)
  view.setUint32(8, request.sequence)
  const { argument } = request
  if (typeof argument === 'number') view.setUint32(REQUEST_DATA, argument)
  else if (argument !== undefined) bytes.set(argument, REQUEST_DATA)
  return bytes
}

export function decodeChronyReply(bytes: Uint8Array): Decoded<ChronyReply, ChronyFault> {
  if (bytes.length < REPLY_HEADER) return fault('truncated', bytes.length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint8(0) !== VERSION) return fault('bad-version', 0)
  if (view.getUint8(1) !== REPLY) return fault('bad-type', 1)
  if (view.getUint16(2) !== 0) return fault('bad-reserved', 2)
  const type = view.getUint16(6)
  const head = {
    command: view.getUint16(4),
    status: view.getUint16(8),
    sequence: view.getUint32(16),
  }
  if (type === NULL_REPLY) return decoded({ ...head, data: { is: 'null', type } })
  if (!isReplyType(type)) return decoded({ ...head, data: { is: 'unsupported', type } })
  const layout: Layout = REPLIES[type]
  if (bytes.length < layoutLength(layout)) return fault('truncated', bytes.length)
  const data = { is: NAMES[type], type, fields: readFields(layout, view) } as ChronyData
  return decoded({ ...head, data })
}

export function encodeChronyReply({ command, sequence, status, data }: ChronyReply): Uint8Array {
  const layout: Layout = 'fields' in data ? REPLIES[data.type] : {}
  const bytes = new Uint8Array(Math.max(REPLY_HEADER, layoutLength(layout)))
  const view = new DataView(bytes.buffer)
  view.setUint8(0, VERSION)
  view.setUint8(1, REPLY)
  view.setUint16(4, command)
  view.setUint16(6, data.type)
  view.setUint16(8, status)
  view.setUint32(16, sequence)
  if ('fields' in data) writeFields(layout, view, data.fields)
  return bytes
}

const STATUS: Readonly<Record<number, string>> = {
  0: 'success',
  1: 'failed',
  2: 'not authorised',
  3: 'invalid command',
  4: 'no such source',
  6: 'not enabled',
  18: 'another protocol version',
  19: 'bad packet length',
}

export const statusText = (status: number): string => STATUS[status] ?? `status ${status}`
