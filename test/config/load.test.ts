import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { formatFault, formatFaults } from '../../agent/config/faults.ts'
import { loadConfig } from '../../agent/config/load.ts'
import type { Config } from '../../agent/config/types.ts'

const faultsOf = (text: string): string[] => {
  const loaded = loadConfig(text, 'f')
  return loaded.ok ? [] : loaded.faults.map(formatFault)
}

const configOf = (text: string): Config => {
  const loaded = loadConfig(text, 'f')
  if (!loaded.ok) throw new Error(formatFaults(loaded.faults))
  return loaded.config
}

const ISSUE = `
clocks:
  system: { mode: drive }              # observe (default) | follow | drive
  "phc:eth0": { mode: follow }         # by interface, by /dev/ptpN, or by PCI address
sources:
  - ntp: { server: 10.99.0.1, minpoll: 0, maxpoll: 0, xleave: true }
  - ntp: { pool: 0.tw.pool.ntp.org, iburst: true }
  - ptp4l: { socket: /var/run/ptp4l, domain: 24 }
dns:
  targets: [ { server: 10.128.0.10, names: [kubernetes.default.svc.cluster.local] } ]
listen: 127.0.0.1:9975
stateDirectory: /var/lib/timewarden
`

const NTP_OPTIONS = {
  ...{ aggressive: false, burst: false, copy: false, minStratum: 0, filter: 1 },
  ...{ maxDelayRatio: 0, maxDelayDevRatio: 10, minSamples: 6, maxSamples: 0, maxUnreach: 8 },
}

t.test('a whole configuration is read with every default filled in', async (t) => {
  const config = configOf(ISSUE)
  t.match(config, { explicit: true, discover: false, listen: '127.0.0.1:9975', logLevel: 'info' })
  t.equal(config.clocks['system']?.mode, 'drive')
  t.equal(config.clocks['phc:eth0']?.mode, 'follow')
  t.strictSame(config.sources, [
    {
      type: 'ntp',
      name: '10.99.0.1',
      pool: false,
      maxSources: 4,
      port: 123,
      minpoll: 0,
      maxpoll: 0,
      iburst: true,
      xleave: true,
      noselect: false,
      prefer: false,
      trust: false,
      require: false,
      maxDelay: 3,
      offset: 0,
      ...NTP_OPTIONS,
    },
    {
      type: 'ntp',
      name: '0.tw.pool.ntp.org',
      pool: true,
      maxSources: 4,
      port: 123,
      minpoll: 6,
      maxpoll: 10,
      iburst: true,
      xleave: false,
      noselect: false,
      prefer: false,
      trust: false,
      require: false,
      maxDelay: 3,
      offset: 0,
      ...NTP_OPTIONS,
    },
    { type: 'ptp4l', socket: '/var/run/ptp4l', domain: 24, poll: 1, freeRunning: false },
  ])
  t.strictSame(config.dns, {
    enabled: true,
    resolvConf: '/etc/resolv.conf',
    clusterDns: [],
    nodeCache: [],
    coreDns: [],
    targets: [
      {
        server: '10.128.0.10',
        port: 53,
        names: ['kubernetes.default.svc.cluster.local'],
        transports: ['udp', 'tcp'],
        tlsPort: 853,
      },
    ],
    names: ['.'],
    canaries: {},
    maxRate: 1,
    maxRatePerTarget: 1,
    timeout: 5,
  })
})

t.test('an empty file drives nothing and leaves the sources to discovery', async (t) => {
  for (const text of ['', '# nothing\n', '{}', '---\n']) {
    t.match(configOf(text), { clocks: {}, sources: [], discover: true, explicit: true })
  }
})

t.test('a list of sources that is empty on purpose is not filled by discovery', async (t) => {
  t.equal(configOf('sources: []').discover, false)
})

t.test('every example in the repository is valid', async (t) => {
  const folder = join(import.meta.dirname, '../../config/examples')
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
  t.same(files.sort(), [
    ...['dns.yaml', 'ntp-only.yaml', 'observe.yaml', 'pps.yaml', 'ptp-child.yaml', 'ptp.yaml'],
  ])
  for (const file of files) {
    const text = readFileSync(join(folder, file), 'utf8')
    t.same(faultsOf(text), [], file)
    t.ok(
      text.startsWith('# yaml-language-server: $schema=../schema.json\n'),
      `${file} has a schema`,
    )
  }
  const observe = configOf(readFileSync(join(folder, 'observe.yaml'), 'utf8'))
  t.same(
    Object.values(observe.clocks).map(({ mode }) => mode),
    ['observe'],
    'and observes only',
  )
})

t.test(
  'all faults come together, in the order of the file, with place and suggestion',
  async (t) => {
    const text = `clocks:
  sytem: { mode: observe }
  eth0: { mode: drvie }
sources:
  - ntp: { sever: 10.0.0.1, iburst: yes }
  - nttp: { server: a }
dns: { timeout: 5 }
statedir: /tmp
constructor: 1
`
    t.same(faultsOf(text), [
      'f:2:3: clocks.sytem: expected system, or phc: with an interface, a device (/dev/ptp0) or a PCI address (did you mean system?)',
      'f:3:3: clocks.eth0: expected system, or phc: with an interface, a device (/dev/ptp0) or a PCI address (did you mean phc:eth0?)',
      'f:3:17: clocks.eth0.mode: expected one of observe, follow, drive, auto, got "drvie" (did you mean drive?)',
      'f:5:5: sources[0].ntp: server or pool is missing',
      'f:5:12: sources[0].ntp.sever: unknown key "sever" (did you mean server?)',
      'f:5:37: sources[0].ntp.iburst: expected true or false, got "yes" (did you mean true?)',
      'f:6:5: sources[1].nttp: unknown key "nttp" (did you mean ntp?)',
      'f:7:17: dns.timeout: expected a duration with its unit: ns, us, ms, s, min, h or d, got 5 (did you mean 5s?)',
      'f:8:1: statedir: unknown key "statedir" (did you mean stateDirectory?)',
      'f:9:1: constructor: unknown key "constructor"; known here: clocks, sources, dns, listen, socket, leapSeconds, keyFile, stateDirectory, hardwareTimestamps, logLevel',
    ])
  },
)

