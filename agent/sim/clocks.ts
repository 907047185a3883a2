/**
 * The clocks of a simulated node behind the same port as real ones: CLOCK_REALTIME with
 * CLOCK_MONOTONIC, and PHCs. As the kernel does (clock_adjtime(2), ntp.c): the frequency is rounded
 * and clamped, maximum error grows by 500 ppm, a step makes the clock unsynchronised until told
 * otherwise, CLOCK_MONOTONIC follows the frequency and never the steps.
 *
 * `foreign…` is what another program does behind the agent's back.
 */
import type { PortFault } from '../core/errors.ts'
import type { Now } from '../core/machine.ts'
import type { ClockName, LeapWarning } from '../core/sample.ts'
import { mono, type Nanos, nanos, type Ppb, phc, ppb, utc } from '../core/units.ts'
import type {
  ClockAdjustment,
  ClockCapabilities,
  ClockEffect,
  ClockPort,
  ClockStatus,
} from '../ports/clock.ts'
import { Counter, type Oscillator } from './oscillator.ts'

/** 2^-16 ppm, the unit of `struct timex.freq`. */
export const KERNEL_GRANULARITY = 1000 / 65536
/** NTP_PHASE_LIMIT: where maximum error ends and the kernel sets STA_UNSYNC. */
const PHASE_LIMIT = 16e9
const MAX_ERROR_GROWTH = 500e-6

export interface SimClockOptions {
  readonly oscillator: Oscillator
  /** Reading when the world begins. */
  readonly start: bigint
  readonly maxFrequency: Ppb
  readonly granularity: number
  /** Frequency that is already dialled when the world begins. */
  readonly frequency: Ppb
  /** True time. */
  readonly time: () => bigint
}

interface Rules {
  readonly maxFrequency: number
  readonly granularity: number
}

function dial(wanted: number, { maxFrequency, granularity }: Rules): Ppb {
  const rounded = Math.round(wanted / granularity) * granularity
  return ppb(Math.min(maxFrequency, Math.max(-maxFrequency, rounded)))
}

const capabilitiesOf = (maxFrequency: Ppb, fault: PortFault | undefined): ClockCapabilities =>
  fault === undefined
    ? { adjustable: true, maxFrequency, reason: '' }
    : { adjustable: false, maxFrequency, reason: `${fault.syscall}: ${fault.errno}` }

export class SimSystemClock implements ClockPort {
  readonly name = 'system'
  readonly #options: SimClockOptions
  readonly #utc: Counter
  readonly #mono: Counter
  #fault: PortFault | undefined
  #pll = false
  #synchronized = false
  #maxError = PHASE_LIMIT
  #maxErrorAt = 0n
  #estimatedError = PHASE_LIMIT
  #taiOffset = 0
  #leap: LeapWarning = 'none'

  constructor(options: SimClockOptions) {
    this.#options = options
    this.#utc = new Counter(options.oscillator, options.start)
    this.#mono = new Counter(options.oscillator, 100_000_000_000n)
    this.#tune(options.frequency)
  }

