/**
 * What the stub resolver of the C library does for one name by resolv.conf(5): which names it tries, in
 * which order, and how many questions that costs. Plain arithmetic; nothing is asked.
 */
import type { ResolvConfFacts } from './facts.ts'

/** MAXNS of resolv.h: a stub asks no more. */
export const MAX_NAMESERVERS = 3

type Conf = Pick<ResolvConfFacts, 'search' | 'ndots' | 'nameservers' | 'attempts'>

/** With `ndots` dots or more a name is tried as it is first, else last; a dot at its end ends the search. */
export function namesTried(
  { search, ndots }: Pick<Conf, 'search' | 'ndots'>,
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
export const attemptsPerLookup = ({ nameservers, attempts }: Conf): number =>
  Math.min(nameservers.length, MAX_NAMESERVERS) * attempts
