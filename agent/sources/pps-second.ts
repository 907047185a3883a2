/**
 * A pulse marks a second and does not say which. The system clock tells, once it is known to be right
 * within FAR: by NTP, by a reference of this node, or by the kernel's own word (chronyd steers it). Where
 * the operator vouches for it (a battery clock and nothing else) it is believed as it is.
 */
import type { Standing } from '../core/machine.ts'
import { type Instant, type Nanos, seconds } from '../core/units.ts'

const SECOND = 1_000_000_000n
/** Half a second would do; the rest is for what happens between two looks. */
const FAR = seconds(0.2)

export class SecondTeller {
  readonly #vouched: boolean
  #bound: Nanos | undefined

  constructor(vouched: boolean) {
    this.#vouched = vouched
  }

  heard({ clock, bound }: Standing): void {
    if (clock === 'system') this.#bound = bound
  }

  /** The system clock was stepped by somebody: what was known of it is not true any more. */
  forget(): void {
    this.#bound = undefined
  }

  /** Why the second is not known; empty when it is. */
  get doubt(): string {
    if (this.#vouched) return ''
    if (this.#bound === undefined) return 'the second is not known: nothing tells the time yet'
    return this.#bound < FAR ? '' : 'the second is not known: the system clock may be far off'
  }

  get how(): 'vouched' | 'known' | 'unknown' {
    if (this.#vouched) return 'vouched'
    return this.doubt === '' ? 'known' : 'unknown'
  }
}

/** The whole second that is nearest, ns since the epoch. */
export const nearestSecond = (at: Instant<'utc'>): bigint => {
  const up = (at as bigint) + SECOND / 2n
  return up - (((up % SECOND) + SECOND) % SECOND)
}
