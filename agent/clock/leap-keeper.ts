/**
 * The leap second and TAI - UTC of the system clock: what the kernel is told, and, in the modes in which
 * the kernel is told nothing, when the second is to be applied by us.
 *
 *   system   kernel: leap bits on the day     step   our own step at that moment
 *   ignore   nothing                          slew   all offsets grow by a second at that moment
 *
 * An inserted second is applied when the clock would show 00:00:00, a deleted one at 23:59:59.
 */
import type { Now } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import type { LeapWarning } from '../core/sample.ts'
import { elapsed, type Instant, nanos, plus, utc } from '../core/units.ts'
import type { ClockState } from '../observe/snapshot.ts'
import { isLeapDay } from './leap.ts'
import type { Announced, LeapSeconds } from './leap-seconds.ts'

const SECOND = 1_000_000_000n
const DAY = 86_400n * SECOND
/** A moment that was missed by more (a sleep, a step) is not made up for. */
const LATE = 120n * SECOND
/** So near to the moment it is waited for by itself, not for the next tick. */
const NEAR = 3n * SECOND
/** While a second is gone through twice the list still has the old TAI - UTC. */
const AFTERWARDS = 120e9
const AHEAD = nanos(180e9)

export interface LeapDue {
  readonly by: 1 | -1
  readonly act: 'step' | 'slew'
}

interface Plan {
  readonly at: Instant<'utc'>
  readonly by: 1 | -1
}

interface Note {
  readonly code: NoteCode
  readonly detail: string
}

const midnightAfter = (now: bigint): bigint => (now / DAY + 1n) * DAY

export class LeapKeeper {
  readonly #leaps: LeapSeconds
  readonly #note: (note: Note) => void
  #vouched: number | undefined
  /** TAI - UTC before the leap second that has just happened. */
  #stale: number | undefined
  #leaptAt: Instant<'mono'> | undefined
  #announced: Announced = 'none'
  #dispute = ''
  #plan: Plan | undefined
  /** The moment that was dealt with: an inserted second goes through its day's end twice. */
  #done: Instant<'utc'> | undefined

  /** `note` takes what is worth telling. */
  constructor(leaps: LeapSeconds, note: (note: Note) => void) {
    this.#leaps = leaps
    this.#note = note
  }

  /** TAI - UTC by a reference that vouches for it. */
  vouched(offset: number): void {
    // a grandmaster needs a moment to tell of a leap second that the kernel has counted already
    if (offset === this.#stale) return
    this.#stale = undefined
    this.#vouched = offset
  }

  /** A leap second has happened, whoever did it. */
  leapt(by: 1 | -1, now: Now): void {
    this.#leaptAt = now.mono
    this.#leaps.happened(by, plus(now.utc, nanos(-AHEAD)), plus(now.utc, AHEAD))
    if (this.#vouched === undefined) return
    this.#stale = this.#vouched
    this.#vouched += by
  }

  /** Once a second. `voted`: what the majority of the sources announces. */
  look(voted: LeapWarning, now: Now): void {
    const { warning, by, dispute } = this.#leaps.announced(asAnnounced(voted), now.utc)
    const announced = isLeapDay(now.utc) ? warning : 'none'
    if (announced !== 'none' && announced !== this.#announced) {
      const what = announced === 'insert' ? 'inserted' : 'deleted'
      const detail = `a second is ${what} at the end of this UTC day, as ${by}; mode ${this.#leaps.mode}`
      this.#note({ code: 'leap', detail })
    }
    if (dispute !== '' && dispute !== this.#dispute && isLeapDay(now.utc)) {
      this.#note({ code: 'leap-disagree', detail: dispute })
    }
    this.#announced = announced
    this.#dispute = dispute
    this.#plan = this.#planned(now.utc) ?? this.#plan
  }

  /**
   * For the kernel: leap bits only in mode `system`; TAI - UTC where somebody vouches for it, or by the
   * list once the date is known.
   */
  kernel(
    now: Now,
    state: ClockState,
  ): { readonly leap: Announced; readonly taiOffset: number | undefined } {
    const recent = this.#leaptAt !== undefined && elapsed(now.mono, this.#leaptAt) < AFTERWARDS
    const listed = this.#leaps.tai(recent ? plus(now.utc, AHEAD) : now.utc)
    return {
      leap: this.#leaps.mode === 'system' ? this.#announced : 'none',
      taiOffset: this.#vouched ?? (state === 'locked' || state === 'holdover' ? listed : undefined),
    }
  }

  /** The second is to be applied by us now; said once. */
  due(now: Now): LeapDue | undefined {
    const plan = this.#plan
    const { mode } = this.#leaps
    if (plan === undefined || now.utc < plan.at) return undefined
    this.#plan = undefined
    this.#done = plan.at
    if ((mode !== 'step' && mode !== 'slew') || now.utc - plan.at > LATE) return undefined
    return { by: plan.by, act: mode }
  }

  /** When `due` is to be asked, if that is soon. */
  wakeAt(now: Now): Instant<'mono'> | undefined {
    // the kernel needs nobody beside it
    if (this.#leaps.mode !== 'step' && this.#leaps.mode !== 'slew') return undefined
    const left = this.#plan === undefined ? undefined : this.#plan.at - now.utc
    return left === undefined || left > NEAR ? undefined : plus(now.mono, nanos(Number(left)))
  }

  #planned(now: Instant<'utc'>): Plan | undefined {
    if (this.#announced === 'none') return undefined
    const by = this.#announced === 'insert' ? 1 : -1
    const midnight = midnightAfter(now)
    const at = utc(by === 1 ? midnight : midnight - SECOND)
    return at === this.#done ? undefined : { at, by }
  }
}

const asAnnounced = (leap: LeapWarning): Announced => (leap === 'unknown' ? 'none' : leap)
