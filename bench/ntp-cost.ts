/**
 * What 20 NTP servers at one request a second each cost: the built program observing, chronyd beside it
 * with the same servers and polls.
 *
 *   npm run bench:ntp-cost [-- SECONDS [NODE-FLAG...]]      default 60; root, chronyd and iproute2 are needed
 *
 * Aim: 3 % of a core. One chronyd answers on 20 addresses at the far end of a veth pair; nothing steers
 * (chronyd has -x, the agent observes). The first 20 s are not counted.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChronyd } from '../test/peers/daemons.ts'
import { openPath, type Program } from '../test/peers/harness.ts'
import { readCost } from './lib/process-cost.ts'
import { flagsOfUnit } from './lib/unit-flags.ts'

const COUNT = 20
const WARM_SECONDS = 20
const [, , length = '60', ...flags] = process.argv
const seconds = Number(length)
const servers = Array.from({ length: COUNT }, (_, k) => `10.99.0.${k + 11}`)

const cpuOf = ({ process: { pid } }: Program): number => readCost(pid ?? 0).cpuSeconds

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const path = openPath('ncost')
try {
  for (const address of servers) {
    execFileSync('ip', ['-n', path.a, 'addr', 'add', `${address}/24`, 'dev', path.interfaceA])
  }
  startChronyd(path, path.a, 'server', ['local stratum 1', 'allow', 'cmdport 0'])
  const chronyd = startChronyd(path, path.b, 'client', [
    ...servers.map((server) => `server ${server} minpoll 0 maxpoll 0`),
    'cmdport 0',
  ])
  const file = join(path.folder, 'timewarden.yaml')
  const config = {
    sources: servers.map((server) => ({ ntp: { server, minpoll: 0, maxpoll: 0 } })),
    ...{ dns: { enabled: false }, listen: '127.0.0.1:9975' },
    ...{ socket: join(path.folder, 'agent.sock'), stateDirectory: join(path.folder, 'state') },
  }
  writeFileSync(file, JSON.stringify(config)) // JSON is YAML
  const agent = path.run(path.b, process.execPath, [
    ...flagsOfUnit(),
    ...flags,
    'dist/agent/main.js',
    'run',
    '--config',
    file,
  ])
  await agent.saw(/"event":"started"/)
  console.log(`${COUNT} servers, poll 0, ${seconds} s after ${WARM_SECONDS} s of warming up`)
  await sleep(WARM_SECONDS * 1000)
  const before = [agent, chronyd].map(cpuOf)
  await sleep(seconds * 1000)
  const used = [agent, chronyd].map((program, k) => cpuOf(program) - (before[k] ?? 0))
  const { body } = path.get(path.b, 'http://127.0.0.1:9975/status')
  const { sources } = JSON.parse(body) as { sources: { detail: { good: number } }[] }
  const good = sources.reduce((sum, { detail }) => sum + detail.good, 0)
  for (const [k, name] of ['timewarden', 'chronyd -x'].entries()) {
    console.log(`${name.padEnd(12)} ${((100 * (used[k] ?? 0)) / seconds).toFixed(2)} % of a core`)
  }
  console.log(`${good} good samples in all; aim: 3 %`)
} finally {
  await path.close()
}
