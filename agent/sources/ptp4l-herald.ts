/**
 * Tells the readers of a PHC what it is worth: on every Sync, and at once when that changed. When
 * ptp4l turns to another clock, those who read the first one are told that it is on its own.
 */
import type { Action, Upstream } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import type { ClockName, Sample } from '../core/sample.ts'
import type { Instant } from '../core/units.ts'
import { type Facts, type Reason, upstreamOf } from './ptp4l-upstream.ts'

export const note = (code: NoteCode, detail: string): Action => ({ do: 'note', code, detail })

export interface News {
  readonly facts: Facts
  readonly clock: ClockName
  readonly reason: Reason
  /** ptp4l turns this clock. */
  readonly steers: boolean
  /** The last sample of that clock. */
  readonly last: Sample | undefined
  readonly now: Instant<'mono'>
}

interface Told {
  readonly upstream: Upstream
  readonly key: string
}

const isSame = (before: Told | undefined, { key }: Reason, steers: boolean): boolean =>
  before?.key === key && before.upstream.steers === steers

export class Herald {
  #told: Told | undefined

  get upstream(): Upstream | undefined {
    return this.#told?.upstream
  }

  tell({ facts, clock, reason, steers, last, now }: News, out: Action[], always: boolean): void {
    const before = this.#told
    const moved = before !== undefined && before.upstream.clock !== clock
    if (!always && !moved && isSame(before, reason, steers)) return
    if (moved) {
      const why = 'ptp4l listens with another clock now'
      out.push({
        do: 'upstream',
        upstream: { ...before.upstream, synchronized: false, steers: false, reason: why },
      })
    }
    const upstream = upstreamOf(facts, { clock, reason: reason.text, steers, last, now })
    this.#told = { upstream, key: reason.key }
    out.push({ do: 'upstream', upstream })
    const was = before?.upstream.synchronized ?? false
    if (was && !upstream.synchronized) out.push(note('upstream-lost', reason.text))
    if (!was && upstream.synchronized) {
      out.push(note('reachable', `${clock} follows ${upstream.reference}`))
    }
  }
}
