/**
 * linuxptp's PI servo as a simulated ptp4l runs it: offset in ns (PHC - master), out the frequency
 * to dial in ppb.
 *
 *   kp = min(0.7 T^-0.3, 0.7/T), ki = min(0.3 T^0.4, 0.3/T); dialled = -(kp offset + drift)
 *
 * The first two samples give the drift; the clock is stepped then when it is more than 20 us off,
 * and never again (first_step_threshold, step_threshold 0).
 */
import { type Ppb, ppb } from '../../core/units.ts'

export interface ServoOutput {
  readonly frequency: Ppb | undefined
  readonly step: bigint
  readonly locked: boolean
}

const FIRST_STEP_NS = 20_000
const WAIT: ServoOutput = { frequency: undefined, step: 0n, locked: false }

export class PtpServo {
  readonly #kp: number
  readonly #ki: number
  #drift = 0
  #first: { readonly offset: number; readonly at: bigint } | undefined
  #locked = false
  #mayStep = true

  /** `interval`: seconds between Syncs. */
  constructor(interval: number) {
    this.#kp = Math.min(0.7 * interval ** -0.3, 0.7 / interval)
    this.#ki = Math.min(0.3 * interval ** 0.4, 0.3 / interval)
  }

  /** Begins anew from the frequency that is dialled. */
  reset(dialled: Ppb): void {
    this.#drift = -dialled
    this.#first = undefined
    this.#locked = false
  }

  /** `at`: true time, standing for the time stamp of the Sync. */
  sample(offset: number, at: bigint): ServoOutput {
    if (this.#locked) return this.#steer(offset)
    if (this.#first === undefined) {
      this.#first = { offset, at }
      return WAIT
    }
    const elapsed = Number(at - this.#first.at)
    // linuxptp waits this long for a better estimate of the frequency
    if (elapsed < Math.min(0.016 / this.#ki, 1000) * 1e9) return WAIT
    this.#drift += ((offset - this.#first.offset) / elapsed) * 1e9
    this.#locked = true
    const step = this.#mayStep && Math.abs(offset) > FIRST_STEP_NS ? -offset : 0
    this.#mayStep = false
    return { frequency: ppb(-this.#drift), step: BigInt(Math.round(step)), locked: false }
  }

  #steer(offset: number): ServoOutput {
    const integral = this.#ki * offset
    const output = this.#kp * offset + this.#drift + integral
    this.#drift += integral
    return { frequency: ppb(-output), step: 0n, locked: true }
  }
}
