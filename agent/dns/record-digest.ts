/**
 * A name for a set of records: equal for equal sets, whatever their order, their TTL, the case of their names
 * and whether RRSIGs came along. Records rotate and TTLs run down with each answer of a healthy cache.
 */
import { sha1 } from '../core/sha1.ts'

/** One record as the codec reads it. */
export interface DataRecord {
  readonly name: string
  readonly type: string
  readonly data: unknown
}

/** Names in lower case (RFC 4034 section 6.2), bytes as they are: text of a TXT record is bytes. */
function canonical(data: unknown): unknown {
  if (typeof data === 'string') return data.toLowerCase()
  if (data instanceof Uint8Array) return [...data]
  if (Array.isArray(data)) return data.map(canonical)
  if (typeof data !== 'object' || data === null) return data
  return Object.entries(data).map(([key, value]) => [key, canonical(value)])
}

/** 16 hexadecimal digits; undefined where there is no record beside signatures. */
export function recordDigest(records: readonly DataRecord[]): string | undefined {
  const data = records.filter(({ type }) => type !== 'RRSIG')
  if (data.length === 0) return undefined
  const lines = data.map(({ name, type, data }) =>
    JSON.stringify([name.toLowerCase(), type, canonical(data)]),
  )
  const [high = 0, low = 0] = sha1([...new Set(lines)].sort().join('\n'))
  return [high, low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}
