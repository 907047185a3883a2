/**
 * SHA-1 (FIPS 180-4) of short ASCII text, for the check line of a leap second list and to tell record sets
 * apart: it finds damage and change, it keeps nobody out. It is here since the stages import neither Node nor
 * a package, and a port for thirty lines of arithmetic would be longer than they are.
 */
const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/** Message, a bit, zeros, and the length in bits: whole blocks of 16 words. */
function blocksOf(text: string): Uint32Array {
  const words = new Uint32Array((((text.length + 8) >> 6) + 1) * 16)
  const put = (at: number, byte: number) => {
    words[at >> 2] = (words[at >> 2] ?? 0) | (byte << (24 - (at & 3) * 8))
  }
  for (let i = 0; i < text.length; i += 1) put(i, text.charCodeAt(i) & 0xff)
  put(text.length, 0x80)
  words[words.length - 1] = text.length * 8
  return words
}

function schedule(block: Uint32Array): Uint32Array {
  const w = new Uint32Array(80)
  w.set(block)
  for (let i = 16; i < 80; i += 1) {
    w[i] = rotate((w[i - 3] ?? 0) ^ (w[i - 8] ?? 0) ^ (w[i - 14] ?? 0) ^ (w[i - 16] ?? 0), 1)
  }
  return w
}

function round(i: number, b: number, c: number, d: number): number {
  if (i < 20) return ((b & c) | (~b & d)) + 0x5a827999
  if (i < 40) return (b ^ c ^ d) + 0x6ed9eba1
  if (i < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
  return (b ^ c ^ d) + 0xca62c1d6
}

/** The five words of the digest. */
export function sha1(text: string): readonly number[] {
  const words = blocksOf(text)
  const hash = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0)
  for (let at = 0; at < words.length; at += 16) {
    let [a = 0, b = 0, c = 0, d = 0, e = 0] = hash
    for (const [i, word] of schedule(words.subarray(at, at + 16)).entries()) {
      const next = (rotate(a, 5) + round(i, b, c, d) + e + word) | 0
      e = d
      d = c
      c = rotate(b, 30)
      b = a
      a = next
    }
    for (const [i, word] of [a, b, c, d, e].entries()) hash[i] = (hash[i] ?? 0) + word
  }
  return [...hash]
}
