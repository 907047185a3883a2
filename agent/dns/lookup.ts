/**
 * What the stub resolver of the C library does for one name by resolv.conf(5): which names it tries in
 * which order, whom it asks, and what dead nameservers cost. Plain arithmetic; nothing is asked.
 */
import type { ResolvConfFacts } from './facts.ts'

/** MAXNS of resolv.h: a stub asks no more. */
export const MAX_NAMESERVERS = 3
/** A and AAAA, asked at the same time. */
export const FAMILIES = 2

/** An outside name with one dot, as most are. */
export const OUTSIDE = 'example.com'

export type StubConf = Pick<
  ResolvConfFacts,
  'nameservers' | 'search' | 'ndots' | 'timeout' | 'attempts' | 'rotate'
>

/** With `ndots` dots or more a name is tried as it is first, else last; a dot at its end ends the search. */
export function namesTried(
  { search, ndots }: Pick<StubConf, 'search' | 'ndots'>,
  name: string,
): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1) || '.']
  const dots = name.split('.').length - 1
  const searched = search
    .map((domain) => domain.replace(/\.$/, ''))
    .map((domain) => (domain === '' ? name : `${name}.${domain}`))
  return dots >= ndots ? [name, ...searched] : [...searched, name]
}

/** Queries that are sent for one question which nobody answers: every nameserver, every attempt. */
export const attemptsPerLookup = ({
  nameservers,
  attempts,
}: Pick<StubConf, 'nameservers' | 'attempts'>): number =>
  Math.min(nameservers.length, MAX_NAMESERVERS) * attempts

/** What is known of a nameserver; a refusal costs next to nothing, silence the time-out. */
export type ServerState = 'answers' | 'refuses' | 'silent' | 'unknown'

export interface LookupStep {
  readonly name: string
  /** Who answers it; undefined: nobody. */
  readonly answeredBy: string | undefined
  /** Spent on silent nameservers before, seconds. */
  readonly wait: number
}

export interface Lookup {
  /** Until the first name that exists; all of them where none does. */
  readonly steps: readonly LookupStep[]
  readonly servers: readonly { readonly address: string; readonly state: ServerState }[]
  /** Of all steps, A and AAAA. */
  readonly queries: number
  /** Of all steps, seconds. */
  readonly wait: number
}

/** A lookup of a name that none of the steps before the last one finds; `rotate` is told by its first turn. */
export function planLookup(
  conf: StubConf,
  name: string,
  stateOf: (address: string) => ServerState,
): Lookup {
  const asked = conf.nameservers.slice(0, MAX_NAMESERVERS)
  const servers = asked.map((address) => ({ address, state: stateOf(address) }))
  const place = servers.findIndex(({ state }) => state === 'answers' || state === 'unknown')
  const before = place < 0 ? servers : servers.slice(0, place)
  const rounds = place < 0 ? conf.attempts : 1
  const silent = before.filter(({ state }) => state === 'silent').length
  const wait = silent * conf.timeout * rounds
  const steps = namesTried(conf, name).map((each) => ({
    name: each,
    answeredBy: servers[place]?.address,
    wait,
  }))
  const perName = (place < 0 ? before.length * rounds : before.length + 1) * FAMILIES
  return { steps, servers, queries: steps.length * perName, wait: steps.length * wait }
}
