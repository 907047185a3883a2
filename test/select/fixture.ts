/** Samples and candidates for tests of the selection; `now` is second 100. */
import type { Sample } from '../../agent/core/sample.ts'
import { mono, nanos } from '../../agent/core/units.ts'
import { SampleFilter } from '../../agent/select/filter.ts'
import type { SourceRule } from '../../agent/select/rule.ts'
import type { Candidate } from '../../agent/select/select.ts'

export const at = (seconds: number) => mono(BigInt(Math.round(seconds * 1e9)))
export const NOW = at(100)

export const sample = (changes: Partial<Sample> = {}): Sample => ({
  source: 'a',
  clock: 'system',
  at: NOW,
  offset: nanos(0),
  delay: nanos(100_000),
  dispersion: nanos(1000),
  rootDelay: nanos(0),
  rootDispersion: nanos(10_000),
  stratum: 1,
  leap: 'none',
  reference: 'GPS',
  stamps: 'kernel',
  ...changes,
})

export interface Made {
  readonly offset?: number
  readonly rule?: Partial<SourceRule>
  readonly last?: Partial<Sample>
  /** Seconds between its samples, the last one at second 100. */
  readonly spacing?: number
  readonly count?: number
  readonly reach?: number
  readonly trouble?: string
}

export function candidate(source: string, made: Made = {}): Candidate {
  const { offset = 0, rule, last, spacing = 1, count = 4, reach = 255, trouble = '' } = made
  const filter = new SampleFilter()
  for (let k = count - 1; k >= 0; k -= 1) {
    filter.add(sample({ source, offset: nanos(offset), at: at(100 - k * spacing), ...last }))
  }
  const flags = { noselect: false, prefer: false, trust: false, require: false }
  return { rule: { source, rank: 1, ...flags, ...rule }, filter, reach, trouble }
}

/** Interval of about a microsecond, rank 0. */
export const phc = (made: Made = {}): Candidate =>
  candidate('phc:eth0', {
    ...made,
    rule: { rank: 0, ...made.rule },
    last: {
      ...{ delay: nanos(800), dispersion: nanos(20), rootDispersion: nanos(500), stratum: 0 },
      ...made.last,
    },
  })
