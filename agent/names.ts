/**
 * Between the sources and the resolver of the node: until the system clock is synchronised, a name that
 * does not resolve is asked once more without validation (dns/unvalidated.ts), and the source hears of what
 * came of that. Clock steering never waits for it: a source without an address is one that is not reached.
 */
import type { Action, Event, Now } from './core/machine.ts'
import type { ResolvConf } from './dns/resolv-conf.ts'
import { type Found, isQueryEvent, Unvalidated } from './dns/unvalidated.ts'
import type { RandomPort } from './ports/random.ts'

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

  constructor(conf: ResolvConf | undefined, random: RandomPort) {
    this.#lookups = new Unvalidated(conf, random)
  }

  /** An action of a source on its way out. */
  sent<A extends Action>(action: A): A {
    if (action.do === 'resolve') this.#asked.set(action.key, action.name)
    return action
  }

  /** Undefined: the failure stands. `stateOf` tells of the system clock. */
  failed(event: Event, now: Now, stateOf: () => string | undefined): readonly Action[] | undefined {
    if (event.on !== 'failed' || event.what !== 'resolve') return undefined
    if (['locked', 'holdover'].includes(stateOf() ?? '')) return undefined
    const name = this.#asked.get(event.key)
    const actions = name === undefined ? undefined : this.#lookups.begin(event.key, name, now)
    if (actions !== undefined) this.#failed.set(event.key, event)
    return actions
  }

  handle(event: Event, now: Now): Heard {
    if (!isQueryEvent(event)) return { actions: [], events: [] }
    const { actions, found } = this.#lookups.handle(event, now)
    const notes = found.flatMap(({ name, server, addresses }): Action[] => {
      const detail = `${name}: ${addresses?.join(', ')}, as ${server} has it, unvalidated`
      return addresses === undefined ? [] : [{ do: 'note', code: 'dns-unvalidated', detail }]
    })
    return { actions: [...actions, ...notes], events: found.flatMap((each) => this.#told(each)) }
  }

  #told({ key, addresses }: Found): readonly Event[] {
    const failed = this.#failed.get(key)
    this.#failed.delete(key)
    if (addresses !== undefined) return [{ on: 'resolved', key, addresses }]
    return failed === undefined ? [] : [failed]
  }
}
