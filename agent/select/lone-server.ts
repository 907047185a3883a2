/**
 * One of several servers is back, alone, and contradicts what this clock knows of itself: it waits for
 * another one to say the same, for an hour at most.
 */
import type { Now } from '../core/machine.ts'
import { elapsed, type Instant, type Nanos } from '../core/units.ts'

const UNCONFIRMED = 3600e9

export interface LoneClaim {
  readonly source: string
  readonly offset: Nanos
  readonly distance: Nanos
  /** The published bound; undefined: nothing is known that could be contradicted. */
  readonly known: Nanos | undefined
  /** There are others of its kind, and none of them is believed at present. */
  readonly lonely: boolean
}

export class LoneServer {
  #since: Instant<'mono'> | undefined

  /** `waits`: nothing is done about the claim yet; `note`: to be said, once. */
  judge(
    { source, offset, distance, known, lonely }: LoneClaim,
    { mono }: Now,
  ): { readonly waits: boolean; readonly note?: string } {
    const beyond = known !== undefined && Math.abs(offset) > known + distance
    if (!beyond || !lonely) {
      this.#since = undefined
      return { waits: false }
    }
    if (this.#since !== undefined) return { waits: elapsed(mono, this.#since) < UNCONFIRMED }
    this.#since = mono
    return { waits: true, note: `${source}: ${(offset / 1e9).toFixed(6)} s, beyond the own bound` }
  }
}
