/** Who took our own two time stamps of the exchanges with a server, counted. */
import type { StampKind } from '../core/sample.ts'

export type KindCounts = Readonly<Record<StampKind, number>>

export interface StampCounts {
  readonly tx: KindCounts
  readonly rx: KindCounts
}

const NONE: KindCounts = { hardware: 0, kernel: 0, daemon: 0 }

const more = (counts: KindCounts, kind: StampKind): KindCounts => ({
  ...counts,
  [kind]: counts[kind] + 1,
})

export class StampCounter {
  #counts: StampCounts = { tx: NONE, rx: NONE }

  get counts(): StampCounts {
    return this.#counts
  }

  /** `tx`: of the request, `rx`: of the answer. */
  add(tx: StampKind, rx: StampKind): void {
    this.#counts = { tx: more(this.#counts.tx, tx), rx: more(this.#counts.rx, rx) }
  }
}
