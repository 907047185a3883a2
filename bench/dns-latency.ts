/**
 * Latency of our UDP queries beside dnsperf's, which asks the same server the same question at the same
 * rate, one query at a time, in turns with ours: unbound and knotd, over the loopback and over a veth pair.
 *
 *   npm run bench:dns-latency [-- REPETITIONS [SECONDS]]
 *
 * Default 5 turns of 4 s; root, two CPUs, unbound, knotd, dnsperf, tcpdump and iproute2 are needed. The first answers of a
 * turn are not counted. Each figure is the median of the turns. Aim: a ratio of p50 of 1.2 at most.
 *
 * Ours is from the kernel's transmit stamp to its receive stamp. dnsperf takes its own time after the send has
 * returned (the server may have answered by then) and after it was woken for the answer. `its wire` is what
 * tcpdump saw of the same packets at the client's interface: the judge of what each client says.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { quantile } from '../agent/core/stats.ts'
import { startKnotd, startUnbound } from '../test/peers/daemons.ts'
import { nodeArgs, openPath, type Path, type Program } from '../test/peers/harness.ts'
import { type Comparison, compareAll, OURS } from './lib/compare.ts'
import { capture } from './lib/dns-wire.ts'

const [, , repetitions = '5', seconds = '4'] = process.argv
const RATE = 100
/** Answers at the start of a turn: caches are cold. */
const SKIPPED = 20
const NAME = 'host.lan.test'
const PORTS = { unbound: 5301, knotd: 5302 } as const
const QUANTILES = [0.5, 0.9, 0.99] as const
/** Clients on one CPU, servers on another: which of them share one is the scheduler's mood, and counts double. */
const CLIENT_CPU = '0'
const SERVER_CPU = '1'
/** Largest ratio of p50 that we aim at. */
const AIM = 1.2

interface Route {
  readonly server: keyof typeof PORTS
  readonly way: 'loopback' | 'veth'
  /** Where the client runs. */
  readonly namespace: string
  readonly address: string
  /** Interface of the client. */
  readonly device: string
}

const routesOf = ({ a, b, addressA, interfaceB }: Path): Route[] =>
  (['unbound', 'knotd'] as const).flatMap((server) => [
    { server, way: 'loopback', namespace: a, address: '127.0.0.1', device: 'lo' },
    { server, way: 'veth', namespace: b, address: addressA, device: interfaceB },
  ])

async function startServers(path: Path): Promise<void> {
  const { a, addressA } = path
  const unbound = startUnbound(path, a, 'unbound', [
    ...['127.0.0.1', addressA].map((address) => `interface: ${address}@${PORTS.unbound}`),
    'access-control: 0.0.0.0/0 allow',
    'local-zone: "lan.test." static',
    `local-data: "${NAME}. 60 A 192.0.2.9"`,
  ])
  const listen = ['127.0.0.1', addressA].map((address) => `${address}@${PORTS.knotd}`)
  const records = ['ns 60 A 192.0.2.1', `${NAME}. 60 A 192.0.2.9`]
  const knotd = startKnotd(path, a, listen, { zone: 'lan.test', records })
  await unbound.saw(/start of service/)
  await knotd.saw(/server started/)
  for (const { process } of [unbound, knotd]) {
    execFileSync('taskset', ['-acp', SERVER_CPU, `${process.pid}`], { stdio: 'pipe' })
  }
}

/** Seconds of each answer; throws where one is missing or wrong. */
type Client = (path: Path, route: Route) => Promise<readonly number[]>

const runClient = (path: Path, { namespace }: Route, command: string, args: string[]): Program =>
  path.run(namespace, 'taskset', ['-c', CLIENT_CPU, command, ...args])

const outputOf = async (program: Program): Promise<string> => {
  const code = await program.ended()
  if (code === 0) return program.output()
  throw new Error(`a client ended with ${code}: ${program.output()}`)
}

