/** As much of a DNS message (RFC 1035 section 4) as a liar needs: bytes in, bytes out. */

const HEADER = 12
const TYPE_OPT = 41
const TYPE_A = 1
export const TYPE_AAAA = 28
export const CLASS_CH = 3

export const RCODES = { formerr: 1, servfail: 2, nxdomain: 3, notimp: 4, refused: 5 } as const

/** Offset behind the name that starts at `at`. */
function skipName(message: Buffer, at: number): number {
  let next = at
  for (;;) {
    const length = message[next] ?? 0
    if (length >= 0xc0) return next + 2
    next += length + 1
    if (length === 0) return next
  }
}

const questionEnd = (message: Buffer): number => skipName(message, HEADER) + 4

export const typeOf = (message: Buffer): number => message.readUInt16BE(questionEnd(message) - 4)
export const classOf = (message: Buffer): number => message.readUInt16BE(questionEnd(message) - 2)
/** Queries have no other additional record than OPT. */
export const hasEdns = (query: Buffer): boolean => query.readUInt16BE(10) > 0
export const rcodeOf = (message: Buffer): number => (message[3] ?? 0) & 0x0f

/** Header and question of the query, nothing else. */
function empty(query: Buffer): Buffer {
  const message = Buffer.from(query.subarray(0, questionEnd(query)))
  message.fill(0, 6, HEADER) // counts of the records
  return message
}

/** An answer without records; recursion is available. */
export function errorTo(query: Buffer, rcode: number): Buffer {
  const message = empty(query)
  message[2] = 0x80 | ((query[2] ?? 0) & 0x79) // QR; opcode and RD as asked
  message[3] = 0x80 | rcode
  return message
}

/** One A record for whatever was asked. */
export function addressFor(query: Buffer, address: readonly number[]): Buffer {
  const message = errorTo(query, 0)
  message.writeUInt16BE(1, 6)
  const record = [0xc0, HEADER, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, address.length, ...address]
  return Buffer.concat([message, Buffer.from(record)])
}

/** TC set, no records. */
export function truncated(answer: Buffer): Buffer {
  const message = empty(answer)
  message[2] = (message[2] ?? 0) | 0x02
  return message
}

/** The same message with another TTL in every record but OPT, whose TTL is none. */
export function withTtl(answer: Buffer, ttl: number): Buffer {
  const message = Buffer.from(answer)
  const count = (at: number): number => message.readUInt16BE(at)
  let left = count(6) + count(8) + count(10)
  let at = questionEnd(message)
  for (; left > 0; left -= 1) {
    const fixed = skipName(message, at)
    if (message.readUInt16BE(fixed) !== TYPE_OPT) message.writeUInt32BE(ttl, fixed + 4)
    at = fixed + 10 + message.readUInt16BE(fixed + 8)
  }
  return message
}
