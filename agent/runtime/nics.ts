/**
 * Every network interface of this node with its hardware, and every PHC. Reads only: sysfs and SIOCETHTOOL,
 * no privilege needed.
 *
 *   /sys/class/net/X   address, operstate, speed, type, uevent, dev_port, phys_port_name, master, lower_*;
 *                      `device` leads to the hardware (`physfn` there: a virtual function)
 *   /sys/class/ptp/ptpN  clock_name and numbers; `device` leads to the hardware, or for a virtual clock
 *                      to the PHC beneath it
 */
import { basename, join } from 'node:path'
import { Ethtool, type TsInfo } from '../../native/ethtool.ts'
import { byName, type Nic, type NicDiscovery, type NicKind, type Phc } from '../core/nic.ts'
import { integer, line, list, pciAddress, realpath, target, text } from './sysfs.ts'

/** Where to look; another root makes another node. */
export interface NicPlaces {
  readonly sys: string
  readonly dev: string
}

const PLACES: NicPlaces = { sys: '/sys', dev: '/dev' }

/** What the kernel is asked about an interface. */
export type NicQuestions = Pick<Ethtool, 'tsInfo' | 'driverInfo'>

/** Buses of which one function has one PCI address to itself; USB hangs many below one. */
const PCI_BUSES = ['pci', 'virtio']
const REPRESENTOR = /^(c\d+)?pf\d+(vf|sf)\d+$/
const ARPHRD_LOOPBACK = 772

interface Hardware {
  /** Path of the device without symbolic links, '' for an interface of software. */
  readonly path: string
  readonly pci: string
  readonly ids: string
}

function hardwareOf(device: string): Hardware {
  const path = realpath(device)
  const isPci = PCI_BUSES.includes(basename(realpath(join(path, 'subsystem'))))
  const pci = path === '' || !isPci ? '' : pciAddress(path)
  const own = pci === '' ? path : path.slice(0, path.lastIndexOf(pci) + pci.length)
  const [vendor, id] = ['vendor', 'device'].map((name) => line(join(own, name)).replace(/^0x/, ''))
  return { path, pci, ids: path === '' || !vendor || !id ? '' : `${vendor}:${id}` }
}

function kindOf(path: string, { path: device }: Hardware, entries: readonly string[]): NicKind {
  if (entries.includes('bonding')) return 'bond'
  if (entries.includes('bridge')) return 'bridge'
  if (/^DEVTYPE=vlan$/m.test(text(join(path, 'uevent')))) return 'vlan'
  if (integer(join(path, 'type')) === ARPHRD_LOOPBACK) return 'loopback'
  if (device === '') return 'virtual'
  if (list(device).includes('physfn')) return 'virtual-function'
  return REPRESENTOR.test(line(join(path, 'phys_port_name'))) ? 'representor' : 'physical'
}

/** PCI address or else the device's path, and the port; software has nothing but its name. */
function keyOf(path: string, name: string, { path: device, pci }: Hardware, sys: string): string {
  if (device === '') return `name:${name}`
  const place = pci === '' ? device.slice(join(realpath(sys), 'devices/').length) : `pci:${pci}`
  const switchPort = line(join(path, 'phys_port_name'))
  // older kernels know no phys_port_name: it may be part of the key only where nothing else differs
  const port = REPRESENTOR.test(switchPort) ? switchPort : (integer(join(path, 'dev_port')) ?? 0)
  return `${place}/${port}`
}

/** `active-backup 1` and the member in use. */
const bondOf = (path: string): Nic['bond'] => ({
  mode: line(join(path, 'bonding/mode')).split(' ')[0] ?? '',
  active: line(join(path, 'bonding/active_slave')),
})

/** -1 and a refusal both mean: no link, or nothing that has a speed. */
function speedOf(path: string): number | null {
  const speed = integer(join(path, 'speed'))
  return speed === null || speed <= 0 ? null : speed
}

const NO_STAMPING: TsInfo = { phcIndex: -1, stamping: [], txTypes: [], rxFilters: [] }

function readStamping(name: string, kernel: NicQuestions) {
  const answer = kernel.tsInfo(name)
  const { phcIndex, ...abilities } = answer.ok ? answer.info : NO_STAMPING
  return {
    phcIndex: phcIndex < 0 ? null : phcIndex,
    ...abilities,
    fault: answer.ok ? '' : answer.fault.errno || answer.fault.code,
  }
}

function readDriver(name: string, { path }: Hardware, kernel: NicQuestions) {
  const told = kernel.driverInfo(name)
  const driver = join(path, 'driver')
  return {
    driver: (path === '' ? '' : basename(realpath(driver))) || (told?.driver ?? ''),
    driverVersion: told?.version || (path === '' ? '' : line(join(driver, 'module/version'))),
    // ethtool says so for drivers that have none
    firmwareVersion: (told?.firmware ?? '').replace(/^N\/A$/i, ''),
  }
}

