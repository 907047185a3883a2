/**
 * The life and deaths of the ptp4l at the other end: whether it is mute, whether it was there before
 * it fell silent, and which complaint was noted already (one per outage, not one per second).
 */
import type { Action } from '../core/machine.ts'
import { note } from './ptp4l-herald.ts'

export class Outage {
  #died = false
  #complaint = ''
  #restarts = 0
  /** It accepts what we send and never answered since the socket was opened. */
  mute = false

  get restarts(): number {
    return this.#restarts
  }

  /** Nobody is at the other end any more; `lived`: it had answered. */
  lost(why: string, lived: boolean): readonly Action[] {
    this.#died ||= lived
    return this.complain(this.#died ? 'unreachable' : 'open-failed', why)
  }

  complain(code: 'unreachable' | 'open-failed' | 'wrong-domain', why: string): readonly Action[] {
    const known = this.#complaint === why
    this.#complaint = why
    return known ? [] : [note(code, why)]
  }

  /** It answers. True for the first answer of a new process. */
  alive(): boolean {
    const reborn = this.#died
    this.#died = false
    this.#complaint = ''
    return reborn
  }

  restarted(how: string): Action {
    this.#restarts += 1
    return note('restarted', how)
  }
}
