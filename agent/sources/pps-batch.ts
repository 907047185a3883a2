/**
 * An interrupt is late by a while and never early, so of several pulses of a kernel's PPS the one that was
 * stamped earliest is the truest: 1.5 us in the mean become 0.2 us of eight. Each is a sample of its own
 * moment, moved with every change of the clock since. At the start, and after a break, every pulse counts.
 */
import { type ClockChange, moveSample } from '../core/clock-change.ts'
import type { Sample } from '../core/sample.ts'

const SIZE = 8
const QUICK = 16

export class PulseBatch {
  #quick = QUICK
  #pending: readonly Sample[] = []

  /** Seconds between samples at present. */
  get seconds(): number {
    return this.#quick > 0 ? 1 : SIZE
  }

  /** The sample to be used now, if any. */
  add(sample: Sample): Sample | undefined {
    if (this.#quick > 0) {
      this.#quick -= 1
      return sample
    }
    this.#pending = [...this.#pending, sample]
    if (this.#pending.length < SIZE) return undefined
    const best = this.#pending.reduce((a, b) => (b.offset < a.offset ? b : a))
    this.#pending = []
    return best
  }

  move(change: ClockChange): void {
    if (change.clock !== 'system') return
    if (change.step !== 0n) this.restart()
    else this.#pending = this.#pending.map((each) => moveSample(each, change))
  }

  restart(): void {
    this.#quick = QUICK
    this.#pending = []
  }
}
