import t from 'tap'
import { type Nic, nicsOfPhc, phcNotes, whyNotPtp } from '../../agent/core/nic.ts'
import { describeNicChange, nicChanges } from '../../agent/core/nic-changes.ts'
import { nic, phc } from './nic-fixture.ts'

const HARDWARE = ['tx-hardware', 'rx-hardware', 'raw-hardware']
const SOFTWARE = ['tx-software', 'rx-software', 'software']
const without = (name: string): Partial<Nic> => ({
  stamping: [...HARDWARE, ...SOFTWARE].filter((each) => each !== name),
})

t.test('why a NIC cannot be a PTP port, in words', async (t) => {
  const cases: readonly (readonly [Partial<Nic>, string])[] = [
    [{}, ''],
    [{ operstate: 'down', speedMbps: null }, ''],
    [{ pci: '' }, ''],
    [{ stamping: SOFTWARE }, 'software stamping only'],
    [{ stamping: [] }, 'no stamping'],
    [without('tx-hardware'), 'no hardware transmit'],
    [without('rx-hardware'), 'no hardware receive'],
    [without('raw-hardware'), 'no raw hardware stamps'],
    [{ phcIndex: null }, 'no PHC'],
    [{ fault: 'EOPNOTSUPP', stamping: [] }, 'no answer: EOPNOTSUPP'],
    [{ kind: 'virtual-function' }, 'virtual function'],
    [{ kind: 'representor' }, 'switch representor'],
    [{ kind: 'bond' }, 'bond: see its members'],
    [{ kind: 'bridge' }, 'bridge: see its members'],
    [{ kind: 'vlan', lower: ['enp129s0f0np0v1'] }, 'VLAN on enp129s0f0np0v1'],
    [{ kind: 'vlan' }, 'VLAN'],
    [{ kind: 'loopback' }, 'loopback'],
    [{ kind: 'virtual' }, 'no hardware'],
  ]
  for (const [changes, why] of cases) {
    t.equal(whyNotPtp(nic('eth0', changes)), why)
    t.ok(why.length <= 26, why)
  }
})

t.test('a bond that passes on its member’s answer is no NIC of the PHC', async (t) => {
  const nics = [nic('eth0'), nic('bond0', { kind: 'bond' }), nic('eth1', { phcIndex: 1 })]
  t.same(
    nicsOfPhc(nics, 0).map(({ name }) => name),
    ['eth0'],
  )
})

t.test('what an operator must know of a PHC', async (t) => {
  t.same(phcNotes(phc(0), [nic('eth0'), nic('eth1', { phcIndex: 1 })]), [])
  t.match(phcNotes(phc(0), [nic('eth0'), nic('eth1')]), [/one clock for 2 NICs/])
  const vf = nic('eth0v0', { kind: 'virtual-function' })
  t.same(phcNotes(phc(0), [nic('eth0'), vf]), [], 'a virtual function is no second NIC')
  t.match(phcNotes(phc(0, { virtualClocks: 2 }), []), [/2 virtual clocks: it runs free/])
  t.match(phcNotes(phc(0, { virtualClocks: 1 }), []), [/1 virtual clock: it/])
  t.match(phcNotes(phc(1, { physicalIndex: 0 }), []), [/virtual clock on ptp0/])
  t.match(phcNotes(phc(1, { maxAdjustmentPpb: 0 }), []), [/cannot be adjusted/])
  t.same(phcNotes(phc(1, { virtualClocks: null, maxAdjustmentPpb: null }), []), [])
})

t.test('the same hardware under another name is renamed, not new', async (t) => {
  const before = [nic('eth0', { key: 'a' }), nic('eth1', { key: 'b' })]
  t.same(nicChanges(before, before), [])
  t.same(nicChanges(before, [nic('ens1f0', { key: 'a' }), nic('eth1', { key: 'b' })]), [
    { kind: 'renamed', key: 'a', from: 'eth0', to: 'ens1f0' },
  ])
  t.same(nicChanges(before, [nic('eth1', { key: 'a' }), nic('eth0', { key: 'b' })]), [
    { kind: 'renamed', key: 'b', from: 'eth1', to: 'eth0' },
    { kind: 'renamed', key: 'a', from: 'eth0', to: 'eth1' },
  ])
})

t.test('a PHC index that moves is followed, through a driver’s reset, too', async (t) => {
  const at = (phcIndex: number | null, name = 'eth0') => [nic(name, { key: 'a', phcIndex })]
  const moved = (from: number | null, to: number | null) => [
    { kind: 'phc-moved', key: 'a', name: 'eth0', from, to },
  ]
  t.same(nicChanges(at(0), at(3)), moved(0, 3))
  t.same(nicChanges(at(0), at(null)), moved(0, null))
  t.same(nicChanges(at(null), at(3)), moved(null, 3))
  t.same(nicChanges(at(0), at(1, 'ens1')), [
    { kind: 'renamed', key: 'a', from: 'eth0', to: 'ens1' },
    { kind: 'phc-moved', key: 'a', name: 'ens1', from: 0, to: 1 },
  ])
})

t.test('what vanished comes first, in the order of names', async (t) => {
  const changes = nicChanges(
    [nic('eth10', { key: 'a' }), nic('eth2', { key: 'b' })],
    [nic('eth2', { key: 'c' })],
  )
  t.same(
    changes.map(({ kind, key }) => `${kind} ${key}`),
    ['vanished b', 'vanished a', 'appeared c'],
  )
  t.same(nicChanges([], []), [])
})

t.test('each change is a sentence', async (t) => {
  const key = 'pci:0000:01:00.0/0'
  const told = [
    { kind: 'appeared', key, name: 'eth0' },
    { kind: 'vanished', key, name: 'eth0' },
    { kind: 'renamed', key, from: 'eth0', to: 'ens1' },
    { kind: 'phc-moved', key, name: 'eth0', from: 0, to: 2 },
    { kind: 'phc-moved', key, name: 'eth0', from: null, to: 2 },
  ] as const
  t.same(told.map(describeNicChange), [
    `eth0 appeared (${key})`,
    `eth0 vanished (${key})`,
    `eth0 is now ens1 (${key})`,
    `eth0: from ptp0 to ptp2 (${key})`,
    `eth0: from no PHC to ptp2 (${key})`,
  ])
})
