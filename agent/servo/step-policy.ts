/**
 * Whether an offset is stepped away, slewed, or left alone. A step needs a reason and a budget:
 *
 *   boot      at most three steps before the first lock, beyond `step.boot`
 *   foreign   after somebody else stepped the clock or the machine slept, beyond `step.foreign`
 *
 * After the first lock an offset beyond `step.panic` freezes steering: it is more likely that the
 * references are wrong than the clock. It thaws by itself when the offset is back within the limit.
 * An offset within 10 ms of TAI - UTC is a missing UTC offset, not time: frozen, too.
 */
import type { StepConfig } from '../config/types.ts'
import type { Nanos } from '../core/units.ts'

export type StepReason = 'boot' | 'foreign'

export type Decision =
  | { readonly act: 'slew' }
  | { readonly act: 'step'; readonly reason: StepReason }
  /** Steering stops as long as this holds; `why` is for people. */
  | { readonly act: 'freeze'; readonly code: 'panic' | 'step-refused'; readonly why: string }

const BOOT_BUDGET = 3
const TAI_UTC = 37e9
const TAI_UTC_MARGIN = 10e6

export class StepPolicy {
  readonly #config: StepConfig
  #bootSteps = 0
  #booting = true
  #foreign = false

  constructor(config: StepConfig) {
    this.#config = config
  }

  /** The clock was locked once: from now on only a foreign step allows another one. */
  locked(): void {
    this.#booting = false
    this.#foreign = false
  }

  /** Somebody else stepped the clock, or the machine was suspended. */
  foreignStep(): void {
    this.#foreign = true
  }

  stepped(reason: StepReason): void {
    if (reason === 'boot') this.#bootSteps += 1
    else this.#foreign = false
  }

  decide(offset: Nanos): Decision {
    // neither stepped nor slewed, and no configuration overrides it
    if (Math.abs(Math.abs(offset) - TAI_UTC) < TAI_UTC_MARGIN) return REFUSED
    const reason = this.#reasonFor(Math.abs(offset) / 1e9)
    if (reason !== undefined) return { act: 'step', reason }
    const { panic } = this.#config
    if (!this.#booting && panic > 0 && Math.abs(offset) > panic * 1e9) {
      return { act: 'freeze', code: 'panic', why: `offset beyond the panic limit of ${panic} s` }
    }
    return { act: 'slew' }
  }

  #reasonFor(size: number): StepReason | undefined {
    const { boot, foreign } = this.#config
    if (this.#booting && boot > 0 && size > boot && this.#bootSteps < BOOT_BUDGET) return 'boot'
    if (this.#foreign && foreign > 0 && size > foreign) return 'foreign'
    return undefined
  }
}

const REFUSED: Decision = {
  act: 'freeze',
  code: 'step-refused',
  why: 'the offset is TAI - UTC: a reference lacks its UTC offset',
}
