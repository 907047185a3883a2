/**
 * One pipeline for one clock: samples in, filter, select, servo, actuator; state, error bound and
 * verdicts out. No I/O but the synchronous clock port inside the actuator.
 *
 *   sample ─► references (filter, select) ─► steering ─► ClockChange ─► references move their samples
 *   tick   ─► guard, selection by age, state, kernel status, drift file
 */
import type { ActuatorOutcome } from './clock/actuator.ts'
import { formatDrift, parseDrift } from './clock/drift-file.ts'
import { type BoundBase, errorBound, secondsUntil } from './clock/error-bound.ts'
import { isLeapDay } from './clock/leap.ts'
import { grown, OscillatorHistory } from './clock/oscillator-history.ts'
import { ClockStateMachine } from './clock/state.ts'
import type { ClockConfig } from './config/types.ts'
import type { ClockChange } from './core/clock-change.ts'
import type { Now } from './core/machine.ts'
import type { NoteCode } from './core/notes.ts'
import type { ClockName, Sample } from './core/sample.ts'
import { type Instant, mono, type Nanos, nanos, ppb, since } from './core/units.ts'
import type { ClockView } from './observe/snapshot.ts'
import type { ClockPort, ClockStatus } from './ports/clock.ts'
import { type Believed, References } from './references.ts'
import type { SourceRule } from './select/rule.ts'
import type { Judgement } from './select/select.ts'
import type { EdgeKind } from './servo/catalogue.ts'
import { Steering } from './steering.ts'

interface Note {
  readonly code: NoteCode
  readonly detail: string
}

export interface Outcome {
  readonly changes: readonly ClockChange[]
  readonly notes: readonly Note[]
  /** Text of the drift file, when it is time to write it. */
  readonly drift?: string
}

export interface DisciplineOptions {
  readonly clock: ClockName
  readonly config: ClockConfig
  readonly port: ClockPort
  readonly rules: ReadonlyMap<string, SourceRule>
}

const DRIFT_PERIOD = 3600e9

export class Discipline {
  readonly clock: ClockName
  readonly #config: ClockConfig
  readonly #port: ClockPort
  readonly #references: References
  readonly #history = new OscillatorHistory()
  readonly #steering: Steering
  readonly #state: ClockStateMachine
  #started = false
  #base: BoundBase | undefined
  #status: ClockStatus | undefined
  #taiOffset: number | undefined
  #driftAt: Instant<'mono'> = mono(0n)
  #changes: ClockChange[] = []
  #notes: Note[] = []

  constructor({ clock, config, port, rules }: DisciplineOptions) {
    this.clock = clock
    this.#config = config
    this.#port = port
    const limit = nanos(config.lockThreshold * 1e9)
    this.#references = new References(rules, limit, (note) => this.#notes.push(note))
    this.#steering = new Steering(config, port, this.#history)
    this.#state = new ClockStateMachine(limit, config.holdover)
  }

  /** Takes the clock over as it is found; `drift` is the text of its drift file, if there was one. */
  start(drift: string | undefined, now: Now): Outcome {
    this.#started = true
    this.#driftAt = now.mono
    this.#references.bePatient(now.mono)
    const parsed = drift === undefined ? undefined : parseDrift(drift)
    if (parsed?.ok === false) this.#note('drift-file', `${parsed.fault} in line ${parsed.at}`)
    const known = parsed?.ok === true ? parsed.value.frequency : undefined
    if (known !== undefined) this.#note('drift-loaded', `${(known / 1000).toFixed(3)} ppm`)
    this.#absorb(this.#steering.begin(known))
    return this.#flush()
  }

