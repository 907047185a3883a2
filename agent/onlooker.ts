/** A clock that others steer: how fast it runs away from its references, and when it was changed. */
import type { ActuatorOutcome } from './clock/actuator.ts'
import { growthOf } from './clock/oscillator-history.ts'
import type { ClockChange } from './core/clock-change.ts'
import type { Now } from './core/machine.ts'
import { type Instant, nanos, type Ppb, ppb } from './core/units.ts'
import type { References } from './references.ts'

/** From a Sync to the dial, and what the moment of the Sync is uncertain by, s. */
const SYNC_SECONDS = 0.05

export class Onlooker {
  #growth: Ppb | undefined
  #lookedAt: Instant<'mono'> | undefined

  /** How fast the error may grow unseen, as last measured; undefined before. */
  get growth(): Ppb | undefined {
    return this.#growth
  }

  /**
   * Whoever steers the clock does so when a Sync came in, and that is known better than when it was
   * noticed: a PHC that is turned by 15 ppb each second and is taken for turned half a second later is
   * foretold 7 ns wrong.
   */
  dated<T extends ActuatorOutcome>(found: T, references: References, { mono }: Now): T {
    const since = this.#lookedAt
    this.#lookedAt = mono
    if (since === undefined || found.changes.length === 0) return found
    const changes = found.changes.map((change) => {
      const turned = change.foreign && change.frequency !== 0 && change.step === 0n
      const at = turned ? references.syncWithin(since, mono) : undefined
      if (at === undefined) return change
      return { ...change, at, uncertainty: nanos(Math.abs(change.frequency) * SYNC_SECONDS) }
    })
    return { ...found, changes }
  }

  /** Whoever turned the clock made it run away faster by as much, for all we know. */
  watch(changes: readonly ClockChange[]): void {
    if (this.#growth === undefined) return
    const more = changes.reduce((sum, { frequency }) => sum + Math.abs(frequency), 0)
    this.#growth = ppb(this.#growth + more)
  }

  see(rate: References['rate']): void {
    this.#growth = rate && growthOf(rate.rate, rate.error)
  }
}
