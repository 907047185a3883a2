/**
 * One PHC compared with another, `rate` times a second. The kernel reads a PHC against the system clock
 * only, so the reference is read before and after the clock that is measured, and stands on the line
 * between: what the system clock does meanwhile, a slew of 500 ppm included, drops out.
 *
 *   reference ─ clock ─ reference       offset = clock - reference at the middle reading, ns
 *
 * Both count the same time scale. A reference is worth what steers it (`upstream`); one of which no
 * ptp4l tells is taken for right where the operator named it (`trusted`: a GNSS card, ts2phc).
 */
import { type ClockChange, moveSample, seenFrom } from '../core/clock-change.ts'
import type { CompareMethod, Comparison, PairedReading } from '../core/comparison.ts'
import { describeFault, type PortFault } from '../core/errors.ts'
import type { Action, Event, Now, Upstream } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import { type ClockName, edgeName, rootDistance, type Sample } from '../core/sample.ts'
import { nanos, stepBetween } from '../core/units.ts'
import { combine, width } from './phc-combine.ts'
import { middleOf, READING, rootOf, sampleWith } from './phc-sample.ts'
import { Turns } from './phc-schedule.ts'
import type { Source, SourceView } from './source.ts'

export interface PhcPairOptions {
  readonly reference: ClockName
  readonly clock: ClockName
  /** Samples per second. */
  readonly rate: number
  readonly trusted: boolean
  /** Paired readings of each of the three, 1..25; default 25. */
  readonly readings?: number
}

const KEYS = ['before', 'middle', 'after'] as const
const note = (code: NoteCode, detail: string): Action => ({ do: 'note', code, detail })

/** Twice the middle of a pair, so that nothing is cut off. */
const twice = ({ before, after }: PairedReading): bigint => (before as bigint) + (after as bigint)

/** `clock` - reference at the moment of the middle reading, ns. */
export function between(
  before: PairedReading,
  middle: PairedReading,
  after: PairedReading,
): ReturnType<typeof nanos> {
  const span = Number(twice(after) - twice(before)) / 2
  const into = Number(twice(middle) - twice(before)) / 2
  const advanced = Number(stepBetween(after.phc, before.phc))
  // a clock that was read thrice in one instant went on at its own rate
  const along = span > 0 ? (into / span) * advanced : into
  return nanos(Number(stepBetween(middle.phc, before.phc)) - along)
}

export class PhcPairSource implements Source {
  readonly id: string
  readonly kind = 'phc'
  readonly #options: PhcPairOptions
  readonly #turns: Turns
  #read: PairedReading[] = []
  /** A clock was stepped while they were being read. */
  #discard = false
  #upstream: Upstream | undefined
  #method: CompareMethod | undefined
  #last: Sample | undefined
  #reach = 0
  #trouble = ''

  constructor(options: PhcPairOptions) {
    this.id = edgeName(options.reference, options.clock)
    this.#options = options
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
        return this.#compared(event.key, event.comparison, now)
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
      clock: this.#options.clock,
      address: this.#options.reference,
      reach: this.#reach,
      pollSeconds: this.#turns.periodIn(this.#doubt, now.mono) / 1e9,
      lastSampleAt: last?.at,
      offset: last?.offset,
      delay: last?.delay,
      rootDistance: last && rootDistance(last),
      stratum: last?.stratum,
      reference: last?.reference ?? '',
      stamps: last?.stamps,
      trouble: this.#trouble === '' ? this.#doubt : this.#trouble,
      detail: {
        ...{ kind: 'phc', method: this.#method ?? '' },
        ...{ utcOffset: undefined, upstream: this.#upstream },
      },
    }
  }

  /** Why the reference is not to be believed; empty when it is. */
  get #doubt(): string {
    if (this.#upstream === undefined) {
      return this.#options.trusted ? '' : 'no ptp4l tells what this PHC is worth'
    }
    return this.#upstream.synchronized ? '' : this.#upstream.reason || 'not synchronized'
  }

  /** What is not to be believed is not read either: with n PHCs there are n (n - 1) edges. */
  #turn(now: Now): readonly Action[] {
    const next = this.#turns.next(now.mono, this.#doubt)
    if (this.#doubt !== '') {
      this.#reach = 0
      return [next]
    }
    const begun = this.#turns.begin(now.mono)
    if (begun === 'not-yet') return [next]
    const late = begun === 'late' ? [note('timeout', 'the PHCs were not read in time')] : []
    this.#discard = false
    this.#read = []
    this.#reach = (this.#reach << 1) & 0xff
    const { clock, reference, readings = 25 } = this.#options
    const compare = (key: (typeof KEYS)[number]): Action => {
      return { do: 'compare', key, clock: key === 'middle' ? clock : reference, readings }
    }
    return [...late, ...KEYS.map(compare), next]
  }

  #compared(key: string, comparison: Comparison, now: Now): readonly Action[] {
    if (!this.#turns.pending || key !== KEYS[this.#read.length]) return []
    const reading = combine(comparison)
    if (reading === undefined) {
      this.#turns.done()
      this.#trouble = 'no usable pair of readings'
      return [note('negative-delay', `${comparison.readings.length} pairs, none in order`)]
    }
    this.#read.push(reading)
    const [before, middle, after] = this.#read
    if (before === undefined || middle === undefined || after === undefined) return []
    this.#turns.done()
    if (this.#discard) return []
    this.#trouble = ''
    this.#reach |= 1
    const changed = this.#method !== comparison.method
    this.#method = comparison.method
    const sample = this.#sampleOf({ before, middle, after }, comparison.method, now)
    this.#last = sample
    return [...(changed ? [note('method', comparison.method)] : []), { do: 'sample', sample }]
  }

  #sampleOf(
    read: Readonly<Record<(typeof KEYS)[number], PairedReading>>,
    method: CompareMethod,
    now: Now,
  ): Sample {
    const { before, middle, after } = read
    const { reference, clock, trusted } = this.#options
    const [dispersion, stamps] = READING[method]
    const at = middleOf(middle, now)
    const around = Number(width(before) + width(after)) / 2
    const root = rootOf({ phc: reference, toSystem: true, trusted, upstream: this.#upstream }, at)
    return sampleWith(root, {
      source: this.id,
      clock,
      at,
      offset: between(before, middle, after),
      delay: nanos(Number(width(middle)) + around),
      dispersion: nanos(2 * dispersion),
      stamps,
    })
  }

  #failed(fault: PortFault, now: Now): readonly Action[] {
    if (!this.#turns.pending) return []
    this.#turns.refused(fault, now.mono)
    this.#trouble = describeFault(fault)
    return [note('compare-failed', this.#trouble)]
  }

  #heard(upstream: Upstream, now: Now): readonly Action[] {
    if (upstream.clock !== this.#options.reference) return []
    const vouched = upstream.synchronized && this.#upstream?.synchronized !== true
    this.#upstream = upstream
    return vouched && this.#turns.started ? this.#turn(now) : []
  }

  #change(change: ClockChange): void {
    const { clock, reference } = this.#options
    // a step of the system clock tears the line apart
    if (change.step !== 0n || change.leap !== undefined) this.#discard = this.#turns.pending
    if (this.#last === undefined) return
    if (change.clock === clock) this.#last = moveSample(this.#last, change)
    if (change.clock === reference) this.#last = moveSample(this.#last, seenFrom(clock, change))
  }
}
