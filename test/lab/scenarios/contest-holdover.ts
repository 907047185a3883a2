/**
 * What a node is worth after its PTP is gone: an hour locked, then the cable is pulled for an hour.
 * phc2sys and chronyd go on after a PHC that nobody steers any more; nobody tells them.
 */
import { type Contestant, untouched } from '../contest.ts'
import type { Lab } from '../lab.ts'
import type { Check, Scenario } from '../scenario.ts'
import { worstOf } from '../scenario.ts'
import { startPtp4l, untilPhcLocked } from './baselines.ts'
import { agentOnPhc, chronydOnPhc, phc2sysOnPhc } from './contest-phc.ts'

const LOCKED = 3600
const HOLDOVER = 3600
const PERIOD = 5

async function turn(lab: Lab, { name, start }: Contestant): Promise<Check[]> {
  lab.set('nic0/carrier', 1)
  lab.set('rewind', 1)
  await lab.wait(30)
  await untilPhcLocked(lab)
  untouched(lab, 0)
  const program = start(lab)
  await lab.watch(LOCKED, PERIOD)
  lab.say(`${name}: the link goes down`)
  lab.set('nic0/carrier', 0)
  const readings = await lab.watch(HOLDOVER, PERIOD)
  await program.stop()
  return [
    {
      name: `largest error in an hour of holdover|${name}`,
      value: worstOf(readings, 'system') / 1000,
      unit: 'us',
    },
  ]
}

export const contestHoldover: Scenario = {
  title: 'an hour locked to a PHC, then an hour without its grandmaster: ours and peers',
  run: async (lab) => {
    startPtp4l(lab)
    const checks: Check[] = []
    for (const each of [agentOnPhc(1), phc2sysOnPhc(1), chronydOnPhc(1)]) {
      lab.say(`${each.name} has its turn`)
      checks.push(...(await turn(lab, each)))
    }
    return checks
  },
}
