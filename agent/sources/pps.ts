/**
 * Pulses of a GNSS receiver or an atomic clock, one a second, as a reference (ts2phc; chronyd's PPS).
 *
 *   pps     /dev/ppsN, stamped by the kernel      offset = stamp - second - delay          clock `system`
 *   extts   an input of a PHC, stamped by it      offset = stamp - (second + TAI - UTC) - delay   the PHC
 *
 * Which second it is tells the system clock (pps-second.ts); of a PHC's stamp, by a paired reading of PHC
 * and system clock taken right after it. A pulse carries no word of its own worth: the operator gives it
 * (`accuracy`), and a majority of servers that contradict it is believed against it (select/).
 *
 * A PHC that is stamped gets an `upstream`: whoever reads it learns whether the pulses still come.
 */
import { type ClockChange, moveSample } from '../core/clock-change.ts'
import { describeFault, type PortFault } from '../core/errors.ts'
import type { Action, Event, Now, Upstream } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import { describeInput, type PulseInput } from '../core/pulse.ts'
import { type ClockName, rootDistance, type Sample } from '../core/sample.ts'
import { type Instant, type Nanos, nanos, plus, seconds, utc } from '../core/units.ts'
import { UTC_OFFSET } from './phc.ts'
import { combine } from './phc-combine.ts'
import { elapsed, pauseAfter } from './phc-schedule.ts'
import { PulseBatch } from './pps-batch.ts'
import { PulseEdges } from './pps-edges.ts'
import { nearestSecond, SecondTeller } from './pps-second.ts'
import type { Source, SourceView } from './source.ts'

export interface PpsOptions {
  readonly id: string
  readonly input: PulseInput
  /** How late the pulse arrives (antenna, cable), ns; negative: early. */
  readonly delay: Nanos
  /** How far the pulse may be from the true second, ns. */
  readonly accuracy: Nanos
  /** The operator vouches for the seconds of the system clock. */
  readonly vouched: boolean
  /** High time of the pulses, where both edges are stamped, ns. */
  readonly width: Nanos
  /** TAI - UTC in seconds; default 37. */
  readonly utcOffset?: number
}

const SECOND = 1_000_000_000n
/** After a pulse is due: interrupts take their time. */
const MARGIN = seconds(1.02)
const RETRY = seconds(0.25)
const IDLE = seconds(1)
/** So long after the last pulse they have stopped. */
const SILENT = seconds(3.5)
/** A pulse that was fetched later than that after it came belongs to another time. */
const STALE = 1_500_000_000n
/** Beside the accuracy of the pulse itself: a counter's resolution; the latency of an interrupt. */
const DISPERSION = { extts: 20, pps: 2_000 } as const
/** A PHC that is farther off is still being brought to the pulses, and nobody is to follow it. */
const BROUGHT = 100_000
/** Readings of the PHC to number a pulse: a hundred nanoseconds would do. */
const READINGS = 5

const note = (code: NoteCode, detail: string): Action => ({ do: 'note', code, detail })

export class PpsSource implements Source {
  readonly id: string
  readonly kind = 'pps'
  readonly attends = true
  readonly #options: PpsOptions
  readonly #clock: ClockName
  readonly #edges: PulseEdges
  readonly #teller: SecondTeller
  readonly #batch = new PulseBatch()
  #started = false
  /** Stamp of the PHC that waits for its second. */
  #waiting: bigint | undefined
  #utcOffset: number
  #last: Sample | undefined
  #lastPulse: Instant<'mono'> | undefined
  #lastSecond: bigint | undefined
  #reach = 0
  #fault = ''
  #irregular = ''
  /** What was told last: the pulses come. */
  #flowing = false
  #pulses = 0
  #missed = 0

  constructor(options: PpsOptions) {
    const { id, input } = options
    this.id = id
    this.#options = options
    this.#clock = input.kind === 'pps' ? 'system' : input.clock
    this.#edges = new PulseEdges(input.edge, options.width)
    this.#teller = new SecondTeller(options.vouched)
    this.#utcOffset = options.utcOffset ?? UTC_OFFSET
  }

