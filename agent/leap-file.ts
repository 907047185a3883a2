/** The file with the list of leap seconds: read at start, and once a day, since tzdata may bring a new one. */
import type { LeapSeconds } from './clock/leap-seconds.ts'
import { describeFault } from './core/errors.ts'
import { formatInstant } from './core/format.ts'
import type { Action, Event, Now } from './core/machine.ts'
import { plus, seconds } from './core/units.ts'

const PERIOD = seconds(86_400)

export class LeapFile {
  readonly #leaps: LeapSeconds
  readonly #key: string

  /** `key` is that of its actions. */
  constructor(leaps: LeapSeconds, key: string) {
    this.#leaps = leaps
    this.#key = key
  }

  read(now: Now): Action[] {
    const key = this.#key
    const again: Action = { do: 'timer', key, at: plus(now.mono, PERIOD) }
    return this.#leaps.path === '' ? [again] : [{ do: 'load', key, file: this.#leaps.path }, again]
  }

  /** What is wrong with it, sentence by sentence. */
  loaded(event: Event, now: Now): string[] {
    const wrong: string[] = []
    const problem = event.on === 'loaded' ? this.#leaps.load(event.text) : undefined
    if (problem !== undefined) wrong.push(`${this.#leaps.path}: ${problem}`)
    // where nobody named one the list inside is as good
    if (event.on === 'failed' && (this.#leaps.named || event.fault.code !== 'NOT_FOUND')) {
      wrong.push(`${this.#leaps.path}: ${describeFault(event.fault)}`)
    }
    const { expired, expires } = this.#leaps.view(now.utc)
    if (expired) wrong.push(`it was good until ${formatInstant(expires).slice(0, 10)}`)
    return wrong
  }
}
