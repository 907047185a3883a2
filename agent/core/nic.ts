/**
 * A network interface and its PTP hardware clock as discovery finds them, and what they can do; pure.
 * What was not told is '' or null.
 */

export type NicKind =
  | 'physical'
  | 'virtual-function'
  /** Stands for a port of a virtual function in the NIC's own switch. */
  | 'representor'
  | 'bond'
  | 'bridge'
  | 'vlan'
  | 'loopback'
  /** Made by software: veth, tun, macvlan ... */
  | 'virtual'

export interface Nic {
  /** Place of the hardware and port, `pci:0000:01:00.0/0`: the same when the name changes. */
  readonly key: string
  readonly name: string
  readonly kind: NicKind
  /** The NIC's own address, also where a bond gave it another one. */
  readonly mac: string
  /** RFC 2863: up, down, unknown, dormant, lowerlayerdown ... */
  readonly operstate: string
  readonly speedMbps: number | null
  readonly driver: string
  readonly driverVersion: string
  readonly firmwareVersion: string
  /** `0000:01:00.0`, '' for a NIC that is not on PCI. */
  readonly pci: string
  /** `8086:1593`, vendor and device. */
  readonly ids: string
  /** The bond or bridge that it is a member of. */
  readonly master: string
  /** What it is made of: a VLAN's parent, a bond's members. */
  readonly lower: readonly string[]
  readonly bond: { readonly mode: string; readonly active: string } | null
  /** N of /dev/ptpN. */
  readonly phcIndex: number | null
  /** SOF_TIMESTAMPING_* in lower case: `tx-hardware`, `raw-hardware` ... */
  readonly stamping: readonly string[]
  readonly txTypes: readonly string[]
  readonly rxFilters: readonly string[]
  /** errno name where the kernel refused to tell its stamping. */
  readonly fault: string
}

export interface Phc {
  readonly index: number
  readonly device: string
  readonly clockName: string
  readonly driver: string
  readonly pci: string
  readonly maxAdjustmentPpb: number | null
  readonly externalTimestamps: number | null
  readonly periodicOutputs: number | null
  readonly programmablePins: number | null
  /** Names as in /sys/class/ptp/ptpN/pins. */
  readonly pins: readonly string[]
  readonly pps: boolean | null
  /** How many virtual clocks run on it; null where the kernel knows none (before 5.14). */
  readonly virtualClocks: number | null
  readonly maxVirtualClocks: number | null
  /** Of a virtual clock: index of the PHC that it runs on. */
  readonly physicalIndex: number | null
}

export interface NicDiscovery {
  readonly nics: readonly Nic[]
  readonly phcs: readonly Phc[]
}

export const isHardware = ({ kind }: Nic): boolean =>
  kind === 'physical' || kind === 'virtual-function' || kind === 'representor'

/** By name, numbers by value: `eth2` before `eth10`. */
export const byName = <T extends { readonly name: string }>(a: T, b: T): number =>
  a.name.localeCompare(b.name, 'en', { numeric: true })

/** Why this kind of interface serves no PTP port, whatever it says of its stamps. */
function kindReason({ kind, lower }: Nic): string {
  switch (kind) {
    case 'physical':
      return ''
    case 'virtual-function':
      return 'virtual function'
    case 'representor':
      return 'switch representor'
    case 'vlan':
      return lower[0] === undefined ? 'VLAN' : `VLAN on ${lower[0]}`
    case 'loopback':
      return 'loopback'
    case 'virtual':
      return 'no hardware'
    default:
      return `${kind}: see its members`
  }
}

const NEEDED: Readonly<Record<string, string>> = {
  'tx-hardware': 'no hardware transmit',
  'rx-hardware': 'no hardware receive',
  'raw-hardware': 'no raw hardware stamps',
}

function stampingReason({ stamping, fault }: Nic): string {
  if (fault !== '') return `no answer: ${fault}`
  if (stamping.length === 0) return 'no stamping'
  if (!stamping.some((name) => name in NEEDED)) return 'software stamping only'
  const missing = Object.keys(NEEDED).find((name) => !stamping.includes(name))
  return missing === undefined ? '' : (NEEDED[missing] ?? '')
}

/**
 * Why a NIC cannot be a PTP port, '' if it can: ptp-operator's rule (hardware transmit, receive and raw,
 * no virtual function) and a PHC. At most 26 characters.
 */
export const whyNotPtp = (nic: Nic): string =>
  kindReason(nic) || stampingReason(nic) || (nic.phcIndex === null ? 'no PHC' : '')

/** NICs that stamp with this PHC; what only passes on a NIC's answer (bond, VLAN) is not among them. */
export const nicsOfPhc = (nics: readonly Nic[], index: number): readonly Nic[] =>
  nics.filter((nic) => nic.phcIndex === index && isHardware(nic))

/** What the operator must know of a PHC: sentences that follow its name, at most 90 characters. */
export function phcNotes(phc: Phc, nics: readonly Nic[]): string[] {
  const ports = nicsOfPhc(nics, phc.index).filter(({ kind }) => kind === 'physical')
  const notes: string[] = []
  if (phc.physicalIndex !== null) {
    notes.push(`is a virtual clock on ptp${phc.physicalIndex}, which runs free beneath it`)
  }
  if ((phc.virtualClocks ?? 0) > 0) {
    const count =
      phc.virtualClocks === 1 ? '1 virtual clock' : `${phc.virtualClocks} virtual clocks`
    notes.push(
      `carries ${count}: it runs free and refuses to be steered (EBUSY), the virtual ones can be`,
    )
  }
  if (ports.length > 1)
    notes.push(`is one clock for ${ports.length} NICs: whoever steers it moves all`)
  if (phc.maxAdjustmentPpb === 0) notes.push('cannot be adjusted in frequency')
  return notes
}
