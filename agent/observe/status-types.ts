/**
 * What `/status` answers, schema 1: plain JSON, base SI units named in the keys, `null` where nothing
 * is known. Members may be added within a schema; none is renamed or removed.
 *
 * Sign: offset = local - reference, positive when this node is ahead. A positive frequency makes the
 * clock run faster. `time` is CLOCK_REALTIME in ISO 8601 with nanoseconds.
 */
import type { StampKind } from '../core/sample.ts'
import type { Diagnosis } from '../dns/diagnosis.ts'
import type { Mark } from '../dns/matrix.ts'
import type { SourceDetail } from '../sources/source.ts'
import type { Level, Problem } from './health.ts'

export interface Status {
  readonly schema: 1
  readonly version: string
  readonly hostname: string
  readonly time: string
  /** CLOCK_MONOTONIC. */
  readonly monotonicSeconds: number
  readonly uptimeSeconds: number
  /** False: no configuration was given, what was found is observed. */
  readonly explicitConfig: boolean
  readonly level: Level
  readonly sentence: string
  readonly problems: readonly Problem[]
  readonly clocks: readonly ClockStatus[]
  readonly sources: readonly SourceStatus[]
  readonly dns: DnsStatus
  readonly children: readonly ChildStatus[]
  readonly leapSeconds: LeapSecondsStatus
  readonly events: readonly EventStatus[]
}

export interface ClockStatus {
  readonly name: string
  readonly mode: string
  readonly state: string
  readonly stateSeconds: number
  readonly reason: string
  readonly offsetSeconds: number | null
  /** The reference that the offset is measured against. */
  readonly offsetSource: string
  readonly frequencyPpb: number | null
  readonly errorBoundSeconds: number | null
  readonly errorBoundGrowthPpb: number
  readonly holdoverRemainingSeconds: number | null
  readonly leap: string
  readonly taiOffsetSeconds: number | null
  /** Steps by reason. */
  readonly steps: Readonly<Record<string, number>>
  /** We steer it at present: in automatic mode that changes. */
  readonly steered: boolean
  readonly adjustable: boolean
  readonly notAdjustable: string
  readonly kernel: {
    readonly synchronized: boolean
    readonly maxErrorSeconds: number
    readonly estimatedErrorSeconds: number
  } | null
}

export interface LeapSecondsStatus {
  readonly mode: string
  /** Where the list comes from. */
  readonly origin: string
  readonly updated: string
  readonly expires: string
  readonly expired: boolean
  /** It had a hash, and the hash is right. */
  readonly verified: boolean
  /** The first moment after the next leap second in the list. */
  readonly next: { readonly time: string; readonly kind: string } | null
}

export interface SourceStatus {
  readonly id: string
  readonly kind: string
  readonly clock: string | null
  readonly address: string
  readonly verdict: string
  readonly why: string
  readonly trouble: string
  /** Last eight polls, newest in bit 0. */
  readonly reach: number
  readonly pollSeconds: number
  readonly sampleAgeSeconds: number | null
  readonly offsetSeconds: number | null
  readonly delaySeconds: number | null
  readonly rootDistanceSeconds: number | null
  readonly stratum: number | null
  readonly reference: string
  readonly stamps: string | null
  readonly detail: DetailStatus
}

/** The part that only one kind of source has; `kind` tells which. */
export type DetailStatus = { readonly kind: SourceDetail['kind'] } & Readonly<
  Record<string, unknown>
>

/** `detail.ports` of a ptp4l source. */
export interface Ptp4lPortStatus {
  readonly number: number
  readonly interface: string
  readonly state: string
  readonly stamping: string | null
  readonly phcIndex: number | null
  /** Age of the state; the least it can be unless `stateEntered`. */
  readonly stateSeconds: number
  readonly stateEntered: boolean
  /** How often it was seen to become FAULTY. */
  readonly faulted: number
  readonly traffic: TrafficStatus | null
  /** By the name that the management interface has for it. */
  readonly dataSets: Readonly<Record<string, unknown>>
}

/** Messages by type. */
export type TrafficStatus = Readonly<
  Record<
    'received' | 'sent',
    Readonly<Record<string, { readonly count: number; readonly perSecond: number | null }>>
  >
>

/** `detail.stamped` of an NTP source: who took our stamps of requests (tx) and answers (rx). */
export type StampedStatus = Readonly<Record<'tx' | 'rx', StampKindsStatus>>

/** Exchanges by kind of the stamp, and the kind of the last. */
export interface StampKindsStatus extends Readonly<Record<StampKind, number>> {
  readonly last: StampKind | null
}

/** A program that the agent started. */
export interface ChildStatus {
  readonly name: string
  /** starting, up, back-off, foreign (another program answers on its socket), stopped. */
  readonly state: string
  readonly stateSeconds: number
  readonly pid: number | null
  readonly command: readonly string[]
  readonly socket: string
  readonly restarts: number
  readonly trouble: string
  /** Present length of the wait before the next start; 0 while it runs. */
  readonly backOffSeconds: number
  /** `code` is null after a signal, `signal` empty after an exit. */
  readonly lastExit: {
    readonly code: number | null
    readonly signal: string
    readonly last: readonly string[]
  } | null
}

export interface DnsStatus {
  readonly enabled: boolean
  readonly nameservers: readonly string[]
  readonly search: readonly string[]
  readonly ndots: number
  readonly targets: readonly DnsTargetStatus[]
  /** Target x transport; empty: nothing measured for a diagnosis. */
  readonly matrix: readonly MatrixRowStatus[]
  /** In the order of causes; empty: nothing is wrong. */
  readonly diagnoses: readonly DiagnosisStatus[]
}

export interface MatrixCellStatus {
  readonly mark: Mark
  readonly p50Seconds: number | null
  readonly attempts: number
}

export interface MatrixRowStatus {
  readonly target: string
  readonly roles: readonly string[]
  readonly udp: MatrixCellStatus
  readonly tcp: MatrixCellStatus
  readonly dot: MatrixCellStatus
}

export type DiagnosisStatus = Diagnosis

export interface DnsTargetStatus {
  readonly target: string
  readonly transport: string
  readonly origin: string
  /** Count per result, only those that happened. */
  readonly results: Readonly<Record<string, number>>
  readonly probes: number
  readonly meanSeconds: number | null
  readonly lastResult: string | null
  readonly lastName: string
  readonly lastSeconds: number | null
  readonly lastAgeSeconds: number | null
  readonly consecutiveFailures: number
}

export interface EventStatus {
  readonly time: string
  readonly severity: string
  readonly subject: string
  readonly code: string
  readonly detail: string
  readonly repeats: number
}
