/**
 * What an NTP source shows of itself: counters, reach register (RFC 5905 section 13), last sample and
 * trouble. It changes nothing of what the source does, except by telling for how long its server was
 * of no use.
 */
import { type ClockChange, moveSample } from '../core/clock-change.ts'
import type { Action } from '../core/machine.ts'
import { type LeapWarning, rootDistance, type Sample } from '../core/sample.ts'
import type { Nanos } from '../core/units.ts'
import type { SourceView } from './source.ts'

/** Polls without use after which a source that was never reached counts as unreachable, too. */
const REACH_BITS = 8

interface Outside extends Pick<SourceView, 'id' | 'address' | 'pollSeconds'> {
  readonly counts: { readonly sent: number; readonly received: number }
}

export class NtpRecord {
  #reach = 0
  #good = 0
  /** Polls in a row from which nothing usable came. */
  #fruitless = 0
  #reachable: boolean | undefined
  #trouble = 'no answer yet'
  #leap: LeapWarning = 'unknown'
  #interleaved = false
  #sample: Sample | undefined

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

  /** Another server: its predecessor's polls are not its fault. */
  renew(): void {
    this.#fruitless = 0
  }

  /** A synchronised server answered. Without a sample, `trouble` says why. */
  useful(leap: LeapWarning, interleaved: boolean): Action[] {
    this.#leap = leap
    this.#interleaved = interleaved
    this.#fruitless = 0
    return this.#polled(true)
  }

  sampled(sample: Sample): void {
    this.#good += 1
    this.#sample = sample
    this.#trouble = ''
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

  view({ counts, ...identity }: Outside): SourceView {
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
      },
    }
  }
}
