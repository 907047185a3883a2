/**
 * Which clocks this node has, under which name, and what the configuration wants of each.
 *
 * An operator may name a PHC by interface (`phc:eth0`), by device (`phc:/dev/ptp0`, `phc:ptp0`) or by
 * PCI address (`phc:0000:01:00.0`); the name as written stays the label everywhere. A PHC that nobody
 * named is observed under its first interface, or its device.
 */
import type { ClockConfig, Config } from './config/types.ts'
import type { ClockName } from './core/sample.ts'
import type { NodeInfo, PhcInfo } from './ports/node.ts'

export interface NamedClock {
  readonly name: ClockName
  readonly config: ClockConfig
  /** Undefined for the system clock, and for a PHC that is not on this node. */
  readonly phc: PhcInfo | undefined
  /** The name that this PHC has already: two ports of one card, an interface and its device. */
  readonly sameAs?: ClockName
}

const isNamedBy = (phc: PhcInfo, handle: string): boolean =>
  phc.interfaces.includes(handle) ||
  phc.device === handle ||
  `ptp${phc.index}` === handle ||
  (phc.pci !== '' && phc.pci === handle)

const ownName = (phc: PhcInfo): ClockName => `phc:${phc.interfaces[0] ?? `ptp${phc.index}`}`

/** The PHC that `name` means on this node. */
export function findPhc(info: NodeInfo, name: ClockName): PhcInfo | undefined {
  return info.phcs.find((phc) => isNamedBy(phc, name.slice('phc:'.length)))
}

/** The clock of this node that is meant by any of its names; undefined: there is none. */
export const clockNamed = (clocks: readonly NamedClock[], written: string): ClockName | undefined =>
  clocks.find(
    ({ name, phc }) =>
      name === written || (phc !== undefined && isNamedBy(phc, written.slice('phc:'.length))),
  )?.name

/** One writer per clock: of several names of one PHC the first counts. */
function claim(named: readonly NamedClock[]): NamedClock[] {
  return named.map((clock, k) => {
    const first = named.slice(0, k).find(({ phc }) => phc !== undefined && phc === clock.phc)
    return first === undefined ? clock : { ...clock, phc: undefined, sameAs: first.name }
  })
}

/** Every clock to look after: the system clock first, then what config names, then the rest. */
export function nameClocks(config: Config, info: NodeInfo, fallback: ClockConfig): NamedClock[] {
  const system = { name: 'system' as const, config: config.clocks['system'] ?? fallback }
  const configured = Object.entries(config.clocks)
    .filter(([key]) => key !== 'system')
    .map(([key, clock]) => {
      const name = key as ClockName
      return { name, config: clock, phc: findPhc(info, name) }
    })
  const rest = info.phcs
    .filter((phc) => !configured.some((clock) => clock.phc?.index === phc.index))
    .map((phc) => ({ name: ownName(phc), config: fallback, phc }))
  return [{ ...system, phc: undefined }, ...claim(configured), ...rest]
}

/**
 * The clock that a ptp4l port measures: the PHC with that index under its name here, the system clock
 * for software stamping (index below 0), the PHC of its interface while the index is not known, or is
 * none of those found at the start: its driver was reset.
 */
export function clockOfPort(
  clocks: readonly NamedClock[],
  index: number | undefined,
  networkInterface: string,
): ClockName | undefined {
  if (index !== undefined && index < 0) return 'system'
  const known = clocks.find(({ phc }) => phc !== undefined && phc.index === index)
  return (known ?? clocks.find(({ phc }) => phc?.interfaces.includes(networkInterface)))?.name
}
