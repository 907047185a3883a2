/** Scenarios 1 and 2: PTP on NIC 1, followed or driven, and CLOCK_REALTIME taken from its PHC. */
import { clockOf, startAgent } from '../agent.ts'
import type { Lab } from '../lab.ts'
import { type Check, rmsOf, type Scenario, settled, worstOf } from '../scenario.ts'
import { startPtp4l, untilPhcLocked } from './baselines.ts'

const SECONDS = 100
const STEADY_AFTER = 50

/** What both scenarios promise of the system clock, and that the published bound held throughout. */
async function watchSystem(lab: Lab, yaml: string): Promise<Check[]> {
  const agent = startAgent(lab, yaml)
  const from = lab.elapsed()
  const readings = []
  let violations = 0
  let state = ''
  let steps = 0
  let told = 0
  while (lab.elapsed() < from + SECONDS) {
    const truth = lab.truth()
    readings.push(truth)
    const status = await agent.status().catch(() => undefined)
    if (status !== undefined) {
      const system = clockOf(status, 'system')
      const bound = system.errorBoundSeconds
      if (bound !== null && Math.abs(lab.truth().system) > bound * 1e9 + 1000) violations += 1
      state = system.state
      steps = Object.values(system.steps).reduce((sum, count) => sum + count, 0)
    }
    if (lab.elapsed() > told + 5) {
      told = lab.elapsed()
      lab.say(`system ${truth.system} ns, PHC 1 ${truth.phc1} ns, ${state}`)
    }
    await lab.wait(0.25)
  }
  lab.say(`cpu ${agent.cpu().toFixed(1)} s, pss ${(agent.pss() / 1e6).toFixed(0)} MB, ${state}`)
  await agent.stop()
  const steady = readings.filter((each) => each.at > from + STEADY_AFTER)
  return [
    {
      name: 'steady RMS against the PHC',
      value: rmsOf(steady, 'system', 'phc1'),
      limit: 100,
      unit: 'ns',
    },
    {
      name: 'steady RMS against the truth',
      value: rmsOf(steady, 'system'),
      limit: 200,
      unit: 'ns',
    },
    {
      name: 'worst against the grandmaster',
      value: worstOf(steady, 'system', 'phc0'),
      limit: 1000,
      unit: 'ns',
    },
    {
      name: 'seconds to 1 us',
      value: settled(readings, from, { clock: 'system', limit: 1000, against: 'phc1' }),
      limit: 40,
      unit: 's',
    },
    { name: 'bound violations', value: violations, limit: 0, unit: '' },
    { name: 'steps', value: steps, limit: 1, unit: '' },
    { name: 'not locked at the end', value: state === 'locked' ? 0 : 1, limit: 0, unit: '' },
  ]
}

export const follow: Scenario = {
  title: 'ptp4l steers PHC 1, the agent follows it to CLOCK_REALTIME',
  run: async (lab) => {
    startPtp4l(lab)
    await untilPhcLocked(lab)
    return await watchSystem(
      lab,
      `clocks:
  system: { mode: drive }
  "phc:lab1": { mode: follow }
sources:
  - ptp4l: { socket: /var/run/ptp4l }`,
    )
  },
}

export const drive: Scenario = {
  title: 'ptp4l runs free, the agent drives PHC 1 and CLOCK_REALTIME from it',
  run: async (lab) => {
    startPtp4l(lab, '--free_running', '1')
    await lab.wait(10)
    const checks = await watchSystem(
      lab,
      `clocks:
  system: { mode: drive }
  "phc:lab1": { mode: drive, step: { boot: 20us } } # as ptp4l's first_step_threshold
sources:
  - ptp4l: { socket: /var/run/ptp4l, freeRunning: true }`,
    )
    const { phc0, phc1 } = lab.truth()
    return [
      ...checks,
      {
        name: 'PHC 1 against the grandmaster at the end',
        value: Math.abs(phc1 - phc0),
        limit: 500,
        unit: 'ns',
      },
    ]
  },
}
