/**
 * One HTTP/1.1 answer (RFC 9112) out of the pieces of a stream: status and body, or what is wrong with it.
 *
 * The body ends by `Content-Length`, by chunks, or with the connection, in the order of RFC 9112 section
 * 6.3. What two readers could understand differently is refused: two lengths, a length beside chunks, folded
 * lines, bare line feeds. Interim answers (1xx) are passed over. `limit` bounds all bytes together.
 */
import { type Decoded, decoded, type Fault, fault } from '../core/errors.ts'

export type HttpFault =
  | 'bad-status-line'
  | 'bad-header'
  | 'bad-length'
  | 'bad-chunk'
  | 'unknown-coding'
  | 'bad-text'
  | 'too-long'
  /** The connection ended before the answer did. */
  | 'cut'

export interface HttpAnswer {
  readonly status: number
  /** UTF-8. */
  readonly body: string
}

/** Undefined: more bytes are needed. `at` of a fault: bytes from the beginning. */
export type HttpResult = Decoded<HttpAnswer, HttpFault> | undefined

const CR = 13
const LF = 10
const STATUS_LINE = /^HTTP\/1\.[01] ([1-5]\d\d)(?: .*)?$/
/** Field name (RFC 9110 section 5.6.2), a colon right behind it, and the value without its blanks. */
const FIELD = /^([!#$%&'*+.^_`|~0-9a-z-]+):[ \t]*(.*?)[ \t]*$/i
/** Size of a chunk; its extensions mean nothing to us. */
const CHUNK = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i
const BAD_LENGTH = { code: 'bad-length' } as const
/** A size and its extensions. */
const MAX_LINE = 1024

/** How the body ends: after a number of bytes, by chunks, or with the connection. */
type Framing = number | 'chunks' | 'end'

interface Head {
  readonly status: number
  readonly framing: Framing
  /** First byte behind it. */
  readonly end: number
}

export class HttpResponse {
  readonly #limit: number
  #bytes = new Uint8Array(4096)
  #length = 0
  /** Where the answer, the next chunk or the search for the end of a line begins. */
  #at = 0
  #searched = 0
  #head: Head | undefined
  readonly #chunks: Uint8Array[] = []
  #result: HttpResult

  /** `limit`: bytes of head and body together. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** What comes behind a whole answer belongs to nobody. */
  push(piece: Uint8Array): HttpResult {
    if (this.#result !== undefined) return this.#result
    if (this.#length + piece.length > this.#limit) this.#result = fault('too-long', this.#limit)
    else {
      this.#append(piece)
      this.#result = this.#read()
    }
    return this.#result
  }

  /** The connection has ended. */
  end(): Decoded<HttpAnswer, HttpFault> {
    if (this.#result === undefined && this.#head?.framing === 'end') {
      const { status, end } = this.#head
      this.#result = answerOf(status, [this.#bytes.subarray(end, this.#length)], end)
    }
    this.#result ??= fault('cut', this.#length)
    return this.#result
  }

  #append(piece: Uint8Array): void {
    const needed = this.#length + piece.length
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    this.#bytes.set(piece, this.#length)
    this.#length = needed
  }

  #read(): HttpResult {
    while (this.#head === undefined) {
      const head = this.#readHead()
      if (head === undefined || 'fault' in head) return head
      this.#at = head.end
      this.#searched = head.end
      if (head.status >= 200) this.#head = head
    }
    return this.#readBody(this.#head)
  }

  #readHead(): Head | Fault<HttpFault> | undefined {
    const end = this.#endOfHead()
    if (end === undefined) return undefined
    const lines = latin1(this.#bytes.subarray(this.#at, end - 4)).split('\r\n')
    return readHead(lines, this.#at, end)
  }

  /** First byte behind the empty line. */
  #endOfHead(): number | undefined {
    for (let k = Math.max(this.#at, this.#searched - 3); k + 4 <= this.#length; k += 1) {
      if (this.#endsLine(k) && this.#endsLine(k + 2)) return k + 4
    }
    this.#searched = this.#length
    return undefined
  }

  #readBody({ status, framing, end }: Head): HttpResult {
    if (framing === 'end') return undefined
    if (framing === 'chunks') return this.#readChunks(status, end)
    const behind = end + framing
    // announced, and not here yet: the body begins at this place
    if (behind > this.#limit) return fault('too-long', end)
    if (behind > this.#length) return undefined
    return answerOf(status, [this.#bytes.subarray(end, behind)], end)
  }

  /** The last one ends the body: the trailer behind it says nothing that we ask for. */
  #readChunks(status: number, end: number): HttpResult {
    for (;;) {
      const chunk = this.#chunk()
      if (chunk === undefined || 'fault' in chunk) return chunk
      if (chunk.length === 0) return answerOf(status, this.#chunks, end)
      this.#chunks.push(chunk)
    }
  }

  /** The next one, once it is whole; empty: it was the last one. */
  #chunk(): Uint8Array | Fault<HttpFault> | undefined {
    const line = this.#line(this.#at)
    if (line === undefined || 'fault' in line) return line
    const [, digits] = CHUNK.exec(line.text) ?? []
    if (digits === undefined) return fault('bad-chunk', this.#at)
    const size = Number.parseInt(digits, 16)
    if (size === 0) return new Uint8Array(0)
    const behind = line.end + size
    if (behind > this.#limit) return fault('too-long', this.#at)
    if (behind + 2 > this.#length) return undefined
    if (!this.#endsLine(behind)) return fault('bad-chunk', behind)
    this.#at = behind + 2
    return this.#bytes.slice(line.end, behind)
  }

  #endsLine(at: number): boolean {
    return this.#bytes[at] === CR && this.#bytes[at + 1] === LF
  }

  /** The line from `from` on, without its end. */
  #line(from: number): { text: string; end: number } | Fault<HttpFault> | undefined {
    const stop = Math.min(this.#length, from + MAX_LINE)
    for (let k = from; k + 1 < stop; k += 1) {
      if (!this.#endsLine(k)) continue
      return { text: latin1(this.#bytes.subarray(from, k)), end: k + 2 }
    }
    return stop === from + MAX_LINE ? fault('bad-chunk', from) : undefined
  }
}

const latin1 = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')

/** `at` and `end`: where it stands among all bytes. */
function readHead(lines: readonly string[], at: number, end: number): Head | Fault<HttpFault> {
  const [first = '', ...rest] = lines
  const [, digits] = STATUS_LINE.exec(first) ?? []
  if (digits === undefined) return fault('bad-status-line', at)
  const fields = new Map<string, string[]>()
  let place = at + first.length + 2
  for (const line of rest) {
    const [, name, value = ''] = FIELD.exec(line) ?? []
    if (name === undefined || /[\r\n\0]/.test(value)) return fault('bad-header', place)
    const key = name.toLowerCase()
    fields.set(key, [...(fields.get(key) ?? []), value])
    place += line.length + 2
  }
  const status = Number(digits)
  const framing = framingOf(status, fields)
  return typeof framing === 'object' ? fault(framing.code, at) : { status, framing, end }
}

function framingOf(
  status: number,
  fields: ReadonlyMap<string, readonly string[]>,
): Framing | { readonly code: HttpFault } {
  const lengths = fields.get('content-length') ?? []
  const codings = fields.get('transfer-encoding') ?? []
  const packed = (fields.get('content-encoding') ?? []).some((each) => !/^identity$/i.test(each))
  if (packed || codings.some((each) => !/^chunked$/i.test(each))) return { code: 'unknown-coding' }
  if (lengths.length + codings.length > 1) return BAD_LENGTH
  if (status < 200 || status === 204 || status === 304) return 0
  if (codings.length === 1) return 'chunks'
  const [length] = lengths
  if (length === undefined) return 'end'
  return /^\d{1,15}$/.test(length) ? Number(length) : BAD_LENGTH
}

function answerOf(
  status: number,
  parts: readonly Uint8Array[],
  at: number,
): Decoded<HttpAnswer, HttpFault> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    const texts = parts.map((part) => decoder.decode(part, { stream: true }))
    return decoded({ status, body: texts.join('') + decoder.decode() })
  } catch {
    return fault('bad-text', at) // what TextDecoder throws for bytes that are no UTF-8
  }
}
