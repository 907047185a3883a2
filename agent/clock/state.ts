/**
 * The state of a clock, from freshness and size of its measurements, never from a process being
 * alive:
 *
 *   freerun ─► acquiring ─► locked ─► holdover ─► locked | acquiring | freerun
 *
 * locked: the last offsets were within the lock limit. holdover: it was locked and nothing can be
 * believed now. freerun: nothing known, or the holdover limits are passed.
 */
import { elapsed, type Instant } from '../core/units.ts'
import type { ClockState } from '../observe/snapshot.ts'

/** So many offsets in a row within the limit lock, so many beyond it unlock. */
const IN_A_ROW = 3

export interface HoldoverLimits {
  readonly seconds: number
  readonly bound: number
}

export class ClockStateMachine {
  readonly #threshold: number
  readonly #limits: HoldoverLimits
  #state: ClockState = 'freerun'
  #since: Instant<'mono'> | undefined
  #within = 0
  #beyond = 0

  /** `threshold` in ns. */
  constructor(threshold: number, limits: HoldoverLimits) {
    this.#threshold = threshold
    this.#limits = limits
  }

  get state(): ClockState {
    return this.#state
  }

  /** Seconds in this state; 0 as long as nothing ever changed. */
  seconds(now: Instant<'mono'>): number {
    return this.#since === undefined ? 0 : Math.max(0, elapsed(now, this.#since)) / 1e9
  }

  /** A believed offset was measured. */
  measured(offset: number, now: Instant<'mono'>): void {
    const within = Math.abs(offset) <= this.#threshold
    this.#within = within ? this.#within + 1 : 0
    this.#beyond = within ? 0 : this.#beyond + 1
    if (this.#within >= IN_A_ROW) this.#enter('locked', now)
    else if (this.#state === 'freerun') this.#enter('acquiring', now)
    else if (this.#beyond >= IN_A_ROW) this.#enter('acquiring', now)
  }

  /** Nothing can be believed; `bound` in ns, undefined when unknown. */
  unreferenced(bound: number | undefined, now: Instant<'mono'>): void {
    this.#within = 0
    if (this.#state === 'locked') this.#enter('holdover', now)
    if (this.#state === 'acquiring') this.#enter('freerun', now)
    if (this.#state === 'holdover' && this.#isOver(bound, now)) this.#enter('freerun', now)
  }

  /** The clock was stepped: what was within says nothing any more. */
  stepped(now: Instant<'mono'>): void {
    this.#within = 0
    if (this.#state !== 'freerun') this.#enter('acquiring', now)
  }

  #isOver(bound: number | undefined, now: Instant<'mono'>): boolean {
    return this.seconds(now) > this.#limits.seconds || (bound ?? 0) > this.#limits.bound * 1e9
  }

  #enter(state: ClockState, now: Instant<'mono'>): void {
    if (state === this.#state) return
    this.#state = state
    this.#since = now
  }
}

/** Why it is in this state, in one phrase that a person at night understands. */
export function reasonOf(
  state: ClockState,
  about: {
    /** Why steering is frozen; empty when it is not. */
    readonly frozen: string
    readonly selected: string | undefined
    /** How many sources measure it. */
    readonly sources: number
  },
): string {
  if (about.frozen !== '' && about.selected !== undefined) {
    return `steering is frozen: ${about.frozen}`
  }
  switch (state) {
    case 'locked':
      return `follows ${about.selected}`
    case 'acquiring':
      return `approaches ${about.selected}`
    case 'holdover':
      return 'no usable reference: runs on its learnt frequency'
    case 'freerun':
      return about.sources === 0 ? 'nothing measures it' : 'no usable reference'
  }
}
