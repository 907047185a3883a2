/**
 * One pipeline for one clock: samples in, filter, select, servo, actuator; state, error bound and
 * verdicts out. No I/O but the synchronous clock port inside the actuator.
 *
 *   sample ─► references (filter, select) ─► steering ─► ClockChange ─► references move their samples
 *   tick   ─► guard, selection by age, state, kernel status, drift file
 */
import type { ActuatorOutcome } from './clock/actuator.ts'
import { DriftKeeper, driftOf } from './clock/drift-keeper.ts'
import { ErrorBound } from './clock/error-bound.ts'
import { kernelStatus } from './clock/kernel-status.ts'
import { LeapKeeper } from './clock/leap-keeper.ts'
import { OscillatorHistory } from './clock/oscillator-history.ts'
import { ClockStateMachine, reasonOf } from './clock/state.ts'
import type { ClockConfig } from './config/types.ts'
import type { ClockChange } from './core/clock-change.ts'
import type { Now } from './core/machine.ts'
import type { NoteCode } from './core/notes.ts'
import { type ClockName, referenceOf, type Sample } from './core/sample.ts'
import { earliest, type Nanos, nanos, type Ppb, ppb } from './core/units.ts'
import type { DisciplineOptions, Note, Outcome } from './discipline-types.ts'
import { viewOf } from './discipline-view.ts'
import { measuredOf } from './measured.ts'
import type { ClockView } from './observe/snapshot.ts'
import { Onlooker } from './onlooker.ts'
import type { ClockPort, ClockStatus } from './ports/clock.ts'
import { References } from './references.ts'
import type { Believed } from './references-types.ts'
import { LoneServer } from './select/lone-server.ts'
import type { Judgement } from './select/select.ts'
import { Steering } from './steering.ts'

/** A frequency out of the kernel or the drift file may be off by so much: temperatures change. */
const KEPT_FREQUENCY = ppb(1000)
/** Where the kernel still runs at what the drift file says, nobody was away for long. */
const STEERED_FREQUENCY = ppb(50)

const NO_LEAP = { leap: undefined, taiOffset: undefined }

export class Discipline {
  readonly clock: ClockName
  readonly #config: ClockConfig
  readonly #port: ClockPort
  readonly #references: References
  readonly #history = new OscillatorHistory()
  readonly #steering: Steering
  readonly #state: ClockStateMachine
  #started = false
  readonly #bound = new ErrorBound()
  readonly #onlooker = new Onlooker()
  #status: ClockStatus | undefined
  readonly #leaps: LeapKeeper | undefined
  readonly #lone = new LoneServer()
  readonly #drift = new DriftKeeper()
  #changes: ClockChange[] = []
  #notes: Note[] = []

