/**
 * What a grandmaster says of itself: ptp4l serves the time of a PHC and does not know what it is worth; we
 * do, and tell it (GRANDMASTER_SETTINGS_NP), as the linuxptp-daemon does for ts2phc.
 *
 *   locked to pulses  class 6, accuracy from the error bound    (IEEE 1588-2019 table 4, ITU-T G.8275.1)
 *   holdover          class 7 within the limits of its `holdover` in the configuration
 *   locked otherwise  class 140, or 248 where it never was locked to pulses; accuracy from the bound
 *   neither           the same classes; not traceable, accuracy unknown
 *
 * Every change of what is announced may change who is followed in the network: worse is told at once,
 * a better accuracy after a minute of it.
 */
import type { Standing } from '../core/machine.ts'
import type { ClockName, LeapWarning } from '../core/sample.ts'
import { elapsed, type Instant, type Nanos, seconds } from '../core/units.ts'
import type { DataSetValue } from './management-data.ts'
import { UTC_OFFSET } from './phc.ts'
import { accuracyCode } from './ptp4l-upstream.ts'

export type Settings = DataSetValue<'GRANDMASTER_SETTINGS_NP'>

const CLASS = { locked: 6, holdover: 7, lost: 140, never: 248 } as const
/** offsetScaledLogVariance: of a PRTC (G.8275.1), and unknown. */
const VARIANCE = { locked: 0x4e5d, unknown: 0xffff } as const
const UNKNOWN_ACCURACY = 0xfe
const PATIENCE = seconds(60)
/** ptp4l keeps what it was told; a subscriber of the same socket may have told it something else. */
const REMIND = seconds(60)

const isPrimary = ({ state, source }: Standing): boolean =>
  state === 'locked' && source.startsWith('pps:')

export class GrandmasterVoice {
  readonly #clock: ClockName
  #standing: Standing | undefined
  /** It was locked to pulses. */
  #primary = false
  #utcOffset: number = UTC_OFFSET
  #leap: LeapWarning = 'none'
  /** The worst accuracy within the last minute, and since when it could be better. */
  #accuracy = UNKNOWN_ACCURACY
  #betterSince: Instant<'mono'> | undefined
  #told: { readonly at: Instant<'mono'>; readonly text: string } | undefined

  constructor(clock: ClockName) {
    this.#clock = clock
  }

  heard(standing: Standing, now: Instant<'mono'>): void {
    if (standing.clock === 'system') {
      this.#utcOffset = standing.taiOffset || UTC_OFFSET
      this.#leap = standing.leap
    }
    if (standing.clock !== this.#clock) return
    this.#standing = standing
    this.#primary ||= isPrimary(standing)
    this.#rate(standing.bound, now)
  }

  /** What is to be said now; undefined: it was said already. Nothing before the clock was heard of. */
  due(now: Instant<'mono'>): Settings | undefined {
    if (this.#standing === undefined) return undefined
    const settings = this.#settings(this.#standing)
    const text = JSON.stringify(settings)
    if (this.#told?.text === text && elapsed(now, this.#told.at) < REMIND) return undefined
    this.#told = { at: now, text }
    return settings
  }

  /** Nobody looks after the clock any more, and it runs on: undefined where that is nothing new. */
  farewell(): Settings | undefined {
    return this.#standing !== undefined && isPrimary(this.#standing)
      ? this.#settings({ ...this.#standing, state: 'holdover' })
      : undefined
  }

  /** Another ptp4l. */
  forget(): void {
    this.#told = undefined
  }

  #rate(bound: Nanos | undefined, now: Instant<'mono'>): void {
    const code = bound === undefined ? UNKNOWN_ACCURACY : accuracyCode(bound)
    if (code >= this.#accuracy) {
      this.#accuracy = code
      this.#betterSince = undefined
      return
    }
    this.#betterSince ??= now
    if (this.#told !== undefined && elapsed(now, this.#betterSince) < PATIENCE) return
    this.#accuracy = code
    this.#betterSince = undefined
  }

  #classOf(standing: Standing): number {
    if (isPrimary(standing)) return CLASS.locked
    if (!this.#primary) return CLASS.never
    return standing.state === 'holdover' ? CLASS.holdover : CLASS.lost
  }

  #settings(standing: Standing): Settings {
    const { state } = standing
    const known = state === 'locked' || state === 'holdover'
    const primary = isPrimary(standing)
    return {
      clockQuality: {
        clockClass: this.#classOf(standing),
        clockAccuracy: known ? this.#accuracy : UNKNOWN_ACCURACY,
        offsetScaledLogVariance: primary ? VARIANCE.locked : VARIANCE.unknown,
      },
      currentUtcOffset: this.#utcOffset,
      flags: {
        ...{ leap61: this.#leap === 'insert', leap59: this.#leap === 'delete' },
        ...{ currentUtcOffsetValid: known, ptpTimescale: true, synchronizationUncertain: false },
        ...{ timeTraceable: known, frequencyTraceable: known },
      },
      timeSource: primary ? 'GNSS' : state === 'locked' ? 'NTP' : 'INTERNAL_OSCILLATOR',
    }
  }
}
