/** NICs and PHCs as documents: ours with a verdict for each, and one of the ptp-operator's shape; pure. */
import {
  byName,
  isHardware,
  type Nic,
  type NicDiscovery,
  nicsOfPhc,
  type Phc,
  phcNotes,
  whyNotPtp,
} from '../core/nic.ts'

export interface NicView extends Nic {
  readonly ptp: {
    readonly capable: boolean
    /** '' for a capable one. */
    readonly why: string
    /** Names of the other NICs that stamp with the same PHC. */
    readonly sharesPhcWith: readonly string[]
  }
}

export interface PhcView extends Phc {
  readonly interfaces: readonly string[]
  readonly notes: readonly string[]
}

export interface NicsView {
  readonly node: string
  readonly nics: readonly NicView[]
  readonly phcs: readonly PhcView[]
  /** How many interfaces are not among `nics`, by kind. */
  readonly hidden: Readonly<Record<string, number>>
}

function viewOf(nic: Nic, nics: readonly Nic[]): NicView {
  const why = whyNotPtp(nic)
  const sharers = nic.phcIndex === null || !isHardware(nic) ? [] : nicsOfPhc(nics, nic.phcIndex)
  const others = sharers.filter(({ key }) => key !== nic.key).map(({ name }) => name)
  return { ...nic, ptp: { capable: why === '', why, sharesPhcWith: others } }
}

/** Physical NICs and the bonds and bridges above them: what an operator plugs cables into. */
function shownNames(nics: readonly Nic[]): ReadonlySet<string> {
  const masters = new Map(nics.map(({ name, master }) => [name, master]))
  const shown = new Set<string>()
  for (const { name, kind } of nics) {
    if (kind !== 'physical') continue
    for (let each = name; each !== '' && !shown.has(each); each = masters.get(each) ?? '') {
      shown.add(each)
    }
  }
  return shown
}

function countByKind(nics: readonly Nic[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { kind } of nics) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

/** `all`: also virtual functions, representors, VLANs and interfaces of software. PHCs are always all. */
export function nicsView({ nics, phcs }: NicDiscovery, node: string, all: boolean): NicsView {
  const shown = shownNames(nics)
  const isShown = ({ name }: Nic): boolean => all || shown.has(name)
  return {
    node,
    nics: nics.filter(isShown).map((nic) => viewOf(nic, nics)),
    phcs: phcs.map((phc) => ({
      ...phc,
      interfaces: nicsOfPhc(nics, phc.index).map(({ name }) => name),
      notes: phcNotes(phc, nics),
    })),
    hidden: countByKind(nics.filter((nic) => !isShown(nic))),
  }
}

/** As ethtool prints it, which is what the operator passes on. */
const linkSpeed = (speed: number | null): string => (speed === null ? 'Unknown!' : `${speed}Mb/s`)

/** Fields that have nothing to say are absent, as Go's `omitempty` leaves them out. */
const present = (fields: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''))

const toDevice = (nic: Nic) => ({
  name: nic.name,
  hardwareInfo: present({
    pciAddress: nic.pci,
    firmwareVersion: nic.firmwareVersion,
    driverVersion: nic.driverVersion,
    linkStatus: nic.operstate === 'up' ? 'up' : 'down',
    linkSpeed: linkSpeed(nic.speedMbps),
  }),
})

/**
 * api/v1/nodeptpdevice_types.go of k8snetworkplumbingwg/ptp-operator: the NICs that can be a PTP port. FEC
 * and VPD are not read; a capable NIC without a PCI address, which the operator leaves out, is listed.
 */
export const nodePtpDevice = ({ nics }: NicDiscovery, node: string) => ({
  apiVersion: 'ptp.openshift.io/v1',
  kind: 'NodePtpDevice',
  metadata: { name: node },
  spec: {},
  status: {
    devices: nics
      .filter((nic) => whyNotPtp(nic) === '')
      .sort(byName)
      .map(toDevice),
  },
})