  handle(event: Event, now: Now): readonly Action[] {
    switch (event.on) {
      case 'start':
        this.#started = true
        return this.#ask(now)
      case 'timer':
        return this.#started ? [...this.#silence(now), ...this.#ask(now)] : []
      case 'pulses':
        return event.key === 'read' ? this.#stamped(event.stamps, now) : []
      case 'compared':
        return this.#numbered(event, now)
      case 'failed':
        return this.#failed(event.fault, now)
      case 'standing':
        this.#teller.heard(event.standing)
        return []
      case 'change':
        return this.#change(event.change)
      case 'stop':
        this.#started = false
        return [{ do: 'cancel', key: 'read' }]
      default:
        return []
    }
  }

  view(now: Now): SourceView {
    const last = this.#last
    return {
      id: this.id,
      kind: 'pps',
      clock: this.#clock,
      address: describeInput(this.#options.input),
      reach: this.#reachAt(now.mono),
      pollSeconds: this.#clock === 'system' ? this.#batch.seconds : 1,
      lastSampleAt: last?.at,
      offset: last?.offset,
      delay: last?.delay,
      rootDistance: last && rootDistance(last),
      stratum: last?.stratum,
      reference: last?.reference ?? '',
      stamps: last?.stamps,
      trouble: this.#trouble(now.mono),
      detail: {
        ...{ kind: 'pps', second: this.#teller.how },
        ...{ pulses: this.#pulses, missed: this.#missed },
      },
    }
  }

  #trouble(now: Instant<'mono'>): string {
    if (this.#fault !== '') return this.#fault
    if (this.#lastPulse === undefined) return 'no pulse yet'
    const age = elapsed(now, this.#lastPulse)
    if (age > SILENT) return `no pulse for ${Math.round(age / 1e9)} s`
    return this.#teller.doubt || this.#irregular
  }

  #reachAt(now: Instant<'mono'>): number {
    if (this.#lastPulse === undefined) return 0
    const due = Math.floor(elapsed(now, this.#lastPulse) / MARGIN)
    return due > 7 ? 0 : (this.#reach << due) & 0xff
  }

  #ask({ mono }: Now): readonly Action[] {
    return [
      { do: 'pulses', key: 'read', input: this.#options.input },
      { do: 'timer', key: 'read', at: plus(mono, IDLE) },
    ]
  }

  #stamped(stamps: readonly bigint[], now: Now): readonly Action[] {
    this.#fault = ''
    const notes: Action[] = []
    let leading: bigint | undefined
    for (const stamp of stamps) {
      const verdict = this.#edges.judge(stamp)
      if (verdict === 'leading') leading = stamp
      if (verdict === 'extra') notes.push(this.#extra())
    }
    if (leading === undefined) return [...notes, ...this.#again(now)]
    if (this.#options.input.kind === 'pps') {
      const age = (now.utc as bigint) - leading
      return [...notes, ...this.#measured(leading, utc(leading), age, now)]
    }
    this.#waiting = leading
    const { clock } = this.#options.input
    return [...notes, { do: 'compare', key: 'second', clock, readings: READINGS }]
  }

  #extra(): Action {
    const both = this.#options.input.edge === 'both'
    this.#irregular = both
      ? 'edges that do not fit the width of the pulse'
      : 'more than one pulse a second: if both edges are stamped, say edge: both'
    return note('pulse-irregular', this.#irregular)
  }

  /** A quarter of a second later while pulses are due, else at leisure. */
  #again({ mono }: Now): readonly Action[] {
    const last = this.#lastPulse
    const due = last !== undefined && elapsed(mono, last) < SILENT
    return [{ do: 'timer', key: 'read', at: plus(mono, due ? RETRY : IDLE) }]
  }

  /** The PHC was read beside the system clock: so its stamp has a place there, too. */
  #numbered({ comparison }: Event & { on: 'compared' }, now: Now): readonly Action[] {
    const stamp = this.#waiting
    const reading = combine(comparison)
    this.#waiting = undefined
    if (stamp === undefined) return []
    if (reading === undefined) {
      return [note('negative-delay', 'no usable pair of readings'), ...this.#again(now)]
    }
    const middle = ((reading.before as bigint) + (reading.after as bigint)) / 2n
    const since = (reading.phc as bigint) - stamp
    const age = (now.utc as bigint) - middle + since
    return this.#measured(stamp, utc(middle - since), age, now)
  }

  /** `at`: the stamp on the system clock; `age`: how long ago it was, ns. */
  #measured(stamp: bigint, at: Instant<'utc'>, age: bigint, now: Now): readonly Action[] {
    if (age < 0n || age > STALE) {
      return [note('pulse-stale', `stamped ${Number(age) / 1e9} s ago`), ...this.#again(now)]
    }
    const when = plus(now.mono, nanos(-Number(age)))
    const next: Action = { do: 'timer', key: 'read', at: plus(when, MARGIN) }
    const { delay } = this.#options
    const second = nearestSecond(plus(at, nanos(-delay)))
    const news = this.#count(second, when, now)
    const { doubt } = this.#teller
    if (doubt !== '') {
      return [...news, note('pulse-unnumbered', doubt), ...this.#tell(false, doubt, now), next]
    }
    const own = this.#sampleOf(stamp, second, when)
    const sample = this.#clock === 'system' ? this.#batch.add(own) : own
    if (sample === undefined) return [...news, next]
    this.#last = sample
    const far = Math.abs(sample.offset) > BROUGHT
    const why = far ? 'the PHC is being brought to the pulses' : ''
    return [...news, { do: 'sample', sample }, ...this.#tell(!far, why, now), next]
  }

  #count(second: bigint, when: Instant<'mono'>, { mono }: Now): readonly Action[] {
    const gap = this.#lastSecond === undefined ? 1 : Number((second - this.#lastSecond) / SECOND)
    this.#reach = ((gap > 0 && gap < 8 ? this.#reach << gap : 0) | 1) & 0xff
    if (gap > 1 && gap < 100) this.#missed += gap - 1
    this.#pulses += 1
    this.#lastSecond = second
    this.#lastPulse = when > mono ? mono : when
    if (this.#flowing) return []
    this.#flowing = true
    return [note('reachable', describeInput(this.#options.input))]
  }

  #sampleOf(stamp: bigint, second: bigint, at: Instant<'mono'>): Sample {
    const { delay, accuracy, input } = this.#options
    const scale = input.kind === 'pps' ? 0n : BigInt(this.#utcOffset) * SECOND
    return {
      ...{ source: this.id, clock: this.#clock, at, stratum: 0, leap: 'none', reference: 'PPS' },
      offset: nanos(Number(stamp - second - scale) - delay),
      delay: nanos(0),
      dispersion: nanos(DISPERSION[input.kind]),
      rootDelay: nanos(0),
      rootDispersion: accuracy,
      stamps: input.kind === 'pps' ? 'kernel' : 'hardware',
    }
  }

  /** What whoever reads the PHC has to know. */
  #tell(synchronized: boolean, reason: string, { mono }: Now): readonly Action[] {
    if (this.#clock === 'system') return []
    const { accuracy } = this.#options
    const upstream: Upstream = {
      ...{ clock: this.#clock, synchronized, reason, steers: false },
      ...{ utcOffset: this.#utcOffset, utcOffsetValid: true, timeTraceable: false, leap: 'none' },
      offset: this.#last?.offset ?? nanos(0),
      at: this.#last?.at ?? mono,
      rootDispersion: nanos(accuracy + DISPERSION.extts),
      rootDelay: nanos(0),
      reference: 'PPS',
    }
    return [{ do: 'upstream', upstream }]
  }

  #silence(now: Now): readonly Action[] {
    const last = this.#lastPulse
    if (!this.#flowing || last === undefined || elapsed(now.mono, last) < SILENT) return []
    this.#flowing = false
    this.#batch.restart()
    const why = this.#trouble(now.mono)
    return [note('pulse-lost', why), ...this.#tell(false, why, now)]
  }

  #failed(fault: PortFault, { mono }: Now): readonly Action[] {
    this.#waiting = undefined
    this.#fault = describeFault(fault)
    const at = plus(mono, pauseAfter(fault))
    return [note('pulses-failed', this.#fault), { do: 'timer', key: 'read', at }]
  }

  /** Whatever was stamped before a step and not read yet is of no use: it is read and left. */
  #change(change: ClockChange): readonly Action[] {
    const { clock, step, leap, foreign } = change
    this.#batch.move(change)
    if (this.#last !== undefined) this.#last = moveSample(this.#last, change)
    if (clock !== 'system' && clock !== this.#clock) return []
    if (clock === 'system' && leap !== undefined) this.#utcOffset += leap
    if (step === 0n && leap === undefined) return []
    if (clock === 'system' && foreign) this.#teller.forget()
    this.#waiting = undefined
    this.#lastSecond = undefined
    if (clock === this.#clock) this.#edges.forget()
    return this.#started ? [{ do: 'pulses', key: 'flush', input: this.#options.input }] : []
  }
}
