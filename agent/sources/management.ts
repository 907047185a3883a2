/**
 * PTP management messages: bytes to message or fault, message to bytes (IEEE 1588-2019 clauses
 * 13.12 and 15.4). Requests, answers, error answers and pushed notifications alike. Never throws.
 *
 *    0 | sdoId, type 0xD | minor, version 2 |         messageLength         |
 *    4 | domainNumber    | minorSdoId       |         flagField             |
 *    8 |                 correctionField (8), messageTypeSpecific (4)       |
 *   20 |                 sourcePortIdentity: clock (8), port (2)            |
 *   30 |         sequenceId                 | control | logMessageInterval  |
 *   34 |                 targetPortIdentity: clock (8), port (2)            |
 *   44 | startingBoundaryHops | boundaryHops | action  | reserved           |
 *   48 |         tlvType                    |         lengthField           |
 *   52 | managementId, data ...   or   errorId, managementId, 4 reserved, text
 *
 * What follows the first TLV (AUTHENTICATION, say) is left alone.
 */
import { type Decoded, decoded, fault } from '../core/errors.ts'
import {
  DATA_SETS,
  type DataSet,
  type DataSetName,
  dataSetOf,
  decodeDataSet,
  encodeDataSet,
} from './management-data.ts'
import { cursorOf, text8, u16 } from './management-fields.ts'
import { type PortIdentity, portIdentity } from './management-parts.ts'

export const ACTIONS = ['GET', 'SET', 'RESPONSE', 'COMMAND', 'ACKNOWLEDGE'] as const
export type ManagementAction = (typeof ACTIONS)[number]

/** Clause 15.5.4.2; the rest by number. */
export const MANAGEMENT_ERRORS: Readonly<Record<number, string>> = {
  1: 'RESPONSE_TOO_BIG',
  2: 'NO_SUCH_ID',
  3: 'WRONG_LENGTH',
  4: 'WRONG_VALUE',
  5: 'NOT_SETABLE',
  6: 'NOT_SUPPORTED',
  65534: 'GENERAL_ERROR',
}

export const errorName = (errorId: number): string => MANAGEMENT_ERRORS[errorId] ?? `${errorId}`

export type ManagementBody =
  /** A known data set. */
  | { readonly kind: 'data'; readonly id: number; readonly set: DataSet }
  /** No data: every GET (filler is dropped), or an answer that declines to tell. */
  | { readonly kind: 'empty'; readonly id: number }
  /** An id that is not in our table. */
  | { readonly kind: 'other'; readonly id: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'error'
      readonly id: number
      readonly errorId: number
      readonly text: string
    }

export interface ManagementMessage {
  readonly domain: number
  readonly source: PortIdentity
  readonly target: PortIdentity
  readonly sequenceId: number
  readonly startingBoundaryHops: number
  /** ptp4l answers with what we sent (0) and pushes with 1. */
  readonly boundaryHops: number
  readonly action: ManagementAction
  readonly body: ManagementBody
}

export type ManagementFault =
  | 'truncated'
  | 'not-management'
  | 'bad-version'
  | 'bad-length'
  | 'bad-action'
  | 'bad-tlv'
  | 'short-data'

const SEQUENCE = 30
const HEADER = 48
const TLV_HEADER = 4
const DATA = 54
const TLV_MANAGEMENT = 1
const TLV_ERROR = 2
const MANAGEMENT_TYPE = 0x0d
const VERSION = 0x12

export const ALL_PORTS: PortIdentity = { clock: 'ffffff.ffff.ffffff', port: 0xffff }

/** What identifies us, the rest of the header being the same in every request of a client. */
export interface Requester {
  readonly domain: number
  readonly source: PortIdentity
}

const request = (
  { domain, source }: Requester,
  sequenceId: number,
  action: ManagementAction,
  body: ManagementBody,
): Uint8Array =>
  encodeManagement({
    domain,
    source,
    target: ALL_PORTS,
    sequenceId,
    startingBoundaryHops: 0,
    boundaryHops: 0,
    action,
    body,
  })

/** Asks every port (or the clock) for a data set. */
export const encodeGet = (from: Requester, sequenceId: number, name: DataSetName): Uint8Array =>
  request(from, sequenceId, 'GET', { kind: 'empty', id: DATA_SETS[name].id })

/** The same message under another number. */
export function renumbered(message: Uint8Array, sequenceId: number): Uint8Array {
  const copy = message.slice()
  new DataView(copy.buffer).setUint16(SEQUENCE, sequenceId)
  return copy
}

export const encodeSet = (from: Requester, sequenceId: number, set: DataSet): Uint8Array =>
  request(from, sequenceId, 'SET', { kind: 'data', id: DATA_SETS[set.name].id, set })

