/**
 * One pipeline for one clock: samples in, filter, select, servo, actuator; state, error bound and
 * verdicts out. No I/O but the synchronous clock port inside the actuator.
 *
 *   sample ─► filter ─► select ─► steering ─► ClockChange ─► filters move their samples
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
import { type ClockName, rootDistance, type Sample } from './core/sample.ts'
import { type Instant, type Nanos, nanos, type Ppb, ppb, since } from './core/units.ts'
import type { ClockView } from './observe/snapshot.ts'
import type { ClockPort, ClockStatus } from './ports/clock.ts'
import { SampleFilter } from './select/filter.ts'
import type { SourceRule } from './select/rule.ts'
import { type Judgement, type Selection, select } from './select/select.ts'
import { isUsed } from './select/verdict.ts'
import type { EdgeKind } from './servo/catalogue.ts'
import { Steering } from './steering.ts'

export interface Outcome {
  readonly changes: readonly ClockChange[]
  readonly notes: readonly { readonly code: NoteCode; readonly detail: string }[]
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
const OTHERWISE = { rank: 1, noselect: false, prefer: false, trust: false, require: false }

interface Followed {
  readonly rule: SourceRule
  readonly filter: SampleFilter
  reach: number | undefined
  trouble: string
  /** The last sample was set aside as a spike: a second one in a row is believed. */
  spiked: boolean
}

export class Discipline {
  readonly clock: ClockName
  readonly #config: ClockConfig
  readonly #port: ClockPort
  readonly #rules: ReadonlyMap<string, SourceRule>
  readonly #followed = new Map<string, Followed>()
  readonly #history = new OscillatorHistory()
  readonly #steering: Steering
  #state: ClockStateMachine | undefined
  #selection: Selection | undefined
  #base: BoundBase | undefined
  #status: ClockStatus | undefined
  #taiOffset: number | undefined
  #driftAt: Instant<'mono'> | undefined
  #changes: ClockChange[] = []
  #notes: { readonly code: NoteCode; readonly detail: string }[] = []

  constructor({ clock, config, port, rules }: DisciplineOptions) {
    this.clock = clock
    this.#config = config
    this.#port = port
    this.#rules = rules
    this.#steering = new Steering(config, port, this.#history)
  }

  /** Takes the clock over as it is found; `drift` is the text of its drift file, if there was one. */
  start(drift: string | undefined, now: Now): Outcome {
    const { lockThreshold, holdover } = this.#config
    this.#state = new ClockStateMachine(lockThreshold * 1e9, holdover, now.mono)
    this.#driftAt = now.mono
    const parsed = drift === undefined ? undefined : parseDrift(drift)
    if (parsed?.ok === false) {
      this.#note('drift-file', `${parsed.fault} in line ${parsed.at}`)
    }
    const known = parsed?.ok === true ? parsed.value.frequency : undefined
    if (known !== undefined) this.#note('drift-loaded', `${(known / 1000).toFixed(3)} ppm`)
    this.#absorb(this.#steering.begin(known))
    return this.#flush()
  }