  /** A measurement. Before `start` it is kept, and nothing is done about it. */
  sample(sample: Sample, now: Now): Outcome {
    // a foreign step has to be known before an offset is held for our own error
    if (this.#started) this.#look(now)
    const believed = this.#references.add(sample, now, this.#history.growth)
    if (believed !== undefined && this.#started) this.#use(sample, believed, now)
    return this.#flush()
  }

  /** What a source says of its reachability; asked once a second by the agent. */
  reach(source: string, reach: number, trouble: string): void {
    this.#references.reach(source, reach, trouble)
  }

  /** TAI - UTC by a reference that vouches for it. */
  tai(offset: number): void {
    this.#taiOffset = offset
  }

  /** Once a second. */
  tick(now: Now): Outcome {
    if (!this.#started) return this.#flush()
    const before = this.#state.state
    this.#look(now)
    this.#absorb(this.#steering.expire(now.mono))
    const { selected } = this.#references.select(now, this.#history.growth)
    if (selected === undefined) this.#unreferenced(now)
    this.#announce(before)
    this.#tellKernel(now)
    return { ...this.#flush(), ...this.#driftDue(now) }
  }

  /** Leaves the clock with its steady frequency. */
  stop(): Outcome {
    if (this.#started) this.#absorb(this.#steering.coast())
    return { ...this.#flush(), ...this.#drift() }
  }

  get verdicts(): ReadonlyMap<string, Judgement> {
    return this.#references.verdicts
  }

  view(now: Now): ClockView {
    const { state } = this.#state
    const isSystem = this.clock === 'system'
    return {
      name: this.clock,
      mode: this.#config.mode,
      state,
      stateSeconds: this.#state.seconds(now.mono),
      reason: this.#reason(),
      offset: this.#base?.offset,
      offsetSource: this.#references.selected ?? '',
      frequency: this.#steering.frequency,
      bound: this.#bound(now),
      boundGrowth: this.#history.growth,
      holdoverLeftSeconds: this.#holdoverLeft(now),
      leap: this.#status?.leap ?? 'none',
      taiOffset: isSystem ? this.#status?.taiOffset : undefined,
      steps: this.#steering.steps,
      adjustable: this.#port.capabilities.adjustable,
      notAdjustable: this.#port.capabilities.reason,
      kernel: isSystem ? this.#status : undefined,
    }
  }

  /** Reads the clock, and what others did to it. */
  #look(now: Now): void {
    const found = this.#steering.check()
    this.#absorb(found)
    this.#status = found.status
    if (found.changes.some(({ step }) => step !== 0n)) this.#state.stepped(now.mono)
    if (found.changes.length === 0 || this.#base === undefined) return
    this.#base = { ...this.#base, slew: this.#steering.slew }
  }

  /** A believed measurement: state, bound and, in drive mode, a correction. */
  #use(sample: Sample, { offset, distance, weight, interval }: Believed, now: Now): void {
    const before = this.#state.state
    this.#state.measured(offset, now.mono)
    if (this.#state.state === 'locked') {
      this.#steering.locked()
      this.#learn(now)
    }
    this.#base = { at: sample.at, offset, distance, slew: ppb(0) }
    const edge = edgeOf(sample)
    this.#absorb(this.#steering.correct({ offset, at: sample.at, weight, edge, interval }))
    const { slew } = this.#steering
    this.#base = { ...this.#base, slew }
    this.#announce(before)
  }

  #unreferenced(now: Now): void {
    const was = this.#state.state
    this.#state.unreferenced(this.#bound(now), now.mono)
    if (was !== 'locked') return
    this.#rebase(now)
    this.#absorb(this.#steering.coast())
  }

  /** The bound so far becomes the distance from which it grows on: the dial changes its meaning now. */
  #rebase(now: Now): void {
    if (this.#base === undefined) return
    const elapsed = nanos(since(now.mono, this.#base.at))
    const offset = nanos(this.#base.offset + (this.#base.slew * elapsed) / 1e9)
    const distance = nanos(this.#base.distance + grown(this.#history.growth, elapsed))
    this.#base = { at: now.mono, offset, distance, slew: ppb(0) }
  }

  /** In drive mode the servo knows the steady dial; otherwise what another steersman dials is it. */
  #learn(now: Now): void {
    const { writes, servoSteady, steady, frequency } = this.#steering
    const learnt = writes ? (servoSteady ?? steady) : frequency
    if (learnt !== undefined) this.#history.add(learnt, now.mono)
  }

  #bound(now: Now): Nanos | undefined {
    return this.#base && errorBound(this.#base, this.#history.growth, now.mono)
  }

  #holdoverLeft(now: Now): number | undefined {
    const bound = this.#bound(now)
    if (this.#state.state !== 'holdover' || bound === undefined) return undefined
    const { seconds, bound: limit } = this.#config.holdover
    const left = seconds - this.#state.seconds(now.mono)
    return Math.max(0, Math.min(left, secondsUntil(bound, this.#history.growth, limit)))
  }

  #reason(): string {
    if (this.#steering.frozen !== '') return `steering is frozen: ${this.#steering.frozen}`
    const { selected } = this.#references
    switch (this.#state.state) {
      case 'locked':
        return `follows ${selected}`
      case 'acquiring':
        return `approaches ${selected}`
      case 'holdover':
        return 'no usable reference: runs on its learnt frequency'
      default:
        return this.#references.size === 0 ? 'nothing measures it' : 'no usable reference'
    }
  }

  #announce(before: string): void {
    const { state } = this.#state
    if (state === before) return
    this.#note('state', `${before} to ${state}: ${this.#reason()}`)
    if (state === 'holdover') this.#note('holdover', this.#reason())
    if (before === 'holdover' && state !== 'freerun') this.#note('recovered', this.#reason())
  }

  /** maxerror, esterror, UNSYNC, TAI offset and leap flags, truthful, for whoever asks the kernel. */
  #tellKernel(now: Now): void {
    const bound = this.#bound(now)
    if (this.clock !== 'system' || !this.#steering.writes || bound === undefined) return
    const leap = isLeapDay(now.utc) ? this.#references.last?.leap : 'none'
    const { state } = this.#state
    this.#absorb(
      this.#steering.setStatus({
        maxError: bound,
        estimatedError: nanos(Math.abs(this.#base?.offset ?? 0)),
        synchronized: state === 'locked' || state === 'holdover',
        leap: leap === undefined || leap === 'unknown' ? 'none' : leap,
        ...(this.#taiOffset === undefined ? {} : { taiOffset: this.#taiOffset }),
      }),
    )
  }

  #driftDue(now: Now): { readonly drift?: string } {
    if (since(now.mono, this.#driftAt) < DRIFT_PERIOD) return {}
    this.#driftAt = now.mono
    return this.#drift()
  }

  #drift(): { readonly drift?: string } {
    const { frequency, skew } = this.#history
    if (frequency === undefined || !this.#steering.writes) return {}
    return { drift: formatDrift({ frequency, skew }) }
  }

  #note(code: NoteCode, detail: string): void {
    this.#notes.push({ code, detail })
  }

  /** Our own samples move with every change of the clock, and the bound with every step. */
  #absorb({ changes, notes }: ActuatorOutcome): void {
    for (const change of changes) {
      this.#references.move(change)
      this.#base = movedBase(this.#base, change)
    }
    this.#changes.push(...changes)
    this.#notes.push(...notes)
  }

  #flush(): Outcome {
    const outcome = { changes: this.#changes, notes: this.#notes }
    this.#changes = []
    this.#notes = []
    return outcome
  }
}

/** After a foreign step nothing is known; a foreign rate did its harm until it was noticed. */
function movedBase(base: BoundBase | undefined, change: ClockChange): BoundBase | undefined {
  if (base === undefined || (change.foreign && change.step !== 0n)) return undefined
  const offset = nanos(base.offset + Number(change.step))
  const harm = change.foreign ? change.uncertainty : 0
  return { ...base, offset, distance: nanos(base.distance + harm) }
}

/** A PHC is read locally; a ptp4l measures a PHC by hardware stamps; the rest comes by network. */
function edgeOf({ source, clock }: Sample): EdgeKind {
  if (source.startsWith('phc:')) return 'phc'
  return source.startsWith('ptp4l:') && clock !== 'system' ? 'hardware' : 'software'
}
