/**
 * The clock graph: a PHC after another one, and a boundary clock with two NICs whose ports change roles.
 * Pairs of NICs: lab0 - lab1, lab2 - lab3. lab1 and lab2 are the node's, lab0 the grandmaster's; lab3 is
 * who listens behind it, and becomes the grandmaster when the first one is lost.
 */
import { readFileSync } from 'node:fs'
import { type Agent, clockOf, installBuilt, startAgent, startShipped } from '../agent.ts'
import { type Contestant, contest } from '../contest.ts'
import type { Lab, Program, Truth } from '../lab.ts'
import { type Check, type ClockOf, rmsOf, type Scenario, settled, worstOf } from '../scenario.ts'

/** PHC 1 as nobody has touched it, `offset` ns ahead. */
export function untouchedPhc(lab: Lab, index: number, offset: number): void {
  const error = lab.truth()[`phc${index}` as ClockOf]
  lab.call('phc_ctl', `/dev/ptp${index}`, '--', 'freq', '0')
  lab.call('phc_ctl', `/dev/ptp${index}`, '--', 'adj', String((offset - error) / 1e9))
}

const agentOnPhc0: Contestant = {
  name: 'timewarden',
  warm: installBuilt,
  start: (lab) => {
    untouchedPhc(lab, 1, 1e5)
    return startShipped(
      lab,
      `clocks:
  system: { mode: observe }
  "phc:lab0": { mode: observe }
  "phc:lab1": { mode: drive, reference: phc:lab0, step: { boot: 0 } }
sources: []`,
    )
  },
}

const phc2sysOnPhc0: Contestant = {
  name: 'phc2sys',
  start: (lab) => {
    untouchedPhc(lab, 1, 1e5)
    return lab.start('phc2sys', 'phc2sys', ...'-s lab0 -c lab1 -O 0 -F 0'.split(' '))
  },
}

export const contestPhcToPhc: Scenario = {
  title: 'PHC 1 after PHC 0 at 1 Hz, from 0.1 ms and 12 ppm off, no step: ours and phc2sys',
  run: async (lab) =>
    await contest(lab, [agentOnPhc0, phc2sysOnPhc0], {
      ...{ clock: 'phc1', against: 'phc0', offset: 0 },
      ...{ seconds: 150, steadySeconds: 75, limits: [1000, 100] },
    }),
}

export const phcToPhc: Scenario = {
  title: 'PHC 1 after PHC 0, which nothing vouches for but the configuration',
  run: async (lab) => {
    const agent = agentOnPhc0.start(lab)
    const from = lab.elapsed()
    const readings = await lab.watch(80)
    await agent.stop()
    const steady = readings.filter(({ at }) => at > from + 40)
    return [
      { name: 'steady RMS', value: rmsOf(steady, 'phc1', 'phc0'), limit: 50, unit: 'ns' },
      {
        name: 'seconds to 1 us',
        value: settled(readings, from, { clock: 'phc1', against: 'phc0', limit: 1000 }),
        ...{ limit: 20, unit: 's' },
      },
    ]
  },
}

const BOUNDARY = (mode: 'auto' | 'drive'): string => `clocks:
  system: { mode: drive }
  "phc:lab1": { mode: ${mode}, step: { boot: 20us } }
  "phc:lab2": { mode: ${mode}, step: { boot: 20us } }
sources:
  - ptp4l: { socket: /run/ptp4l-bc${mode === 'drive' ? ', freeRunning: true' : ''} }`

const start = (lab: Lab, name: string, words: string): Program =>
  lab.start(name, 'ptp4l', ...`-2 -m --uds_address /run/${name} ${words}`.split(' '))

interface Watched {
  readonly readings: readonly Truth[]
  /** Longest time for which one of the node's clocks was outside of its published bound, s. */
  readonly wrongFor: number
}

const PERIOD = 0.25
const CLOCKS = { system: 'system', 'phc:lab1': 'phc1', 'phc:lab2': 'phc2' } as const

