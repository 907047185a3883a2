/**
 * What was noted: a counter per (subject, code) and the last events, newest last. Both are bounded,
 * whatever the network sends: a subject beyond `MAX_SUBJECTS` is counted as `other`, and an event
 * that repeats an earlier one within a minute only raises its `repeats`.
 *
 * Notes of severity `count` are counted and not kept as events (core/notes.ts).
 */
import { type NoteCode, severityOf } from '../core/notes.ts'
import { type Instant, stepBetween } from '../core/units.ts'
import type { EventRecord, NoteCount } from './snapshot.ts'

const CAPACITY = 200
const MAX_SUBJECTS = 256
const OTHER = 'other'
const FOLD_NS = 60_000_000_000n

/** The clock may have been stepped between the two: the distance counts, not the order. */
function isNear(a: Instant<'utc'>, b: Instant<'utc'>): boolean {
  const distance = stepBetween(a, b)
  return distance < FOLD_NS && distance > -FOLD_NS
}

export class Notes {
  readonly #counts = new Map<string, Map<NoteCode, number>>()
  #events: readonly EventRecord[] = []

  record(subject: string, code: NoteCode, detail: string, at: Instant<'utc'>): void {
    this.#count(subject, code)
    const severity = severityOf(code)
    if (severity === 'count') return
    const earlier = this.#events.findLastIndex(
      (event) =>
        event.subject === subject &&
        event.code === code &&
        event.detail === detail &&
        isNear(at, event.at),
    )
    const same = this.#events[earlier]
    this.#events =
      same === undefined
        ? [...this.#events, { at, severity, subject, code, detail }].slice(-CAPACITY)
        : this.#events.with(earlier, { ...same, repeats: (same.repeats ?? 1) + 1 })
  }

  counts(): readonly NoteCount[] {
    return [...this.#counts].flatMap(([subject, codes]) =>
      [...codes].map(([code, count]) => ({ subject, code, count })),
    )
  }

  /** Newest last. */
  events(): readonly EventRecord[] {
    return this.#events
  }

  #count(subject: string, code: NoteCode): void {
    const known = this.#counts.has(subject) || this.#counts.size < MAX_SUBJECTS
    const name = known ? subject : OTHER
    const codes = this.#counts.get(name) ?? new Map<NoteCode, number>()
    codes.set(code, (codes.get(code) ?? 0) + 1)
    this.#counts.set(name, codes)
  }
}
