/**
 * Can every driven clock be steered by something, and by no chain that comes back to itself?
 *
 * Edges, as sources/catalogue.ts makes them: NTP servers, the kernel's PPS and every ptp4l may steer the
 * system clock; a PHC steers it too, unless that PHC is driven and neither a ptp4l nor pulses tell its
 * offset. Then the system clock steers the PHC. `reference` adds edges between clocks by name. Edges that only a ptp4l's word opens (PHC to
 * system, PHC to PHC without `reference`) make no cycle: a PHC that it vouches for has its time from there.
 * A chronyd never steers: it has its own hands on the clock.
 */
import type { Finding } from './faults.ts'
import type { ClockConfig, SourceConfig } from './types.ts'

type Clocks = Readonly<Record<string, ClockConfig>>

const isDriven = (clock: ClockConfig | undefined): boolean =>
  clock?.mode === 'drive' || clock?.mode === 'auto'

const steers = (source: SourceConfig): boolean =>
  source.type === 'ptp4l' ||
  (source.type === 'ntp' && !source.noselect) ||
  (source.type === 'pps' && source.device !== undefined && !source.noselect)

/** Whether somebody tells the offset of a PHC: a ptp4l, which may be of any, or pulses at its input. */
type Tells = (name: string) => boolean

const tellsOf =
  (sources: readonly SourceConfig[]): Tells =>
  (name) =>
    sources.some(
      (source) =>
        source.type === 'ptp4l' ||
        (source.type === 'pps' &&
          source.clock !== undefined &&
          !source.noselect &&
          deviceOf(source.clock) === deviceOf(name)),
    )

const driven = (path: string): Pick<Finding, 'path' | 'at'> => ({
  path: ['clocks', path],
  at: 'key',
})

/** `phc:ptp0`, `phc:/dev/ptp0`: two names of one device. */
const deviceOf = (name: string): string => name.replace(/^phc:(\/dev\/)?(?=ptp\d+$)/, 'phc:/dev/')

/** PHCs that stand there twice. */
export function checkDevices(names: readonly string[]): Finding[] {
  return names.flatMap((name, index): Finding[] => {
    const other = names.slice(0, index).find((earlier) => deviceOf(earlier) === deviceOf(name))
    if (other === undefined) return []
    return [{ path: ['clocks', name], at: 'key', message: `the same clock as ${other}` }]
  })
}

/** The clocks that steer `name`, under the names that they have in `clocks` where they stand there. */
function referencesOf(clocks: Clocks, name: string, tells: Tells): readonly string[] {
  const clock = clocks[name]
  if (clock === undefined || !isDriven(clock)) return []
  if (clock.reference !== undefined) {
    return clock.reference.map(
      (each) => Object.keys(clocks).find((key) => deviceOf(key) === deviceOf(each)) ?? each,
    )
  }
  return name !== 'system' && !tells(name) ? ['system'] : []
}

/** The way from `path`'s last clock back to its first, by references; undefined: there is none. */
function wayBack(
  path: readonly string[],
  next: (name: string) => readonly string[],
): readonly string[] | undefined {
  const here = path.at(-1) ?? ''
  for (const reference of next(here)) {
    if (reference === path[0]) return [...path, reference]
    if (path.includes(reference)) continue
    const way = wayBack([...path, reference], next)
    if (way !== undefined) return way
  }
  return undefined
}

/** Each cycle once, at the first of its clocks, written in the direction in which time flows. */
function cyclesIn(clocks: Clocks, tells: Tells): Finding[] {
  const seen = new Set<string>()
  return Object.keys(clocks).flatMap((name): Finding[] => {
    const way = wayBack([name], (each) => referencesOf(clocks, each, tells))
    if (way === undefined || way.some((each) => seen.has(each))) return []
    for (const each of way) seen.add(each)
    const message = `cycle of driven clocks: ${[...way].reverse().join(' -> ')}`
    return [{ ...driven(name), message }]
  })
}

function checkReferences(clocks: Clocks): Finding[] {
  return Object.entries(clocks).flatMap(([name, { mode, reference }]): Finding[] => {
    const path = ['clocks', name]
    if (mode === 'auto' && name === 'system') {
      const message = 'auto is for PHCs: the system clock is driven, followed or observed'
      return [{ path: [...path, 'mode'], at: 'value', message }]
    }
    if (reference !== undefined && !isDriven(clocks[name])) {
      const message = `reference needs mode drive or auto; ${name} is not steered by us`
      return [{ path: [...path, 'reference'], at: 'key', message }]
    }
    return []
  })
}

function unsteered(clocks: Clocks, tells: Tells): Finding[] {
  const names = Object.keys(clocks)
  const phcs = names.filter((name) => name.startsWith('phc:'))
  const loops = phcs.filter((name) => isDriven(clocks[name]) && !clocks[name]?.reference)
  if (phcs.some((name) => !isDriven(clocks[name]) || tells(name)) || clocks['system']?.reference)
    return []
  const cycles = loops.map(
    (name): Finding => ({
      ...driven(name),
      message: `cycle of driven clocks: system -> ${name} -> system; nothing else steers either of them`,
    }),
  )
  if (cycles.length > 0) return cycles
  const message = 'system is driven, but nothing under sources can steer it'
  return [{ ...driven('system'), message }]
}

export function checkClocks(clocks: Clocks, sources: readonly SourceConfig[]): Finding[] {
  const tells = tellsOf(sources)
  const found = [...checkReferences(clocks), ...cyclesIn(clocks, tells)]
  if (found.length > 0) return found
  return isDriven(clocks['system']) && !sources.some(steers) ? unsteered(clocks, tells) : []
}
