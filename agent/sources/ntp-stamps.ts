/** Who took our own two time stamps of the exchanges with a server, counted. */
import type { StampKind } from '../core/sample.ts'

/** Exchanges by kind of the stamp. */
export type KindCounts = Readonly<Record<StampKind, number>>

export interface StampedBy {
  /** Kind of the last one; undefined: no exchange was completed yet. */
  readonly last: StampKind | undefined
  readonly counts: KindCounts
}

export interface StampCounts {
  /** Of the request. */
  readonly tx: StampedBy
  /** Of the answer. */
  readonly rx: StampedBy
}

const NONE: StampedBy = { last: undefined, counts: { hardware: 0, kernel: 0, daemon: 0 } }

const more = ({ counts }: StampedBy, kind: StampKind): StampedBy => ({
  last: kind,
  counts: { ...counts, [kind]: counts[kind] + 1 },
})

export class StampCounter {
  #counts: StampCounts = { tx: NONE, rx: NONE }

  get counts(): StampCounts {
    return this.#counts
  }

  add(tx: StampKind, rx: StampKind): void {
    this.#counts = { tx: more(this.#counts.tx, tx), rx: more(this.#counts.rx, rx) }
  }
}
