/**
 * The sources that measure one clock: their filters, what they say of themselves, and the selection
 * among them. Pure bookkeeping; what is done about the result is the discipline's.
 */
import { type ClockChange, seenFrom } from './core/clock-change.ts'
import type { Now } from './core/machine.ts'
import { type LeapWarning, referenceOf, rootDistance, type Sample } from './core/sample.ts'
import { elapsed, type Instant, type Nanos, nanos, type Ppb, plus, ppb } from './core/units.ts'
import { type Believed, type Followed, type Note, settle } from './references-types.ts'
import { type Estimate, type KnownFrequency, UNKNOWN_FREQUENCY } from './select/estimator.ts'
import { agedDistance, SampleFilter } from './select/filter.ts'
import { type Contribution, fuse } from './select/fuse.ts'
import type { SourceRule } from './select/rule.ts'
import { intervalOf, type Judgement, type Selection, select } from './select/select.ts'
import { isUsed, type Verdict } from './select/verdict.ts'

/** At start the first answer does not decide: who answers gets three samples, for so long. */
const PATIENCE = 10e9
/** And who did not answer by then is not waited for. */
const FIRST_PATIENCE = 2e9
const FIRST_SAMPLES = 3
/** What another source takes over of the knowledge of the frequency, ppb. */
const NEWCOMER = 4
const NEWCOMER_FLOOR = 50
const OTHERWISE = { rank: 1, noselect: false, prefer: false, trust: false, require: false }

/** Of a truechimer. */
const AGREES: readonly Verdict[] = ['selected', 'combined', 'outlier', 'standby']

export class References {
  #rules: ReadonlyMap<string, SourceRule>
  readonly #spikeLimit: Nanos
  readonly #note: (note: Note) => void
  readonly #slew: () => Ppb
  readonly #followed = new Map<string, Followed>()
  #selection: Selection | undefined
  /** Nothing could be believed so far, or since what was believed was lost. */
  #lost = true
  /** Something was believed once. */
  #chosen = false
  /** Decisions wait for more samples since this moment. */
  #patientSince: Instant<'mono'> | undefined
  /** How well the frequency of the clock is known, whoever measures it. */
  #frequencyError: Ppb = UNKNOWN_FREQUENCY

  /**
   * An offset within `spikeLimit` is never a spike; `note` takes what is worth telling; `slew` is what
   * moves the clock on purpose at present.
   */
  constructor(
    rules: ReadonlyMap<string, SourceRule>,
    spikeLimit: Nanos,
    note: (note: Note) => void,
    slew: () => Ppb = () => ppb(0),
  ) {
    this.#rules = rules
    this.#spikeLimit = spikeLimit
    this.#note = note
    this.#slew = slew
  }

  get selected(): string | undefined {
    return this.#selection?.selected
  }

  get verdicts(): ReadonlyMap<string, Judgement> {
    return this.#selection?.verdicts ?? new Map()
  }

  get size(): number {
    return this.#followed.size
  }

  /**
   * A single server is believed although there are others of its kind: nobody confirms what it says, and
   * nobody contradicts it.
   */
  get lonely(): boolean {
    const rank = this.#selection?.rank
    if (rank === undefined || rank === 0) return false
    const alike = [...this.#followed.values()].filter(
      ({ rule }) => rule.rank === rank && !rule.noselect && !rule.trust && !rule.prefer,
    )
    const used = [...this.verdicts.values()].filter(({ verdict }) => AGREES.includes(verdict))
    return alike.length > 1 && used.length === 1
  }

  /** Last sample of the selected source. */
  get last(): Sample | undefined {
    return this.selected === undefined ? undefined : this.#followed.get(this.selected)?.filter.last
  }

