/**
 * The whole of what the agent knows, at one moment, as plain immutable data: the only thing that
 * metrics, the page, the CLI and health see. Building it changes nothing.
 */
import type { LeapSecondsView } from '../clock/leap-seconds.ts'
import type { ClockMode } from '../config/types.ts'
import type { NoteCode, Severity } from '../core/notes.ts'
import type { ClockName, LeapWarning } from '../core/sample.ts'
import type { Instant, Nanos, Ppb } from '../core/units.ts'
import type { DnsView } from '../dns/view.ts'
import type { Verdict } from '../select/verdict.ts'
import type { SourceView } from '../sources/source.ts'
import type { ChildView } from '../supervise/view.ts'

export const CLOCK_STATES = ['freerun', 'acquiring', 'locked', 'holdover'] as const
export type ClockState = (typeof CLOCK_STATES)[number]

export interface ClockView {
  readonly name: ClockName
  readonly mode: ClockMode
  readonly state: ClockState
  /** Seconds in this state. */
  readonly stateSeconds: number
  /** Why this state, in one phrase a person at night understands. */
  readonly reason: string
  /** Best estimate of local - reference now; undefined before the first usable sample. */
  readonly offset: Nanos | undefined
  readonly offsetSource: string
  /** Frequency offset dialled in the clock. */
  readonly frequency: Ppb | undefined
  /** The farthest the clock may be from true time now; undefined: nothing known. */
  readonly bound: Nanos | undefined
  /** How fast the bound grows without a new sample. */
  readonly boundGrowth: Ppb
  /** Seconds until a clock in holdover passes its limit; undefined when not in holdover. */
  readonly holdoverLeftSeconds: number | undefined
  readonly leap: LeapWarning
  /** TAI - UTC that the kernel holds (system) ; undefined for a PHC. */
  readonly taiOffset: number | undefined
  readonly steps: Readonly<Record<string, number>>
  /** We steer it at present. */
  readonly steered: boolean
  readonly adjustable: boolean
  /** Why it is not adjustable; empty when it is. */
  readonly notAdjustable: string
  /** Kernel's own words, system clock only. */
  readonly kernel:
    | {
        readonly synchronized: boolean
        readonly maxError: Nanos
        readonly estimatedError: Nanos
      }
    | undefined
}

export interface SourceReport extends SourceView {
  readonly verdict: Verdict
  /** Detail of the verdict in one phrase. */
  readonly why: string
  readonly ageSeconds: number | undefined
}

export interface EventRecord {
  readonly at: Instant<'utc'>
  readonly severity: Severity
  readonly subject: string
  readonly code: NoteCode
  readonly detail: string
  /** How often it happened within a minute of `at`; absent for once. */
  readonly repeats?: number
}

export interface NoteCount {
  readonly subject: string
  readonly code: NoteCode
  readonly count: number
}

export interface Snapshot {
  readonly version: string
  readonly hostname: string
  readonly at: Instant<'utc'>
  readonly mono: Instant<'mono'>
  readonly uptimeSeconds: number
  readonly explicitConfig: boolean
  readonly clocks: readonly ClockView[]
  readonly sources: readonly SourceReport[]
  readonly dns: DnsView
  /** Programs that the agent keeps running. */
  readonly children: readonly ChildView[]
  readonly leapSeconds: LeapSecondsView
  readonly notes: readonly NoteCount[]
  /** Newest last, bounded. */
  readonly events: readonly EventRecord[]
}
