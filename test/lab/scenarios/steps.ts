/** Scenario 7: somebody steps the clock, and a virtual machine that was paused. */
import { type Agent, startAgent } from '../agent.ts'
import type { Lab } from '../lab.ts'
import { checksOf, untilLocked, watchNode } from '../node.ts'
import { type Check, type Scenario, settled } from '../scenario.ts'
import { stepSystemClock } from '../system-clock.ts'
import { startPtp4l, untilPhcLocked } from './baselines.ts'
import { FOLLOW } from './lifecycle.ts'

interface Blow {
  readonly name: string
  /** What the agent has to call it. */
  readonly note: string
  readonly strike: (lab: Lab) => void
}

const stepped = (name: string, seconds: number): Blow => ({
  name,
  note: 'foreign-step',
  strike: () => stepSystemClock(seconds * 1e9),
})

const BLOWS: readonly Blow[] = [
  stepped('stepped by 1 h', 3600),
  stepped('stepped by -37 s', -37),
  stepped('stepped by 37 s', 37),
  { name: 'paused for 60 s', note: 'jump', strike: (lab) => lab.set('world_step', 60e9) },
]

const countOf = (agent: Agent, note: string): number =>
  agent.output().split(`"event":"${note}"`).length - 1

async function survive(lab: Lab, agent: Agent, { name, note, strike }: Blow): Promise<Check[]> {
  const noted = countOf(agent, note)
  const before = await watchNode(lab, agent, 2)
  const from = lab.elapsed()
  strike(lab)
  lab.say(name)
  const watched = await watchNode(lab, agent, 60)
  const named = (check: Check): Check => ({ ...check, name: `${name}: ${check.name}` })
  return [
    // one reading of the PHC a second has to come before anybody can know
    ...checksOf(watched, { steps: before.steps + 1, wrongFor: 1.5 }),
    {
      name: 'seconds to 1 us',
      value: settled(watched.readings, from, { clock: 'system', limit: 1000 }),
      ...{ limit: 50, unit: 's' },
    },
    { name: 'not named', value: countOf(agent, note) > noted ? 0 : 1, limit: 0, unit: '' },
  ].map(named)
}

export const steps: Scenario = {
  title: 'the system clock is stepped by 1 h and by 37 s, the machine is paused for 60 s',
  run: async (lab) => {
    startPtp4l(lab)
    await untilPhcLocked(lab)
    const agent = startAgent(lab, FOLLOW)
    await untilLocked(lab, agent)
    await lab.wait(30)
    const checks: Check[] = []
    for (const blow of BLOWS) checks.push(...(await survive(lab, agent, blow)))
    await agent.stop()
    return checks
  },
}
