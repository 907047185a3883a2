/**
 * One discipline on a fake clock with sources that measure it: truth plus the error and the noise of
 * the source. Time goes in quarters of a second; the discipline ticks once a second.
 */
import type { LeapSeconds } from '../agent/clock/leap-seconds.ts'
import type { ClockConfig } from '../agent/config/types.ts'
import type { ClockChange } from '../agent/core/clock-change.ts'
import type { Sample } from '../agent/core/sample.ts'
import { nanos } from '../agent/core/units.ts'
import { Discipline } from '../agent/discipline.ts'
import type { Outcome } from '../agent/discipline-types.ts'
import type { SourceRule } from '../agent/select/rule.ts'
import { SeededRandom } from '../agent/sim/random.ts'
import { FakeClock, type FakeClockOptions } from './clock/fake-clock.ts'

export const CONFIG: ClockConfig = {
  mode: 'drive',
  servo: 'kalman',
  maxSlewPpm: 500,
  step: { boot: 0.01, foreign: 0.128, panic: 1000 },
  lockThreshold: 0.001,
  rate: 1,
  holdover: { seconds: 86_400, bound: 0.5 },
}

export interface BenchSource {
  readonly name: string
  readonly rank: number
  /** Seconds between samples and of the first one. */
  readonly period: number
  readonly phase: number
  /** Round trip and standard deviation of the offset, ns. */
  readonly delay: number
  readonly noise: number
  /** How far its reference is off: a positive one makes the clock look behind. */
  error: number
  /** It answers. */
  up: boolean
  leap: Sample['leap']
  last: Partial<Sample>
  /** Seconds between polls that it tells of itself. */
  poll?: number
}

export const ntp = (name: string, changes: Partial<BenchSource> = {}): BenchSource => ({
  ...{ name: `ntp:${name}`, rank: 1, period: 8, phase: 0.25, delay: 200_000, noise: 5000 },
  ...{ error: 0, up: true, leap: 'none', last: {} },
  ...changes,
})

export const phc = (changes: Partial<BenchSource> = {}): BenchSource =>
  ntp('', {
    ...{ name: 'phc:eth0', rank: 0, period: 1, phase: 0.75, delay: 900, noise: 30 },
    ...changes,
  })

/** Their polls are spread over the period. */
export const servers = (count: number): BenchSource[] =>
  Array.from({ length: count }, (_, k) => ntp('abcdef'[k] ?? '', { phase: 0.25 + 2.5 * k }))

export interface BenchOptions {
  readonly clock?: FakeClockOptions
  readonly config?: Partial<ClockConfig>
  readonly sources: readonly BenchSource[]
  readonly drift?: string
  readonly seed?: string
  readonly leaps?: LeapSeconds
}

export interface Moment {
  readonly at: number
  readonly error: number
  readonly bound: number | undefined
  readonly state: string
}

export class Bench {
  readonly clock: FakeClock
  readonly discipline: Discipline
  readonly sources: readonly BenchSource[]
  readonly notes: { readonly at: number; readonly code: string; readonly detail: string }[] = []
  readonly changes: ClockChange[] = []
  readonly record: Moment[] = []
  drift: string | undefined
  #quarters = 0
  #wake: bigint | undefined
  readonly #random: SeededRandom

  constructor({ clock, config, sources, drift, seed = '1', leaps }: BenchOptions) {
    this.clock = new FakeClock(clock)
    this.sources = sources
    this.#random = new SeededRandom(seed)
    const flags = { noselect: false, prefer: false, trust: false, require: false }
    const rules = new Map<string, SourceRule>(
      sources.map(({ name, rank }) => [name, { source: name, rank, ...flags }]),
    )
    this.discipline = new Discipline({
      ...{
        clock: this.clock.name,
        config: { ...CONFIG, ...config },
        port: this.clock,
        rules,
        leaps,
      },
    })
    this.keep(this.discipline.start(drift, this.clock.now))
  }

  get seconds(): number {
    return this.#quarters / 4
  }

  get view() {
    return this.discipline.view(this.clock.now)
  }

  verdict(source: string): string | undefined {
    return this.discipline.verdicts.get(source)?.verdict
  }

  codes(code: string): readonly { readonly at: number; readonly detail: string }[] {
    return this.notes.filter((note) => note.code === code)
  }

  keep({ notes, changes, drift, wake }: Outcome): void {
    this.#wake = wake ?? this.#wake
    for (const note of notes) this.notes.push({ at: this.seconds, ...note })
    this.changes.push(...changes)
    this.drift = drift ?? this.drift
  }

  /** Worst true error from `after` on. */
  worst(after: number): number {
    return this.record.reduce(
      (max, { at, error }) => (at < after ? max : Math.max(max, Math.abs(error))),
      0,
    )
  }

  /** First second from which on |error| stayed within `limit`. */
  within(limit: number): number {
    const last = this.record.findLastIndex(({ error }) => Math.abs(error) > limit)
    return this.record[last + 1]?.at ?? Number.POSITIVE_INFINITY
  }

  /** Moments at which the clock was farther off than it said. */
  get broken(): readonly Moment[] {
    return this.record.filter(({ error, bound }) => bound !== undefined && Math.abs(error) > bound)
  }

  run(seconds: number): this {
    for (let k = 0; k < seconds * 4; k += 1) this.#quarter()
    return this
  }

  measure(source: BenchSource): void {
    const { now } = this.clock
    const offset = this.clock.error - source.error + this.#random.gaussian(source.noise)
    const sample: Sample = {
      ...{ source: source.name, clock: this.clock.name, at: now.mono, leap: source.leap },
      ...{
        offset: nanos(offset),
        delay: nanos(source.delay),
        dispersion: nanos(source.noise * 4 + 20),
      },
      ...{ rootDelay: nanos(0), rootDispersion: nanos(1000), stratum: source.rank },
      ...{ reference: 'truth', stamps: 'kernel' },
      ...source.last,
    }
    this.keep(this.discipline.sample(sample, now))
  }

  #quarter(): void {
    this.clock.pass(0.25)
    this.#quarters += 1
    if (this.#wake !== undefined && this.clock.now.mono >= this.#wake) {
      this.#wake = undefined
      this.keep(this.discipline.wake(this.clock.now))
    }
    for (const source of this.sources) {
      const turn = (this.seconds - source.phase) / source.period
      if (source.up && turn >= 0 && Number.isInteger(turn)) this.measure(source)
    }
    if (this.#quarters % 4 !== 0) return
    for (const { name, up, poll } of this.sources) {
      if (poll !== undefined) this.discipline.reach(name, up ? 255 : 0, '', poll)
    }
    this.keep(this.discipline.tick(this.clock.now))
    const { bound, state } = this.view
    this.record.push({ at: this.seconds, error: this.clock.error, bound, state })
  }
}