  /**
   * What was said last and is not believed, or not yet: until the next samples tell, the clock may be
   * as wrong as that. 0 when nothing is set aside.
   */
  get doubted(): Nanos {
    return nanos(Math.max(0, ...[...this.#followed.values()].map(({ doubt }) => doubt)))
  }

  /** What more than half of those announce that are used; a tie is no announcement. */
  get leapVote(): LeapWarning {
    const used = [...this.verdicts].flatMap(([source, { verdict }]) => {
      const last = isUsed(verdict) ? this.#followed.get(source)?.filter.last : undefined
      return last === undefined ? [] : [last.leap]
    })
    const most = (warning: LeapWarning): boolean =>
      used.filter((leap) => leap === warning).length * 2 > used.length
    return most('insert') ? 'insert' : most('delete') ? 'delete' : 'none'
  }

  /** How fast the clock runs away from the selected source, as measured. */
  get rate(): SampleFilter['rate'] {
    return this.selected === undefined ? undefined : this.#followed.get(this.selected)?.filter.rate
  }

  /** What is dialled is known to hold the clock steady within this. */
  knowFrequency(error: Ppb): void {
    this.#frequencyError = error
    for (const { filter } of this.#followed.values()) filter.clear(this.#knownFrequency)
  }

  /** Nothing was decided yet: hear everybody first. Who was heard before counts. */
  begin(since: Instant<'mono'>): void {
    this.#patientSince = since
  }

  /** What was heard means nothing any more: hear everybody anew. */
  bePatient(since: Instant<'mono'>): void {
    this.begin(since)
    for (const followed of this.#followed.values()) followed.heard = 0
  }

  /** Other sources than before; of those that are not among `kept` nothing counts any more. */
  follow(rules: ReadonlyMap<string, SourceRule>, kept: ReadonlySet<string>): void {
    this.#rules = rules
    for (const source of this.#followed.keys()) {
      if (!kept.has(source)) this.#followed.delete(source)
    }
  }

  reach(source: string, reach: number, trouble: string, poll?: number): void {
    const followed = this.#follow(source)
    followed.poll = poll
    followed.reach = reach
    followed.trouble = trouble
  }

  /** A new sample; what is to be believed, when it is one that decides. */
  add(sample: Sample, now: Now, growth: Ppb): Believed | undefined {
    const followed = this.#follow(sample.source)
    followed.reach = followed.reach === 0 ? 1 : followed.reach
    const { filter } = followed
    const { spike } = followed
    if (spike === undefined && filter.isSpike(sample, this.#spikeLimit, this.#slew())) {
      followed.spike = sample
      followed.doubt = this.#doubtOf(followed, sample)
      const detail = `${sample.source}: ${(sample.offset / 1e9).toFixed(9)} s`
      this.#note({ code: 'spike', detail })
      return undefined
    }
    const jumped = spike !== undefined && filter.isSpike(sample, this.#spikeLimit, this.#slew())
    followed.spike = undefined
    followed.jumped ||= jumped
    // what was measured before a jump means nothing any more
    if (jumped) filter.clear(this.#knownFrequency)
    filter.add(sample)
    followed.doubt = followed.jumped ? this.#doubtOf(followed, sample) : nanos(0)
    this.select(now, growth)
    followed.heard += 1
    const judgement = this.verdicts.get(sample.source)
    if (judgement === undefined || !isUsed(judgement.verdict) || this.waits(now)) return undefined
    const estimate = this.#estimate(sample.at, now, growth)
    if (estimate === undefined) return undefined
    const own =
      Math.max(rootDistance(sample), filter.jitter(this.#slew())) +
      Math.abs(estimate.offset - sample.offset)
    const moved = followed.jumped
    followed.jumped = false
    followed.doubt = nanos(0)
    return {
      offset: this.#combined(sample, now, growth),
      estimate,
      distance: nanos(Math.max(own, this.#covered(estimate.offset))),
      weight: filter.weight,
      interval: intervalOf(followed) ?? 1,
      leads: sample.source === this.selected,
      jumped: moved,
    }
  }

  /** The selection at this moment, by age alone if nothing new came. */
  select(now: Now, growth: Ppb): Selection {
    const before = this.#selection
    const next = select(
      [...this.#followed.values()],
      before?.selected,
      now.mono,
      growth,
      before?.leap,
      this.#slew(),
    )
    this.#selection = next
    if (next.selected === undefined && before?.selected !== undefined) this.#lost = true
    // the first who answers after a loss decides as little as at start
    if (next.selected !== undefined && this.#lost) {
      this.#lost = false
      if (this.#chosen) this.bePatient(now.mono)
      else this.#patientSince = now.mono
      this.#chosen = true
    }
    if (next.selected !== before?.selected && next.selected !== undefined) {
      const detail = `${next.selected} after ${before?.selected ?? 'none'}`
      this.#note({ code: 'reference', detail })
    }
    if (next.contested && before?.contested !== true) {
      const detail = `${this.size} sources; used: ${next.selected ?? 'none'}`
      this.#note({ code: 'no-majority', detail })
    }
    return next
  }

  /**
   * The last Sync between `since` and `now` by which a ptp4l steered this clock, as far as its samples
   * tell; undefined: none, or nobody knows.
   */
  syncWithin(since: Instant<'mono'>, now: Instant<'mono'>): Instant<'mono'> | undefined {
    const filter = this.#followed.get(this.selected ?? '')?.filter
    const [last, spacing] = [filter?.last, filter?.spacing]
    if (last?.source.startsWith('ptp4l:') !== true || !spacing) return undefined
    const interval = spacing * 1e9
    const passed = Math.floor(elapsed(now, last.at) / interval)
    const sync = plus(last.at, nanos(Math.max(0, passed) * interval))
    return sync > since && sync <= now ? sync : undefined
  }

  /**
   * Samples move with every change of the clock. After a foreign step nothing measured before means
   * anything: a machine that slept looks the same, and there true time went on with the clock.
   */
  move(change: ClockChange): void {
    const forget = change.foreign && change.step !== 0n
    if (forget) this.bePatient(change.at)
    for (const followed of this.#followed.values()) {
      if (change.step !== 0n) settle(followed)
      if (forget) followed.filter.clear(this.#knownFrequency)
      else followed.filter.move(change)
    }
  }

  /** A clock of this node that is a reference here went forward: the same as this one going back. */
  moveReference(change: ClockChange): void {
    const { clock, step } = change
    for (const [source, followed] of this.#followed) {
      const measured = followed.filter.clock
      if (referenceOf(source) !== clock || measured === undefined || measured === clock) continue
      followed.filter.move(seenFrom(measured, change))
      if (step !== 0n) settle(followed)
    }
  }

  /** Somebody who answers has not been heard enough yet. */
  waits(now: Now): boolean {
    if (this.#patientSince === undefined) return false
    const waited = elapsed(now.mono, this.#patientSince)
    // where so many agree one sample each is enough
    const agreed = [...this.verdicts.values()].filter(({ verdict }) => isUsed(verdict)).length
    const enough = agreed >= FIRST_SAMPLES ? 1 : FIRST_SAMPLES
    const early =
      waited < PATIENCE &&
      [...this.#followed.values()].some(({ heard, rule, trouble }) => {
        const used = isUsed(this.verdicts.get(rule.source)?.verdict ?? 'no-sample')
        // a PHC is read on the spot: its first sample is as good as any
        const few = heard < (rule.rank === 0 ? 1 : enough)
        // who says why it is of no use is not waited for
        const hopeful = heard > 0 ? used || trouble === '' : waited < FIRST_PATIENCE
        return !rule.noselect && few && hopeful
      })
    if (!early) this.#patientSince = undefined
    return early
  }

  /** Of a source that is not the selected one only what its verdict makes of it counts. */
  #doubtOf({ rule }: Followed, sample: Sample): Nanos {
    const counts = rule.source === this.selected || this.selected === undefined
    return nanos(counts ? Math.abs(sample.offset) + rootDistance(sample) : 0)
  }

  #follow(source: string): Followed {
    const known = this.#followed.get(source)
    if (known !== undefined) return known
    const rule = this.#rules.get(source) ?? { source, ...OTHERWISE }
    const most = Math.max(rule.maxSamples ?? 0, rule.minSamples ?? 0)
    const limited = (rule.maxSamples ?? 0) > 0
    const filter = new SampleFilter(this.#knownFrequency, limited ? most : undefined)
    const followed = {
      ...{ rule, filter, reach: undefined, trouble: '', poll: undefined },
      ...{ spike: undefined, jumped: false, doubt: nanos(0), heard: 0 },
    }
    this.#followed.set(source, followed)
    return followed
  }

  /** A frequency that was estimated is known a little worse by whoever was not there. */
  get #knownFrequency(): KnownFrequency {
    const worse = NEWCOMER * this.#frequencyError + NEWCOMER_FLOOR
    return { frequency: this.#slew(), error: ppb(Math.min(UNKNOWN_FREQUENCY, worse)) }
  }

  /** What all used sources say together of the clock at `at`. */
  #estimate(at: Instant<'mono'>, now: Now, growth: Ppb): Estimate | undefined {
    const fused = fuse(this.#contributions(at, now, growth))
    if (fused !== undefined) this.#frequencyError = fused.frequencyError
    return fused
  }

  /** The farthest that the truth may be from `offset` where more than half of those who steer meet. */
  #covered(offset: Nanos): number {
    const cover = this.#selection?.cover
    return cover === undefined ? 0 : Math.max(offset - cover.lo, cover.hi - offset)
  }

  #contributions(at: Instant<'mono'>, now: Now, growth: Ppb): Contribution[] {
    const found: Contribution[] = []
    for (const [source, { verdict }] of this.verdicts) {
      const filter = isUsed(verdict) ? this.#followed.get(source)?.filter : undefined
      const [estimate, last] = [filter?.estimate(at), filter?.last]
      if (estimate === undefined || last === undefined) continue
      found.push({ estimate, distance: agedDistance(last, now.mono, growth) })
    }
    return found
  }

  /** The last offsets of all used sources, weighted by their root distance, which grows with age. */
  #combined(sample: Sample, now: Now, growth: Ppb): Nanos {
    let sum = 0
    let total = 0
    for (const [source, { verdict }] of this.verdicts) {
      const last = isUsed(verdict) ? this.#followed.get(source)?.filter.last : undefined
      if (last === undefined) continue
      const weight = 1 / Math.max(1, agedDistance(last, now.mono, growth))
      sum += last.offset * weight
      total += weight
    }
    return total === 0 ? sample.offset : nanos(sum / total)
  }
}
