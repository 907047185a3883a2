import t from 'tap'
import { findPhc } from '../../agent/clocks.ts'
import type { Nic } from '../../agent/core/nic.ts'
import type { NodeInfo, PhcInfo } from '../../agent/ports/node.ts'
import { NicKeeper } from '../../agent/runtime/nic-keeper.ts'
import { nic as nicOf } from '../core/nic-fixture.ts'

const phcOf = (index: number, ...interfaces: string[]): PhcInfo => ({
  ...{ index, device: `/dev/ptp${index}`, clockName: 'x', interfaces, pci: '', driver: 'x' },
})
const INFO = { phcs: [] } as unknown as NodeInfo

function keeper(nics: readonly Nic[], phcs: readonly PhcInfo[]) {
  const node = { nics, phcs }
  const notes: string[] = []
  let asked = 0
  const made = new NicKeeper({
    nics: () => {
      asked += 1
      return node.nics
    },
    outline: () => node.nics.map(({ name }) => name).join(),
    phcs: () => node.phcs,
    named: (phcs, name) => findPhc({ ...INFO, phcs }, name),
    note: (detail) => notes.push(detail),
  })
  return { node, notes, made, looks: () => asked }
}

const ETH0 = nicOf('eth0', { key: 'pci:0000:01:00.0', phcIndex: 0 })
const ETH1 = nicOf('eth1', { key: 'pci:0000:01:00.1', phcIndex: 1 })

t.test('a PHC is found again by the place of its NIC', async (t) => {
  const { node, notes, made } = keeper([ETH0, ETH1], [phcOf(0, 'eth0'), phcOf(1, 'eth1')])
  t.equal(made.find('phc:eth1')?.device, '/dev/ptp1')
  node.nics = [ETH0, { ...ETH1, name: 'ptp0', phcIndex: 3 }]
  node.phcs = [phcOf(0, 'eth0'), phcOf(3, 'ptp0')]
  t.equal(made.find('phc:eth1')?.device, '/dev/ptp3', 'another name and another number')
  t.same(notes, [
    'eth1 is now ptp0 (pci:0000:01:00.1)',
    'ptp0: from ptp1 to ptp3 (pci:0000:01:00.1)',
  ])
})

t.test('two interfaces that swap their names keep their clocks', async (t) => {
  const { node, made } = keeper([ETH0, ETH1], [phcOf(0, 'eth0'), phcOf(1, 'eth1')])
  made.find('phc:eth0')
  node.nics = [
    { ...ETH0, name: 'eth1' },
    { ...ETH1, name: 'eth0' },
  ]
  node.phcs = [phcOf(0, 'eth1'), phcOf(1, 'eth0')]
  t.equal(made.find('phc:eth0')?.device, '/dev/ptp0')
})

t.test('a PHC that is gone is not there, and one without a NIC goes by its device', async (t) => {
  const { node, made } = keeper([ETH0], [phcOf(0, 'eth0'), phcOf(5)])
  t.equal(made.find('phc:eth0')?.index, 0)
  t.equal(made.find('phc:/dev/ptp5')?.index, 5)
  node.nics = [{ ...ETH0, phcIndex: null }]
  node.phcs = [phcOf(5)]
  t.equal(made.find('phc:eth0'), undefined)
  node.nics = []
  t.equal(made.find('phc:eth0'), undefined, 'nor under its name')
})

t.test('what was found is known without a look, until it is looked for again', async (t) => {
  const { node, made, looks } = keeper([ETH0], [phcOf(0, 'eth0')])
  t.equal(made.found('phc:eth0'), undefined)
  made.find('phc:eth0')
  const asked = looks()
  for (let k = 0; k < 100; k++) t.equal(made.found('phc:eth0')?.device, '/dev/ptp0')
  t.equal(looks(), asked, 'a clock that is turned 16 times a second')
  node.nics = [{ ...ETH0, phcIndex: null }]
  node.phcs = []
  made.find('phc:eth0')
  t.equal(made.found('phc:eth0'), undefined)
})

t.test('as long as nothing came, went or changed its name, nobody is asked', async (t) => {
  const { node, notes, made, looks } = keeper([ETH0, ETH1], [])
  const before = looks()
  made.glance()
  t.equal(looks(), before)
  node.nics = [ETH0]
  made.glance()
  made.glance()
  t.equal(looks(), before + 1)
  t.same(notes, ['eth1 vanished (pci:0000:01:00.1)'])
})

t.test('what changed is told once', async (t) => {
  const { node, notes, made } = keeper([ETH0], [])
  node.nics = []
  made.look()
  made.look()
  t.same(notes, ['eth0 vanished (pci:0000:01:00.0)'])
})
