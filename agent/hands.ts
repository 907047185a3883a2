/** Who turns which clock, and who vouches for it: what each ptp4l and PPS source said last. */
import type { Upstream } from './core/machine.ts'
import type { ClockName } from './core/sample.ts'
import { elapsed, type Instant, seconds } from './core/units.ts'
import type { Source } from './sources/source.ts'

/** A ptp4l that has not answered by then is not running. */
const PATIENCE = seconds(10)

const farOf = ({ offset, rootDispersion, rootDelay }: Upstream): number =>
  Math.abs(offset) + rootDispersion + rootDelay / 2

export class Hands {
  readonly #told = new Map<string, Upstream>()

  heard(source: string, upstream: Upstream): void {
    this.#told.set(source, upstream)
  }

  /** Of all others nobody speaks any more. */
  keep(sources: ReadonlySet<string>): void {
    for (const source of this.#told.keys()) if (!sources.has(source)) this.#told.delete(source)
  }

  /** A ptp4l turns this clock at present. */
  of(clock: ClockName): boolean {
    return [...this.#told.values()].some((each) => each.steers && each.clock === clock)
  }

  /**
   * Of all that tell of the same clock the best word. On a grandmaster the ptp4l has no reference of its
   * own, and the pulses that the PHC follows have: it is worth as much as they say.
   */
  best(upstream: Upstream): Upstream {
    const alike = [...this.#told.values()].filter(
      ({ clock, synchronized }) => synchronized && clock === upstream.clock,
    )
    const [first = upstream, ...others] = alike
    return others.reduce((best, each) => (farOf(each) < farOf(best) ? each : best), first)
  }

  /** Every ptp4l answered, or will not: a clock of which none of them speaks is nobody's. */
  known(sources: readonly Source[], startedAt: Instant<'mono'>, now: Instant<'mono'>): boolean {
    if (elapsed(now, startedAt) > PATIENCE) return true
    return sources.every(({ kind, id }) => kind !== 'ptp4l' || this.#told.has(id))
  }
}
