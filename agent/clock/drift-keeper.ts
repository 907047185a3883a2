/** When the drift file of a clock is read and written, and what is in it. */
import type { Now } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import { elapsed, type Instant, mono, type Ppb } from '../core/units.ts'
import { formatDrift, parseDrift } from './drift-file.ts'
import type { OscillatorHistory } from './oscillator-history.ts'

const PERIOD = 3600e9

interface Note {
  readonly code: NoteCode
  readonly detail: string
}

export class DriftKeeper {
  #writtenAt: Instant<'mono'> = mono(0n)

  /** `text` of the file, if there was one; `known`: the dial that held the clock when it was written. */
  start(
    text: string | undefined,
    now: Now,
  ): { readonly known: Ppb | undefined; readonly notes: readonly Note[] } {
    this.#writtenAt = now.mono
    if (text === undefined) return { known: undefined, notes: [] }
    const parsed = parseDrift(text)
    if (!parsed.ok) {
      const detail = `${parsed.fault} in line ${parsed.at}`
      return { known: undefined, notes: [{ code: 'drift-file', detail }] }
    }
    const { frequency } = parsed.value
    const detail = `${(frequency / 1000).toFixed(3)} ppm`
    return { known: frequency, notes: [{ code: 'drift-loaded', detail }] }
  }

  /** It is time to write it; told once. */
  isDue(now: Now): boolean {
    if (elapsed(now.mono, this.#writtenAt) < PERIOD) return false
    this.#writtenAt = now.mono
    return true
  }
}

/** The text to be written; nothing while nothing was learnt. */
export function driftOf({ frequency, skew }: OscillatorHistory): { readonly drift?: string } {
  return frequency === undefined ? {} : { drift: formatDrift({ frequency, skew }) }
}
