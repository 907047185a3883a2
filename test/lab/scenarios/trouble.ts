/** Scenarios 5 and 6, as far as the agent goes: another writer, and references that are lost. */
import { type Agent, startAgent } from '../agent.ts'
import type { Lab, Program } from '../lab.ts'
import { checksOf, untilLocked, watchNode } from '../node.ts'
import { type Check, rmsOf, type Scenario } from '../scenario.ts'
import { startPtp4l, startReceiver, untilPhcLocked } from './baselines.ts'
import { FOLLOW } from './lifecycle.ts'

/** Two periods of the writer, and what it needs for its first two readings. */
const NOTICED = 5

async function lockedNode(lab: Lab): Promise<Agent> {
  startPtp4l(lab)
  await untilPhcLocked(lab)
  const agent = startAgent(lab, FOLLOW)
  await untilLocked(lab, agent)
  await lab.wait(30)
  return agent
}

export const foreign: Scenario = {
  title: 'phc2sys is started against us: noticed, named, the clock taken back, and locked after it',
  run: async (lab) => {
    const agent = await lockedNode(lab)
    const writer = lab.start('phc2sys', 'phc2sys', ...'-s lab1 -c CLOCK_REALTIME -O -37'.split(' '))
    const from = lab.elapsed()
    while (!agent.output().includes('foreign-frequency') && lab.elapsed() < from + 30) {
      await lab.wait(0.1)
    }
    const noticed = lab.elapsed() - from
    const during = await watchNode(lab, agent, 30)
    await writer.stop()
    await lab.wait(20)
    const after = await watchNode(lab, agent, 40)
    await agent.stop()
    return [
      { name: 'noticed after', value: noticed, limit: NOTICED, unit: 's' },
      {
        name: 'outside of the bound while two write',
        ...{ value: during.wrongFor, limit: 0, unit: 's' },
      },
      { name: 'RMS afterwards', value: rmsOf(after.readings, 'system'), limit: 200, unit: 'ns' },
      ...checksOf(after, { steps: 0 }),
    ]
  },
}

interface Loss {
  readonly name: string
  readonly begin: (lab: Lab) => Promise<void>
  readonly end: (lab: Lab) => Promise<void>
}

const LOST = 40
const BACK = 90

async function survive(lab: Lab, agent: Agent, { name, begin, end }: Loss): Promise<Check[]> {
  lab.say(name)
  await begin(lab)
  const lost = await watchNode(lab, agent, LOST)
  await end(lab)
  lab.say(`${name}: over`)
  const back = await watchNode(lab, agent, BACK)
  const named = (check: Check): Check => ({ ...check, name: `${name}: ${check.name}` })
  return [
    { name: 'no holdover', value: lost.states.includes('holdover') ? 0 : 1, limit: 0, unit: '' },
    { name: 'outside of the bound', value: lost.wrongFor, limit: 0, unit: 's' },
    ...checksOf(back, { steps: 0 }),
  ].map(named)
}

const losses: (receiver: { program: Program }) => readonly Loss[] = (receiver) => [
  {
    name: 'link down',
    begin: async (lab) => lab.set('nic0/carrier', 0),
    end: async (lab) => lab.set('nic0/carrier', 1),
  },
  {
    name: 'time stamps lost',
    begin: async (lab) => lab.set('nic1/stamps_lost', true),
    end: async (lab) => lab.set('nic1/stamps_lost', false),
  },
  {
    name: 'ptp4l killed',
    begin: async () => receiver.program.stop('SIGKILL'),
    end: async (lab) => {
      receiver.program = startReceiver(lab)
    },
  },
]

/** A driver that resets: the PHC goes, and comes back under a new number; ptp4l has to be restarted. */
const removal = (receiver: { program: Program }): Loss => ({
  name: 'PHC removed',
  begin: async (lab) => lab.set('nic1/removed', 1),
  end: async (lab) => {
    lab.set('nic1/removed', 0)
    await receiver.program.stop('SIGKILL')
    receiver.program = startReceiver(lab)
  },
})

export const phcRemoved: Scenario = {
  title: 'the PHC is removed and comes back: holdover within its bound, and back without a step',
  run: async (lab) => {
    const receiver = { program: startPtp4l(lab) }
    await untilPhcLocked(lab)
    const agent = startAgent(lab, FOLLOW)
    await untilLocked(lab, agent)
    await lab.wait(30)
    const checks = await survive(lab, agent, removal(receiver))
    lab.say(
      lab
        .call('ls', '/dev')
        .split('\n')
        .filter((name) => name.startsWith('ptp'))
        .join(' '),
    )
    await agent.stop()
    return checks
  },
}

export const lossesOfPtp: Scenario = {
  title:
    'link down, time stamps lost, ptp4l killed: holdover within its bound, and back without a step',
  run: async (lab) => {
    const receiver = { program: startPtp4l(lab) }
    await untilPhcLocked(lab)
    const agent = startAgent(lab, FOLLOW)
    await untilLocked(lab, agent)
    await lab.wait(30)
    const checks: Check[] = []
    for (const loss of losses(receiver)) checks.push(...(await survive(lab, agent, loss)))
    await agent.stop()
    return checks
  },
}
