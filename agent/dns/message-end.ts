/** Where a DNS message ends by the lengths that stand in it (RFC 1035 section 4.1), whatever its records hold. */

export const HEADER_LENGTH = 12

/** First byte behind a name: labels up to a zero or a pointer. */
function nameEnd(bytes: Uint8Array, at: number): number {
  let place = at
  for (;;) {
    const length = bytes[place]
    if (length === undefined) return bytes.length
    if (length === 0) return place + 1
    if (length >= 0xc0) return place + 2
    place += 1 + length
  }
}

/** First byte behind the last record, by the lengths of the records; throws where they lead outside. */
export function messageEnd(bytes: Buffer): number {
  let at = HEADER_LENGTH
  for (let left = bytes.readUInt16BE(4); left > 0; left -= 1) at = nameEnd(bytes, at) + 4
  const records = bytes.readUInt16BE(6) + bytes.readUInt16BE(8) + bytes.readUInt16BE(10)
  for (let left = records; left > 0; left -= 1) {
    const fixed = nameEnd(bytes, at)
    at = fixed + 10 + bytes.readUInt16BE(fixed + 8)
  }
  return at
}
