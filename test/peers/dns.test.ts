/** The DNS probe of the real program against a real unbound, one address per kind of answer. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startUnbound } from './daemons.ts'
import { needs, nodeArgs, openPath, type Path } from './harness.ts'

t.setTimeout(60_000)

const LISTEN = '127.0.0.1:9975'
const NO_LISTENER = 5399

interface Expected {
  readonly server: string
  readonly port?: number
  readonly name: string
  readonly udp: string
  readonly tcp: string
}

const EXPECTED: readonly Expected[] = [
  { server: '10.99.0.11', name: 'ok.example', udp: 'noerror', tcp: 'noerror' },
  { server: '10.99.0.12', name: 'missing.example', udp: 'nxdomain', tcp: 'nxdomain' },
  { server: '10.99.0.13', name: 'refused.test', udp: 'refused', tcp: 'refused' },
  { server: '10.99.0.14', name: 'long.example', udp: 'nodata', tcp: 'nodata' },
  // more than the 1232 bytes that we announce: the answer comes over TCP
  { server: '10.99.0.15', name: 'long.example TXT', udp: 'truncated', tcp: 'noerror' },
  { server: '10.99.0.16', name: 'cut.test', udp: 'timeout', tcp: 'timeout' },
  {
    ...{ server: '10.99.0.17', port: NO_LISTENER, name: 'ok.example' },
    ...{ udp: 'conn_refused', tcp: 'conn_refused' },
  },
]
const NAMESERVER = '10.99.0.18'

/** Packets to it leave and are lost: a card that nobody has. */
const ABSENT = '10.99.0.16'

function startResolver(path: Path) {
  const long = Array.from(
    { length: 8 },
    (_, k) => `local-data: 'long.example. TXT "${k}${'x'.repeat(240)}"'`,
  )
  return startUnbound(path, path.a, 'unbound', [
    'interface: 0.0.0.0',
    'interface-automatic: yes',
    'access-control: 10.99.0.0/24 allow',
    'local-zone: "example." static',
    'local-data: "ok.example. A 192.0.2.1"',
    ...long,
    'local-zone: "test." refuse',
  ])
}

function writeConfig(path: Path): string {
  const resolvConf = join(path.folder, 'resolv.conf')
  writeFileSync(resolvConf, `nameserver ${NAMESERVER}\n`)
  const file = join(path.folder, 'timewarden.yaml')
  const targets = EXPECTED.map(({ server, port = 53, name }) => ({ server, port, names: [name] }))
  const config = {
    sources: [],
    dns: {
      resolvConf,
      names: ['ok.example'],
      targets,
      maxRate: 50,
      maxRatePerTarget: 50,
      timeout: '300ms',
    },
    listen: LISTEN,
    socket: '',
    stateDirectory: join(path.folder, 'state'),
  }
  writeFileSync(file, JSON.stringify(config)) // JSON is YAML
  return file
}

/** Counts above zero by result. */
function resultsOf(metrics: string, target: string, transport: string): Record<string, number> {
  const line =
    /^timewarden_dns_probe_results_total\{target="(.*)",transport="(.*)",result="(.*)"\} (\d+)$/
  const counts: Record<string, number> = {}
  for (const text of metrics.split('\n')) {
    const [, where, how, result = '', count] = line.exec(text) ?? []
    if (where === target && how === transport && count !== '0') counts[result] = Number(count)
  }
  return counts
}

const answered = (metrics: string, target: string, transport: string): number => {
  const labels = `{target="${target}",transport="${transport}"}`
  const prefix = `timewarden_dns_probe_duration_seconds_count${labels} `
  const line = metrics.split('\n').find((text) => text.startsWith(prefix)) ?? ''
  return Number(line.slice(prefix.length))
}

const ANSWERS = ['noerror', 'nodata', 'nxdomain', 'refused', 'truncated']

t.test(
  'each kind of answer of a real resolver is counted as what it is',
  needs('ip', 'unbound'),
  async (t) => {
    const path = openPath('dn')
    t.teardown(() => path.close())
    for (const address of [NAMESERVER, ...EXPECTED.map(({ server }) => server)]) {
      if (address === ABSENT) continue
      execFileSync('ip', ['-n', path.a, 'addr', 'add', `${address}/24`, 'dev', path.interfaceA])
    }
    const card = ['lladdr', '02:00:00:00:00:99', 'dev', path.interfaceB]
    execFileSync('ip', ['-n', path.b, 'neigh', 'add', ABSENT, ...card])
    await startResolver(path).saw(/start of service/)
    const args = nodeArgs('agent/main.ts', 'run', '--config', writeConfig(path))
    const agent = path.run(path.b, process.execPath, args)
    await agent.saw(/"event":"started"/)
    await agent.saw(/"event":"dns-failing","subject":"dns:10\.99\.0\.13"/)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    const { body } = path.get(path.b, `http://${LISTEN}/metrics`)

    for (const { server, port, udp, tcp } of EXPECTED) {
      const target = port === undefined ? server : `${server}:${port}`
      for (const [transport, result] of Object.entries({ udp, tcp })) {
        const counts = resultsOf(body, target, transport)
        t.same(Object.keys(counts), [result], `${target} ${transport}: ${JSON.stringify(counts)}`)
        const timed = ANSWERS.includes(result) ? (counts[result] ?? 0) : 0
        t.equal(answered(body, target, transport), timed, 'what was answered was timed, no more')
      }
    }
    const local = resultsOf(body, NAMESERVER, 'udp')
    t.same(Object.keys(local), ['noerror'], 'the nameserver of the configured resolv.conf')
    const health = path.get(path.b, `http://${LISTEN}/status`)
    const problems: { subject: string }[] = JSON.parse(health.body).problems
    t.ok(
      problems.some(({ subject }) => subject.includes('10.99.0.13')),
      'a refusal is a problem',
    )
  },
)
