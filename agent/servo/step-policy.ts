/**
 * Whether an offset is stepped away, slewed, or left alone. A step needs a reason and a budget:
 *
 *   boot      at most three steps before the first lock, beyond `step.boot`
 *   foreign   after somebody else stepped the clock or the machine slept, beyond `step.foreign`; where
 *             nobody saw it and only the references say so, not beyond `step.panic`
 *
 * After the first lock an offset beyond `step.panic` freezes steering: it is more likely that the
 * references are wrong than the clock. It thaws by itself when the offset is back within the limit.
 * An offset within 10 ms of TAI - UTC is a missing UTC offset, not time: frozen, too, unless the clock
 * was seen to be stepped by just that, or to be stepped at all where NTP servers say so: they have no such
 * offset to miss.
 */
import type { StepConfig } from '../config/types.ts'
import { type Nanos, nanos } from '../core/units.ts'

export type StepReason = 'boot' | 'foreign'

export type Decision =
  | { readonly act: 'slew' }
  | { readonly act: 'step'; readonly reason: StepReason }
  /** Steering stops as long as this holds; `why` is for people. */
  | { readonly act: 'freeze'; readonly code: 'panic' | 'step-refused'; readonly why: string }

const BOOT_BUDGET = 3
const TAI_UTC = 37e9
const TAI_UTC_MARGIN = 10e6
/** An offset this near to a foreign step is that step. */
const EXPLAINED = 1e9

export class StepPolicy {
  readonly #config: StepConfig
  #bootSteps = 0
  #booting = true
  #foreign: 'no' | 'seen' | 'believed' = 'no'
  /** How far others stepped the clock since it was last locked, ns. */
  #foreignBy = 0

  constructor(config: StepConfig) {
    this.#config = config
  }

  /** The clock was locked once: from now on only a foreign step allows another one. */
  locked(): void {
    this.#booting = false
    this.#foreign = 'no'
    this.#foreignBy = 0
  }

  /** Somebody else stepped the clock by so much, or the machine was suspended. */
  foreignStep(by: Nanos = nanos(0)): void {
    this.#foreign = 'seen'
    this.#foreignBy += by
  }

  /** The references agree that the world went on without this clock. */
  resumed(): void {
    if (this.#foreign === 'no') this.#foreign = 'believed'
  }

  stepped(reason: StepReason): void {
    if (reason === 'boot') this.#bootSteps += 1
    else this.#foreign = 'no'
    this.#foreignBy = 0
  }

  /** `byUtc`: measured by those who tell UTC itself (NTP servers), not TAI and an offset to it. */
  decide(offset: Nanos, byUtc = false): Decision {
    // neither stepped nor slewed, and no configuration overrides it
    const explained =
      this.#foreign === 'seen' && (byUtc || Math.abs(offset - this.#foreignBy) < EXPLAINED)
    if (!explained && Math.abs(Math.abs(offset) - TAI_UTC) < TAI_UTC_MARGIN) return REFUSED
    const reason = this.#reasonFor(Math.abs(offset) / 1e9)
    if (reason !== undefined) return { act: 'step', reason }
    const { panic } = this.#config
    if (!this.#booting && panic > 0 && Math.abs(offset) > panic * 1e9) {
      return { act: 'freeze', code: 'panic', why: `offset beyond the panic limit of ${panic} s` }
    }
    return { act: 'slew' }
  }

  #reasonFor(size: number): StepReason | undefined {
    const { boot, foreign, panic } = this.#config
    if (this.#booting && boot > 0 && size > boot && this.#bootSteps < BOOT_BUDGET) return 'boot'
    if (this.#foreign === 'no' || foreign === 0 || size <= foreign) return undefined
    if (this.#foreign === 'seen' || panic === 0 || size <= panic) return 'foreign'
    return undefined
  }
}

const REFUSED: Decision = {
  act: 'freeze',
  code: 'step-refused',
  why: 'the offset is TAI - UTC: a reference lacks its UTC offset',
}
