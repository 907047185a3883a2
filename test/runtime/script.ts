/** A core of few lines behind the real runner. */
import type t from 'tap'
import type { Action, Event, Now } from '../../agent/core/machine.ts'
import { type Note, Runner, type RunnerOptions } from '../../agent/runtime/runner.ts'

type Tap = Pick<typeof t, 'teardown'>
type Reply = (event: Event, now: Now) => readonly Action[]

export const NOT_FOUND = { code: 'NOT_FOUND', syscall: 'open', errno: 'ENOENT' } as const

/** A core that answers by `reply` and keeps what it heard; `heard` waits for an event. */
export class Script {
  readonly events: Event[] = []
  readonly notes: Note[] = []
  readonly runner: Runner
  #reply: Reply
  #waiting: (() => void)[] = []

  constructor(t: Tap, reply: Reply, options: Partial<RunnerOptions> = {}) {
    this.#reply = reply
    this.runner = new Runner(this, {
      compare: { compare: () => ({ ok: false, fault: NOT_FOUND }) },
      identify: { identify: () => ({ ok: true, phcIndex: 3 }) },
      files: {
        load: async () => ({ ok: true, text: 'text' }),
        store: async () => ({ ok: true }),
      },
      log: (note) => this.notes.push(note),
      ...options,
    })
    t.teardown(() => this.runner.stop())
  }

  handle(event: Event, now: Now): readonly Action[] {
    this.events.push(event)
    const actions = this.#reply(event, now)
    for (const wake of this.#waiting.splice(0)) setImmediate(wake)
    return actions
  }

  async heard<K extends Event['on']>(on: K, count = 1): Promise<Extract<Event, { on: K }>[]> {
    const found = this.events.filter((event): event is Extract<Event, { on: K }> => event.on === on)
    if (found.length >= count) return found
    await new Promise<void>((done) => this.#waiting.push(done))
    return this.heard(on, count)
  }

  names(): string[] {
    return this.events.map((event) => event.on)
  }
}
