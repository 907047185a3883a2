/** Randomness is an argument, too: `node:crypto` on a node, a seeded generator in the simulator. */
export interface RandomPort {
  /** `length` random bytes. */
  bytes(length: number): Uint8Array
  /** Uniform in [0, 1). */
  uniform(): number
}
