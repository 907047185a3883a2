import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { IdentifyPort } from '../../agent/ports/identify.ts'
import {
  createNode,
  discover,
  discoverPhcs,
  hasChronyd,
  type Places,
  ptp4lSockets,
} from '../../agent/runtime/discover.ts'
import { systemRandom } from '../../agent/runtime/random.ts'
import { pciAddress } from '../../agent/runtime/sysfs.ts'

/** Interfaces and what the kernel says of them; undefined: it does not say. */
const kernel = (indexes: Readonly<Record<string, number | undefined>>): IdentifyPort => ({
  identify: (name) => {
    const phcIndex = indexes[name]
    return phcIndex === undefined
      ? { ok: false, fault: { code: 'NOT_SUPPORTED', syscall: 'ioctl', errno: 'EOPNOTSUPP' } }
      : { ok: true, phcIndex }
  },
})

const NIC = 'devices/pci0000:00/0000:00:1c.0/0000:01:00.0'
const VIRTIO = 'devices/pci0000:00/0000:00:03.0/virtio2'

/** A node with a two-port NIC on one PHC, a PHC without a network, and a broken entry. */
function node(t: Tap): Places {
  const root = t.testdir({
    sys: {
      bus: { pci: { drivers: { ice: {} } } },
      devices: {
        'pci0000:00': {
          '0000:00:1c.0': {
            '0000:01:00.0': {
              net: { ens1f0: {} },
              driver: t.fixture('symlink', '../../../../bus/pci/drivers/ice'),
            },
          },
          '0000:00:03.0': { virtio2: { net: { eth9: {} } } },
        },
        virtual: { kvm: {} },
      },
      class: {
        net: { ens1f0: {}, ens1f1: {}, eth9: {}, lo: {} },
        ptp: {
          ptp10: { clock_name: 'KVM virtual PTP\n' },
          ptp2: {
            clock_name: 'virtio clock\n',
            device: t.fixture('symlink', `../../../${VIRTIO}`),
          },
          ptp0: {
            clock_name: 'ice-0000:01:00.0-clk\n',
            device: t.fixture('symlink', `../../../${NIC}`),
          },
          ptpx: {},
        },
      },
    },
    proc: { net: { udp: 'head\n 12: 0100007F:0143 00000000:0000 07 0:0 0:0 0 0 0 1 2 0 0\n' } },
    'resolv.conf': 'nameserver 10.0.0.10\n',
    run: {},
  })
  return {
    sys: join(root, 'sys'),
    proc: join(root, 'proc'),
    dev: '/dev',
    run: join(root, 'run'),
    resolvConf: join(root, 'resolv.conf'),
  }
}
type Tap = typeof t

t.test(
  'PHCs are found with interfaces, PCI address and driver, in the order of index',
  async (t) => {
    const port = kernel({ ens1f0: 0, ens1f1: 0, lo: -1, eth9: undefined })
    t.same(discoverPhcs(node(t as Tap), port), [
      {
        index: 0,
        device: '/dev/ptp0',
        clockName: 'ice-0000:01:00.0-clk',
        interfaces: ['ens1f0', 'ens1f1'],
        pci: '0000:01:00.0',
        driver: 'ice',
      },
      {
        index: 2,
        device: '/dev/ptp2',
        clockName: 'virtio clock',
        interfaces: ['eth9'],
        pci: '0000:00:03.0',
        driver: '',
      },
      {
        index: 10,
        device: '/dev/ptp10',
        clockName: 'KVM virtual PTP',
        interfaces: [],
        pci: '',
        driver: '',
      },
    ])
  },
)

t.test('an interface that stamps with another PHC than its neighbour in sysfs', async (t) => {
  const [first] = discoverPhcs(node(t as Tap), kernel({ ens1f0: 2, ens1f1: -1 }))
  t.same(first?.interfaces, [], 'the answer of the kernel counts, not the place in sysfs')
})

