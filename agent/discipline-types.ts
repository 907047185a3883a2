/** What a discipline is made of, and what it did, for the agent to pass on. */
import type { LeapSeconds } from './clock/leap-seconds.ts'
import type { ClockConfig } from './config/types.ts'
import type { ClockChange } from './core/clock-change.ts'
import type { NoteCode } from './core/notes.ts'
import type { ClockName } from './core/sample.ts'
import type { Instant } from './core/units.ts'
import type { ClockPort } from './ports/clock.ts'
import type { SourceRule } from './select/rule.ts'

export interface Note {
  readonly code: NoteCode
  readonly detail: string
}

export interface Outcome {
  readonly changes: readonly ClockChange[]
  readonly notes: readonly Note[]
  /** Text of the drift file, when it is time to write it. */
  readonly drift?: string
  /** When to call `wake`, instead of what was said before; absent: as it was. */
  readonly wake?: Instant<'mono'>
}

export interface DisciplineOptions {
  readonly clock: ClockName
  readonly config: ClockConfig
  readonly port: ClockPort
  readonly rules: ReadonlyMap<string, SourceRule>
  /** Of the system clock. */
  readonly leaps?: LeapSeconds | undefined
  /** Steps so far, by reason; goes on being counted there. */
  readonly steps?: Record<string, number>
}
