/**
 * Seeded randomness: xoshiro128** (Blackman and Vigna, 2018), its state filled from a text seed.
 *
 * A stream is named by its path: `new SeededRandom('7').fork('network')` gives the same numbers
 * whatever else was drawn or forked before, so one consumer more does not change the others.
 */
import type { RandomPort } from '../ports/random.ts'

const rotate = (x: number, k: number): number => (x << k) | (x >>> (32 - k))

/** FNV-1a over the UTF-16 units, then a finaliser, so that `1` and `2` share no pattern. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

export class SeededRandom implements RandomPort {
  readonly seed: string
  #a: number
  #b: number
  #c: number
  #d: number
  #spare: number | undefined

  constructor(seed: string) {
    this.seed = seed
    this.#a = hash(`${seed}#a`)
    this.#b = hash(`${seed}#b`)
    this.#c = hash(`${seed}#c`)
    this.#d = hash(`${seed}#d`) | 1 // never all zero
  }

  /** An independent stream of that name; drawing from it leaves this one as it is. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.seed}/${name}`)
  }

  /** 32 random bits, unsigned. */
  word(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9)
    const t = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= t
    this.#d = rotate(this.#d, 11)
    return result >>> 0
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    return ((this.word() >>> 5) * 0x4000000 + (this.word() >>> 6)) / 0x20000000000000
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let i = 0; i < length; i++) out[i] = this.word() >>> 24
    return out
  }

  /** Normal distribution, mean 0, by Box and Muller's polar-free form. */
  gaussian(deviation: number): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare
      this.#spare = undefined
      return spare * deviation
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()))
    const angle = 2 * Math.PI * this.uniform()
    this.#spare = radius * Math.sin(angle)
    return radius * Math.cos(angle) * deviation
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform())
  }
}
