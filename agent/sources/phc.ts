/**
 * A PHC compared with the system clock, `rate` times a second: several paired readings are combined to
 * one sample (phc-combine.ts). In: paired readings and the `upstream` of whatever
 * steers the PHC; out: samples of one clock against the other, ns.
 *
 *   phc-to-system: offset = system - (PHC - utcOffset)      measured clock `system`
 *   system-to-phc: offset = (PHC - utcOffset) - system      measured clock the PHC
 *
 * A PHC is worth what steers it: root figures come from `upstream` and grow with its age. With no
 * word from there the sample is unsynchronised, unless the operator vouches for it (`trusted`).
 */
import { type ClockChange, moveSample, seenFrom } from '../core/clock-change.ts'
import type { CompareMethod, Comparison } from '../core/comparison.ts'
import { describeFault, type PortFault } from '../core/errors.ts'
import type { Action, Event, Now, Upstream } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import { type ClockName, edgeName, rootDistance, type Sample } from '../core/sample.ts'
import { BusWatch } from './phc-bus.ts'
import { combine } from './phc-combine.ts'
import { phcSample } from './phc-sample.ts'
import { Turns } from './phc-schedule.ts'
import type { Source, SourceView } from './source.ts'

export type PhcDirection = 'phc-to-system' | 'system-to-phc'

export interface PhcOptions {
  /** Default: the name of the clock, or of the edge to it. */
  readonly id?: string
  readonly clock: ClockName
  /** Samples per second. */
  readonly rate: number
  /** Paired readings per sample, 1..25; default 25. */
  readonly readings?: number
  readonly direction?: PhcDirection
  /** The operator vouches for a PHC that no ptp4l reports on (GNSS card, ts2phc). */
  readonly trusted?: boolean
  /** TAI - UTC in seconds where no upstream tells it; default 37. */
  readonly utcOffset?: number
}

/** PTP_MAX_SAMPLES: an ioctl takes no more. */
const MOST = 25
/** TAI - UTC since 2017. */
export const UTC_OFFSET = 37

const note = (code: NoteCode, detail: string): Action => ({ do: 'note', code, detail })

export class PhcSource implements Source {
  readonly id: string
  readonly kind = 'phc'
  readonly #options: Required<PhcOptions>
  readonly #turns: Turns
  readonly #bus = new BusWatch()
  /** A clock was stepped while the pairs were being taken. */
  #discard = false
  #upstream: Upstream | undefined
  #method: CompareMethod | undefined
  #last: Sample | undefined
  #reach = 0
  #trouble = 'nothing measured yet'
  /** The leap second that has happened, and TAI - UTC before it. */
  #leapt: { readonly before: number; readonly by: number } | undefined
  /** What was noted of the UTC offset, so that it is noted once. */
  #utcNoted = ''

