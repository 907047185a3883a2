/**
 * The only place that changes a clock: reads back before it writes (guard.ts), clamps to what the
 * clock can do, and models the clock from its reply, not from the request.
 */
import type { ClockChange } from '../core/clock-change.ts'
import { describeFault } from '../core/errors.ts'
import type { NoteCode } from '../core/notes.ts'
import { type Instant, nanos, type Ppb, ppb } from '../core/units.ts'
import type { ClockAdjustment, ClockPort, ClockStatus } from '../ports/clock.ts'
import { type Finding, Guard } from './guard.ts'

export interface ActuatorOutcome {
  readonly changes: readonly ClockChange[]
  readonly notes: readonly { readonly code: NoteCode; readonly detail: string }[]
}

/** A change takes effect somewhere between call and return; neither takes longer than this. */
const CALL_NS = 10_000
/** How often a reading that looks like a foreign step is taken again. */
const LOOKS = 3
/** The clock may round; more than this is worth a word. */
const CLAMPED_PPB = 1

export class Actuator {
  readonly #port: ClockPort
  #writes: boolean
  readonly #guard: Guard
  readonly #stepped: (by: bigint) => void
  #frequency: Ppb | undefined
  /** It did not take the last frequency as asked: said once, until it does again. */
  #clamped = false
  /** Why it cannot be read: said once, until it can be again or there is another reason. */
  #failing = ''

  /**
   * `writes`: the clock is driven. Without it nothing is ever written. `stepped` is told of a step of somebody
   * else by whatever look sees it, be it the one before a write.
   */
  constructor(port: ClockPort, writes: boolean, stepped: (by: bigint) => void = () => undefined) {
    this.#port = port
    this.#stepped = stepped
    this.#writes = writes && port.capabilities.adjustable
    this.#guard = new Guard(port.name === 'system')
  }

  get writes(): boolean {
    return this.#writes
  }

  /** Whether the clock is ours at present; where it cannot be adjusted it never is. */
  permit(writes: boolean): void {
    this.#writes = writes && this.#port.capabilities.adjustable
  }

  /** Frequency in effect as last read; undefined before the first reading or on failure. */
  get frequency(): Ppb | undefined {
    return this.#frequency
  }

  /** Reads the clock and reports what others did to it. */
  check(): ActuatorOutcome & { readonly status: ClockStatus | undefined } {
    const status = this.#read()
    if ('ok' in status) {
      const detail = describeFault(status.fault)
      const told = this.#failing === detail
      this.#failing = detail
      const notes = told ? [] : [{ code: 'steer-failed' as const, detail }]
      return { changes: [], notes, status: undefined }
    }
    this.#failing = ''
    const { findings: found, step, leap, frequency } = this.#guard.check(status)
    const findings = this.#writes ? found : found.filter(isForeignToAnyone)
    if (step !== 0n) this.#stepped(step)
    this.#frequency = status.frequency
    if (step === 0n && frequency === 0 && leap === 0)
      return { changes: [], notes: findings, status }
    // when it happened is only known to lie before this reading
    const foreign = step !== 0n || frequency !== 0
    const change = this.#change({ step, frequency: ppb(frequency), foreign, at: status.at.mono })
    return { changes: [leap === 0 ? change : { ...change, leap }], notes: findings, status }
  }

  /** A step is still there at the next look; the gap of a process that was held up is not. */
  #read(): ReturnType<ClockPort['status']> {
    let status = this.#port.status()
    for (let k = 0; k < LOOKS && !('ok' in status) && this.#guard.suspects(status); k += 1) {
      status = this.#port.status()
    }
    return status
  }

  setFrequency(wanted: Ppb): ActuatorOutcome {
    const limit = this.#port.capabilities.maxFrequency
    const frequency = ppb(Math.min(limit, Math.max(-limit, wanted)))
    const done = this.#write({ frequency })
    const real = this.#frequency ?? frequency
    const failed = done.notes.some(({ code }) => code === 'steer-failed')
    const differs = Math.abs(real - wanted) > CLAMPED_PPB
    const told = this.#clamped
    this.#clamped = differs
    if (!this.#writes || failed || !differs || told) return done
    const detail = `asked for ${wanted.toFixed(1)} ppb, it runs at ${real.toFixed(1)} ppb`
    return { ...done, notes: [...done.notes, { code: 'clamped', detail }] }
  }

  /** `step` is added to the clock, ns. */
  step(step: bigint): ActuatorOutcome {
    return this.#write({ step })
  }

  /** Kernel status: no change of time or rate, so nobody has to be told. */
  setStatus(adjustment: ClockAdjustment): ActuatorOutcome {
    const done = this.#write(adjustment)
    // only now: the reading before the write shall still show the old one
    if (this.#writes && adjustment.taiOffset !== undefined) {
      this.#guard.expectTai(adjustment.taiOffset)
    }
    return done
  }

  #write(adjustment: ClockAdjustment): ActuatorOutcome {
    if (!this.#writes) return NOTHING
    const before = this.check()
    const was = this.#frequency ?? ppb(0)
    const effect = this.#port.adjust(adjustment)
    if (!effect.ok) {
      const note = { code: 'steer-failed' as const, detail: describeFault(effect.fault) }
      return { changes: before.changes, notes: [...before.notes, note] }
    }
    this.#frequency = effect.frequency
    this.#guard.expect(effect.frequency, effect.step)
    const frequency = ppb(effect.frequency - was)
    if (effect.step === 0n && frequency === 0) return before
    const { mono: at } = effect.at
    const change = this.#change({ step: effect.step, frequency, foreign: false, at })
    return { changes: [...before.changes, change], notes: before.notes }
  }

  #change({
    at,
    step,
    frequency,
    foreign,
  }: Omit<ClockChange, 'clock' | 'uncertainty' | 'leap'>): ClockChange {
    const own = Math.abs(frequency) * CALL_NS * 1e-9
    const uncertainty = nanos(foreign ? Math.abs(frequency) : own)
    return { clock: this.#port.name, at, step, frequency, uncertainty, foreign }
  }
}

/** Whoever steers a clock that we do not drive changes its rate and status all the time. */
const isForeignToAnyone = ({ code }: Finding): boolean =>
  code === 'foreign-step' || code === 'leap-second'

/** When we turned the clock. */
export const appliedAt = ({ changes }: ActuatorOutcome): Instant<'mono'> | undefined =>
  changes.findLast(({ foreign }) => !foreign)?.at

export const joined = (a: ActuatorOutcome, b: ActuatorOutcome): ActuatorOutcome => ({
  changes: [...a.changes, ...b.changes],
  notes: [...a.notes, ...b.notes],
})

export const NOTHING: ActuatorOutcome = { changes: [], notes: [] }
