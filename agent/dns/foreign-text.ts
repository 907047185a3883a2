/** Text of a server that is shown to people: no control characters, no change of direction, not long. */
const LONGEST = 255

/** Control, format and unassigned characters; separators of lines and paragraphs. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu
const PRINTABLE = /^[\x20-\x7e]+$/

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

export const plainText = (text: string): string => text.slice(0, LONGEST).replace(UNSEEN, '')

/** UTF-8, as the extra text of an error is (RFC 8914 section 2). */
export const utf8Text = (bytes: Uint8Array): string => plainText(asBuffer(bytes).toString('utf8'))

/** Bytes without a rule (RFC 5001 section 2.3): printable ASCII as it is, anything else in hexadecimal. */
export function bytesText(bytes: Uint8Array): string {
  const text = asBuffer(bytes).toString('latin1')
  return (PRINTABLE.test(text) ? text : asBuffer(bytes).toString('hex')).slice(0, LONGEST)
}
