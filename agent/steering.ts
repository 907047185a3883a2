/**
 * What is done about an offset: servo, step policy and actuator of one driven clock. In the other
 * modes the same questions are asked and nothing is written.
 *
 * A hand-over between references never steps and never kicks: the new servo begins with the learnt
 * frequency, and its correction is limited to GENTLE from the first lock on.
 */
import { Actuator, type ActuatorOutcome, appliedAt, joined, NOTHING } from './clock/actuator.ts'
import type { OscillatorHistory } from './clock/oscillator-history.ts'
import type { ClockConfig } from './config/types.ts'
import {
  drifted,
  elapsed,
  type Instant,
  type Nanos,
  nanos,
  type Ppb,
  plus,
  ppb,
} from './core/units.ts'
import { brought, left, type Measured, slewEnd, weightOf } from './measured.ts'
import type { ClockPort } from './ports/clock.ts'
import { createServo, type EdgeKind } from './servo/catalogue.ts'
import type { Servo } from './servo/servo.ts'
import { StepPolicy } from './servo/step-policy.ts'

const GENTLE = ppb(50_000)
/**
 * A clock that was taken over with a known frequency gets its first offsets removed in no less time, for so
 * long and for so many intervals.
 */
const SOFT_SECONDS = 10
const SOFT_SAMPLES = 10
/** And by no less than this: it is what a restart may cost. */
const SOFT = ppb(40)
/** A start that finds the clock so far off did not find it kept. */
const KEPT = 20_000
/** An interval that differs by less is the same. */
const SAME_INTERVAL = 0.1
/** As many corrections in an interval of one source are worth their while. */
const CORRECTIONS = 4
/** What a slew moved the clock beyond is made good in so many seconds, from so many ns on ... */
const PAY_BACK = 0.125
const BEYOND = 20
/** ... where its timer was late by no more than this, ns: else the next end might make more of it. */
const LATE = 20e6
/** A slew that ends within this share of the interval has to be ended by itself. */
const NEXT_SAMPLE = 0.9

export class Steering {
  readonly #config: ClockConfig
  readonly #history: OscillatorHistory
  readonly #maxFrequency: Ppb
  readonly #policy: StepPolicy
  readonly #actuator: Actuator
  readonly #steps: Record<string, number>
  #servo: { readonly edge: EdgeKind; readonly servo: Servo; interval: number } | undefined
  /** Dialled when nothing was to be corrected; undefined while nothing is known. */
  #known: Ppb | undefined
  #wasSteered = false
  #frozen = ''
  #correctedAt: Instant<'mono'> | undefined
  /** When the slew of the last correction has removed its offset. */
  #slewEnds: Instant<'mono'> | undefined
  /** It ends before the next sample is due. */
  #endsEarly = false
  /** The clock was steered well by another reference a moment ago: the next one takes over softly. */
  #handover = false
  /** Until then offsets are corrected softly. */
  #softUntil: Instant<'mono'> | undefined