function encodeBody(body: ManagementBody): { type: number; bytes: number[] } {
  const out: number[] = []
  if (body.kind === 'error') {
    u16.write(out, body.errorId)
    u16.write(out, body.id)
    out.push(0, 0, 0, 0)
    if (body.text !== '') text8.write(out, body.text)
    if (out.length % 2 === 1) out.push(0)
    return { type: TLV_ERROR, bytes: out }
  }
  u16.write(out, body.id)
  if (body.kind === 'data') out.push(...encodeDataSet(body.set))
  if (body.kind === 'other') out.push(...body.bytes)
  if (out.length % 2 === 1) out.push(0)
  return { type: TLV_MANAGEMENT, bytes: out }
}

export function encodeManagement(message: ManagementMessage): Uint8Array {
  const { type, bytes } = encodeBody(message.body)
  const out: number[] = [MANAGEMENT_TYPE, VERSION]
  u16.write(out, HEADER + TLV_HEADER + bytes.length)
  out.push(message.domain & 0xff, ...new Array<number>(15).fill(0))
  portIdentity.write(out, message.source)
  u16.write(out, message.sequenceId)
  out.push(0, 0x7f)
  portIdentity.write(out, message.target)
  out.push(message.startingBoundaryHops & 0xff, message.boundaryHops & 0xff)
  out.push(ACTIONS.indexOf(message.action), 0)
  u16.write(out, type)
  u16.write(out, bytes.length)
  return Uint8Array.from([...out, ...bytes])
}

/** The header's complaints; the length of the message when there are none. */
function checkHeader(view: DataView): Decoded<number, ManagementFault> {
  if (view.byteLength < HEADER + TLV_HEADER + 2) return fault('truncated', view.byteLength)
  if ((view.getUint8(0) & 0x0f) !== MANAGEMENT_TYPE) return fault('not-management', 0)
  if ((view.getUint8(1) & 0x0f) !== 2) return fault('bad-version', 1)
  const length = view.getUint16(2)
  if (length > view.byteLength) return fault('truncated', view.byteLength)
  if (length < HEADER + TLV_HEADER + 2) return fault('bad-length', 2)
  if ((view.getUint8(46) & 0x0f) >= ACTIONS.length) return fault('bad-action', 46)
  return decoded(length)
}

function decodeError(bytes: Uint8Array, end: number): Decoded<ManagementBody, ManagementFault> {
  const cursor = cursorOf(bytes, HEADER + TLV_HEADER, end)
  const errorId = u16.read(cursor)
  const id = u16.read(cursor)
  cursor.at += 4
  if (cursor.short || cursor.at > end) return fault('short-data', end)
  const text = cursor.at < end ? text8.read(cursor) : ''
  return decoded({ kind: 'error', id, errorId, text: cursor.short ? '' : text })
}

function decodeData(
  bytes: Uint8Array,
  end: number,
  action: ManagementAction,
): Decoded<ManagementBody, ManagementFault> {
  const id = u16.read(cursorOf(bytes, HEADER + TLV_HEADER))
  // pmc sends its GETs with as many zeros as the answer will be long
  if (action === 'GET' || end === DATA) return decoded({ kind: 'empty', id })
  const name = dataSetOf(id)
  if (name === undefined) return decoded({ kind: 'other', id, bytes: bytes.slice(DATA, end) })
  const set = decodeDataSet(name, bytes, DATA, end)
  return set === undefined ? fault('short-data', end) : decoded({ kind: 'data', id, set })
}

export function decodeManagement(bytes: Uint8Array): Decoded<ManagementMessage, ManagementFault> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = checkHeader(view)
  if (!length.ok) return length
  const action = ACTIONS[view.getUint8(46) & 0x0f] ?? 'GET'
  const type = view.getUint16(HEADER)
  const tlvLength = view.getUint16(HEADER + 2)
  const end = HEADER + TLV_HEADER + tlvLength
  if (type !== TLV_MANAGEMENT && type !== TLV_ERROR) return fault('bad-tlv', HEADER)
  if (tlvLength < 2 || tlvLength % 2 === 1 || end > length.value) {
    return fault('bad-length', HEADER + 2)
  }
  const body = type === TLV_ERROR ? decodeError(bytes, end) : decodeData(bytes, end, action)
  if (!body.ok) return body
  return decoded({
    domain: view.getUint8(4),
    source: portIdentity.read(cursorOf(bytes, 20)),
    target: portIdentity.read(cursorOf(bytes, 34)),
    sequenceId: view.getUint16(SEQUENCE),
    startingBoundaryHops: view.getUint8(44),
    boundaryHops: view.getUint8(45),
    action,
    body: body.value,
  })
}
