/**
 * The tests B, C and D of chronyc's ntpdata report, after test A of `ntp-exchange.ts`: is a measurement
 * good enough beside those before it?
 *
 *   B  delay-ratio      the round trip is longer than maxDelayRatio times the shortest one
 *   C  delay-deviation  what the round trip is too long by, halved, is more than maxDelayDevRatio standard
 *                       deviations of the offset, and the offset itself is not off by clearly more than
 *                       that (then something else is wrong, and it has to be heard)
 *   D  loop             the server takes its time from this node
 *
 * In B and C the limit grows with the age of the last good sample, at the skew of the fit and 1 ppm. Six
 * samples are needed. Eight refusals in a row by B or C say that the path is another one: its history
 * is forgotten. (chronyd waits until the limit has grown, 1.4 h for a path that is 10 ms longer.)
 */
import { type ClockChange, moveSample } from '../core/clock-change.ts'
import type { NoteCode } from '../core/notes.ts'
import type { Sample } from '../core/sample.ts'
import { keepLast } from '../core/stats.ts'
import { elapsed, type Instant } from '../core/units.ts'

export interface ScreenOptions {
  /** 0: no limit. */
  readonly maxDelayRatio: number
  readonly maxDelayDevRatio: number
  /** The loop test is meaningless: the server may be this very node. */
  readonly copy: boolean
  /** IPv4 addresses of this node, as a server's reference id would show them. */
  readonly own: ReadonlySet<string>
}

export interface Refusal {
  readonly code: NoteCode
  readonly detail: string
}

const WINDOW = 64
const LEAST = 6
const GIVES_UP = 8
/** chronyd's maxclockerror, ns per ns. */
const CLOCK_ERROR = 1e-6
/** Clocks are not read better than this. */
const LEAST_DEVIATION = 1

/** Offset as a straight line over time. */
interface Line {
  /** Standard deviation about the line, ns. */
  readonly deviation: number
  /** Twice the standard error of its slope, ns per ns. */
  readonly skew: number
  /** Offset at that moment, ns. */
  readonly at: (when: Instant<'mono'>) => number
}

/** Least squares through at least three samples. */
export function fitLine(samples: readonly Sample[], origin: Instant<'mono'>): Line {
  const n = samples.length
  const x = samples.map(({ at }) => elapsed(at, origin))
  const meanX = x.reduce((sum, each) => sum + each, 0) / n
  const meanY = samples.reduce((sum, { offset }) => sum + offset, 0) / n
  let [xx, xy] = [0, 0]
  for (const [i, { offset }] of samples.entries()) {
    const dx = (x[i] ?? 0) - meanX
    xx += dx * dx
    xy += dx * (offset - meanY)
  }
  const slope = xx === 0 ? 0 : xy / xx
  const line = (when: number): number => meanY + slope * (when - meanX)
  const squares = samples.reduce((sum, { offset }, i) => sum + (offset - line(x[i] ?? 0)) ** 2, 0)
  const deviation = Math.max(LEAST_DEVIATION, Math.sqrt(squares / Math.max(1, n - 2)))
  const skew = xx === 0 ? 0 : (2 * deviation) / Math.sqrt(xx)
  return { deviation, skew, at: (when) => line(elapsed(when, origin)) }
}

const ms = (ns: number): string => `${(ns / 1e6).toFixed(3)} ms`

export class NtpScreen {
  readonly #options: ScreenOptions
  #samples: readonly Sample[] = []
  #refusals = 0

  constructor(options: ScreenOptions) {
    this.#options = options
  }

  /** Why the sample is not good enough; undefined: it is, and later ones are held against it. */
  judge(sample: Sample): Refusal | undefined {
    const refusal = this.#judgeDelay(sample)
    this.#refusals = refusal === undefined ? 0 : this.#refusals + 1
    if (refusal !== undefined && this.#refusals < GIVES_UP) return refusal
    if (refusal !== undefined) this.forget()
    const loop = this.#judgeLoop(sample)
    if (loop === undefined) this.#samples = keepLast(this.#samples, sample, WINDOW)
    return loop
  }

  /** Another server, or another time scale. */
  forget(): void {
    this.#samples = []
    this.#refusals = 0
  }

  changed(change: ClockChange): void {
    this.#samples = this.#samples.map((sample) => moveSample(sample, change))
  }

  #judgeDelay(sample: Sample): Refusal | undefined {
    const { maxDelayRatio, maxDelayDevRatio } = this.#options
    const last = this.#samples.at(-1)
    if (last === undefined || this.#samples.length < LEAST) return undefined
    const line = fitLine(this.#samples, last.at)
    const least = Math.min(...this.#samples.map(({ delay }) => delay))
    const growth = Math.max(0, elapsed(sample.at, last.at)) * (line.skew + CLOCK_ERROR)
    if (maxDelayRatio > 0 && sample.delay > least * maxDelayRatio + growth) {
      return { code: 'delay-ratio', detail: `${ms(sample.delay)}, the shortest is ${ms(least)}` }
    }
    const excess = (sample.delay - least) / 2
    const limit = line.deviation * maxDelayDevRatio + growth
    if (maxDelayDevRatio === 0 || excess <= limit) return undefined
    const error = Math.abs(sample.offset - line.at(sample.at))
    if (error - excess > limit) return undefined
    return { code: 'delay-deviation', detail: `${ms(excess)} too long, ${ms(limit)} allowed` }
  }

  #judgeLoop({ stratum, reference }: Sample): Refusal | undefined {
    const { copy, own } = this.#options
    if (copy || stratum < 2 || !own.has(reference)) return undefined
    return { code: 'loop', detail: `its reference is ${reference}` }
  }
}