  /** `steps`: counted so far, by reason; goes on being counted there. */
  constructor(
    config: ClockConfig,
    port: ClockPort,
    history: OscillatorHistory,
    steps: Record<string, number> = {},
  ) {
    this.#steps = steps
    steps['boot'] ??= 0
    steps['foreign'] ??= 0
    this.#config = config
    this.#history = history
    this.#maxFrequency = port.capabilities.maxFrequency
    this.#policy = new StepPolicy(config.step)
    this.#actuator = new Actuator(port, config.mode === 'drive', (by) => {
      this.#policy.foreignStep(nanos(Number(by)))
      this.#startAnew()
    })
  }

  get writes(): boolean {
    return this.#actuator.writes
  }

  get frequency(): Ppb | undefined {
    return this.#actuator.frequency
  }

  get steps(): Readonly<Record<string, number>> {
    return { ...this.#steps }
  }

  /** The part of the dial that moves the clock on purpose. */
  get slew(): Ppb {
    const { frequency, steady } = this
    return ppb(frequency === undefined || steady === undefined ? 0 : frequency - steady)
  }

  /** A correction is under way. */
  get slewing(): boolean {
    return this.#slewEnds !== undefined
  }

  /** Why steering is frozen; empty when it is not. */
  get frozen(): string {
    return this.#frozen
  }

  /** The kernel held a frequency when the clock was taken over: it was steered a moment ago. */
  get wasSteered(): boolean {
    return this.#wasSteered
  }

  /** The same as the servo at work sees it now. */
  get servoSteady(): Ppb | undefined {
    return this.#servo?.servo.steady
  }

  /** The dial that would hold the clock steady, as far as known. */
  get steady(): Ppb | undefined {
    const servo = this.#servo?.servo
    // an estimate is the best there is; a loop's own idea of it is noisier than its mean
    if (servo?.lasting === false) return servo.steady
    return this.#history.frequency ?? servo?.steady ?? this.#known
  }

  /**
   * Takes over the clock as it is found. A kernel that holds a frequency already was steered before;
   * one that holds none was just booted, and the drift file knows better.
   */
  begin(drift: Ppb | undefined): ActuatorOutcome {
    const found = this.#actuator.check()
    const dialled = this.#actuator.frequency
    this.#wasSteered = dialled !== undefined && dialled !== 0
    if (this.#wasSteered) this.#known = dialled
    else if (drift !== undefined) this.#known = drift
    if (!this.writes || this.#known === undefined || this.#known === dialled) return found
    return joined(found, this.#actuator.setFrequency(this.#known))
  }

  /**
   * What others did to the clock since the last look. A frequency that somebody else dialled is taken
   * back at once: until the next sample it would do its harm.
   */
  check(): ReturnType<Actuator['check']> {
    const dialled = this.#actuator.frequency
    const { slewing } = this
    const found = this.#actuator.check()
    const stepped = found.changes.reduce((sum, { step }) => sum + step, 0n)
    if (stepped !== 0n) {
      // a slew towards where the clock was is of no use any more
      return { ...found, ...joined(found, slewing ? this.coast() : NOTHING) }
    }
    const turned = found.changes.some(({ frequency }) => frequency !== 0)
    if (!this.writes || !turned || dialled === undefined) return found
    return { ...found, ...joined(found, this.#actuator.setFrequency(dialled)) }
  }

  /** The machine stood still while the world went on: all the same as if somebody stepped the clock. */
  resumed(): void {
    this.#policy.resumed()
    this.#startAnew()
  }

  #startAnew(): void {
    this.#servo = undefined
    this.#slewEnds = undefined
    this.#handover = false
  }

  /** The clock that this one follows was turned: this one is turned as much before a reading shows it. */
  follow(by: Ppb): ActuatorOutcome {
    const dialled = this.#actuator.frequency
    const servo = this.#servo?.servo
    if (!this.writes || dialled === undefined || servo?.turned === undefined) return NOTHING
    servo.turned(by)
    return this.#actuator.setFrequency(ppb(dialled + by))
  }

  /** Ends a slew that no sample renewed when it has done its work, lest it runs past zero. */
  expire(now: Instant<'mono'>): ActuatorOutcome {
    const { steady } = this
    if (this.#slewEnds === undefined || steady === undefined || now < this.#slewEnds) return NOTHING
    const { slew } = this
    const ends = this.#slewEnds
    this.#slewEnds = undefined
    const target = this.servoSteady ?? steady
    const ended = this.#actuator.setFrequency(target)
    const late = elapsed(appliedAt(ended) ?? ends, ends)
    if (this.#servo?.servo.lasting !== false || late > LATE) return ended
    return joined(ended, this.#payBack(drifted(slew, late), target, now))
  }

  /** A slew that was ended late went on meanwhile: a timer is late by 1 ms, and that is 0.5 us at 500 ppm. */
  #payBack(beyond: Nanos, steady: Ppb, now: Instant<'mono'>): ActuatorOutcome {
    if (Math.abs(beyond) < BEYOND) return NOTHING
    const done = this.#actuator.setFrequency(ppb(steady - beyond / PAY_BACK))
    this.#slewEnds = plus(appliedAt(done) ?? now, nanos(PAY_BACK * 1e9))
    this.#endsEarly = true
    return done
  }

  /** An inserted (1) or deleted (-1) second as the kernel would do it: UTC jumps, and the clock with it. */
  leap(by: 1 | -1): ActuatorOutcome {
    const done = this.#actuator.step(BigInt(-by) * 1_000_000_000n)
    const changes = done.changes.map((change) =>
      change.foreign || change.step === 0n ? change : { ...change, step: 0n, leap: by },
    )
    if (changes.length > 0) this.#steps['leap'] = (this.#steps['leap'] ?? 0) + 1
    return { ...done, changes }
  }

  setStatus: Actuator['setStatus'] = (adjustment) => this.#actuator.setStatus(adjustment)

  /** The clock is within its limit: boot is over. */
  locked(): void {
    this.#policy.locked()
    if (this.#servo !== undefined) this.#known = this.#servo.servo.steady
    this.#handover = true
  }

  /**
   * In automatic mode: somebody else turns the clock, or does so no more. What was dialled last is where
   * we begin, as with a clock that is handed over. Returns what is news of it.
   */
  hands(others: boolean): string {
    const before = this.writes
    if (this.#config.mode !== 'auto' || before !== others) return ''
    this.#actuator.permit(!others)
    this.#known = this.#actuator.frequency
    this.#startAnew()
    this.#handover = !others
    if (this.writes === before) return ''
    return others ? 'a ptp4l steers it now' : 'nobody else steers it: ours'
  }

  /** Nothing to follow any more: run on what was learnt. */
  coast(): ActuatorOutcome {
    const { steady } = this
    this.#servo = undefined
    this.#slewEnds = undefined
    if (steady === undefined) return NOTHING
    this.#known = steady
    return this.#actuator.setFrequency(steady)
  }

  /** When the slew of the last correction has to be ended; undefined: no need to wake for it. */
  get wakeAt(): Instant<'mono'> | undefined {
    return this.#endsEarly ? this.#slewEnds : undefined
  }

  correct(measured: Measured): ActuatorOutcome {
    const decision = this.#policy.decide(measured.estimate.offset, measured.byUtc)
    if (decision.act === 'freeze') {
      const known = this.#frozen === decision.why
      this.#frozen = decision.why
      return known
        ? NOTHING
        : { changes: [], notes: [{ code: decision.code, detail: decision.why }] }
    }
    this.#frozen = ''
    if (!this.writes) return NOTHING
    if (decision.act === 'step') return this.#step(measured.estimate.offset, decision.reason)
    const { servo } = this.#servoFor(measured)
    // a loop has the interval of one source
    if (servo.lasting ? !measured.leads : this.#justCorrected(measured)) return NOTHING
    const { estimate, now } = measured
    const { offset, at } = servo.lasting ? brought(measured, this.slew) : measured
    servo.limitSlew(this.#slewLimit(servo.lasting ? offset : estimate.offset, now, servo.lasting))
    const weight = weightOf(measured)
    const dialled = this.frequency ?? ppb(0)
    const output = servo.sample({ offset, at, weight, estimate, now, dialled })
    if (output.state === 'unlocked') return NOTHING
    const before = ppb(dialled - servo.steady)
    const done = this.#actuator.setFrequency(output.frequency)
    const since = appliedAt(done) ?? now
    this.#slewEnds = slewEnd(
      { ...measured, now: since },
      left(output, before, now, since),
      servo.steady,
    )
    // else the next sample is there first, and the tick sees to it when there is none
    const next = plus(now, nanos(NEXT_SAMPLE * measured.interval * 1e9))
    this.#endsEarly = this.#slewEnds !== undefined && this.#slewEnds < next && !servo.lasting
    return done
  }

  /** With many sources each of them tells little: what it tells stays in the estimate. */
  #justCorrected({ now, interval }: Measured): boolean {
    const last = this.#correctedAt
    const due = last === undefined || elapsed(now, last) >= (interval / CORRECTIONS) * 1e9
    if (due) this.#correctedAt = now
    return !due
  }

  #step(offset: Nanos, reason: 'boot' | 'foreign'): ActuatorOutcome {
    const done = this.#actuator.step(BigInt(Math.round(-offset)))
    if (done.changes.length === 0) return done
    this.#policy.stepped(reason)
    this.#steps[reason] = (this.#steps[reason] ?? 0) + 1
    this.#servo?.servo.reset()
    const detail = `by ${(-offset / 1e9).toFixed(6)} s, reason ${reason}`
    return { ...done, notes: [...done.notes, { code: 'step', detail }] }
  }

  #slewLimit(offset: Nanos, now: Instant<'mono'>, lasting: boolean): Ppb {
    const most = this.#config.maxSlewPpm * 1000
    const usual = this.#handover && lasting ? Math.min(GENTLE, most) : most
    if (this.#softUntil === undefined || now >= this.#softUntil) return ppb(usual)
    return ppb(Math.min(usual, Math.max(SOFT, Math.abs(offset) / SOFT_SECONDS)))
  }

  #servoFor({ edge, interval, estimate, now }: Measured): { readonly servo: Servo } {
    const present = this.#servo
    if (present?.edge === edge) {
      if (Math.abs(interval / present.interval - 1) > SAME_INTERVAL) {
        present.interval = interval
        present.servo.setUpdateInterval(interval)
      }
      return present
    }
    const frequency = this.steady
    const servo = createServo(this.#config.servo, {
      edge,
      interval,
      frequency: frequency ?? this.frequency ?? ppb(0),
      locked: frequency !== undefined,
      maxFrequency: this.#maxFrequency,
    })
    const kept = this.#handover || Math.abs(estimate.offset) < KEPT
    const soft = plus(now, nanos(Math.max(SOFT_SECONDS, SOFT_SAMPLES * interval) * 1e9))
    this.#softUntil = frequency === undefined || !kept ? undefined : soft
    this.#servo = { edge, servo, interval }
    return this.#servo
  }
}
