import t from 'tap'
import { clockOfPort, findPhc, nameClocks } from '../agent/clocks.ts'
import type { NodeInfo, PhcInfo } from '../agent/ports/node.ts'
import { clockConfig, simConfig } from '../agent/sim/plain-config.ts'

const phc = (index: number, changes: Partial<PhcInfo> = {}): PhcInfo => ({
  ...{ index, device: `/dev/ptp${index}`, clockName: 'ice', driver: 'ice' },
  ...{ interfaces: [`eth${index}`], pci: `0000:0${index}:00.0` },
  ...changes,
})
const node = (...phcs: PhcInfo[]): NodeInfo => ({
  ...{ hostname: 'node', phcs, ptp4lSockets: [], chronyd: false, resolvConf: '' },
})
const DRIVE = clockConfig({ mode: 'drive' })
const WATCH = clockConfig({ mode: 'observe' })
const named = (clocks: readonly string[], info: NodeInfo) =>
  nameClocks(
    simConfig({ clocks: Object.fromEntries(clocks.map((name) => [name, DRIVE])) }),
    info,
    WATCH,
  )

t.test('a PHC answers to its interfaces, its device and its PCI address', async (t) => {
  const info = node(phc(0), phc(1, { interfaces: ['ens1f0', 'ens1f1'] }))
  for (const handle of ['ens1f0', 'ens1f1', '/dev/ptp1', 'ptp1', '0000:01:00.0'] as const) {
    t.equal(findPhc(info, `phc:${handle}`)?.index, 1, handle)
  }
  t.equal(findPhc(info, 'phc:eth9'), undefined)
  const virtual = node(phc(0, { pci: '', interfaces: [] }))
  t.equal(findPhc(virtual, 'phc:'), undefined, 'no PCI address is not an empty one')
})

t.test('the name as written stays the label', async (t) => {
  const clocks = named(['system', 'phc:/dev/ptp0'], node(phc(0)))
  t.same(
    clocks.map(({ name, config }) => [name, config.mode]),
    [
      ['system', 'drive'],
      ['phc:/dev/ptp0', 'drive'],
    ],
  )
  t.equal(clocks[1]?.phc?.index, 0)
})

t.test('what nobody named is observed, under its first interface or its device', async (t) => {
  const clocks = named(['phc:eth0'], node(phc(0), phc(1), phc(2, { interfaces: [] })))
  t.same(
    clocks.map(({ name, config }) => [name, config.mode]),
    [
      ['system', 'observe'],
      ['phc:eth0', 'drive'],
      ['phc:eth1', 'observe'],
      ['phc:ptp2', 'observe'],
    ],
  )
})

t.test('a PHC that is not there keeps its name and has no device', async (t) => {
  const clocks = named(['phc:eth7'], node(phc(0)))
  t.same(
    clocks.map(({ name, phc: found }) => [name, found?.index]),
    [
      ['system', undefined],
      ['phc:eth7', undefined],
      ['phc:eth0', 0],
    ],
  )
})

t.test('a PHC with two names has one: the first', async (t) => {
  const card = node(phc(0, { interfaces: ['eth0', 'eth1'] }))
  const clocks = named(['phc:eth0', 'phc:eth1', 'phc:ptp0'], card)
  t.same(
    clocks.map(({ name, phc: found, sameAs }) => [name, found?.index, sameAs]),
    [
      ['system', undefined, undefined],
      ['phc:eth0', 0, undefined],
      ['phc:eth1', undefined, 'phc:eth0'],
      ['phc:ptp0', undefined, 'phc:eth0'],
    ],
  )
})

t.test('the clock that a ptp4l port measures', async (t) => {
  const clocks = named(['phc:/dev/ptp1'], node(phc(0), phc(1)))
  t.equal(clockOfPort(clocks, 1, 'eth1'), 'phc:/dev/ptp1')
  t.equal(clockOfPort(clocks, 0, 'other'), 'phc:eth0', 'the index counts')
  t.equal(clockOfPort(clocks, -1, 'eth0'), 'system', 'software stamping')
  t.equal(clockOfPort(clocks, undefined, 'eth1'), 'phc:/dev/ptp1', 'not asked yet')
  t.equal(clockOfPort(clocks, undefined, 'wlan0'), undefined)
  t.equal(clockOfPort(clocks, 9, 'eth0'), 'phc:eth0', 'a driver that was reset has another index')
  t.equal(clockOfPort(clocks, 9, 'wlan0'), undefined, 'a PHC that is not here')
})