  get capabilities(): ClockCapabilities {
    return capabilitiesOf(this.#options.maxFrequency, this.#fault)
  }

  /** Both clocks at true time `t`. */
  at(t: bigint): Now {
    return { mono: mono(this.#mono.read(t)), utc: utc(this.#utc.read(t)) }
  }

  /** First true time from now on at which CLOCK_MONOTONIC shows `value`. */
  when(value: bigint): bigint {
    return this.#mono.when(value, this.#options.time())
  }

  /** Reading minus `reference` with its fraction. */
  difference(t: bigint, reference: bigint): Nanos {
    return nanos(this.#utc.difference(t, reference))
  }

  status(): ClockStatus | { readonly ok: false; readonly fault: PortFault } {
    const now = this.#options.time()
    const grown = this.#maxError + Number(now - this.#maxErrorAt) * MAX_ERROR_GROWTH
    return {
      at: this.at(now),
      frequency: this.#utc.frequency,
      pll: this.#pll,
      synchronized: this.#synchronized && grown < PHASE_LIMIT,
      maxError: nanos(Math.min(grown, PHASE_LIMIT)),
      estimatedError: nanos(this.#estimatedError),
      taiOffset: this.#taiOffset,
      leap: this.#synchronized ? this.#leap : 'unknown',
    }
  }

  adjust(adjustment: ClockAdjustment): ClockEffect {
    if (this.#fault !== undefined) return { ok: false, fault: this.#fault }
    this.#write(adjustment)
    return {
      ok: true,
      at: this.at(this.#options.time()),
      frequency: this.#utc.frequency,
      step: adjustment.step ?? 0n,
    }
  }

  /** What another program does. */
  foreignAdjust(adjustment: ClockAdjustment): void {
    this.#write(adjustment)
  }

  foreignPll(on: boolean): void {
    this.#pll = on
  }

  /** UTC leaps: the kernel goes along if it was told so (second_overflow() of ntp.c). */
  leap(by: 1 | -1): void {
    if (!this.#synchronized || this.#leap !== (by === 1 ? 'insert' : 'delete')) return
    this.#utc.step(this.#options.time(), BigInt(-by) * 1_000_000_000n)
    this.#taiOffset += by
  }

  /** Its crystal changes its frequency. */
  shift(by: Ppb): void {
    this.#options.oscillator.shift(this.#options.time(), by)
  }

  /** From now on adjustments fail like this; undefined: they work again. */
  refuse(fault: PortFault | undefined): void {
    this.#fault = fault
  }

  /** The machine slept for `ns`: CLOCK_MONOTONIC stood still, CLOCK_REALTIME came from the RTC. */
  slept(ns: bigint, rtcError: bigint): void {
    const now = this.#options.time()
    this.#mono.step(now, -ns)
    this.#utc.step(now, rtcError)
  }

  #tune(frequency: number): void {
    const dialled = dial(frequency, this.#options)
    const now = this.#options.time()
    this.#utc.tune(now, dialled)
    this.#mono.tune(now, dialled)
  }

  #write(a: ClockAdjustment): void {
    const now = this.#options.time()
    if (a.step !== undefined && a.step !== 0n) this.#step(a.step)
    if (a.frequency !== undefined) this.#tune(a.frequency)
    if (a.maxError !== undefined) {
      this.#maxError = a.maxError
      this.#maxErrorAt = now
    }
    this.#estimatedError = a.estimatedError ?? this.#estimatedError
    this.#synchronized = a.synchronized ?? this.#synchronized
    this.#taiOffset = a.taiOffset ?? this.#taiOffset
    this.#leap = a.leap ?? this.#leap
  }

  /** ADJ_SETOFFSET ends in ntp_clear(). */
  #step(by: bigint): void {
    this.#utc.step(this.#options.time(), by)
    this.#synchronized = false
    this.#maxError = PHASE_LIMIT
    this.#estimatedError = PHASE_LIMIT
  }
}

export class SimPhc implements ClockPort {
  readonly name: ClockName
  readonly #options: SimClockOptions
  readonly #counter: Counter
  readonly #system: SimSystemClock
  #fault: PortFault | undefined

  constructor(name: ClockName, options: SimClockOptions, system: SimSystemClock) {
    this.name = name
    this.#options = options
    this.#system = system
    this.#counter = new Counter(options.oscillator, options.start)
    this.#tune(options.frequency)
  }

  get capabilities(): ClockCapabilities {
    return capabilitiesOf(this.#options.maxFrequency, this.#fault)
  }

  read(t: bigint): ReturnType<typeof phc> {
    return phc(this.#counter.read(t))
  }

  difference(t: bigint, reference: bigint): Nanos {
    return nanos(this.#counter.difference(t, reference))
  }

  status(): ClockStatus {
    return {
      at: this.#system.at(this.#options.time()),
      frequency: this.#counter.frequency,
      pll: false,
      synchronized: false,
      maxError: nanos(0),
      estimatedError: nanos(0),
      taiOffset: 0,
      leap: 'none',
    }
  }

  adjust(adjustment: ClockAdjustment): ClockEffect {
    if (this.#fault !== undefined) return { ok: false, fault: this.#fault }
    this.foreignAdjust(adjustment)
    return {
      ok: true,
      at: this.#system.at(this.#options.time()),
      frequency: this.#counter.frequency,
      step: adjustment.step ?? 0n,
    }
  }

  foreignAdjust({ step, frequency }: ClockAdjustment): void {
    if (step !== undefined) this.#counter.step(this.#options.time(), step)
    if (frequency !== undefined) this.#tune(frequency)
  }

  refuse(fault: PortFault | undefined): void {
    this.#fault = fault
  }

  #tune(frequency: number): void {
    this.#counter.tune(this.#options.time(), dial(frequency, this.#options))
  }
}
