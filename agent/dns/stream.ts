/**
 * DNS over TCP (RFC 1035 section 4.2.2, RFC 7766): each message follows its length, two bytes in
 * network order. Bytes come in whatever pieces the path makes.
 */

/** Length and message in one piece: some servers drop a length that comes alone (RFC 7766 section 8). */
export function frame(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(message.length + 2)
  new DataView(framed.buffer).setUint16(0, message.length)
  framed.set(message, 2)
  return framed
}

/** Collects pieces until the first message is whole; a probe expects exactly one. */
export class MessageStream {
  #bytes = new Uint8Array(0)

  /** True between the first byte and the last one: a peer that closes now broke off. */
  get partial(): boolean {
    return this.#bytes.length > 0
  }

  /** The first message once it is whole. */
  push(piece: Uint8Array): Uint8Array | undefined {
    const joined = new Uint8Array(this.#bytes.length + piece.length)
    joined.set(this.#bytes)
    joined.set(piece, this.#bytes.length)
    this.#bytes = joined
    if (joined.length < 2) return undefined
    const length = new DataView(joined.buffer).getUint16(0)
    return joined.length < length + 2 ? undefined : joined.subarray(2, length + 2)
  }
}
