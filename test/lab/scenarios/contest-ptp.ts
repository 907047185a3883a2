/** PHC 1 after the grandmaster: the agent by the management socket of a free running ptp4l, and ptp4l itself. */
import { installBuilt, startShipped } from '../agent.ts'
import { type Contestant, contest } from '../contest.ts'
import type { Lab, Program } from '../lab.ts'
import type { Scenario } from '../scenario.ts'
import { startPtp4l, startReceiver } from './baselines.ts'

/** Programs that do one job together. */
const together = (first: Program, second: Program): Program => ({
  process: first.process,
  output: () => first.output() + second.output(),
  cpu: () => first.cpu() + second.cpu(),
  pss: () => first.pss() + second.pss(),
  stop: async (signal) => {
    await first.stop(signal)
    await second.stop(signal)
  },
})

/** PHC 1 as nobody has touched it, 1 ms ahead. */
export function untouchedPhc(lab: Lab): void {
  const { phc1 } = lab.truth()
  lab.call('phc_ctl', '/dev/ptp1', '--', 'freq', '0')
  lab.call('phc_ctl', '/dev/ptp1', '--', 'adj', String((1e6 - phc1) / 1e9))
}

const driving: Contestant = {
  name: 'timewarden',
  warm: installBuilt,
  start: (lab) => {
    untouchedPhc(lab)
    const ptp4l = startReceiver(lab, '--free_running', '1')
    const agent = startShipped(
      lab,
      `clocks:
  system: { mode: drive }
  "phc:lab1": { mode: drive, step: { boot: 20us } }
sources:
  - ptp4l: { socket: /var/run/ptp4l, freeRunning: true }`,
    )
    return together(agent, ptp4l)
  },
}

const ptp4l: Contestant = {
  name: 'ptp4l',
  start: (lab) => {
    untouchedPhc(lab)
    return startReceiver(lab)
  },
}

const linuxptp: Contestant = {
  name: 'ptp4l and phc2sys',
  start: (lab) => {
    untouchedPhc(lab)
    const receiver = startReceiver(lab)
    return together(
      lab.start('phc2sys', 'phc2sys', ...'-s lab1 -c CLOCK_REALTIME -w'.split(' ')),
      receiver,
    )
  },
}

const TASK = { offset: 1e6, seconds: 240, steadySeconds: 120, limits: [1000, 100] } as const

const contestFor = (
  title: string,
  contestants: readonly Contestant[],
  task: Parameters<typeof contest>[2],
): Scenario => ({
  title,
  run: async (lab) => {
    const receiver = startPtp4l(lab)
    await lab.wait(10)
    await receiver.stop()
    return await contest(lab, contestants, task)
  },
})

export const contestPhcDriven = contestFor(
  'PHC 1 after the grandmaster, 1 Sync a second, from 1 ms and 12 ppm off, a step at start allowed: ours by the management socket, and the servo of ptp4l',
  [driving, ptp4l],
  { ...TASK, clock: 'phc1', against: 'phc0' },
)

export const contestEndToEnd = contestFor(
  'CLOCK_REALTIME against the grandmaster, both clocks off at the start, a step allowed: ours, and ptp4l with phc2sys',
  [driving, linuxptp],
  { ...TASK, clock: 'system', against: 'phc0' },
)
