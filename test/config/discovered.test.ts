import t from 'tap'
import { describeConfig } from '../../agent/config/describe.ts'
import { completeConfig, defaultConfig } from '../../agent/config/discovered.ts'
import { loadConfig } from '../../agent/config/load.ts'
import type { Config } from '../../agent/config/types.ts'
import type { NodeInfo } from '../../agent/ports/node.ts'

const phc = { device: '/dev/ptp0', clockName: 'x', pci: '', driver: 'x' }
const INFO: NodeInfo = {
  hostname: 'n',
  phcs: [
    { ...phc, index: 0, interfaces: ['eth0', 'eth1'] },
    { ...phc, index: 3, device: '/dev/ptp3', interfaces: [] },
  ],
  ptp4lSockets: ['/var/run/ptp4l', '/var/run/ptp4l.1.socket'],
  chronyd: true,
  resolvConf: 'nameserver 10.0.0.10\n',
}
const EMPTY: NodeInfo = {
  hostname: 'n',
  phcs: [],
  ptp4lSockets: [],
  chronyd: false,
  resolvConf: '',
}

const configOf = (text: string): Config => {
  const loaded = loadConfig(text, 'f')
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults))
  return loaded.config
}

t.test('without a configuration everything found is measured and nothing is driven', async (t) => {
  const config = defaultConfig(INFO)
  t.equal(config.explicit, false)
  t.same(Object.keys(config.clocks), ['system', 'phc:eth0', 'phc:ptp3'])
  t.ok(Object.values(config.clocks).every(({ mode }) => mode === 'observe'))
  t.strictSame(config.sources, [
    { type: 'ptp4l', socket: '/var/run/ptp4l', domain: 0, poll: 1, freeRunning: false },
    { type: 'ptp4l', socket: '/var/run/ptp4l.1.socket', domain: 0, poll: 1, freeRunning: false },
    { type: 'chrony', address: '127.0.0.1', port: 323, poll: 10 },
  ])
  t.match(config.dns, { enabled: true, names: ['.'], targets: [] })
})

t.test('a node with nothing but its clock is observed, too', async (t) => {
  t.match(defaultConfig(EMPTY), { explicit: false, sources: [] })
})

t.test('a file without sources gets those of the node, any other keeps its own', async (t) => {
  const some = completeConfig(configOf('clocks: { system: { mode: observe } }'), INFO)
  t.same(
    some.sources.map(({ type }) => type),
    ['ptp4l', 'ptp4l', 'chrony'],
  )
  t.equal(some.explicit, true)
  t.same(completeConfig(configOf('sources: []'), INFO).sources, [])
})

t.test('a configuration is described line by line, with what was assumed', async (t) => {
  t.same(describeConfig(defaultConfig(INFO)), [
    'clock system: observe',
    'clock phc:eth0: observe',
    'clock phc:ptp3: observe',
    'source ptp4l: /var/run/ptp4l, domain 0 (assumed: the socket does not tell)',
    'source ptp4l: /var/run/ptp4l.1.socket, domain 0 (assumed: the socket does not tell)',
    'source chrony: 127.0.0.1, every 10s',
    'dns: nameservers of /etc/resolv.conf asked for .; at most 1/s, time-out 5s',
    'leap seconds: mode system, /usr/share/zoneinfo/leap-seconds.list',
    'http: 127.0.0.1:9975',
    'socket: /run/timewarden/timewarden.sock',
    'state: /var/lib/timewarden',
  ])
  const text = `
clocks: { system: { mode: drive, step: { boot: 0 } }, "phc:eth0": { mode: drive } }
sources:
  - ntp: { server: 10.0.0.1, port: 1123, iburst: false, xleave: true, prefer: true }
  - ntp: { pool: pool.example }
  - ptp4l: { domain: 24 }
dns: { targets: [{ server: fd00::10, port: 5353, names: [a.example AAAA], transports: [tcp] }] }
listen: ""
socket: ""
`
  t.same(describeConfig(configOf(text)), [
    'clock system: drive with kalman, never steps at start, slews with at most 500 ppm, locked within 1ms, holds over for 1d or up to 500ms',
    'clock phc:eth0: drive with kalman, steps beyond 10ms at start, slews with at most 500 ppm, locked within 1ms, holds over for 1d or up to 500ms',
    'source ntp: server 10.0.0.1 port 1123, polls every 2^6 s, 2^10 s at most, xleave, prefer',
    'source ntp: pool pool.example, up to 4 servers, polls every 2^6 s, 2^10 s at most, iburst',
    'source ptp4l: /var/run/ptp4l, domain 24',
    'dns: nameservers of /etc/resolv.conf asked for .; at most 1/s, time-out 5s',
    'dns: [fd00::10]:5353 asked for a.example AAAA over tcp',
    'leap seconds: mode system, /usr/share/zoneinfo/leap-seconds.list',
    'http: off',
    'socket: off',
    'state: /var/lib/timewarden',
  ])
  t.match(describeConfig(configOf('dns: { enabled: false }')), [
    'clock system: observe',
    'sources: what is found on the node at start',
    'dns: off',
  ])
})
