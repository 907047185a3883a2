/**
 * Names of time sources while the clock may be wrong: a resolver that validates answers SERVFAIL to whom
 * it should tell the time. So what does not resolve in the ordinary way is asked once more with CD
 * (RFC 4035 section 3.2.2), of the nameservers of resolv.conf one after the other, A and AAAA together.
 *
 *   name of the search list ─► nameserver ─► addresses: done
 *                                        ├─► no such name: next name
 *                                        ├─► any other refusal: next nameserver
 *                                        └─► silence: next nameserver, and this one is not asked again
 *
 * So dead nameservers cost 2 s each and no more: the source behind waits, and has addresses on disk. The
 * search list serves names with fewer dots than `ndots`; of a full name nothing leaks into other domains.
 *
 * Nobody vouches for these addresses: several sources and their majority have to (RFC 5905 section 11.2.1).
 */
import type { Action, Event, Now } from '../core/machine.ts'
import type { RandomPort } from '../ports/random.ts'
import { MAX_NAMESERVERS, namesTried } from './lookup.ts'
import { type Ask, USUAL_EDNS } from './message.ts'
import { DNS_PORT } from './plan.ts'
import { type Outcome, Query, type QueryEvent } from './query.ts'
import { parseQuestion } from './question.ts'
import type { ResolvConf } from './resolv-conf.ts'

/** Seconds; a nameserver of the same network answers far sooner. */
const TIMEOUT = 2
/** Domains of the search list; glibc has no limit, but a boot has. */
const MAX_SEARCH = 6

interface Try {
  readonly name: string
  readonly server: string
}

interface Lookup {
  /** Of the action, and the name in it. */
  readonly key: string
  readonly asked: string
  readonly left: readonly Try[]
  readonly now: Try
  readonly query: Query
}

/** What came of a lookup; undefined addresses: nothing, so the failure stands. */
export interface Found {
  readonly key: string
  /** The one that was asked last, with its domain of the search list. */
  readonly name: string
  readonly server: string
  readonly addresses: readonly string[] | undefined
}

export interface Done {
  readonly actions: readonly Action[]
  readonly found: readonly Found[]
}

const NOTHING: Done = { actions: [], found: [] }

const MISSING: readonly Outcome['result'][] = ['nxdomain', 'nodata', 'noerror']
const SILENT: readonly Outcome['result'][] = ['timeout', 'conn_refused', 'unreachable']
/** Nothing but answers to something else came until the time-out. */
const STRAY: Outcome = { result: 'mismatch' }

/** Every name with every nameserver, the names in the order in which the C library tries them. */
function triesOf(name: string, { nameservers, search, options: { ndots } }: ResolvConf): Try[] {
  const servers = nameservers.slice(0, MAX_NAMESERVERS).map(({ address }) => address)
  const isShort = name.split('.').length - 1 < ndots
  const names = namesTried({ search: isShort ? search.slice(0, MAX_SEARCH) : [], ndots }, name)
  return names
    .filter((each) => parseQuestion(each).ok)
    .flatMap((each) => servers.map((server) => ({ name: each, server })))
}

/** What is left to be tried after a try that gave no address; `second` is the outcome of AAAA. */
function remaining({ left, now }: Lookup, { result, second = result }: Outcome): readonly Try[] {
  const both = (list: readonly Outcome['result'][]) =>
    [result, second].every((each) => list.includes(each))
  if (both(MISSING)) return left.filter(({ name }) => name !== now.name)
  return both(SILENT) ? left.filter(({ server }) => server !== now.server) : left
}

export class Unvalidated {
  readonly #random: RandomPort
  readonly #conf: () => ResolvConf | undefined
  /** By channel. */
  readonly #lookups = new Map<string, Lookup>()
  #count = 0

  /** `conf`: that of the node at this moment; a network that comes up late writes it anew. */
  constructor(conf: () => ResolvConf | undefined, random: RandomPort) {
    this.#conf = conf
    this.#random = random
  }

  /** Undefined: there is nobody to ask. */
  begin(key: string, name: string, now: Now): readonly Action[] | undefined {
    const conf = this.#conf()
    const [first, ...left] = conf === undefined ? [] : triesOf(name, conf)
    return first && this.#ask({ key, asked: name, left, now: first }, now)
  }

  handle(event: QueryEvent, now: Now): Done {
    const channel = 'channel' in event ? event.channel : event.key
    const lookup = this.#lookups.get(channel)
    if (lookup === undefined) return NOTHING
    const { actions, outcomes } = lookup.query.handle(event, now)
    const { done } = lookup.query
    const outcome = outcomes.find(({ result }) => result !== 'mismatch') ?? (done && STRAY)
    if (!outcome) return { actions, found: [] }
    this.#lookups.delete(channel)
    // a late answer is not waited for
    const closed = done ? actions : [...actions, ...closing(channel)]
    const next = this.#next(lookup, outcome, now)
    return { actions: [...closed, ...next.actions], found: next.found }
  }

  #next(lookup: Lookup, outcome: Outcome, now: Now): Done {
    const { key, asked, now: tried } = lookup
    const { addresses } = outcome
    const [first, ...left] = addresses === undefined ? remaining(lookup, outcome) : []
    if (first !== undefined) {
      return { actions: this.#ask({ key, asked, left, now: first }, now), found: [] }
    }
    return { actions: [], found: [{ key, name: tried.name, server: tried.server, addresses }] }
  }

  #ask(lookup: Omit<Lookup, 'query'>, now: Now): readonly Action[] {
    const { name, server } = lookup.now
    const channel = `l${this.#count++}`
    const ask = (type: 'A' | 'AAAA'): Ask => ({
      ...{ question: { name, type }, edns: USUAL_EDNS, checkingDisabled: true, addresses: true },
    })
    const [a = 0, b = 0, c = 0] = this.#random.bytes(3)
    const first = a * 256 + b
    const query = new Query({
      ...{ address: server, port: DNS_PORT, transport: 'udp', channel, timeout: TIMEOUT },
      ...{ asks: [ask('A'), ask('AAAA')], ids: [first, (first + 1 + c) % 65_536] },
    })
    this.#lookups.set(channel, { ...lookup, query })
    return query.start(now)
  }
}

const closing = (channel: string): Action[] => [
  { do: 'cancel', key: channel },
  { do: 'close', channel },
]

/** Events of a query. */
export const isQueryEvent = (event: Event): event is QueryEvent =>
  ['opened', 'sent', 'received', 'closed', 'failed', 'timer'].includes(event.on)