function readNic(name: string, { sys }: NicPlaces, kernel: NicQuestions): Nic {
  const path = join(sys, 'class/net', name)
  const entries = list(path)
  const hardware = hardwareOf(join(path, 'device'))
  return {
    key: keyOf(path, name, hardware, sys),
    name,
    kind: kindOf(path, hardware, entries),
    mac: line(join(path, 'bonding_slave/perm_hwaddr')) || line(join(path, 'address')),
    operstate: line(join(path, 'operstate')),
    speedMbps: speedOf(path),
    ...readDriver(name, hardware, kernel),
    pci: hardware.pci,
    ids: hardware.ids,
    master: entries.includes('master') ? basename(realpath(join(path, 'master'))) : '',
    lower: entries.filter((entry) => entry.startsWith('lower_')).map((entry) => entry.slice(6)),
    bond: entries.includes('bonding') ? bondOf(path) : null,
    ...readStamping(name, kernel),
  }
}

/** Drivers that give several interfaces of one function the same port: told apart by address, then name. */
function withDistinctKeys(nics: readonly Nic[]): Nic[] {
  const count = (key: string, of: (nic: Nic) => string): number =>
    nics.filter((nic) => of(nic) === key).length
  const withMac = ({ key, mac }: Nic): string => `${key}/${mac}`
  return nics.map((nic) => {
    if (count(nic.key, ({ key }) => key) === 1) return nic
    const key = withMac(nic)
    return { ...nic, key: count(key, withMac) === 1 ? key : `${key}/${nic.name}` }
  })
}

function readPhc(entry: string, { sys, dev }: NicPlaces): Phc {
  const path = join(sys, 'class/ptp', entry)
  const number = (name: string): number | null => integer(join(path, name))
  const device = realpath(join(path, 'device'))
  const beneath = /^ptp(\d+)$/.exec(basename(device))?.[1]
  const pps = number('pps_available')
  return {
    index: Number(entry.slice('ptp'.length)),
    device: join(dev, entry),
    clockName: line(join(path, 'clock_name')),
    driver: basename(realpath(join(path, 'device/driver'))),
    pci: pciAddress(device),
    maxAdjustmentPpb: number('max_adjustment'),
    externalTimestamps: number('n_external_timestamps'),
    periodicOutputs: number('n_periodic_outputs'),
    programmablePins: number('n_programmable_pins'),
    pins: list(join(path, 'pins')),
    pps: pps === null ? null : pps !== 0,
    virtualClocks: number('n_vclocks'),
    maxVirtualClocks: number('max_vclocks'),
    physicalIndex: beneath === undefined ? null : Number(beneath),
  }
}

/** Where the kernel did not tell: the lowest PHC of the same device, if it is no virtual clock. */
function withPhcBeside(nic: Nic, { sys }: NicPlaces): Nic {
  if (nic.fault === '') return nic
  const beside = list(join(sys, 'class/net', nic.name, 'device/ptp'))
    .map((entry) => /^ptp(\d+)$/.exec(entry)?.[1])
    .filter((index) => index !== undefined)
    .map(Number)
  return beside.length === 0 ? nic : { ...nic, phcIndex: Math.min(...beside) }
}

/** Interfaces in the order of their names, PHCs in that of their indexes. */
export function discoverNics(places: NicPlaces, kernel: NicQuestions): NicDiscovery {
  // bonding_masters is a file among the interfaces
  const names = list(join(places.sys, 'class/net')).filter((name) => name !== 'bonding_masters')
  const nics = names.map((name) => withPhcBeside(readNic(name, places, kernel), places))
  const clocks = list(join(places.sys, 'class/ptp')).filter((name) => /^ptp\d+$/.test(name))
  return {
    nics: withDistinctKeys(nics).sort(byName),
    phcs: clocks.map((entry) => readPhc(entry, places)).sort((a, b) => a.index - b.index),
  }
}

/**
 * Which interfaces and PHCs there are and where each of them hangs, as one text: as long as it is the same
 * nobody came, went or changed names. A hundredth of what it costs to ask each of them.
 */
export const outlineOf = ({ sys }: NicPlaces = PLACES): string =>
  ['net', 'ptp']
    .map((kind) => join(sys, 'class', kind))
    .flatMap((path) => list(path).map((name) => `${name} ${target(join(path, name))}`))
    .join('\n')

/** Those of this machine, or of the network namespace that its /sys belongs to. */
export function discoverOwnNics(): NicDiscovery {
  const ethtool = new Ethtool()
  const found = discoverNics(PLACES, ethtool)
  ethtool.close()
  return found
}
