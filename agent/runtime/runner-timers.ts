/**
 * Deadlines on the monotonic clock by key, with one Node timer for the earliest of them. Those that
 * are due are delivered in the order of their deadlines; how late they were is counted, since that
 * is what a busy event loop looks like from here.
 */
import { type Instant, since } from '../core/units.ts'

/** setTimeout takes 2^31 - 1 ms and fires at once beyond it; a longer wait is done in parts. */
export const MAX_DELAY_MS = 2_147_483_647

export interface Lateness {
  readonly fired: number
  readonly totalNs: number
  readonly maxNs: number
}

export interface TimersOptions {
  readonly now: () => Instant<'mono'>
  readonly fire: (key: string) => void
}

/** Whole milliseconds until `at`, rounded up so as not to wake up just before; at least one. */
export const delayMs = (at: Instant<'mono'>, now: Instant<'mono'>): number => {
  const ms = ((at as bigint) - (now as bigint) + 999_999n) / 1_000_000n
  return ms < 1n ? 1 : Number(ms > BigInt(MAX_DELAY_MS) ? BigInt(MAX_DELAY_MS) : ms)
}

interface Deadline {
  readonly key: string
  readonly at: Instant<'mono'>
}

export class Timers {
  readonly #options: TimersOptions
  readonly #deadlines = new Map<string, Deadline>()
  #armed: { readonly at: Instant<'mono'>; readonly timeout: NodeJS.Timeout } | undefined
  #lateness: Lateness = { fired: 0, totalNs: 0, maxNs: 0 }

  constructor(options: TimersOptions) {
    this.#options = options
  }

  get lateness(): Lateness {
    return this.#lateness
  }

  set(key: string, at: Instant<'mono'>): void {
    // deleted first, so that equal deadlines fire in the order in which they were set
    this.#deadlines.delete(key)
    this.#deadlines.set(key, { key, at })
  }

  cancel(key: string): void {
    this.#deadlines.delete(key)
  }

  /** To be called after changes: waits for the earliest deadline. */
  arm(): void {
    const earliest = this.#earliest()
    if (earliest === this.#armed?.at) return
    this.#disarm()
    if (earliest === undefined) return
    const timeout = setTimeout(() => this.#wake(), delayMs(earliest, this.#options.now()))
    this.#armed = { at: earliest, timeout }
  }

  clear(): void {
    this.#deadlines.clear()
    this.#disarm()
  }

  #disarm(): void {
    if (this.#armed !== undefined) clearTimeout(this.#armed.timeout)
    this.#armed = undefined
  }

  #earliest(): Instant<'mono'> | undefined {
    let earliest: Instant<'mono'> | undefined
    for (const { at } of this.#deadlines.values()) {
      if (earliest === undefined || at < earliest) earliest = at
    }
    return earliest
  }

  /**
   * Fires what is due at this moment. One that was set meanwhile, even into the past, has to wait
   * for the next turn: a machine that does so must not stop all others.
   */
  #wake(): void {
    this.#armed = undefined
    const now = this.#options.now()
    const due = [...this.#deadlines.values()]
      .filter(({ at }) => at <= now)
      .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    for (const deadline of due) {
      // an earlier one may have cancelled or replaced it
      if (this.#deadlines.get(deadline.key) !== deadline) continue
      this.#deadlines.delete(deadline.key)
      this.#count(deadline)
      this.#options.fire(deadline.key)
    }
    this.arm()
  }

  #count({ at }: Deadline): void {
    const late = Math.max(0, since(this.#options.now(), at))
    const { fired, totalNs, maxNs } = this.#lateness
    this.#lateness = { fired: fired + 1, totalNs: totalNs + late, maxNs: Math.max(maxNs, late) }
  }
}