/** Truth and status of all three clocks of the node, four times a second. */
async function watch(lab: Lab, agent: Agent, seconds: number): Promise<Watched> {
  const readings: Truth[] = []
  const wrongSince = new Map<string, number>()
  let wrongFor = 0
  const end = lab.elapsed() + seconds
  while (lab.elapsed() < end) {
    const status = await agent.status().catch(() => undefined)
    const truth = lab.truth()
    readings.push(truth)
    for (const [name, of] of Object.entries(CLOCKS)) {
      const bound = status && clockOf(status, name).errorBoundSeconds
      const wrong = typeof bound === 'number' && Math.abs(truth[of]) > bound * 1e9 + 1000
      if (!wrong) wrongSince.delete(name)
      else if (!wrongSince.has(name)) wrongSince.set(name, truth.at)
      const since = wrongSince.get(name)
      if (since !== undefined) wrongFor = Math.max(wrongFor, truth.at - since + PERIOD)
    }
    await lab.wait(PERIOD)
  }
  const { system, phc1, phc2, phc3 } = lab.truth()
  lab.say(`system ${system}, PHC 1 ${phc1}, PHC 2 ${phc2}, PHC 3 ${phc3} ns`)
  return { readings, wrongFor }
}

const boundsOf = (what: string, { readings, wrongFor }: Watched, limit: number): Check[] => [
  { name: `${what}: outside of the published bound`, value: wrongFor, limit: 1, unit: 's' },
  ...(['system', 'phc1', 'phc2'] as const).map((clock) => ({
    name: `${what}: worst of ${clock}`,
    ...{ value: worstOf(readings, clock), limit, unit: 'ns' },
  })),
]

/** Links that come up under a ptp4l tell it anew which PHC they have: it must not depend on that. */
export async function linksUp(lab: Lab, names: readonly string[]): Promise<void> {
  for (const name of names) lab.call('ip', 'link', 'set', name, 'up')
  const isUp = (name: string): boolean =>
    readFileSync(`/sys/class/net/${name}/operstate`, 'utf8').trim() === 'up'
  while (!names.every(isUp)) await lab.wait(PERIOD)
}

/** A free-running ptp4l needs no `boundary_clock_jbod`, and its ports are faulty with it. */
const ownWay = (mode: 'auto' | 'drive'): string =>
  mode === 'drive' ? '--free_running 1' : '--boundary_clock_jbod 1'

/** The boundary clock loses its grandmaster, listens with its other NIC, and comes back. */
const boundary = (mode: 'auto' | 'drive'): Scenario => ({
  title: `a boundary clock with two NICs, ${mode}: all clocks follow the port that listens, whichever it is`,
  run: async (lab) => {
    lab.set('pairs', 2)
    await linksUp(lab, ['lab0', 'lab1', 'lab2', 'lab3'])
    for (const index of [1, 2, 3]) untouchedPhc(lab, index, 1e5 * index)
    start(lab, 'ptp4l-gm', '-i lab0 --priority1 1')
    start(lab, 'ptp4l-bc', `-i lab1 -i lab2 --priority1 100 ${ownWay(mode)}`)
    start(lab, 'ptp4l-oc', '-i lab3 --priority1 50')
    const agent = startAgent(lab, BOUNDARY(mode))
    await watch(lab, agent, 70)
    const first = await watch(lab, agent, 40)
    lab.say('the grandmaster is cut off: the port of NIC 2 listens')
    lab.set('nic0/carrier', 0)
    const change = await watch(lab, agent, 60)
    const second = await watch(lab, agent, 30)
    lab.say('the grandmaster is back')
    lab.set('nic0/carrier', 1)
    await watch(lab, agent, 60)
    const third = await watch(lab, agent, 30)
    await agent.stop()
    return [
      ...boundsOf('grandmaster on NIC 1', first, 1000),
      ...boundsOf('while it changes', change, 20_000),
      ...boundsOf('grandmaster on NIC 2', second, 20_000),
      ...boundsOf('grandmaster on NIC 1 again', third, 1000),
      {
        name: 'grandmaster on NIC 2: PHC 1 against PHC 2',
        ...{ value: worstOf(second.readings, 'phc1', 'phc2'), limit: 500, unit: 'ns' },
      },
      {
        name: 'PHC 3 behind the boundary clock, at the end',
        ...{ value: worstOf(third.readings, 'phc3'), limit: 1500, unit: 'ns' },
      },
    ]
  },
})

export const boundaryAuto = boundary('auto')
export const boundaryDrive = boundary('drive')
