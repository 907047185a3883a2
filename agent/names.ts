/**
 * Between the sources and the resolver of the node: until the system clock was locked once, a name that
 * does not resolve is asked once more without validation (dns/unvalidated.ts), and the source hears of what
 * came of that. Clock steering never waits for it: a source without an address is one that is not reached.
 *
 *   failed ─► before the first lock ─► asked with CD ─► addresses: resolved, unvalidated ─► (lock) resolve
 *          └► after it: failed                      └─► none: failed
 */
import type { Action, Event, Now } from './core/machine.ts'
import { mono, plus, seconds } from './core/units.ts'
import type { ResolvConf } from './dns/resolv-conf.ts'
import { type Found, isQueryEvent, Unvalidated } from './dns/unvalidated.ts'
import { split } from './keys.ts'
import type { RandomPort } from './ports/random.ts'

/** A pool answers with other servers each time: never are all of them exchanged at once. */
const APART = seconds(16)

type Failed = Extract<Event, { on: 'failed' }>

export interface Heard {
  readonly actions: readonly Action[]
  /** For the sources, under the keys of their actions. */
  readonly events: readonly Event[]
}

export class Names {
  readonly #lookups: Unvalidated
  /** Names that are being resolved, by key. */
  readonly #asked = new Map<string, string>()
  /** What failed and is tried again, by key. */
  readonly #failed = new Map<string, Failed>()
  /** Keys of names whose addresses nobody vouches for. */
  readonly #unvalidated = new Set<string>()
  /** The system clock was locked once, so that a validating resolver has no excuse any more. */
  #isTimeKnown = false
  #againAt = mono(0n)

  /** `conf`: that of the node at this moment. */
  constructor(conf: () => ResolvConf | undefined, random: RandomPort) {
    this.#lookups = new Unvalidated(conf, random)
  }

  /** An action of a source on its way out. */
  sent<A extends Action>(action: A): A {
    if (action.do === 'resolve') this.#asked.set(action.key, action.name)
    return action
  }

  /** `state` of the system clock, every second. From its first lock on unvalidated names are resolved again. */
  clockIs(state: string | undefined, now: Now): readonly Action[] {
    this.#isTimeKnown ||= state === 'locked'
    const [key] = this.#isTimeKnown && now.mono >= this.#againAt ? this.#unvalidated : []
    const name = key === undefined ? undefined : this.#asked.get(key)
    if (key === undefined || name === undefined) return []
    this.#unvalidated.delete(key)
    this.#againAt = plus(now.mono, APART)
    return [{ do: 'resolve', key, name }]
  }

  /** Undefined: the failure stands. */
  failed(event: Event, now: Now): readonly Action[] | undefined {
    if (event.on !== 'failed' || event.what !== 'resolve' || this.#isTimeKnown) return undefined
    const name = this.#asked.get(event.key)
    const actions = name === undefined ? undefined : this.#lookups.begin(event.key, name, now)
    if (actions !== undefined) this.#failed.set(event.key, event)
    return actions
  }

  handle(event: Event, now: Now): Heard {
    if (!isQueryEvent(event)) return { actions: [], events: [] }
    const { actions, found } = this.#lookups.handle(event, now)
    const heard = found.map((each) => this.#found(each))
    return {
      actions: [...actions, ...heard.flatMap((each) => each.actions)],
      events: heard.flatMap(({ events }) => events),
    }
  }

  /** A lookup that found nothing needs no note of its own: the source tells of the failure. */
  #found({ key, name, server, addresses }: Found): Heard {
    const failed = this.#failed.get(key)
    this.#failed.delete(key)
    if (addresses === undefined || this.#isTimeKnown) {
      return { actions: [], events: failed === undefined ? [] : [failed] }
    }
    this.#unvalidated.add(key)
    const [subject] = split(key)
    const detail = `${name}: ${addresses.join(', ')}, as ${server} has it, unvalidated`
    return {
      actions: [{ do: 'note', code: 'dns-unvalidated', subject, detail }],
      events: [{ on: 'resolved', key, addresses, unvalidated: true }],
    }
  }
}
