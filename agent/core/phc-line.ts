/**
 * Hardware stamps of packets to CLOCK_REALTIME: a straight line through the last paired readings of
 * the NIC's clock (PHC) and the system clock.
 *
 * Each reading weighs 1 / (w^2 + (WANDER age)^2), w half of its width and what its two stamps may be
 * wrong by: close to the newest reading only what is recent counts, and readings that are wide are
 * averaged over more time. The slope has a prior of 0 +- 500 ppm, so that one reading is enough for a
 * stamp beside it.
 *
 * A stamp is converted between two readings only, neither farther than 2 s. The dispersion is half the
 * width of the best reading (their middles are all wrong the same way when a bus is asymmetric), twice
 * the deviation of the line at the stamp, and what the worse of the two readings is off the line: a
 * small change in between that nobody told is covered, on whichever side of the stamp it was.
 *
 * A ClockChange of either clock moves the readings as it moves samples (clock-change.ts). A larger
 * change that nobody told shows as a reading off the line: what was before it is forgotten, and no
 * stamp of before has two readings any more. Units ns.
 */
import type { ClockChange } from './clock-change.ts'
import type { PairedReading } from './comparison.ts'
import { keepLast } from './stats.ts'
import { drifted, elapsed, type Instant, type Nanos, nanos, plus, ppb, seconds } from './units.ts'

const READINGS = 8
/** Stamps of a reading: resolution of the counters. */
const RESOLUTION = 10
/** How far the rates of two clocks part within a second of which nobody told (a ptp4l steers). */
const WANDER = 50e-9
const SLOPE_PRIOR = 500e-6
/** A stamp that is farther than that from the reading before or after it is not converted. */
const MAX_GAP = seconds(2)
/** Beyond the line's own deviation: less is noise, more is a step. */
const STEP = 2_000

interface Kept {
  readonly at: Instant<'mono'>
  readonly phc: Instant<'phc'>
  /** The middle, to the nanosecond. */
  readonly utc: Instant<'utc'>
  readonly halfWidth: number
  /** Of the clock changes since. */
  readonly moved: number
}

/** A stamp on CLOCK_REALTIME, and how wrong the conversion may be. */
export interface Converted {
  readonly at: Instant<'utc'>
  readonly dispersion: Nanos
}

interface Fit {
  readonly origin: Kept
  /** Of x (PHC) and y (system - PHC), relative to the origin. */
  readonly meanX: number
  readonly meanY: number
  readonly slope: number
  readonly weight: number
  readonly spread: number
}

const lead = ({ utc, phc }: Kept): bigint => (utc as bigint) - (phc as bigint)

const variance = ({ halfWidth, moved }: Kept, age: number): number =>
  (halfWidth + moved + RESOLUTION) ** 2 + (WANDER * age) ** 2

function fitOf(kept: readonly Kept[], origin: Kept): Fit {
  const points = kept.map((each) => {
    const x = Number((each.phc as bigint) - (origin.phc as bigint))
    return { x, y: Number(lead(each) - lead(origin)), w: 1 / variance(each, x) }
  })
  const sum = (of: (point: (typeof points)[number]) => number): number =>
    points.reduce((total, point) => total + of(point), 0)
  const weight = sum(({ w }) => w)
  const meanX = sum(({ w, x }) => w * x) / weight
  const meanY = sum(({ w, y }) => w * y) / weight
  const spread = sum(({ w, x }) => w * (x - meanX) ** 2) + SLOPE_PRIOR ** -2
  const slope = sum(({ w, x, y }) => w * (x - meanX) * (y - meanY)) / spread
  return { origin, meanX, meanY, slope, weight, spread }
}

/** System - PHC at `x`, relative to the origin's, with its deviation. */
function at({ meanX, meanY, slope, weight, spread }: Fit, x: number) {
  const far = x - meanX
  return { y: meanY + slope * far, deviation: Math.sqrt(1 / weight + far ** 2 / spread) }
}

/** How far a reading is off the line. */
function residual(fit: Fit, reading: Kept): number {
  const { y } = at(fit, Number((reading.phc as bigint) - (fit.origin.phc as bigint)))
  return Math.abs(Number(lead(reading) - lead(fit.origin)) - y)
}

export class PhcLine {
  #kept: readonly Kept[] = []

  /**
   * `now`: when it was taken, on the monotonic clock. False: a clock was changed of which nobody told;
   * what was before is forgotten. A reading whose ends are not in order tells that, too, and nothing else.
   */
  add({ before, phc, after }: PairedReading, now: Instant<'mono'>): boolean {
    const width = Number((after as bigint) - (before as bigint))
    if (width < 0) {
      this.forget()
      return false
    }
    const utc = plus(before, nanos(Math.floor(width / 2)))
    const reading: Kept = { at: now, phc, utc, halfWidth: width / 2, moved: 0 }
    const fits = this.#fits(reading)
    this.#kept = keepLast(fits ? this.#kept : [], reading, READINGS)
    return fits
  }

  /** Undefined: it does not lie between two readings of this line that are near enough. */
  convert(stamp: Instant<'phc'>): Converted | undefined {
    const next = this.#kept.findIndex(({ phc }) => phc > stamp)
    const [before, after, origin] = [this.#kept[next - 1], this.#kept[next], this.#kept.at(-1)]
    if (before === undefined || after === undefined || origin === undefined) return undefined
    const gap = Math.max(elapsed(stamp, before.phc), elapsed(after.phc, stamp))
    if (gap > MAX_GAP) return undefined
    const fit = fitOf(this.#kept, origin)
    const { y, deviation } = at(fit, Number((stamp as bigint) - (origin.phc as bigint)))
    const narrowest = Math.min(...this.#kept.map(({ halfWidth, moved }) => halfWidth + moved))
    const off = Math.max(residual(fit, before), residual(fit, after))
    const utc = ((stamp as bigint) + lead(origin)) as unknown as Instant<'utc'>
    return { at: plus(utc, nanos(y)), dispersion: nanos(narrowest + 2 * deviation + off) }
  }

  /** One of the two clocks was changed; `phc`: it was the PHC. */
  move(change: ClockChange, which: 'system' | 'phc'): void {
    this.#kept = this.#kept.map((each) => (each.at > change.at ? each : moved(each, change, which)))
  }

  forget(): void {
    this.#kept = []
  }

  #fits(reading: Kept): boolean {
    const origin = this.#kept.at(-1)
    if (origin === undefined) return true
    const x = Number((reading.phc as bigint) - (origin.phc as bigint))
    const fit = fitOf(this.#kept, origin)
    const { deviation } = at(fit, x)
    const off = residual(fit, reading)
    const known = reading.halfWidth + origin.halfWidth + origin.moved + 4 * deviation
    return x > 0 && off <= STEP + known + WANDER * x
  }
}

/** As if the new rate had held all along and the step had been done before. */
function moved(each: Kept, change: ClockChange, which: 'system' | 'phc'): Kept {
  const rate = ppb(-change.frequency)
  const shift = change.step + BigInt(Math.round(drifted(rate, elapsed(change.at, each.at))))
  const widened = { ...each, moved: each.moved + change.uncertainty }
  return which === 'phc'
    ? { ...widened, phc: ((each.phc as bigint) + shift) as Instant<'phc'> }
    : { ...widened, utc: ((each.utc as bigint) + shift) as Instant<'utc'> }
}
