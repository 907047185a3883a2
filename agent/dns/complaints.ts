/** What is wrong with what is read again and again: told when it begins and when it changes. */
import type { Action } from '../core/machine.ts'

export class Complaints {
  readonly #told = new Map<string, string>()

  /** `about` is told together with `what`; undefined: nothing is wrong with it (any more). */
  note(about: string, what: string | undefined, subject?: string): Action[] {
    if (what === undefined) {
      this.#told.delete(about)
      return []
    }
    if (this.#told.get(about) === what) return []
    this.#told.set(about, what)
    const detail = `${about}: ${what}`
    return [{ do: 'note', code: 'dns-facts', detail, ...(subject !== undefined && { subject }) }]
  }
}