  sample(sample: Sample, now: Now): Outcome {
    const followed = this.#follow(sample.source)
    followed.reach = followed.reach === 0 ? 1 : followed.reach
    const limit = nanos(this.#config.lockThreshold * 1e9)
    if (!followed.spiked && followed.filter.isSpike(sample, limit)) {
      followed.spiked = true
      this.#note('spike', `${sample.source}: ${(sample.offset / 1e9).toFixed(9)} s`)
      return this.#flush()
    }
    followed.spiked = false
    followed.filter.add(sample)
    const selection = this.#select(now)
    if (this.#state !== undefined && sample.source === selection.selected) {
      this.#use(sample, followed.filter, selection, now)
    }
    return this.#flush()
  }

  /** What a source says of its reachability; asked once a second by the agent. */
  reach(source: string, reach: number, trouble: string): void {
    const followed = this.#follow(source)
    followed.reach = reach
    followed.trouble = trouble
  }

  /** TAI - UTC by a reference that vouches for it. */
  tai(offset: number): void {
    this.#taiOffset = offset
  }

  /** Once a second. */
  tick(now: Now): Outcome {
    const state = this.#state
    if (state === undefined) return this.#flush()
    const before = state.state
    const found = this.#steering.check()
    this.#absorb(found)
    this.#status = found.status
    if (found.changes.some(({ step }) => step !== 0n)) state.stepped(now.mono)
    const { selected } = this.#select(now)
    if (selected === undefined) this.#unreferenced(state, now)
    else if (state.state === 'locked') this.#learn(now)
    if (before !== state.state) this.#announce(before)
    this.#tellKernel(state, now)
    return { ...this.#flush(), ...this.#driftDue(now) }
  }

  /** Leaves the clock with its steady frequency. */
  stop(_now: Now): Outcome {
    this.#absorb(this.#steering.coast())
    return { ...this.#flush(), ...this.#drift() }
  }

  verdicts(_now: Now): ReadonlyMap<string, Judgement> {
    return this.#selection?.verdicts ?? new Map()
  }

  view(now: Now): ClockView {
    const state = this.#state
    const status = this.#status
    return {
      name: this.clock,
      mode: this.#config.mode,
      state: state?.state ?? 'freerun',
      stateSeconds: state === undefined ? 0 : since(now.mono, state.since) / 1e9,
      reason: this.#reason(),
      offset: this.#base?.offset,
      offsetSource: this.#selection?.selected ?? '',
      frequency: this.#steering.frequency,
      bound: this.#bound(now),
      boundGrowth: this.#history.growth,
      holdoverLeftSeconds: this.#holdoverLeft(now),
      leap: status?.leap ?? 'none',
      taiOffset: this.clock === 'system' ? status?.taiOffset : undefined,
      steps: this.#steering.steps,
      adjustable: this.#port.capabilities.adjustable,
      notAdjustable: this.#port.capabilities.reason,
      kernel: this.clock === 'system' ? status : undefined,
    }
  }

  #follow(source: string): Followed {
    const known = this.#followed.get(source)
    if (known !== undefined) return known
    const rule = this.#rules.get(source) ?? { source, ...OTHERWISE }
    const filter = new SampleFilter()
    const followed = { rule, filter, reach: undefined, trouble: '', spiked: false }
    this.#followed.set(source, followed)
    return followed
  }

  #select(now: Now): Selection {
    const before = this.#selection
    const next = select(
      [...this.#followed.values()],
      before?.selected,
      now.mono,
      this.#history.growth,
    )
    this.#selection = next
    if (next.selected !== before?.selected && next.selected !== undefined) {
      this.#note('reference', `${next.selected} after ${before?.selected ?? 'none'}`)
    }
    if (next.contested && before?.contested !== true) {
      const chosen = next.selected ?? 'none'
      this.#note('no-majority', `${this.#followed.size} sources; used: ${chosen}`)
    }
    return next
  }

  /** A believed measurement: state, bound and, in drive mode, a correction. */
  #use(sample: Sample, filter: SampleFilter, selection: Selection, now: Now): void {
    const offset = this.#combined(sample, selection)
    const distance = nanos(Math.max(rootDistance(sample), filter.jitter))
    const before = this.#state?.state
    this.#state?.measured(offset, now.mono)
    if (this.#state?.state === 'locked') this.#steering.locked()
    this.#base = { at: sample.at, offset, distance, slew: ppb(0) }
    this.#absorb(
      this.#steering.correct({
        offset,
        at: sample.at,
        weight: filter.weight,
        edge: edgeOf(sample),
        interval: filter.spacing ?? 1,
      }),
    )
    this.#base = { ...this.#base, slew: this.#slew() }
    if (before !== undefined && before !== this.#state?.state) this.#announce(before)
  }