  constructor(options: PhcOptions) {
    const reverse = options.direction === 'system-to-phc'
    this.id = options.id ?? (reverse ? edgeName('system', options.clock) : options.clock)
    this.#options = {
      id: this.id,
      direction: 'phc-to-system',
      trusted: false,
      utcOffset: UTC_OFFSET,
      ...options,
      readings: Math.min(MOST, Math.max(1, options.readings ?? MOST)),
    }
    this.#turns = new Turns(options.rate)
  }

  handle(event: Event, now: Now): readonly Action[] {
    switch (event.on) {
      case 'start':
        this.#turns.start(now.mono)
        return this.#turn(now)
      case 'timer':
        return this.#turns.started ? this.#turn(now) : []
      case 'compared':
        return this.#compared(event.comparison, now)
      case 'failed':
        return event.what === 'compare' ? this.#failed(event.fault, now) : []
      case 'upstream':
        return this.#heard(event.upstream, now)
      case 'change':
        this.#change(event.change)
        return []
      case 'stop':
        this.#turns.stop()
        return [{ do: 'cancel', key: 'read' }]
      default:
        return []
    }
  }

  view(now: Now): SourceView {
    const last = this.#last
    return {
      id: this.id,
      kind: 'phc',
      clock: this.#measured,
      address: this.#options.clock,
      reach: this.#reach,
      pollSeconds: this.#turns.periodIn(this.#doubt(), now.mono) / 1e9,
      lastSampleAt: last?.at,
      offset: last?.offset,
      delay: last?.delay,
      rootDistance: last && rootDistance(last),
      stratum: last?.stratum,
      reference: last?.reference ?? '',
      stamps: last?.stamps,
      trouble: this.#trouble === '' ? this.#doubt() : this.#trouble,
      detail: {
        kind: 'phc',
        method: this.#method ?? '',
        utcOffset: this.#utcOffset,
        upstream: this.#upstream,
      },
    }
  }

  get #toSystem(): boolean {
    return this.#options.direction === 'phc-to-system'
  }

  get #measured(): ClockName {
    return this.#toSystem ? 'system' : this.#options.clock
  }

  /** A PHC that we steer ourselves is in TAI, whatever its ptp4l says of other clocks. */
  get #utcOffset(): number {
    const told = (this.#toSystem ? this.#upstream?.utcOffset : undefined) ?? this.#options.utcOffset
    // UTC jumped, and whoever tells the offset has not said so yet
    return told === this.#leapt?.before ? told + this.#leapt.by : told
  }

  /** Why the reference is not to be believed; empty when it is. */
  #doubt(): string {
    if (!this.#toSystem) return ''
    if (this.#upstream !== undefined) {
      return this.#upstream.synchronized ? '' : this.#upstream.reason || 'not synchronized'
    }
    return this.#options.trusted ? '' : 'no ptp4l tells what this PHC is worth'
  }

  #turn(now: Now): readonly Action[] {
    const next = this.#turns.next(now.mono, this.#doubt())
    const begun = this.#turns.begin(now.mono)
    if (begun === 'not-yet') return [next]
    const late = begun === 'late' ? [note('timeout', 'the PHC was not read in time')] : []
    this.#discard = false
    this.#reach = (this.#reach << 1) & 0xff
    const { clock, readings } = this.#options
    return [...late, { do: 'compare', key: 'read', clock, readings }, next]
  }

  #compared(comparison: Comparison, now: Now): readonly Action[] {
    if (!this.#turns.pending) return []
    this.#turns.done()
    if (this.#discard) return []
    const reading = combine(comparison)
    if (reading === undefined) {
      this.#trouble = 'no usable pair of readings'
      return [note('negative-delay', `${comparison.readings.length} pairs, none in order`)]
    }
    const before = this.#method
    this.#method = comparison.method
    this.#trouble = ''
    this.#reach |= 1
    const { clock, trusted } = this.#options
    const sample = phcSample(reading, now, {
      source: this.id,
      phc: clock,
      method: comparison.method,
      trusted,
      toSystem: this.#toSystem,
      utcOffset: this.#utcOffset,
      upstream: this.#upstream,
    })
    this.#last = sample
    const slow = this.#bus.see(sample.delay)
    const changed = before !== comparison.method
    const how = before === undefined ? comparison.method : `${before} to ${comparison.method}`
    return [...(changed ? [note('method', how)] : []), ...slow, { do: 'sample', sample }]
  }

  #failed(fault: PortFault, now: Now): readonly Action[] {
    this.#turns.refused(fault, now.mono)
    this.#trouble = describeFault(fault)
    return [note('compare-failed', this.#trouble)]
  }

  #heard(upstream: Upstream, now: Now): readonly Action[] {
    if (upstream.clock !== this.#options.clock || !this.#toSystem) return []
    const before = this.#upstream
    this.#upstream = upstream
    const news = this.#utcNews(upstream, before)
    // it is worth something from now on: the next turn may be a second away
    const vouched = upstream.synchronized && before?.synchronized !== true
    return vouched && this.#turns.started ? [...news, ...this.#turn(now)] : news
  }

  #utcNews(upstream: Upstream, before: Upstream | undefined): readonly Action[] {
    const { utcOffset, utcOffsetValid } = upstream
    const key = `${utcOffset} ${utcOffsetValid}`
    if (key === this.#utcNoted) return []
    this.#utcNoted = key
    const valid = utcOffsetValid ? '' : ', which the grandmaster does not vouch for'
    if (before === undefined) {
      return utcOffsetValid ? [] : [note('utc-offset', `${utcOffset} s${valid}`)]
    }
    return [note('utc-offset', `${before.utcOffset} s to ${utcOffset} s${valid}`)]
  }

  #change(change: ClockChange): void {
    const { clock } = this.#options
    if (change.clock !== 'system' && change.clock !== clock) return
    if (change.leap !== undefined) {
      this.#leapt = { before: this.#utcOffset, by: change.leap }
      this.#discard = this.#turns.pending
    }
    if (change.step !== 0n) this.#discard = this.#turns.pending
    if (this.#last === undefined) return
    const measured = this.#measured
    const mine = change.clock === measured
    this.#last = moveSample(this.#last, mine ? change : seenFrom(measured, change))
  }
}