t.test('the whole node is read, and the socket for asking is given back', async (t) => {
  let closed = false
  const info = discover(node(t as Tap), { ...kernel({}), close: () => (closed = true) })
  t.match(info, { chronyd: true, ptp4lSockets: [], resolvConf: 'nameserver 10.0.0.10\n' })
  t.equal(info.phcs.length, 3)
  t.ok(info.hostname !== '' && closed)
})

t.test('a node with nothing has nothing', async (t) => {
  const nowhere = join(t.testdir({}), 'nowhere')
  const places = {
    sys: nowhere,
    proc: nowhere,
    dev: nowhere,
    run: nowhere,
    resolvConf: nowhere,
  }
  t.match(discover(places, kernel({})), {
    phcs: [],
    ptp4lSockets: [],
    chronyd: false,
    resolvConf: '',
  })
})

t.test('this very node can be read', async (t) => {
  t.match(discover(), { hostname: String })
})

t.test('ptp4l sockets are found in the order of search, and files are not sockets', async (t) => {
  // a socket path is limited to 107 bytes, so not in the test directory
  const run = join(tmpdir(), `tw-discover-${process.pid}`)
  mkdirSync(join(run, 'ptp'), { recursive: true })
  const servers = ['ptp4l.10.socket', 'ptp4l.2.socket', 'ptp/ptp4l'].map((name) =>
    createServer().listen(join(run, name)),
  )
  t.teardown(() => {
    for (const server of servers) server.close()
    rmSync(run, { recursive: true })
  })
  await Promise.all(servers.map((server) => new Promise((done) => server.once('listening', done))))
  writeFileSync(join(run, 'ptp4l'), '')
  writeFileSync(join(run, 'ptp4l.3.socket'), '')
  t.same(
    ptp4lSockets(run),
    ['ptp/ptp4l', 'ptp4l.2.socket', 'ptp4l.10.socket'].map((name) => join(run, name)),
  )
})

t.test('chronyd is a UDP socket on port 323 of the loopback or of all addresses', async (t) => {
  const table = (address: string): string =>
    `  sl  local_address\n   5: ${address} 00000000:0000 07\n`
  t.ok(hasChronyd(table('0100007F:0143')))
  t.ok(hasChronyd(table('00000000:0143')))
  t.notOk(hasChronyd(table('0100007F:0144')))
  t.notOk(hasChronyd(table('0200000A:0143')))
  t.notOk(hasChronyd(''))
  t.notOk(hasChronyd('0: 0100007F:0143'), 'the first line is the heading')
})

t.test('the PCI address is that of the nearest function above', async (t) => {
  t.equal(pciAddress(`/sys/${NIC}`), '0000:01:00.0')
  t.equal(pciAddress(`/sys/${VIRTIO}`), '0000:00:03.0')
  t.equal(pciAddress('/sys/devices/virtual/ptp'), '')
})

t.test('a clock of the node is made once, and driven only when named', async (t) => {
  const phc = {
    index: 9,
    device: '/dev/no-such-clock',
    clockName: '',
    interfaces: [],
    pci: '',
    driver: '',
  }
  const faults: string[] = []
  const made = createNode({
    info: discover({ sys: '', proc: '', dev: '', run: '', resolvConf: '' }, kernel({})),
    random: systemRandom,
    phcOf: (name) => (name === 'phc:ptp9' ? phc : undefined),
    drives: () => true,
    clock: { readOnly: true },
    onFault: (name, { code }) => faults.push(`${name} ${code}`),
  })
  const system = made.clock('system')
  t.equal(system?.capabilities.adjustable, false, 'read-only wins')
  t.equal(made.clock('system'), system)
  t.equal(made.clock('phc:eth0'), undefined)
  t.equal(made.clock('phc:ptp9'), undefined)
  t.same(faults, ['phc:ptp9 NOT_FOUND'])
})
