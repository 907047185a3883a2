import { renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type NicDiscovery, whyNotPtp } from '../../agent/core/nic.ts'
import { nicChanges } from '../../agent/core/nic-changes.ts'
import {
  discoverNics,
  discoverOwnNics,
  type NicQuestions,
  outlineOf,
} from '../../agent/runtime/nics.ts'
import type { TsInfo } from '../../native/ethtool.ts'
import { writeSysfs } from './sysfs-tree.ts'

const hardware = (phcIndex: number): TsInfo => ({
  phcIndex,
  stamping: ['tx-hardware', 'rx-hardware', 'raw-hardware'],
  txTypes: ['off', 'on'],
  rxFilters: ['none', 'all'],
})
const SOFTWARE: TsInfo = {
  phcIndex: -1,
  stamping: ['tx-software', 'rx-software', 'software'],
  txTypes: [],
  rxFilters: [],
}

const STAMPING: Readonly<Record<string, TsInfo>> = {
  ens1f0: hardware(0),
  ens1f1: hardware(0),
  ens1f0v0: hardware(0),
  bond0: hardware(0),
  end0: { ...hardware(-1) },
  eth9: SOFTWARE,
  lo: SOFTWARE,
}

/** The kernel's answers; of an interface that is not named it tells nothing. */
const kernel = (stamping = STAMPING): NicQuestions => ({
  tsInfo: (name) => {
    const info = stamping[name]
    return info === undefined
      ? { ok: false, fault: { code: 'NOT_SUPPORTED', syscall: 'ioctl', errno: 'EOPNOTSUPP' } }
      : { ok: true, info }
  },
  driverInfo: (name) =>
    name === 'ens1f0'
      ? { driver: 'ice', version: '6.1.0', firmware: '4.40' }
      : name === 'bond0'
        ? { driver: 'bonding', version: '6.1.0', firmware: 'N/A' }
        : undefined,
})

const discoverIn = (sys: string, stamping = STAMPING): NicDiscovery =>
  discoverNics({ sys, dev: '/dev' }, kernel(stamping))

function discover(t: Tap) {
  const sys = t.testdir({})
  writeSysfs(sys)
  const found = discoverIn(sys)
  return { sys, ...found, of: (name: string) => found.nics.find((nic) => nic.name === name) }
}
type Tap = typeof t

t.test('the outline is another once an interface has another name', async (t) => {
  const { sys } = discover(t as Tap)
  const before = outlineOf({ sys, dev: '/dev' })
  t.equal(outlineOf({ sys, dev: '/dev' }), before)
  renameSync(join(sys, 'class/net/lo'), join(sys, 'class/net/lo9'))
  t.not(outlineOf({ sys, dev: '/dev' }), before)
  t.equal(outlineOf({ sys: '/nowhere', dev: '/dev' }), '')
})

t.test('a NIC with all that is known of it', async (t) => {
  t.same(discover(t as Tap).of('ens1f0'), {
    key: 'pci:0000:01:00.0/0',
    name: 'ens1f0',
    kind: 'physical',
    mac: '02:00:00:00:01:00',
    operstate: 'up',
    speedMbps: 25_000,
    driver: 'ice',
    driverVersion: '6.1.0',
    firmwareVersion: '4.40',
    pci: '0000:01:00.0',
    ids: '8086:1593',
    master: 'bond0',
    lower: [],
    bond: null,
    ...hardware(0),
    fault: '',
  })
})

t.test('every interface has its kind and a key of its own', async (t) => {
  const { nics } = discover(t as Tap)
  t.same(
    nics.map(({ name, kind, key }) => [name, kind, key]),
    [
      ['bond0', 'bond', 'name:bond0'],
      ['bond0.100', 'vlan', 'name:bond0.100'],
      ['br0', 'bridge', 'name:br0'],
      ['end0', 'physical', 'platform/soc/fd580000.ethernet/0'],
      ['ens1f0', 'physical', 'pci:0000:01:00.0/0'],
      ['ens1f0v0', 'virtual-function', 'pci:0000:01:08.0/0'],
      ['ens1f1', 'physical', 'pci:0000:01:00.1/0'],
      ['ens2p0', 'physical', 'pci:0000:02:00.0/0'],
      ['ens2p1', 'physical', 'pci:0000:02:00.0/1'],
      ['ens2rep', 'representor', 'pci:0000:02:00.0/pf0vf3'],
      ['eth9', 'physical', 'pci:0000:00:03.0/0'],
      ['lo', 'loopback', 'name:lo'],
      ['usb0', 'physical', 'pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/0'],
      ['usb1', 'physical', 'pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/0'],
      ['veth1', 'virtual', 'name:veth1'],
    ],
  )
})