t.test('a value of the wrong kind is named for what it is', async (t) => {
  t.same(faultsOf('clocks: []'), ['f:1:9: clocks: expected a map (key: value), got a list'])
  t.same(faultsOf('dns: []'), ['f:1:6: dns: expected a map (key: value), got a list'])
  t.same(faultsOf('sources: 5'), ['f:1:10: sources: expected a list, got 5'])
  t.same(faultsOf('sources: {}'), ['f:1:10: sources: expected a list, got a map'])
  t.same(faultsOf('dns:'), ['f:1:1: dns: expected a map (key: value), got nothing'])
  t.same(faultsOf('just text'), ['f:1:1: expected a map (key: value), got "just text"'])
  t.same(faultsOf('stateDirectory: 5'), ['f:1:17: stateDirectory: expected text, got 5'])
  t.same(faultsOf('dns: { maxRate: "2" }'), [
    'f:1:17: dns.maxRate: expected a number, got "2" (did you mean 2?)',
  ])
  t.same(faultsOf('sources: [{ptp4l: {domain: 1.5}}]'), [
    'f:1:28: sources[0].ptp4l.domain: expected a whole number, got 1.5',
  ])
})

t.test('a value out of range is told the limit', async (t) => {
  t.same(faultsOf('sources: [{ptp4l: {domain: 256}}]'), [
    'f:1:28: sources[0].ptp4l.domain: must be at most 255',
  ])
  t.same(faultsOf('dns: { maxRate: 0, timeout: 31s }'), [
    'f:1:17: dns.maxRate: must be at least 0.001',
    'f:1:29: dns.timeout: must be at most 30s',
  ])
  t.same(faultsOf('dns: { timeout: 0 }'), ['f:1:17: dns.timeout: must be at least 10ms'])
  t.same(faultsOf('dns: { names: [] }'), ['f:1:15: dns.names: expected at least one name'])
})

t.test('broken YAML is reported with its place, a key written twice too', async (t) => {
  t.match(faultsOf('clocks: {\n'), [/^f:\d+:\d+: /])
  t.same(faultsOf('listen: ""\nlisten: ""\n'), ['f:2:1: Map keys must be unique'])
  t.match(faultsOf('a: 1\n---\nb: 2\n'), [/multiple documents/])
})

t.test('aliases are followed, and a bomb of them is a fault', async (t) => {
  const config = configOf(
    'sources:\n  - ntp: { server: a, maxDelay: &d 1s }\n  - ntp: { server: b, maxDelay: *d }\n',
  )
  t.match(config.sources, [{ maxDelay: 1 }, { maxDelay: 1 }])
  t.same(faultsOf('sources:\n  - &s ntp: { server: a, pol: 1 }\n  - *s\n').length, 2)
  const bomb = ['a: &a [1,1,1,1,1,1,1,1,1]']
  for (let i = 1; i < 9; i++) {
    const [name, last] = [String.fromCharCode(97 + i), String.fromCharCode(96 + i)]
    bomb.push(`${name}: &${name} [${Array(9).fill(`*${last}`).join(',')}]`)
  }
  t.match(faultsOf(bomb.join('\n')), [/alias/i])
})

t.test('a text of absurd length or depth is a fault', async (t) => {
  t.match(faultsOf(' '.repeat(1_000_001)), [/^f:1:1: longer than/])
  t.ok(faultsOf('['.repeat(20_000)).length > 0)
})

t.test('the finer options of an NTP source are read, each within its range', async (t) => {
  const text = `
sources:
  - ntp:
      { server: 10.0.0.1, aggressive: true, burst: true, presend: 9, copy: true, minStratum: 3,
        maxDelayRatio: 2.5, maxDelayDevRatio: 0, minSamples: 8, maxSamples: 32, maxUnreach: 100, filter: 5 }
`
  t.match(configOf(text).sources[0], {
    ...{ aggressive: true, burst: true, presend: 9, copy: true, minStratum: 3, filter: 5 },
    ...{ maxDelayRatio: 2.5, maxDelayDevRatio: 0, minSamples: 8, maxSamples: 32, maxUnreach: 100 },
  })
  for (const wrong of [
    'filter: 0',
    'filter: 17',
    'minStratum: 16',
    'presend: 25',
    'maxUnreach: -1',
  ]) {
    t.notOk(loadConfig(`sources: [{ ntp: { server: 10.0.0.1, ${wrong} } }]`, 'x').ok, wrong)
  }
  const crossed = loadConfig('sources: [{ ntp: { server: 10.0.0.1, maxSamples: 5 } }]', 'x')
  t.match(crossed, { ok: false, faults: [{ message: 'maxSamples 5 is below minSamples 6' }] })
})
