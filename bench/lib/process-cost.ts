/**
 * What a process costs, out of /proc: memory in bytes (proc(5), smaps) and CPU time in seconds.
 *
 * PSS shares each page among those who map it. Two Node processes halve the 60 MB text of the node
 * binary, so PSS flatters an agent on a machine where other Node programs run (this bench is one).
 * `alone` counts what only this program maps on a real node, binary and add-ons of Node, in full.
 */
import { readFileSync } from 'node:fs'

export interface ProcessCost {
  readonly pssBytes: number
  /** PSS as if no other Node process ran on the machine. */
  readonly aloneBytes: number
  readonly rssBytes: number
  /** User and system time since its start. */
  readonly cpuSeconds: number
  /** `alone` by what is mapped, largest first. */
  readonly mappings: readonly (readonly [name: string, bytes: number])[]
}

/** USER_HZ: fixed at 100 for everything that Linux shows to programs. */
const TICKS_PER_SECOND = 100

interface Mapping {
  readonly name: string
  pss: number
  rss: number
}

/** `55d0-55e0 r-xp 0 08:01 123   /usr/bin/node` starts a mapping, `Pss:   12 kB` is about it. */
function readMappings(pid: number): Mapping[] {
  const mappings: Mapping[] = []
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const head = /^[\da-f]+-[\da-f]+ \S+ \S+ \S+ \d+\s*(.*)$/.exec(line)
    if (head !== null) mappings.push({ name: head[1] || 'anonymous', pss: 0, rss: 0 })
    const [, field, kilobytes] = /^(Pss|Rss):\s+(\d+) kB$/.exec(line) ?? []
    const last = mappings.at(-1)
    if (last === undefined || kilobytes === undefined) continue
    last[field === 'Pss' ? 'pss' : 'rss'] += Number(kilobytes) * 1024
  }
  return mappings
}

const ownOfNode = (name: string): boolean => /\/node$|\.node$/.test(name)

/** Fields 14 and 15 of stat; the name in field 2 may hold spaces. */
function readCpu(pid: number): number {
  const [, ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
  const numbers = fields.join(') ').split(' ')
  return (Number(numbers[11]) + Number(numbers[12])) / TICKS_PER_SECOND
}

export function readCost(pid: number): ProcessCost {
  const mappings = readMappings(pid)
  const byName = new Map<string, number>()
  for (const { name, pss, rss } of mappings) {
    byName.set(name, (byName.get(name) ?? 0) + (ownOfNode(name) ? rss : pss))
  }
  const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0)
  return {
    pssBytes: sum(mappings.map(({ pss }) => pss)),
    aloneBytes: sum(byName.values()),
    rssBytes: sum(mappings.map(({ rss }) => rss)),
    cpuSeconds: readCpu(pid),
    mappings: [...byName].sort((a, b) => b[1] - a[1]),
  }
}
