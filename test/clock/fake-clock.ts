/**
 * A clock of a perfect simulated oscillator behind the port: `rate` ppb fast by itself, `offset` ns
 * ahead of true time. Time passes only by `pass`. What is written is kept in `writes`.
 */
import type { PortFault } from '../../agent/core/errors.ts'
import type { Now } from '../../agent/core/machine.ts'
import type { ClockName } from '../../agent/core/sample.ts'
import { mono, nanos, ppb, utc } from '../../agent/core/units.ts'
import type {
  ClockAdjustment,
  ClockEffect,
  ClockPort,
  ClockStatus,
} from '../../agent/ports/clock.ts'

const BEGIN = 1_800_000_000_000_000_000n

export interface FakeClockOptions {
  readonly name?: ClockName
  readonly offset?: number
  readonly rate?: number
  readonly frequency?: number
  readonly adjustable?: boolean
  readonly maxFrequency?: number
  /** The device rounds to it, ppb. */
  readonly grain?: number
}

export class FakeClock implements ClockPort {
  readonly name: ClockName
  readonly capabilities
  readonly writes: ClockAdjustment[] = []
  /** True error in ns and true time in ns since the beginning. */
  error: number
  elapsed = 0
  frequency: number
  /** Of the oscillator by itself, ppb. */
  rate: number
  kernel = { pll: false, synchronized: false, maxError: 16e9, estimatedError: 16e9, taiOffset: 0 }
  leap: ClockStatus['leap'] = 'none'
  fault: PortFault | undefined
  /** The process is held up for so long, ns, within the next reading; and what comes then. */
  gap = 0
  faultAfterGap: PortFault | undefined
  readonly #grain: number
  /** CLOCK_REALTIME minus CLOCK_MONOTONIC: steps only. */
  #steps = 0n
  #mono = 0

  constructor(options: FakeClockOptions = {}) {
    const { name = 'system', offset = 0, rate = 0, frequency = 0, adjustable = true } = options
    this.name = name
    this.error = offset
    this.rate = rate
    this.#grain = options.grain ?? 0
    this.frequency = frequency
    const maxFrequency = ppb(options.maxFrequency ?? 500_000)
    this.capabilities = { adjustable, maxFrequency, reason: adjustable ? '' : 'not permitted' }
  }

  get now(): Now {
    const at = BigInt(Math.round(this.#mono)) + 1_000_000_000n
    return { mono: mono(at), utc: utc(BEGIN + at + this.#steps) }
  }

  /** True seconds go by. */
  pass(seconds: number): void {
    const gained = (this.rate + this.frequency) * seconds
    this.error += gained
    this.elapsed += seconds * 1e9
    this.#mono += seconds * 1e9 + gained
  }

  /** Another program writes. */
  foreign(adjustment: ClockAdjustment): void {
    this.#apply(adjustment)
  }

  status(): ClockStatus | { readonly ok: false; readonly fault: PortFault } {
    if (this.fault !== undefined) return { ok: false, fault: this.fault }
    const { maxError, estimatedError, ...rest } = this.kernel
    const { mono: before, utc: after } = this.now
    const at = { mono: before, utc: utc(after + BigInt(this.gap)) }
    if (this.gap > 0) this.fault = this.faultAfterGap
    this.gap = 0
    return {
      ...rest,
      at,
      frequency: ppb(this.frequency),
      leap: this.leap,
      maxError: nanos(maxError),
      estimatedError: nanos(estimatedError),
    }
  }

  adjust(adjustment: ClockAdjustment): ClockEffect {
    if (this.fault !== undefined) return { ok: false, fault: this.fault }
    this.writes.push(adjustment)
    this.#apply(adjustment)
    return {
      ok: true,
      at: this.now,
      frequency: ppb(this.frequency),
      step: adjustment.step ?? 0n,
    }
  }

  #apply({ frequency, step = 0n, leap, ...kernel }: ClockAdjustment): void {
    if (frequency !== undefined) {
      this.frequency =
        this.#grain > 0 ? Math.round(frequency / this.#grain) * this.#grain : frequency
    }
    this.error += Number(step)
    this.#steps += step
    if (leap !== undefined) this.leap = leap
    this.kernel = { ...this.kernel, ...kernel }
  }
}
