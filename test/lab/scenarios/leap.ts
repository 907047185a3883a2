/** Scenario 9: the grandmaster announces a leap second, the kernel inserts it. */
import { type Agent, clockOf, startAgent } from '../agent.ts'
import type { Lab } from '../lab.ts'
import { untilLocked } from '../node.ts'
import type { Check, Scenario } from '../scenario.ts'
import { kernelTai, stepSystemClock } from '../system-clock.ts'
import { startPtp4l, untilPhcLocked } from './baselines.ts'
import { FOLLOW } from './lifecycle.ts'

/** Until midnight from where the scenario begins: time to lock. */
const BEFORE = 150
const AFTER = 90
const SECOND = 1e9

/** The end of the next half year, ms of UTC. */
function nextLeap(now: number): number {
  const year = new Date(now).getUTCFullYear()
  const july = Date.UTC(year, 6, 1)
  return july > now ? july : Date.UTC(year + 1, 0, 1)
}

function announce(lab: Lab, utcOffset: number, leap61: 0 | 1): void {
  const settings = [
    'clockClass 6 clockAccuracy 0x21 offsetScaledLogVariance 0x4e5d',
    `currentUtcOffset ${utcOffset} leap61 ${leap61} leap59 0 currentUtcOffsetValid 1`,
    'ptpTimescale 1 timeTraceable 1 frequencyTraceable 1 timeSource 0x20',
  ].join(' ')
  lab.call(
    'pmc',
    ...['-u', '-b', '0', '-s', '/run/ptp4l0', '-i', '/run/pmc-leap'],
    `SET GRANDMASTER_SETTINGS_NP ${settings}`,
  )
}

interface Seen {
  /** Largest error against the UTC of before or of after, whichever is nearer, ns. */
  worst: number
  steps: number
  state: string
  armed: boolean
}

async function look(lab: Lab, agent: Agent, seen: Seen, seconds: number): Promise<void> {
  const end = lab.elapsed() + seconds
  while (lab.elapsed() < end) {
    const { system } = lab.truth()
    seen.worst = Math.max(seen.worst, Math.min(Math.abs(system), Math.abs(system + SECOND)))
    const status = await agent.status().catch(() => undefined)
    if (status !== undefined) {
      const clock = clockOf(status, 'system')
      seen.state = clock.state
      seen.armed ||= clock.leap === 'insert'
      seen.steps = Object.values(clock.steps).reduce((sum, count) => sum + count, 0)
    }
    await lab.wait(0.25)
  }
}

export const leap: Scenario = {
  title: 'a leap second is announced by the grandmaster and inserted by the kernel',
  run: async (lab) => {
    const jump = (nextLeap(Date.now()) - Date.now()) * 1e6 - BEFORE * SECOND
    lab.set('world_step', Math.round(jump))
    stepSystemClock(jump)
    startPtp4l(lab)
    await lab.wait(8)
    announce(lab, 37, 1)
    await untilPhcLocked(lab)
    const agent = startAgent(lab, FOLLOW)
    await untilLocked(lab, agent)
    await lab.wait(20)
    const seen: Seen = { worst: 0, steps: 0, state: '', armed: false }
    const before = kernelTai()
    const midnight = Math.ceil(Date.now() / 86_400_000) * 86_400_000
    lab.say(`midnight in ${((midnight - Date.now()) / 1000).toFixed(1)} s`)
    await look(lab, agent, seen, (midnight - Date.now()) / 1000 + 2)
    lab.say(`the second after: ${lab.truth().system} ns`)
    // a grandmaster tells a moment later
    announce(lab, 38, 0)
    await look(lab, agent, seen, AFTER)
    const { system } = lab.truth()
    await agent.stop()
    return [
      { name: 'not announced to the kernel', value: seen.armed ? 0 : 1, limit: 0, unit: '' },
      { name: 'largest error against UTC', value: seen.worst, limit: 1000, unit: 'ns' },
      { name: 'error at the end', value: Math.abs(system + SECOND), limit: 500, unit: 'ns' },
      { name: 'TAI - UTC before', value: Math.abs(before - 37), limit: 0, unit: 's off' },
      { name: 'TAI - UTC after', value: Math.abs(kernelTai() - 38), limit: 0, unit: 's off' },
      { name: 'steps', value: seen.steps, limit: 0, unit: '' },
      { name: 'not locked at the end', value: seen.state === 'locked' ? 0 : 1, limit: 0, unit: '' },
    ] satisfies Check[]
  },
}
