/**
 * Which of the edges that a PHC stamped is the beginning of a second. Many devices (Intel igb among them)
 * stamp both edges and do not tell which is which; then the width of the pulse tells: after the leading
 * edge the other one follows after `width`, after the trailing one after 1 s - `width`.
 */
import type { Edge } from '../core/pulse.ts'

const SECOND = 1e9
/** How far an interval may be from what the width of the pulse says. */
const TOLERANCE = 0.05e9
/** Two pulses of the same kind are never closer than that. */
const LEAST = 0.95e9

/** `trailing`: the end of a pulse; `extra`: something between two seconds. */
export type EdgeVerdict = 'leading' | 'trailing' | 'extra'

export class PulseEdges {
  readonly #edge: Edge
  /** High time of a pulse, ns; of `both` only. */
  readonly #width: number
  /** The edge before this one, and the last leading one. */
  #before: bigint | undefined
  #leading: bigint | undefined

  constructor(edge: Edge, width: number) {
    this.#edge = edge
    this.#width = width
  }

  judge(stamp: bigint): EdgeVerdict {
    const verdict = this.#edge === 'both' ? this.#ofBoth(stamp) : this.#ofOne(stamp)
    this.#before = stamp
    if (verdict === 'leading') this.#leading = stamp
    return verdict
  }

  /** The clock that stamps was stepped. */
  forget(): void {
    this.#before = undefined
    this.#leading = undefined
  }

  #ofOne(stamp: bigint): EdgeVerdict {
    const last = this.#leading
    return last !== undefined && Number(stamp - last) < LEAST ? 'extra' : 'leading'
  }

  #ofBoth(stamp: bigint): EdgeVerdict {
    if (this.#before === undefined) return 'trailing' // the next one tells
    const gap = Number(stamp - this.#before)
    // after whole seconds without any edge the remainder tells as well
    const into = gap % SECOND
    if (Math.abs(into - this.#width) < TOLERANCE) return 'trailing'
    return Math.abs(into - (SECOND - this.#width)) < TOLERANCE ? 'leading' : 'extra'
  }
}
