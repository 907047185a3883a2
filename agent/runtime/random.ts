/** Randomness of the operating system behind `ports/random.ts`. */
import { randomBytes } from 'node:crypto'
import type { RandomPort } from '../ports/random.ts'

/** The 53 bits that a double in [0, 1) can hold, out of 64 random ones. */
const uniform = (): number => Number(randomBytes(8).readBigUInt64LE() >> 11n) / 2 ** 53

export const systemRandom: RandomPort = { bytes: (length) => randomBytes(length), uniform }
