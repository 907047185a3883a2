import t from 'tap'
import { nicsView, nodePtpDevice } from '../../agent/observe/nics-view.ts'
import { nic, phc } from '../core/nic-fixture.ts'

const SOFTWARE = { phcIndex: null, pci: '', driverVersion: '', firmwareVersion: '' }
const nics = [
  nic('bond0', { kind: 'bond', master: 'br0' }),
  nic('bond0.7', { kind: 'vlan', lower: ['bond0'] }),
  nic('br0', { kind: 'bridge' }),
  nic('br1', { kind: 'bridge' }),
  nic('ens1', { master: 'bond0' }),
  nic('ens2', { master: 'bond0' }),
  nic('ens2v0', { kind: 'virtual-function', phcIndex: 0 }),
  nic('ens3', { ...SOFTWARE, stamping: ['rx-software'] }),
  nic('end0', { ...SOFTWARE, phcIndex: 1, operstate: 'down', speedMbps: null }),
]
const phcs = [phc(0), phc(1), phc(2)]
const names = (all: boolean) => nicsView({ nics, phcs }, 'n', all).nics.map(({ name }) => name)

t.test('physical NICs and what is above them are shown, the rest is counted', async (t) => {
  t.same(names(false), ['bond0', 'br0', 'ens1', 'ens2', 'ens3', 'end0'])
  t.equal(names(true).length, nics.length)
  t.same(nicsView({ nics, phcs }, 'n', false).hidden, {
    vlan: 1,
    bridge: 1,
    'virtual-function': 1,
  })
  t.same(nicsView({ nics, phcs }, 'n', true).hidden, {})
})

t.test('each NIC has its verdict and who shares its PHC', async (t) => {
  const { nics: views } = nicsView({ nics, phcs }, 'n', false)
  const of = (name: string) => views.find((view) => view.name === name)?.ptp
  t.same(of('ens1'), { capable: true, why: '', sharesPhcWith: ['ens2', 'ens2v0'] })
  t.same(of('ens3'), { capable: false, why: 'software stamping only', sharesPhcWith: [] })
  t.same(of('bond0'), { capable: false, why: 'bond: see its members', sharesPhcWith: [] })
})

t.test('each PHC has its NICs, hidden ones too, and a PHC without NIC has none', async (t) => {
  const { phcs: views } = nicsView({ nics, phcs }, 'n', false)
  t.same(
    views.map(({ interfaces }) => interfaces),
    [['ens1', 'ens2', 'ens2v0'], ['end0'], []],
  )
  t.match(views[0]?.notes, [/one clock for 2 NICs/])
})

t.test('the NodePtpDevice names capable NICs only, and no field without content', async (t) => {
  t.same(nodePtpDevice({ nics: [...nics].reverse(), phcs }, 'worker-1'), {
    apiVersion: 'ptp.openshift.io/v1',
    kind: 'NodePtpDevice',
    metadata: { name: 'worker-1' },
    spec: {},
    status: {
      devices: [
        { name: 'end0', hardwareInfo: { linkStatus: 'down', linkSpeed: 'Unknown!' } },
        ...['ens1', 'ens2'].map((name) => ({
          name,
          hardwareInfo: {
            pciAddress: '0000:01:00.0',
            firmwareVersion: '4.40 0x8001c967',
            driverVersion: '6.1.0',
            linkStatus: 'up',
            linkSpeed: '25000Mb/s',
          },
        })),
      ],
    },
  })
})
