/** How long to wait before a program is started again: 1, 2, 4 ... 60 s, from 1 s again after it lived. */
import { elapsed, type Instant, type Nanos, seconds } from '../core/units.ts'

const FIRST = 1
const LONGEST = 60
/** A program that lived for so long was well. */
const WELL = seconds(60)

export class BackOff {
  #next = FIRST

  /** The next wait; `startedAt`: of the program that has just ended, undefined when it never ran. */
  wait(startedAt: Instant<'mono'> | undefined, now: Instant<'mono'>): Nanos {
    if (startedAt !== undefined && elapsed(now, startedAt) >= WELL) this.#next = FIRST
    const wait = this.#next
    this.#next = Math.min(2 * wait, LONGEST)
    return seconds(wait)
  }
}
