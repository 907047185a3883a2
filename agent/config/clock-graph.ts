/**
 * Can every driven clock be steered by something, and by no chain that comes back to itself?
 *
 * Edges, as sources/catalogue.ts makes them: NTP servers and every ptp4l may steer the system clock; a PHC
 * steers it too, unless that PHC is driven and no ptp4l tells its offset. Then the system clock steers
 * the PHC. A chronyd never steers: it has its own hands on the clock.
 */
import type { Finding } from './faults.ts'
import type { ClockConfig, SourceConfig } from './types.ts'

const isDriven = (clock: ClockConfig | undefined): boolean => clock?.mode === 'drive'

const steers = (source: SourceConfig): boolean =>
  source.type === 'ptp4l' || (source.type === 'ntp' && !source.noselect)

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

export function checkClocks(
  clocks: Readonly<Record<string, ClockConfig>>,
  sources: readonly SourceConfig[],
): Finding[] {
  const names = Object.keys(clocks)
  const phcs = names.filter((name) => name.startsWith('phc:'))
  if (!isDriven(clocks['system']) || sources.some(steers)) return []
  // without ptp4l a driven PHC follows the system clock
  const loops = phcs.filter((name) => isDriven(clocks[name]))
  if (loops.length < phcs.length) return []
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