t.test('bond, bridge and VLAN know what they are made of', async (t) => {
  const { of } = discover(t as Tap)
  t.match(of('bond0'), {
    master: 'br0',
    lower: ['ens1f0', 'ens1f1'],
    bond: { mode: 'active-backup', active: 'ens1f1' },
    driver: 'bonding',
    firmwareVersion: '',
    pci: '',
    ids: '',
  })
  t.match(of('bond0.100'), { lower: ['bond0'], bond: null, driver: '' })
})

t.test('PCI address and ids are those of the function, not of what hangs below', async (t) => {
  const { of } = discover(t as Tap)
  t.match(of('eth9'), { pci: '0000:00:03.0', ids: '1af4:1041', driver: 'virtio_net' })
  t.match(of('eth9'), { phcIndex: null, speedMbps: null, fault: '' })
  t.match(of('usb0'), { pci: '', ids: '', driver: 'r8152' })
  t.match(of('end0'), { pci: '', ids: '', driver: 'bcmgenet', speedMbps: 1000 })
})

t.test('where the kernel does not tell, the PHC of the same device counts', async (t) => {
  const { of } = discover(t as Tap)
  t.match(of('ens2p0'), { phcIndex: 2, fault: 'EOPNOTSUPP', stamping: [] })
  t.match(of('usb0'), { phcIndex: null, fault: 'EOPNOTSUPP' })
})

t.test('who can be a PTP port in that node', async (t) => {
  const { nics } = discover(t as Tap)
  t.same(
    nics.filter((nic) => whyNotPtp(nic) === '').map(({ name }) => name),
    ['ens1f0', 'ens1f1'],
  )
})

t.test('PHCs with their abilities, virtual ones with what is beneath', async (t) => {
  const { phcs } = discover(t as Tap)
  t.same(phcs[0], {
    index: 0,
    device: '/dev/ptp0',
    clockName: 'ice-0000:01:00.0-clk',
    driver: 'ice',
    pci: '0000:01:00.0',
    maxAdjustmentPpb: 999_999_999,
    externalTimestamps: 3,
    periodicOutputs: 4,
    programmablePins: 2,
    pins: ['SDP20', 'SDP22'],
    pps: true,
    virtualClocks: 1,
    maxVirtualClocks: 20,
    physicalIndex: null,
  })
  t.match(phcs[1], { index: 1, physicalIndex: 0, pps: false })
  t.match(phcs[3], { index: 10, pci: '', driver: '', pps: null, physicalIndex: null })
  t.equal(phcs.length, 4)
})

t.test('a NIC under a new name and with another PHC is found again', async (t) => {
  const { sys, nics } = discover(t as Tap)
  renameSync(join(sys, 'class/net/ens1f1'), join(sys, 'class/net/lan7'))
  const later = discoverIn(sys, { ...STAMPING, lan7: hardware(3) })
  t.same(nicChanges(nics, later.nics), [
    { kind: 'renamed', key: 'pci:0000:01:00.1/0', from: 'ens1f1', to: 'lan7' },
    { kind: 'phc-moved', key: 'pci:0000:01:00.1/0', name: 'lan7', from: 0, to: 3 },
  ])
})

t.test('interfaces that claim the same port are told apart by address, then by name', async (t) => {
  const net = (address: string) => ({
    address,
    device: t.fixture('symlink', '../../../devices/0000:01:00.0'),
  })
  const sys = t.testdir({
    bus: { pci: {} },
    devices: { '0000:01:00.0': { subsystem: t.fixture('symlink', '../../bus/pci') } },
    class: { net: { a: net('02::1'), b: net('02::2'), c: net('02::2') } },
  })
  t.same(
    discoverIn(sys).nics.map(({ key }) => key),
    ['pci:0000:01:00.0/0/02::1', 'pci:0000:01:00.0/0/02::2/b', 'pci:0000:01:00.0/0/02::2/c'],
  )
})

t.test('a node without sysfs has nothing', async (t) => {
  t.same(discoverIn(join(t.testdir({}), 'nowhere')), { nics: [], phcs: [] })
})

t.test('this very node can be read', async (t) => {
  const { nics } = discoverOwnNics()
  t.equal(new Set(nics.map(({ key }) => key)).size, nics.length)
})
