/** What is shown of the sources: what they say of themselves, and what is thought of them. */
import type { Now } from './core/machine.ts'
import type { ClockName } from './core/sample.ts'
import { elapsed, toSeconds } from './core/units.ts'
import type { Discipline } from './discipline.ts'
import type { SourceReport } from './observe/snapshot.ts'
import type { Source, SourceView } from './sources/source.ts'

/** Each clock hears how its sources are to be reached. */
export function tellReach(
  sources: readonly Source[],
  disciplines: ReadonlyMap<ClockName, Discipline>,
  now: Now,
): void {
  for (const source of sources) {
    const { clock, id, reach, trouble, pollSeconds } = source.view(now)
    if (clock !== undefined) disciplines.get(clock)?.reach(id, reach, trouble, pollSeconds)
  }
}

const NO_VERDICT = { verdict: 'no-sample', why: 'nothing measured yet' } as const

const ageOf = ({ lastSampleAt }: SourceView, now: Now): number | undefined =>
  lastSampleAt === undefined ? undefined : toSeconds(elapsed(now.mono, lastSampleAt))

export function reportsOf(
  sources: readonly Source[],
  disciplines: ReadonlyMap<ClockName, Discipline>,
  now: Now,
): SourceReport[] {
  const verdicts = new Map([...disciplines].map(([name, each]) => [name, each.verdicts]))
  return sources.map((source) => {
    const view = source.view(now)
    const judged = view.clock && verdicts.get(view.clock)?.get(view.id)
    return { ...view, ...(judged ?? NO_VERDICT), ageSeconds: ageOf(view, now) }
  })
}
