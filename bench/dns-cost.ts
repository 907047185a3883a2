/**
 * What the DNS probe adds to the agent: two agents in one run, one with the probe off, one with 20 servers
 * that are asked over UDP, TCP and TLS, all checks, at the usual rate of the node.
 *
 *   npm run bench:dns-cost -- [--minutes 5]
 *
 * Aim: 0.5 % of a core and 8 MB. The first 60 s (start, compilation) are not counted in the CPU figure; memory
 * is the median of the last half. The server is a real unbound with a certificate, in a network namespace.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { quantile } from '../agent/core/stats.ts'
import { startUnbound } from '../test/peers/daemons.ts'
import { openPath, type Path, type Program } from '../test/peers/harness.ts'
import { makeCertificate } from '../test/runtime/certificate-maker.ts'
import { readCost } from './lib/process-cost.ts'
import { flagsOfUnit } from './lib/unit-flags.ts'

const SETTLED_SECONDS = 60
const STEP_SECONDS = 10
const SCRAPE_SECONDS = 30
const SERVERS = Array.from({ length: 20 }, (_, index) => `10.99.0.${11 + index}`)
const NAME = 'dns.example'
const DAY = 86_400_000

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '5' } } })

function writeCertificates({ folder }: Path): void {
  const window = { from: new Date(Date.now() - DAY), until: new Date(Date.now() + 30 * DAY) }
  const ca = makeCertificate({ name: 'ca', authority: true, ...window })
  const own = makeCertificate({ name: NAME, issuer: ca, holds: [NAME], ...window })
  writeFileSync(join(folder, 'ca.pem'), ca.pem)
  writeFileSync(join(folder, 'own.pem'), own.pem)
  writeFileSync(join(folder, 'own.key'), own.keyPem)
}

function startServers(path: Path): Program {
  for (const address of SERVERS) {
    execFileSync('ip', [...['-n', path.a, 'addr', 'add', `${address}/24`, 'dev', path.interfaceA]])
  }
  return startUnbound(path, path.a, 'unbound', [
    ...SERVERS.flatMap((address) => [`interface: ${address}`, `interface: ${address}@853`]),
    `tls-service-key: "${path.folder}/own.key"`,
    `tls-service-pem: "${path.folder}/own.pem"`,
    'access-control: 10.99.0.0/24 allow',
    'local-zone: "." static',
    'local-data: ". 60 IN NS a.root."',
    'local-data: "node.example. 60 IN A 192.0.2.1"',
  ])
}

interface Member {
  readonly name: string
  readonly program: Program
  readonly port: number
  readonly memory: number[]
  settled: number
}

function startAgent(path: Path, name: string, port: number, enabled: boolean): Member {
  const config = {
    sources: [],
    dns: {
      enabled,
      resolvConf: join(path.folder, 'resolv.conf'),
      targets: SERVERS.map((server) => ({
        ...{ server, names: ['.', 'node.example'], transports: ['udp', 'tcp', 'dot'] },
        ...{ serverName: NAME, ca: join(path.folder, 'ca.pem') },
      })),
    },
    listen: `127.0.0.1:${port}`,
    socket: '',
    stateDirectory: join(path.folder, name),
  }
  const file = join(path.folder, `${name}.yaml`)
  writeFileSync(file, JSON.stringify(config)) // JSON is YAML
  const words = ['dist/agent/main.js', 'run', '--config', file]
  const program = path.run(path.b, process.execPath, [...flagsOfUnit(), ...words])
  return { name, program, port, memory: [], settled: 0 }
}

function costOf({ program }: Member) {
  const { pid, exitCode } = program.process
  if (pid === undefined || exitCode !== null) throw new Error(`ended:\n${program.output()}`)
  return readCost(pid)
}

async function observe(path: Path, members: readonly Member[], seconds: number): Promise<void> {
  for (let elapsed = STEP_SECONDS; elapsed <= seconds; elapsed += STEP_SECONDS) {
    await sleep(STEP_SECONDS * 1000)
    const cells = members.map((member) => {
      if (elapsed % SCRAPE_SECONDS === 0)
        path.get(path.b, `http://127.0.0.1:${member.port}/metrics`)
      const { aloneBytes, cpuSeconds } = costOf(member)
      if (elapsed === SETTLED_SECONDS) member.settled = cpuSeconds
      if (elapsed > seconds / 2) member.memory.push(aloneBytes)
      return `${member.name} ${(aloneBytes / 1e6).toFixed(1)} MB ${cpuSeconds.toFixed(2)} s`
    })
    console.log(`${String(elapsed).padStart(5)} s  ${cells.join('   ')}`)
  }
}

/** `100 * CPU seconds / seconds` and MB. */
function resultOf(member: Member, seconds: number): { percent: number; megabytes: number } {
  const cpu = costOf(member).cpuSeconds - member.settled
  const percent = (100 * cpu) / (seconds - SETTLED_SECONDS)
  return { percent, megabytes: quantile(member.memory, 0.5) / 1e6 }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const path = openPath('dcost')
try {
  writeFileSync(join(path.folder, 'resolv.conf'), '')
  writeCertificates(path)
  await startServers(path).saw(/start of service/)
  const without = startAgent(path, 'without', 9975, false)
  const probing = startAgent(path, 'probing', 9976, true)
  for (const { program } of [without, probing]) await program.saw(/"event":"started"/)
  const seconds = Number(values.minutes) * 60
  await observe(path, [without, probing], seconds)
  const [off, on] = [resultOf(without, seconds), resultOf(probing, seconds)]
  const { body } = path.get(path.b, 'http://127.0.0.1:9976/status')
  const { dns } = JSON.parse(body) as { dns: { matrix: { dot: { mark: string } }[] } }
  const asked = dns.matrix.map(({ dot }) => dot.mark).filter((mark) => mark !== 'unasked')
  const good = asked.filter((mark) => mark === 'ok').length
  console.log(
    `\nTLS answers from ${good} of ${SERVERS.length} servers ${good < asked.length ? `(${asked.join(' ')})` : ''}`,
  )
  console.log('added by 20 servers x 3 transports (aim: 0.5 % of a core, 8 MB)')
  console.log(
    `  CPU     ${off.percent.toFixed(3)} % -> ${on.percent.toFixed(3)} %: ${(on.percent - off.percent).toFixed(3)} %`,
  )
  console.log(
    `  memory  ${off.megabytes.toFixed(1)} MB -> ${on.megabytes.toFixed(1)} MB: ${(on.megabytes - off.megabytes).toFixed(1)} MB`,
  )
} finally {
  await path.close()
}
