/**
 * What a user cares about, out of a record of truth: how soon was the clock within X for good, how
 * far off was it afterwards, did the published bound ever lie, how long was it in which state.
 */
import { rms } from '../core/stats.ts'
import type { Nanos } from '../core/units.ts'
import type { ClockState, Snapshot } from '../observe/snapshot.ts'

/** One clock at one moment. */
export interface TruthSample {
  /** True seconds since the world began. */
  readonly at: number
  /** True error: the clock minus true time. */
  readonly error: Nanos
  /** Published error bound; undefined: none. */
  readonly bound: Nanos | undefined
  readonly state: ClockState
  /** Steps that the agent made so far. */
  readonly steps: number
}

/** The sample of one clock out of a snapshot; undefined when it has no such clock. */
export function truthSample(
  snapshot: Snapshot,
  clock: string,
  { at, error }: { readonly at: number; readonly error: Nanos },
): TruthSample | undefined {
  const view = snapshot.clocks.find((each) => each.name === clock)
  if (view === undefined) return undefined
  const steps = Object.values(view.steps).reduce((sum, count) => sum + count, 0)
  return { at, error, bound: view.bound, state: view.state, steps }
}

const from = (samples: readonly TruthSample[], at: number): TruthSample[] =>
  samples.filter((sample) => sample.at >= at)

/** Seconds after which |error| stayed within `limitNs` to the end; undefined: it never did. */
export function timeToWithin(samples: readonly TruthSample[], limitNs: number): number | undefined {
  let since: number | undefined
  for (const { at, error } of samples) {
    if (Math.abs(error) > limitNs) since = undefined
    else since ??= at
  }
  return since
}

/** First moment in `state`; undefined: never. */
export const timeToState = (
  samples: readonly TruthSample[],
  state: ClockState,
): number | undefined => samples.find((sample) => sample.state === state)?.at

/** NaN when there is no sample from `after` on. */
export const rmsError = (samples: readonly TruthSample[], after = 0): number =>
  rms(from(samples, after).map(({ error }) => error))

export const maxError = (samples: readonly TruthSample[], after = 0): number =>
  from(samples, after).reduce((max, { error }) => Math.max(max, Math.abs(error)), 0)

/** Samples at which the clock was farther off than it said. */
export const boundViolations = (samples: readonly TruthSample[]): TruthSample[] =>
  samples.filter(({ error, bound }) => bound !== undefined && Math.abs(error) > bound)

/** Steps between `after` and the end. */
export function stepsAfter(samples: readonly TruthSample[], after = 0): number {
  const before = samples.findLast(({ at }) => at < after)?.steps ?? 0
  return (samples.at(-1)?.steps ?? 0) - before
}

/** Seconds in each state, each sample standing for the time up to the next one. */
export function stateDurations(samples: readonly TruthSample[]): Record<ClockState, number> {
  const seconds = { freerun: 0, acquiring: 0, locked: 0, holdover: 0 }
  for (const [i, { at, state }] of samples.entries()) {
    const next = samples[i + 1]
    if (next !== undefined) seconds[state] += next.at - at
  }
  return seconds
}
