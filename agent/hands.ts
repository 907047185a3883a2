/** Who turns which clock: what each ptp4l said last, for the clocks in automatic mode. */
import type { Upstream } from './core/machine.ts'
import type { ClockName } from './core/sample.ts'
import { elapsed, type Instant, seconds } from './core/units.ts'
import type { Source } from './sources/source.ts'

/** A ptp4l that has not answered by then is not running. */
const PATIENCE = seconds(10)

export class Hands {
  readonly #told = new Map<string, Upstream>()

  heard(source: string, upstream: Upstream): void {
    this.#told.set(source, upstream)
  }

  /** A ptp4l turns this clock at present. */
  of(clock: ClockName): boolean {
    return [...this.#told.values()].some((each) => each.steers && each.clock === clock)
  }

  /** Every ptp4l answered, or will not: a clock of which none of them speaks is nobody's. */
  known(sources: readonly Source[], startedAt: Instant<'mono'>, now: Instant<'mono'>): boolean {
    if (elapsed(now, startedAt) > PATIENCE) return true
    return sources.every(({ kind, id }) => kind !== 'ptp4l' || this.#told.has(id))
  }
}