  /** The last offsets of all used sources, weighted by their root distance. */
  #combined(sample: Sample, { verdicts }: Selection): Nanos {
    let sum = 0
    let total = 0
    for (const [source, { verdict }] of verdicts) {
      const last = isUsed(verdict) ? this.#followed.get(source)?.filter.last : undefined
      if (last === undefined) continue
      const weight = 1 / Math.max(1, rootDistance(last))
      sum += last.offset * weight
      total += weight
    }
    return total === 0 ? sample.offset : nanos(sum / total)
  }

  #unreferenced(state: ClockStateMachine, now: Now): void {
    const was = state.state
    state.unreferenced(this.#bound(now), now.mono)
    if (was === 'locked' && state.state === 'holdover') {
      this.#rebase(now)
      this.#absorb(this.#steering.coast())
    }
  }

  /** The bound so far becomes the distance from which it grows on: the dial changes its meaning now. */
  #rebase(now: Now): void {
    if (this.#base === undefined) return
    const elapsed = nanos(since(now.mono, this.#base.at))
    const offset = nanos(this.#base.offset + (this.#base.slew * elapsed) / 1e9)
    const distance = nanos(this.#base.distance + grown(this.#history.growth, elapsed))
    this.#base = { at: now.mono, offset, distance, slew: ppb(0) }
  }

  #slew(): Ppb {
    const { frequency, steady } = this.#steering
    return ppb(frequency === undefined || steady === undefined ? 0 : frequency - steady)
  }

  /** In drive mode the servo knows the steady dial; otherwise what another steersman dials is it. */
  #learn(now: Now): void {
    const { writes, steady, frequency } = this.#steering
    const learnt = writes ? (this.#steering.servoSteady ?? steady) : frequency
    if (learnt !== undefined) this.#history.add(learnt, now.mono)
  }

  #bound(now: Now): Nanos | undefined {
    return this.#base && errorBound(this.#base, this.#history.growth, now.mono)
  }

  #holdoverLeft(now: Now): number | undefined {
    const bound = this.#bound(now)
    const state = this.#state
    if (state?.state !== 'holdover' || bound === undefined) return undefined
    const { seconds, bound: limit } = this.#config.holdover
    const left = seconds - since(now.mono, state.since) / 1e9
    return Math.max(0, Math.min(left, secondsUntil(bound, this.#history.growth, limit)))
  }

  #reason(): string {
    if (this.#steering.frozen !== '') return `steering is frozen: ${this.#steering.frozen}`
    const selected = this.#selection?.selected
    switch (this.#state?.state) {
      case 'locked':
        return `follows ${selected}`
      case 'acquiring':
        return `approaches ${selected}`
      case 'holdover':
        return 'no usable reference: runs on its learnt frequency'
      default:
        return this.#followed.size === 0 ? 'nothing measures it' : 'no usable reference'
    }
  }

  #announce(before: string): void {
    const after = this.#state?.state
    this.#note('state', `${before} to ${after}: ${this.#reason()}`)
    if (after === 'holdover') this.#note('holdover', this.#reason())
    if (before === 'holdover' && after !== 'freerun') this.#note('recovered', this.#reason())
  }

  /** maxerror, esterror, UNSYNC, TAI offset and leap flags, truthful, for whoever asks the kernel. */
  #tellKernel({ state }: ClockStateMachine, now: Now): void {
    const bound = this.#bound(now)
    if (this.clock !== 'system' || !this.#steering.writes || bound === undefined) return
    const selected = this.#selection?.selected
    const last = selected === undefined ? undefined : this.#followed.get(selected)?.filter.last
    const leap = isLeapDay(now.utc) && last !== undefined ? last.leap : 'none'
    const done = this.#steering.setStatus({
      maxError: bound,
      estimatedError: nanos(Math.abs(this.#base?.offset ?? 0)),
      synchronized: state === 'locked' || state === 'holdover',
      leap: leap === 'unknown' ? 'none' : leap,
      ...(this.#taiOffset === undefined ? {} : { taiOffset: this.#taiOffset }),
    })
    this.#absorb(done)
  }

  #driftDue(now: Now): { readonly drift?: string } {
    if (this.#driftAt === undefined || since(now.mono, this.#driftAt) < DRIFT_PERIOD) return {}
    this.#driftAt = now.mono
    return this.#drift()
  }

  #drift(): { readonly drift?: string } {
    const frequency = this.#history.frequency
    if (frequency === undefined || !this.#steering.writes) return {}
    return { drift: formatDrift({ frequency, skew: this.#history.skew }) }
  }

  #note(code: NoteCode, detail: string): void {
    this.#notes.push({ code, detail })
  }

  /** Our own samples move with every change of the clock, and the bound with every foreign one. */
  #absorb({ changes, notes }: ActuatorOutcome): void {
    for (const change of changes) {
      for (const { filter } of this.#followed.values()) filter.move(change)
      if (this.#base !== undefined && (change.foreign || change.step !== 0n)) {
        const offset = nanos(this.#base.offset + Number(change.step))
        const slew = ppb(this.#base.slew + (change.foreign ? change.frequency : 0))
        this.#base = { ...this.#base, offset, slew }
      }
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

/** A PHC is read locally; a ptp4l measures a PHC by hardware stamps; the rest comes by network. */
function edgeOf({ source, clock }: Sample): EdgeKind {
  if (source.startsWith('phc:')) return 'phc'
  return source.startsWith('ptp4l:') && clock !== 'system' ? 'hardware' : 'software'
}
