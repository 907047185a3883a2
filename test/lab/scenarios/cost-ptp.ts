/**
 * What an hour of PTP costs: two PHCs at 16 Hz and a ptp4l at 16 Syncs a second, the built program with the
 * flags of its unit, beside two phc2sys doing the same. lab1 follows the grandmaster on lab0 by its
 * ptp4l; the system clock and the PHC of lab2 follow lab1.
 *
 * CPU time here is instructions, 1 ns each. Memory is that after a collection, which the agent is asked for
 * by a signal; it has no code of its own for it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { flagsOfUnit } from '../../../bench/lib/unit-flags.ts'
import { installBuilt, startAgent } from '../agent.ts'
import { untouched } from '../contest.ts'
import type { Lab, Program } from '../lab.ts'
import { type Check, rmsOf, type Scenario } from '../scenario.ts'
import { yardstick } from '../yardstick.ts'
import { startReceiver, untilPhcLocked } from './baselines.ts'
import { linksUp, untouchedPhc } from './graph.ts'

const SOCKET = '/run/ptp4l-1'
const EACH_SYNC = '--logSyncInterval -4 --logMinDelayReqInterval -4'
const WARM = 600
const STEP = 300
const STEPS = 10
const PEERS_SECONDS = 600

const CONFIG = `clocks:
  system: { mode: drive, step: { boot: 0 } }
  "phc:lab1": { mode: follow, rate: 16 }
  "phc:lab2": { mode: drive, rate: 16, reference: phc:lab1, step: { boot: 0 } }
sources:
  - ptp4l: { socket: ${SOCKET}, poll: 62.5ms }`

/** Asked by SIGUSR2, collects all that is garbage and writes what is left. */
const HEAP_FILE = '/tmp/heap'
const HEAP = `import { writeFileSync } from 'node:fs'
process.on('SIGUSR2', () => {
  gc()
  writeFileSync('${HEAP_FILE}', JSON.stringify(process.memoryUsage()))
})`

interface Reading {
  /** Hours since the first one. */
  readonly at: number
  readonly cpu: number
  readonly heapUsed: number
  readonly rss: number
}

async function readAgent(lab: Lab, agent: Program, from: number): Promise<Reading> {
  const cpu = agent.cpu()
  const at = (lab.elapsed() - from) / 3600
  writeFileSync(HEAP_FILE, '')
  agent.process.kill('SIGUSR2')
  await lab.wait(1)
  const { heapUsed, rss } = JSON.parse(readFileSync(HEAP_FILE, 'utf8')) as Reading
  lab.say(`CPU ${cpu.toFixed(2)} s, heap ${heapUsed} bytes, RSS ${rss} bytes`)
  return { at, cpu, heapUsed, rss }
}

/** Slope of a straight line, per hour. */
function growth(readings: readonly Reading[], of: 'heapUsed' | 'rss'): number {
  const mean = (values: number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length
  const [t, y] = [mean(readings.map(({ at }) => at)), mean(readings.map((each) => each[of]))]
  const along = readings.reduce((sum, each) => sum + (each.at - t) * (each[of] - y), 0)
  return along / readings.reduce((sum, { at }) => sum + (at - t) ** 2, 0)
}

const perHour = (cpu: number, hours: number): number => cpu / hours

async function ours(lab: Lab, main: string, ptp4l: Program): Promise<Check[]> {
  begin(lab)
  const heap = `data:text/javascript,${encodeURIComponent(HEAP)}`
  const flags = [...flagsOfUnit('.'), '--expose-gc', '--import', heap]
  const agent = startAgent(lab, CONFIG, { name: 'timewarden', flags, main })
  await lab.wait(WARM)
  const from = lab.elapsed()
  const before = ptp4l.cpu()
  const readings = [await readAgent(lab, agent, from)]
  const steady = []
  for (let k = 0; k < STEPS; k++) {
    steady.push(...(await lab.watch(STEP, 1)))
    readings.push(await readAgent(lab, agent, from))
  }
  const [first, last] = [readings[0], readings.at(-1)]
  if (first === undefined || last === undefined) return []
  const served = ptp4l.cpu() - before
  await agent.stop()
  return [
    cost('timewarden', perHour(last.cpu - first.cpu, last.at)),
    cost('ptp4l, asked by timewarden', perHour(served, last.at)),
    { name: 'heap growth|timewarden', value: growth(readings, 'heapUsed') / 1e3, unit: 'kB/h' },
    { name: 'RSS growth|timewarden', value: growth(readings, 'rss') / 1e3, unit: 'kB/h' },
    { name: 'heap|timewarden', value: last.heapUsed / 1e6, unit: 'MB' },
    { name: 'RSS|timewarden', value: last.rss / 1e6, unit: 'MB' },
    ...errorsOf('timewarden', steady),
  ]
}

const cost = (name: string, value: number): Check => ({ name: `CPU|${name}`, value, unit: 's/h' })

const errorsOf = (name: string, steady: Parameters<typeof rmsOf>[0]): Check[] => [
  { name: `system, RMS|${name}`, value: rmsOf(steady, 'system', 'phc1'), unit: 'ns' },
  { name: `PHC 2, RMS|${name}`, value: rmsOf(steady, 'phc2', 'phc1'), unit: 'ns' },
]

/** Both clocks that follow: nothing dialled, and a little off. */
function begin(lab: Lab): void {
  untouched(lab, 1e5)
  untouchedPhc(lab, 2, 1e5)
}

async function peers(lab: Lab, ptp4l: Program): Promise<Check[]> {
  begin(lab)
  const words = (clock: string): string[] => `-s lab1 -c ${clock} -R 16 -F 0 -O`.split(' ')
  const both = [
    lab.start('phc2sys-system', 'phc2sys', ...words('CLOCK_REALTIME'), '-37'),
    lab.start('phc2sys-phc', 'phc2sys', ...words('lab2'), '0'),
  ]
  await lab.wait(WARM / 2)
  const before = [...both, ptp4l].map((each) => each.cpu())
  const steady = await lab.watch(PEERS_SECONDS, 1)
  const used = [...both, ptp4l].map((each, k) => each.cpu() - (before[k] ?? 0))
  for (const program of both) await program.stop()
  const [first = 0, second = 0, alone = 0] = used
  return [
    cost('phc2sys, both', perHour(first + second, PEERS_SECONDS / 3600)),
    cost('ptp4l, alone', perHour(alone, PEERS_SECONDS / 3600)),
    ...errorsOf('phc2sys', steady),
  ]
}

export const costPtp: Scenario = {
  title: 'an hour of two PHCs at 16 Hz and a ptp4l at 16 Syncs a second, beside two phc2sys',
  run: async (lab) => {
    const main = installBuilt(lab)
    lab.set('pairs', 2)
    await linksUp(lab, ['lab0', 'lab1', 'lab2'])
    const grandmaster = `-2 -i lab0 -m --priority1 1 --uds_address /run/ptp4l-0 ${EACH_SYNC}`
    lab.start('ptp4l-0', 'ptp4l', ...grandmaster.split(' '))
    const receiver = startReceiver(lab, '--uds_address', SOCKET, ...EACH_SYNC.split(' '))
    await untilPhcLocked(lab)
    const checks = [...(await peers(lab, receiver)), ...(await ours(lab, main, receiver))]
    return [...checks, { name: 'yardstick', value: yardstick(), unit: 's' }]
  },
}
