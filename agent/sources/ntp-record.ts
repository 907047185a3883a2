/**
 * What an NTP source shows of itself: counters, reach register (RFC 5905 section 13), last sample and
 * trouble. It changes nothing of what the source does, except by telling for how long its server was
 * of no use.
 */
import { type ClockChange, moveSample } from '../core/clock-change.ts'
import type { Action } from '../core/machine.ts'
import { severityOf } from '../core/notes.ts'
import { type LeapWarning, rootDistance, type Sample } from '../core/sample.ts'
import type { Nanos } from '../core/units.ts'
import type { OptionValues, SourceView } from './source.ts'

/** Polls without use after which a source that was never reached counts as unreachable, too. */
const REACH_BITS = 8
/** Refusals that are told as well as counted. */
const REFUSALS: ReadonlySet<string> = new Set([
  'kiss-rate',
  'kiss-deny',
  'loop',
  'open-failed',
  'no-key',
])

interface Outside extends Pick<SourceView, 'id' | 'address' | 'pollSeconds'> {
  readonly counts: { readonly sent: number; readonly received: number }
  readonly options: OptionValues
  readonly authentication: string
}

export class NtpRecord {
  #reach = 0
  #good = 0
  /** Polls in a row from which nothing usable came. */
  #fruitless = 0
  #reachable: boolean | undefined
  #known = false
  #trouble = 'no answer yet'
  #leap: LeapWarning = 'unknown'
  #interleaved = false
  #sample: Sample | undefined
  /** Polls and packets of which nothing came, by the code of their note. */
  readonly #refused = new Map<string, number>()

  get fruitless(): number {
    return this.#fruitless
  }

  /** The last round trip; undefined while the server is not reached. */
  get delay(): Nanos | undefined {
    return (this.#reach & 1) === 1 ? this.#sample?.delay : undefined
  }

  trouble(text: string): void {
    this.#trouble = text
  }

  /** The server at hand was of use at some time. */
  get known(): boolean {
    return this.#known
  }

  /** Another server: what its predecessor did is neither its fault nor its merit. */
  renew(trouble: string): void {
    this.#fruitless = 0
    this.#reach = 0
    this.#reachable = undefined
    this.#known = false
    this.#sample = undefined
    this.#trouble = trouble
  }

  /** Counts what was refused: that is normal life, or a kiss of death or a loop. */
  noted(actions: readonly Action[]): void {
    for (const action of actions) {
      if (action.do !== 'note') continue
      const { code } = action
      if (severityOf(code) !== 'count' && !REFUSALS.has(code)) continue
      this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1)
    }
  }

  /** A synchronised server answered. Without a sample, `trouble` says why. */
  useful(leap: LeapWarning, interleaved: boolean): Action[] {
    this.#leap = leap
    this.#interleaved = interleaved
    this.#fruitless = 0
    this.#known = true
    return this.#polled(true)
  }

  /** A good measurement; `filled` of `wanted` for the next sample. */
  good(filled: number, wanted: number): void {
    this.#good += 1
    this.#trouble = filled === 0 ? '' : `${filled} of ${wanted} polls of the next sample`
  }

  sampled(sample: Sample): void {
    this.#sample = sample
  }

  /** No answer, or one of a server that is of no use at present. */
  useless(trouble: string): Action[] {
    this.#fruitless += 1
    this.#trouble = trouble
    return this.#polled(false)
  }

  /** The server is not asked any more. */
  abandon(trouble: string): void {
    this.#reach = 0
    this.#trouble = trouble
  }

  moved(change: ClockChange): void {
    if (this.#sample !== undefined) this.#sample = moveSample(this.#sample, change)
  }

  #polled(useful: boolean): Action[] {
    this.#reach = ((this.#reach << 1) | Number(useful)) & 0xff
    const lost = this.#reach === 0 && (this.#reachable === true || this.#fruitless >= REACH_BITS)
    if (useful && this.#reachable !== true) {
      this.#reachable = true
      return [{ do: 'note', code: 'reachable', detail: '' }]
    }
    if (lost && this.#reachable !== false) {
      this.#reachable = false
      return [{ do: 'note', code: 'unreachable', detail: this.#trouble }]
    }
    return []
  }

  view({ counts, options, authentication, ...identity }: Outside): SourceView {
    const sample = this.#sample
    return {
      ...identity,
      kind: 'ntp',
      clock: 'system',
      reach: this.#reach,
      lastSampleAt: sample?.at,
      offset: sample?.offset,
      delay: sample?.delay,
      rootDistance: sample === undefined ? undefined : rootDistance(sample),
      stratum: sample?.stratum,
      reference: sample?.reference ?? '',
      stamps: sample?.stamps,
      trouble: this.#trouble,
      detail: {
        kind: 'ntp',
        mode: this.#interleaved ? 'interleaved' : 'basic',
        leap: this.#leap,
        ...counts,
        good: this.#good,
        refused: Object.fromEntries(this.#refused),
        options,
        authentication,
      },
    }
  }
}
