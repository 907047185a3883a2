/**
 * What this node knows of leap seconds: a list out of a file or the one that is brought along, and what
 * the sources announce.
 *
 * A list that the operator named rules, as ntpd does it. Without one the majority of the sources is
 * believed, and the list adds what they do not tell, as chronyd does it: a leap second in a laboratory
 * shall happen, and a server that forgets the real one shall not matter. TAI - UTC is that of a
 * grandmaster who vouches for it, else that of a list that has not expired.
 */
import type { LeapMode, LeapSecondsConfig } from '../config/types.ts'
import type { LeapWarning } from '../core/sample.ts'
import type { Instant } from '../core/units.ts'
import { BUNDLED_LIST } from './leap-bundle.ts'
import {
  isExpired,
  LEAP_LIST,
  type Leap,
  type LeapList,
  leapOfDay,
  nextLeap,
  parseLeapList,
  taiOffsetAt,
} from './leap-list.ts'

export type Announced = Exclude<LeapWarning, 'unknown'>

export interface LeapSecondsView {
  readonly mode: LeapMode
  readonly origin: 'bundled' | 'file'
  readonly updated: Instant<'utc'>
  readonly expires: Instant<'utc'>
  readonly expired: boolean
  /** It had a hash that was right. */
  readonly verified: boolean
  readonly next: Leap | undefined
}

export interface Announcement {
  readonly warning: Announced
  /** Who says so, in a phrase; empty without a warning. */
  readonly by: string
  /** What the list and the sources do not agree on; empty: they do. */
  readonly dispute: string
}

export class LeapSeconds {
  readonly mode: LeapMode
  /** Empty: no file is read. */
  readonly path: string
  #list: LeapList = BUNDLED_LIST
  #origin: LeapSecondsView['origin'] = 'bundled'
  /** Leap seconds that happened and are in no list, added up. */
  #unlisted = 0

  constructor({ mode, list }: LeapSecondsConfig) {
    this.mode = mode
    this.path = list
  }

  /** The operator named it: nothing at its place is worth a word. */
  get named(): boolean {
    return this.path !== '' && this.path !== LEAP_LIST
  }

  /** Text of the file; the fault, if it is none. A list older than the one inside is left alone. */
  load(text: string): string | undefined {
    const parsed = parseLeapList(text)
    if (!parsed.ok) return `${parsed.fault} in line ${parsed.at}`
    if (!this.named && parsed.value.updated < BUNDLED_LIST.updated) return undefined
    if (parsed.value.updated !== this.#list.updated) this.#unlisted = 0
    this.#list = parsed.value
    this.#origin = 'file'
    return undefined
  }

  view(now: Instant<'utc'>): LeapSecondsView {
    const { updated, expires, verified } = this.#list
    return {
      ...{ mode: this.mode, origin: this.#origin, updated, expires, verified },
      ...{ expired: isExpired(this.#list, now), next: nextLeap(this.#list, now) },
    }
  }

  /** How the UTC day of `now` ends; `voted` is what the majority of the sources announces. */
  announced(voted: Announced, now: Instant<'utc'>): Announcement {
    const valid = !isExpired(this.#list, now)
    const listed = valid ? leapOfDay(this.#list, now) : 'none'
    const rules = valid && this.named && this.#origin === 'file'
    const warning = rules || voted === 'none' ? listed : voted
    const disagree = voted !== 'none' && valid && listed !== voted
    return {
      warning,
      by: warning === 'none' ? '' : warning === listed ? 'the list says' : 'the sources say',
      dispute: disagree ? `the sources say ${voted}, the list says ${listed}` : '',
    }
  }

  /** TAI - UTC in seconds by the list; undefined when it has expired. */
  tai(now: Instant<'utc'>): number | undefined {
    const offset = isExpired(this.#list, now) ? undefined : taiOffsetAt(this.#list, now)
    return offset === undefined ? undefined : offset + this.#unlisted
  }

  /** A leap second happened right before `now`. */
  happened(by: 1 | -1, before: Instant<'utc'>, now: Instant<'utc'>): void {
    const listed = (this.tai(now) ?? 0) - (this.tai(before) ?? 0)
    if (listed !== by) this.#unlisted += by
  }
}
