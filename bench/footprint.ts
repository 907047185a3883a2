/**
 * What the agent costs on a node that it observes: the built program with the flags of its unit, 4 NTP
 * servers, one ptp4l and 4 DNS servers, beside the programs of today doing their part in the same run.
 *
 *   npm run bench:footprint -- [--minutes 5] [--mappings]
 *
 * Aim: 80 MB and 1 % of a core. The first 30 s (start, bursts, compilation) are not counted in the CPU
 * figure. Everything runs in network namespaces of its own and none of it can steer: chronyd has -x,
 * ptp4l free_running, the agent observes. A scrape every 15 s, as Prometheus does, is part of it.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { configurePtp4l, startChronyd } from '../test/peers/daemons.ts'
import { openPath, type Path, type Program } from '../test/peers/harness.ts'
import { type ProcessCost, readCost } from './lib/process-cost.ts'
import { flagsOfUnit } from './lib/unit-flags.ts'

const SETTLED_SECONDS = 30
const STEP_SECONDS = 10
const SCRAPE_SECONDS = 15
const SERVERS = ['10.99.0.11', '10.99.0.12', '10.99.0.13', '10.99.0.14']

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    mappings: { type: 'boolean', default: false },
    'node-flag': { type: 'string', multiple: true, default: [] },
  },
})

function writeConfig(path: Path, ptp4lSocket: string): string {
  const config = {
    sources: [
      ...SERVERS.map((server) => ({ ntp: { server } })),
      { ptp4l: { socket: ptp4lSocket, freeRunning: true } },
    ],
    dns: {
      resolvConf: join(path.folder, 'resolv.conf'),
      targets: SERVERS.map((server) => ({ server, names: ['node.example'] })),
    },
    listen: '127.0.0.1:9975',
    socket: join(path.folder, 'agent.sock'),
    stateDirectory: join(path.folder, 'state'),
  }
  const file = join(path.folder, 'timewarden.yaml')
  writeFileSync(join(path.folder, 'resolv.conf'), '')
  writeFileSync(file, JSON.stringify(config)) // JSON is YAML
  return file
}

function startServers(path: Path): void {
  for (const address of SERVERS) {
    execFileSync('ip', [...['-n', path.a, 'addr', 'add', `${address}/24`, 'dev', path.interfaceA]])
    startChronyd(path, path.a, `server-${address}`, [
      ...['local stratum 1', 'allow', 'cmdport 0', `bindaddress ${address}`],
    ])
  }
  path.run(path.a, 'dnsmasq', [
    ...['--keep-in-foreground', '--no-daemon', '--no-hosts', '--no-resolv', '--user=root'],
    ...['--address=/node.example/192.0.2.1', '--conf-file=/dev/null', '--bind-interfaces'],
    ...SERVERS.map((address) => `--listen-address=${address}`),
  ])
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1).padStart(6)

function row(name: string, cost: ProcessCost, cpuSeconds: number, seconds: number): string {
  const percent = seconds > 0 ? ((100 * cpuSeconds) / seconds).toFixed(3) : '-'
  const [pss, alone, rss] = [cost.pssBytes, cost.aloneBytes, cost.rssBytes].map(megabytes)
  return `${name.padEnd(18)} ${pss} ${alone} ${rss}  ${percent.padStart(7)}`
}

const HEADER = `${' '.repeat(18)} PSS MB  alone  RSS MB  CPU %`

function scrape(path: Path): void {
  const { status } = path.get(path.b, 'http://127.0.0.1:9975/metrics')
  if (status !== 200) console.error(`scrape: HTTP status ${status}`)
}

/** The agent and, in the same namespace with the same peers, what it stands beside or replaces. */
async function startAll(path: Path): Promise<Map<string, Program>> {
  startServers(path)
  const master = { namespace: path.a, interface: path.interfaceA, role: 'server' } as const
  configurePtp4l(path, master).start()
  const client = { namespace: path.b, interface: path.interfaceB, role: 'client' } as const
  const ptp4l = configurePtp4l(path, client)
  const chronyd = startChronyd(path, path.b, 'client', [
    ...SERVERS.map((server) => `server ${server} iburst`),
    'cmdport 0',
  ])
  const started = ptp4l.start()
  const flags = [...flagsOfUnit(), ...values['node-flag']]
  const words = ['run', '--config', writeConfig(path, ptp4l.socket)]
  const agent = path.run(path.b, process.execPath, [...flags, 'dist/agent/main.js', ...words])
  await agent.saw(/"event":"started"/)
  console.log(`node ${flags.join(' ')} (${process.version}), ${values.minutes} min`)
  return new Map([
    ['timewarden', agent],
    ['chronyd -x', chronyd],
    ['ptp4l', started],
  ])
}

const costOf = (program: Program): ProcessCost => {
  const { pid, exitCode } = program.process
  if (pid === undefined || exitCode !== null) throw new Error(`ended:\n${program.output()}`)
  return readCost(pid)
}

const costsOf = (programs: ReadonlyMap<string, Program>): Map<string, ProcessCost> =>
  new Map([...programs].map(([name, program]) => [name, costOf(program)]))

/** A line every 10 s; the costs at the moment from which the CPU is counted. */
async function observe(path: Path, programs: ReadonlyMap<string, Program>, seconds: number) {
  const agent = programs.get('timewarden') as Program
  let settled = costsOf(programs)
  let before = costOf(agent)
  let peak = 0
  console.log(HEADER)
  for (let elapsed = STEP_SECONDS; elapsed <= seconds; elapsed += STEP_SECONDS) {
    await sleep(STEP_SECONDS * 1000)
    if (elapsed % SCRAPE_SECONDS < STEP_SECONDS) scrape(path)
    const now = costOf(agent)
    peak = Math.max(peak, now.aloneBytes)
    console.log(row(`${elapsed} s`, now, now.cpuSeconds - before.cpuSeconds, STEP_SECONDS))
    before = now
    if (elapsed === SETTLED_SECONDS) settled = costsOf(programs)
  }
  return { settled, peak }
}

// the harness tidies up on exit
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const path = openPath('foot')
try {
  const programs = await startAll(path)
  const total = Number(values.minutes) * 60
  const { settled, peak } = await observe(path, programs, total)
  const counted = total - SETTLED_SECONDS
  console.log(`\nafter ${total} s, CPU of the last ${counted} s; aim: 80 MB, 1 %\n${HEADER}`)
  for (const [name, cost] of costsOf(programs)) {
    console.log(row(name, cost, cost.cpuSeconds - (settled.get(name)?.cpuSeconds ?? 0), counted))
    const largest = name === 'timewarden' && values.mappings ? cost.mappings.slice(0, 12) : []
    for (const [what, bytes] of largest) console.log(`    ${megabytes(bytes)} ${what}`)
  }
  console.log(`${'timewarden, peak'.padEnd(18)} ${' '.repeat(6)} ${megabytes(peak)}`)
} finally {
  await path.close()
}
