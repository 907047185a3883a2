/** What is kept of each source of a clock, and what is made of a sample. */
import type { NoteCode } from './core/notes.ts'
import type { Sample } from './core/sample.ts'
import { type Nanos, nanos } from './core/units.ts'
import type { Estimate } from './select/estimator.ts'
import type { SampleFilter } from './select/filter.ts'
import type { SourceRule } from './select/rule.ts'

export interface Followed {
  readonly rule: SourceRule
  readonly filter: SampleFilter
  reach: number | undefined
  trouble: string
  /** Seconds between its polls, as it says. */
  poll: number | undefined
  /** The last sample, where it was set aside as a spike: a second one in a row is believed. */
  spike: Sample | undefined
  /** The source jumped, and nothing was believed of it since. */
  jumped: boolean
  /** How far off the clock may be by what is set aside or not believed yet, ns. */
  doubt: Nanos
  /** Samples since everybody is to be heard anew. */
  heard: number
}

export interface Note {
  readonly code: NoteCode
  readonly detail: string
}

/** A sample of a source that is used, and what all used ones say together. */
export interface Believed {
  /** The last offsets, combined: what a loop works on. */
  readonly offset: Nanos
  /** Of all samples, at the moment of this one. */
  readonly estimate: Estimate
  /** The farthest the truth can be from the estimate. */
  readonly distance: Nanos
  readonly weight: number
  /** Seconds between samples. */
  readonly interval: number
  /** It is one of the selected source. */
  readonly leads: boolean
  /** Far from where the clock was a moment ago, and no spike: the world went on without this machine. */
  readonly jumped: boolean
}

/** The clock was stepped: what was doubtful is so no more. */
export function settle(followed: Followed): void {
  followed.spike = undefined
  followed.jumped = false
  followed.doubt = nanos(0)
}