const askOurs: Client = async (path, route) => {
  const { server, address } = route
  const asked = [address, `${PORTS[server]}`, NAME, `${RATE}`, seconds]
  const args = nodeArgs('bench/lib/dns-asker.ts', ...asked)
  const output = await outputOf(runClient(path, route, process.execPath, args))
  const { results, kernel, ...answers } = JSON.parse(output) as {
    seconds: number[]
    results: Record<string, number>
    kernel: number
  }
  const count = answers.seconds.length
  if (results['noerror'] !== count || kernel < count) {
    throw new Error(`${server}: ${JSON.stringify(results)}, ${kernel} of ${count} kernel stamps`)
  }
  return answers.seconds
}

/** `> NOERROR host.lan.test A 0.000021` */
const askDnsperf: Client = async (path, route) => {
  const { server, address } = route
  const file = join(path.folder, 'queries')
  writeFileSync(file, `${NAME} A\n`)
  const where = ['-s', address, '-p', `${PORTS[server]}`, '-d', file]
  const pace = ['-c', '1', '-T', '1', '-q', '1', '-Q', `${RATE}`, '-l', seconds]
  const output = await outputOf(runClient(path, route, 'dnsperf', [...where, ...pace, '-e', '-v']))
  const answers = [...output.matchAll(/^> (\S+) .* (\S+)$/gm)]
  const wrong = answers.find(([, rcode]) => rcode !== 'NOERROR')
  if (answers.length === 0 || wrong !== undefined) throw new Error(`${server}: ${output}`)
  return answers.map(([, , latency]) => Number(latency))
}

const CLIENTS = { [OURS]: askOurs, dnsperf: askDnsperf }

const onWire = (program: string): string => `${program} on the wire`

async function measure(path: Path, route: Route, swapped: boolean) {
  const checks: { name: string; unit: string; value: number }[] = []
  const place = `${route.server.padEnd(8)} ${route.way.padEnd(8)}`
  const note = (program: string, latencies: readonly number[]): void => {
    for (const q of QUANTILES) {
      const value = quantile(latencies.slice(SKIPPED), q) * 1e6
      checks.push({ name: `${place} p${q * 100}|${program}`, unit: 'us', value })
    }
  }
  const order = Object.entries(CLIENTS)
  for (const [program, ask] of swapped ? order.reverse() : order) {
    const wire = await capture(path, { ...route, port: PORTS[route.server] })
    note(program, await ask(path, route))
    note(onWire(program), await wire.stop())
  }
  return { checks }
}

const HEADS = ['ours', 'its wire', 'dnsperf', 'its wire', 'ratio', 'of wires']

/** Ratios only of what is there: NaN shows where something is missing. */
function rowOf({ figure, ours, peers }: Comparison): string {
  const of = (program: string): number =>
    peers.find(({ name }) => name === program)?.median ?? Number.NaN
  const [wire, theirs, theirWire] = [of(onWire(OURS)), of('dnsperf'), of(onWire('dnsperf'))]
  const ratio = ours.median / theirs
  const cells = [ours.median, wire, theirs, theirWire].map((us) => us.toFixed(1))
  const ratios = [ratio, wire / theirWire].map((each) => each.toFixed(2))
  const missed = figure.endsWith('p50') && ratio > AIM ? `  above ${AIM}` : ''
  return `${figure.padEnd(25)}${[...cells, ...ratios].map((cell) => cell.padStart(10)).join('')}${missed}`
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const path = openPath('dlat')
try {
  await startServers(path)
  const results = []
  for (let turn = 0; turn < Number(repetitions); turn += 1) {
    for (const route of routesOf(path)) results.push(await measure(path, route, turn % 2 === 1))
  }
  console.log(
    `us at ${RATE}/s, one query at a time; medians of ${repetitions} turns of ${seconds} s`,
  )
  console.log(`server   way      quantile${HEADS.map((head) => head.padStart(10)).join('')}`)
  for (const comparison of compareAll(results)) console.log(rowOf(comparison))
} finally {
  await path.close()
}