  constructor({ clock, config, port, rules, leaps, steps }: DisciplineOptions) {
    this.clock = clock
    this.#config = config
    this.#port = port
    const limit = nanos(config.lockThreshold * 1e9)
    this.#steering = new Steering(config, port, this.#history, steps)
    this.#references = new References(
      rules,
      limit,
      (note) => this.#notes.push(note),
      () => this.#steering.slew,
    )
    this.#leaps = leaps && new LeapKeeper(leaps, (note) => this.#notes.push(note))
    this.#state = new ClockStateMachine(limit, config.holdover)
  }

  /** Takes the clock over as it is found; `drift` is the text of its drift file, if there was one. */
  start(drift: string | undefined, now: Now): Outcome {
    this.#started = true
    this.#references.begin(now.mono)
    const { known, notes } = this.#drift.start(drift, now)
    this.#notes.push(...notes)
    this.#absorb(this.#steering.begin(known))
    const { steady } = this.#steering
    if (steady !== undefined) {
      const kept = known !== undefined && Math.abs(known - steady) < 2 * STEERED_FREQUENCY
      this.#references.knowFrequency(
        kept && this.#steering.wasSteered ? STEERED_FREQUENCY : KEPT_FREQUENCY,
      )
    }
    return this.#flush()
  }

  /** A measurement. Before `start` it is kept, and nothing is done about it. */
  sample(sample: Sample, now: Now): Outcome {
    // a foreign step has to be known before an offset is held for our own error
    if (this.#started) this.#look(now)
    const believed = this.#references.add(sample, now, this.#growth)
    if (believed !== undefined && this.#started) this.#use(sample, believed, now)
    return this.#flush()
  }

  /** What a source says of its reachability; asked once a second by the agent. */
  reach(source: string, reach: number, trouble: string, poll?: number): void {
    this.#references.reach(source, reach, trouble, poll)
  }

  /** The clock of a source was changed: what was measured against it moves, and this one goes along. */
  referenceChanged(change: ClockChange): Outcome {
    this.#references.moveReference(change)
    const { clock, frequency } = change
    const follows = referenceOf(this.#references.selected ?? '') === clock && clock !== this.clock
    if (this.#started && follows && frequency !== 0) this.#absorb(this.#steering.follow(frequency))
    return this.#flush()
  }

  /** Other sources than before; of those that are not among `kept` nothing counts any more. */
  follow: References['follow'] = (rules, kept) => this.#references.follow(rules, kept)

  /** Whether something else turns this clock at present; of account in automatic mode only. */
  hands(others: boolean): void {
    const news = this.#steering.hands(others)
    if (news !== '') this.#note('hands', news)
  }

  /** TAI - UTC by a reference that vouches for it. */
  tai = (offset: number): void => this.#leaps?.vouched(offset)

  /** Once a second. */
  tick(now: Now): Outcome {
    if (!this.#started) return this.#flush()
    const before = this.#state.state
    this.#look(now)
    this.#leaps?.look(this.#references.leapVote, now)
    this.#leap(now)
    this.#expire(now)
    const { selected } = this.#references.select(now, this.#growth)
    if (selected === undefined) this.#unreferenced(now)
    // a slew towards something that is not believed any more, or not yet again
    const doubted = selected === undefined || this.#references.waits(now)
    if (doubted && this.#steering.slewing) this.#coast(now)
    this.#announce(before)
    this.#tellKernel(now)
    const outcome = this.#flush(now)
    return this.#drift.isDue(now) ? { ...outcome, ...this.#driftText() } : outcome
  }

  /** A clock that others steer was just read: what they did to it belongs to that reading. */
  glance(now: Now): Outcome {
    if (this.#started && !this.#steering.writes) this.#look(now)
    return this.#flush()
  }

  /** The moment that an outcome asked for: a slew has done its work. */
  wake(now: Now): Outcome {
    if (!this.#started) return this.#flush()
    // what others did has to be known before anything is written
    this.#look(now)
    this.#leap(now)
    this.#expire(now)
    return this.#flush(now)
  }

  /** Leaves the clock with its steady frequency. */
  stop(): Outcome {
    if (this.#started) this.#absorb(this.#steering.coast())
    this.#started = false
    return { ...this.#flush(), ...this.#driftText() }
  }

  get verdicts(): ReadonlyMap<string, Judgement> {
    return this.#references.verdicts
  }

  view(now: Now): ClockView {
    return viewOf({
      ...{ clock: this.clock, config: this.#config, port: this.#port, now },
      ...{ state: this.#state, steering: this.#steering, status: this.#status },
      ...{ offset: this.#bound.offset, offsetSource: this.#references.selected ?? '' },
      ...{ bound: this.#boundAt(now), growth: this.#growth, reason: this.#reason() },
      limits: this.#bound,
    })
  }

  /** How fast the error may grow unseen: of a clock that we do not drive, as it was seen to. */
  get #growth(): Ppb {
    const seen = this.#steering.writes ? undefined : this.#onlooker.growth
    return seen ?? this.#history.growth
  }

  /** Reads the clock, and what others did to it. */
  #look(now: Now): void {
    const seen = this.#steering.check()
    const found = this.#steering.writes ? seen : this.#onlooker.dated(seen, this.#references, now)
    this.#absorb(found)
    this.#status = found.status
    if (found.changes.length === 0) return
    this.#bound.slewed(this.#steering.slew)
    this.#onlooker.watch(found.changes)
    const leapt = found.changes.find(({ leap }) => leap !== undefined)?.leap
    if (leapt !== undefined) this.#leaps?.leapt(leapt, now)
  }

  /** A leap second that the kernel was not told of. */
  #leap(now: Now): void {
    const due = this.#steering.writes ? this.#leaps?.due(now) : undefined
    if (due === undefined) return
    const { by, act } = due
    this.#note('leap-second', `${by === 1 ? 'inserted' : 'deleted'} by a ${act}`)
    this.#leaps?.leapt(by, now)
    if (act === 'step') {
      this.#absorb(this.#steering.leap(by))
      return
    }
    // UTC jumped and the clock did not: it is ahead by so much of all that was measured
    const none = { clock: this.clock, at: now.mono, step: 0n, frequency: ppb(0), foreign: false }
    const change = { ...none, uncertainty: nanos(0) }
    const jumped = { ...change, step: BigInt(by) * 1_000_000_000n }
    this.#references.move(jumped)
    this.#bound.move(jumped)
    this.#absorb({ changes: [{ ...change, leap: by }], notes: [] })
  }

  /** A believed measurement: state, bound and, in drive mode, a correction. */
  #use(sample: Sample, believed: Believed, now: Now): void {
    const { distance, estimate } = believed
    const { offset } = estimate
    const before = this.#state.state
    if (this.#waitsForAnother(sample, believed, now)) return
    if (believed.jumped) this.#jumped(sample, now)
    this.#state.measured(offset, now.mono)
    if (this.#state.state === 'locked') this.#learn(now)
    // of a clock that we do not drive only the offsets tell, locked or not
    if (!this.#steering.writes) this.#onlooker.see(this.#references.rate)
    this.#bound.measured({ at: sample.at, offset, distance, slew: ppb(0) })
    this.#absorb(this.#steering.correct(measuredOf(sample, believed, now.mono)))
    this.#bound.slewed(this.#steering.slew)
    this.#announce(before)
  }

  #waitsForAnother({ source }: Sample, { estimate, distance }: Believed, now: Now): boolean {
    const known = this.#boundAt(now)
    const { lonely } = this.#references
    const doubt = this.#lone.judge(
      { source, offset: estimate.offset, distance, known, lonely },
      now,
    )
    if (doubt.note !== undefined) this.#note('unconfirmed', doubt.note)
    return doubt.waits
  }

  /** Two samples in a row say so, and no foreign step was seen: this machine stood still. */
  #jumped({ source, offset }: Sample, now: Now): void {
    if (Math.abs(offset) <= this.#config.step.foreign * 1e9) return
    this.#steering.resumed()
    this.#state.stepped(now.mono)
    this.#note('jump', `${(offset / 1e9).toFixed(6)} s by ${source}`)
  }

  #boundAt(now: Now): Nanos | undefined {
    const bound = this.#bound.at(this.#growth, now.mono)
    return bound && nanos(Math.max(bound, this.#references.doubted))
  }

  #unreferenced(now: Now): void {
    const was = this.#state.state
    this.#state.unreferenced(this.#boundAt(now), now.mono)
    if (was === 'locked') this.#coast(now)
  }

  /** A slew that ended moves the clock no more. */
  #expire(now: Now): void {
    const before = this.#steering.slewing
    const done = this.#steering.expire(now.mono)
    const ended = before && (!this.#steering.slewing || done.changes.length > 0)
    if (ended) this.#bound.rebase(this.#growth, now.mono)
    this.#absorb(done)
    if (ended) this.#bound.slewed(this.#steering.slew)
  }

  /** Runs on what was learnt, and towards nothing. */
  #coast(now: Now): void {
    this.#bound.rebase(this.#growth, now.mono)
    this.#absorb(this.#steering.coast())
  }

  /** The servo knows the steady dial. */
  #learn(now: Now): void {
    this.#steering.locked()
    const { writes, servoSteady, steady } = this.#steering
    const learnt = servoSteady ?? steady
    if (writes && learnt !== undefined) this.#history.add(learnt, now.mono)
  }

  #reason(): string {
    const { selected, size } = this.#references
    return reasonOf(this.#state.state, { frozen: this.#steering.frozen, selected, sources: size })
  }

  #announce(before: string): void {
    const { state } = this.#state
    if (state === before) return
    this.#note('state', `${before} to ${state}: ${this.#reason()}`)
    if (state === 'holdover') this.#note('holdover', this.#reason())
    if (before === 'holdover' && state !== 'freerun') this.#note('recovered', this.#reason())
  }

  #tellKernel(now: Now): void {
    if (this.clock !== 'system' || !this.#steering.writes) return
    const truth = {
      state: this.#state.state,
      bound: this.#boundAt(now),
      offset: this.#bound.offset,
      ...(this.#leaps?.kernel(now, this.#state.state) ?? NO_LEAP),
    }
    this.#absorb(this.#steering.setStatus(kernelStatus(truth, now.utc)))
  }

  #driftText(): { readonly drift?: string } {
    return this.#steering.writes ? driftOf(this.#history) : {}
  }

  #note(code: NoteCode, detail: string): void {
    this.#notes.push({ code, detail })
  }

  /** Our own samples move with every change of the clock, and the bound with every step. */
  #absorb({ changes, notes }: ActuatorOutcome): void {
    for (const change of changes) {
      this.#references.move(change)
      this.#bound.move(change)
      // whichever look saw it: also that before a write, as when the clock of the reference was turned
      if (change.foreign && change.step !== 0n) this.#state.stepped(change.at)
    }
    this.#changes.push(...changes)
    this.#notes.push(...notes)
  }

  #flush(now?: Now): Outcome {
    const leap = now && this.#steering.writes ? this.#leaps?.wakeAt(now) : undefined
    const wake = earliest(this.#steering.wakeAt, leap)
    const [changes, notes] = [this.#changes, this.#notes]
    const outcome = wake === undefined ? { changes, notes } : { changes, notes, wake }
    this.#changes = []
    this.#notes = []
    return outcome
  }
}
