/**
 * The kernel's connection tracking, as text out of /proc (proc(5), net/netfilter/nf_conntrack_standalone.c).
 *
 *   /proc/net/stat/nf_conntrack   a header, then one line per CPU, hexadecimal: columns by name, since
 *                                 their meaning changed over the years (`searched` became `clashres`)
 *   .../nf_conntrack_count, _max  one decimal number
 *
 * All of it belongs to the network namespace of who reads it.
 */
import { type Decoded, decoded, fault } from '../core/errors.ts'
import type { ConntrackFacts } from './facts.ts'

export const CONNTRACK_FILES = {
  stat: '/proc/net/stat/nf_conntrack',
  count: '/proc/sys/net/netfilter/nf_conntrack_count',
  limit: '/proc/sys/net/netfilter/nf_conntrack_max',
} as const
export type ConntrackFile = keyof typeof CONNTRACK_FILES

/** `at` is the line, from 1. */
export type ConntrackFault = 'no-column' | 'no-rows' | 'short-row' | 'bad-number'

const COLUMN = 'insert_failed'

const wordsOf = (line: string): string[] => line.split(/[ \t]+/).filter((word) => word !== '')

/** Column `insert_failed`, the sum over all CPUs. */
export function parseConntrackStat(text: string): Decoded<number, ConntrackFault> {
  const [header = '', ...rows] = text.split('\n')
  const column = wordsOf(header).indexOf(COLUMN)
  if (column < 0) return fault('no-column', 1)
  let sum = 0
  let cpus = 0
  for (const [index, row] of rows.entries()) {
    const line = index + 2
    const words = wordsOf(row)
    if (words.length === 0) continue
    const word = words[column]
    if (word === undefined) return fault('short-row', line)
    // an unsigned int of the kernel
    if (!/^[0-9a-f]{1,8}$/i.test(word)) return fault('bad-number', line)
    sum += Number.parseInt(word, 16)
    cpus += 1
  }
  return cpus === 0 ? fault('no-rows', 1) : decoded(sum)
}

/** A file that holds one number. */
export const parseCount = (text: string): Decoded<number, ConntrackFault> =>
  /^\d{1,10}\n?$/.test(text) ? decoded(Number(text)) : fault('bad-number', 1)

export interface ConntrackReading {
  readonly count: number
  readonly limit: number
  readonly stat: number
}

/**
 * `previous`: `insertFailed` of the reading before; undefined: there was none, so nothing is more. A sum
 * that fell began anew (the module was loaded again, a counter of 32 bits overflowed).
 */
export function conntrackFacts(
  { count, limit, stat }: ConntrackReading,
  previous: number | undefined,
): ConntrackFacts {
  const before = previous ?? stat
  return {
    entries: count,
    limit,
    insertFailed: stat,
    insertFailedMore: stat < before ? stat : stat - before,
  }
}
