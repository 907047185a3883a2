/**
 * What every source is: a sans-IO machine with an identity and a view of itself.
 *
 * A source turns answers of one reference into samples of one clock. It decides whether an answer is
 * valid; whether the reference is to be believed is decided in `select/`.
 */
import type { Machine, Now, Upstream } from '../core/machine.ts'
import type { ClockName, StampKind } from '../core/sample.ts'
import type { Instant, Nanos, Ppb } from '../core/units.ts'
import type { DataSetName, DataSetValue } from './management-data.ts'
import type { StampCounts } from './ntp-stamps.ts'

export type SourceKind = 'ntp' | 'ptp4l' | 'phc' | 'pps' | 'chrony'

/** Options of a source by their names in the configuration; durations in seconds. */
export type OptionValues = Readonly<Record<string, string | number | boolean | undefined>>

/** What any source says of itself; `detail` is the part that only its kind has. */
export interface SourceView {
  readonly id: string
  readonly kind: SourceKind
  /** The clock it measures; undefined while unknown (ptp4l before its port was identified). */
  readonly clock: ClockName | undefined
  /** Address, path or device, for people. */
  readonly address: string
  /** Last eight polls, newest in bit 0 (RFC 5905 `reach`). */
  readonly reach: number
  /** Seconds between polls at present. */
  readonly pollSeconds: number
  readonly lastSampleAt: Instant<'mono'> | undefined
  /** Of the last sample; undefined before the first. */
  readonly offset: Nanos | undefined
  readonly delay: Nanos | undefined
  readonly rootDistance: Nanos | undefined
  readonly stratum: number | undefined
  readonly reference: string
  readonly stamps: StampKind | undefined
  /** One phrase on why there is no usable sample; empty when all is well. */
  readonly trouble: string
  readonly detail: SourceDetail
}

export type SourceDetail =
  | {
      readonly kind: 'ntp'
      readonly mode: 'basic' | 'interleaved'
      readonly leap: string
      readonly sent: number
      readonly received: number
      readonly good: number
      /** Our stamps on requests and answers, by who took them. */
      readonly stamped?: StampCounts
      /** Packets and polls of which nothing came, by the code of their note. */
      readonly refused?: Readonly<Record<string, number>>
      /** The options in force: with `minpoll` as it is towards the server at hand. */
      readonly options?: OptionValues
      /** `none`, or key and type: `key 5 SHA256`. */
      readonly authentication?: string
    }
  | {
      readonly kind: 'ptp4l'
      readonly domain: number
      readonly subscribed: boolean
      readonly grandmaster: string
      readonly clockClass: number | undefined
      readonly clockAccuracy: number | undefined
      readonly stepsRemoved: number | undefined
      readonly meanPathDelay: Nanos | undefined
      readonly upstream: Upstream | undefined
      /** How often ptp4l was found to be another process than before. */
      readonly restarts?: number
      readonly ports: readonly Ptp4lPortView[]
      /** Data sets of the clock, as told last. */
      readonly dataSets?: DataSetValues
      /** Data sets that this ptp4l does not give, and its error. */
      readonly refusedDataSets?: Readonly<Record<string, string>>
    }
  | {
      readonly kind: 'phc'
      readonly method: string
      readonly utcOffset: number | undefined
      readonly upstream: Upstream | undefined
    }
  | {
      readonly kind: 'pps'
      /** Whether the number of the second is known, or taken from the system clock as it is. */
      readonly second: 'known' | 'vouched' | 'unknown'
      readonly pulses: number
      /** Seconds without a pulse between two with one. */
      readonly missed: number
    }
  | {
      readonly kind: 'chrony'
      readonly frequency: Ppb | undefined
      readonly skew: Ppb | undefined
      readonly leap: string
    }

export interface Ptp4lPortView {
  readonly number: number
  readonly interface: string
  readonly state: string
  /** software, hardware, legacy, one-step, p2p-one-step; undefined when ptp4l does not tell. */
  readonly stamping: string | undefined
  readonly phcIndex: number | undefined
  /** When it entered its state, or was first seen in it. */
  readonly since: Instant<'mono'>
  /** It was seen entering: `since` is the true age of the state, not the least. */
  readonly entered?: boolean
  /** How often it was seen to become FAULTY. */
  readonly faulted?: number
  /** Data sets of the port, as told last. */
  readonly dataSets?: DataSetValues
  readonly traffic?: Ptp4lTraffic | undefined
}

export type DataSetValues = { readonly [N in DataSetName]?: DataSetValue<N> }

/** Messages by type; the rate is that between the last two answers. */
export type Ptp4lTraffic = Readonly<
  Record<
    'received' | 'sent',
    Readonly<Record<string, { readonly count: number; readonly perSecond: number | undefined }>>
  >
>

export interface Source extends Machine {
  readonly id: string
  readonly kind: SourceKind
  /** It has to know what the clocks of this node are worth (event `standing`). */
  readonly attends?: boolean
  view(now: Now): SourceView
}
