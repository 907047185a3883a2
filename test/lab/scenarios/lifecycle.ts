/** Scenarios 8 and 10: the agent goes and comes back, or is killed, or has no room to write. */
import { readFileSync, writeFileSync } from 'node:fs'
import { startAgent } from '../agent.ts'
import type { Lab } from '../lab.ts'
import { checksOf, slopeOf, untilLocked, watchNode } from '../node.ts'
import type { Check, Scenario } from '../scenario.ts'
import { worstOf } from '../scenario.ts'
import { systemFrequency } from '../system-clock.ts'
import { startPtp4l, untilPhcLocked } from './baselines.ts'

export const FOLLOW = `clocks:
  system: { mode: drive }
  "phc:lab1": { mode: follow }
sources:
  - ptp4l: { socket: /var/run/ptp4l }`

const DRIFT = '/tmp/state/drift.system'

export const restart: Scenario = {
  title: 'the agent is restarted while locked',
  run: async (lab) => {
    startPtp4l(lab)
    await untilPhcLocked(lab)
    const first = startAgent(lab, FOLLOW, { name: 'agent-1' })
    await untilLocked(lab, first)
    await lab.wait(60)
    const before = systemFrequency()
    await first.stop()
    const alone = await lab.watch(15)
    const second = startAgent(lab, FOLLOW, { name: 'agent-2' })
    const frequencies: number[] = []
    const from = lab.elapsed()
    const [watched] = await Promise.all([watchNode(lab, second, 45), sampling(lab, frequencies)])
    const locked = from
    lab.say(`watched from ${locked.toFixed(1)} s`)
    const bump = Math.max(...frequencies.map((each) => Math.abs(each - before)))
    await second.stop()
    return [
      { name: 'frequency bump', value: bump, limit: 100, unit: 'ppb' },
      {
        name: 'drift while nobody steers',
        value: Math.abs(slopeOf(alone)),
        limit: 100,
        unit: 'ppb',
      },
      // 15 s alone at 100 ppb at the very most
      { name: 'worst error', value: worstOf(watched.readings, 'system'), limit: 2000, unit: 'ns' },
      ...checksOf(watched, { steps: 0 }),
      {
        name: 'its own frequency was taken for a foreign one',
        value: second.output().includes('foreign-') ? 1 : 0,
        ...{ limit: 0, unit: '' },
      },
    ]
  },
}

async function sampling(lab: Lab, into: number[]): Promise<void> {
  for (let k = 0; k < 150; k += 1) {
    into.push(systemFrequency())
    await lab.wait(0.25)
  }
}

/** A drift file is whole when it reads as two numbers and holds what is dialled, within 100 ppb. */
function driftError(): number {
  const match = /^\s*(-?\d+\.\d+)\s+(\d+\.\d+)\s*$/.exec(readFileSync(DRIFT, 'utf8'))
  const off = Math.abs(Number(match?.[1] ?? Number.NaN)) * 1000 - Math.abs(systemFrequency())
  return match === null ? Number.POSITIVE_INFINITY : Math.abs(off)
}

async function endOf(
  lab: Lab,
  name: string,
  end: (agent: ReturnType<typeof startAgent>) => Promise<void>,
) {
  const agent = startAgent(lab, FOLLOW, { name })
  await untilLocked(lab, agent)
  await lab.wait(30)
  await end(agent)
  const alone = await lab.watch(10)
  return {
    agent,
    checks: [
      {
        name: `${name}: drift afterwards`,
        value: Math.abs(slopeOf(alone)),
        limit: 100,
        unit: 'ppb',
      },
      { name: `${name}: drift file is off by`, value: driftError(), limit: 100, unit: 'ppb' },
    ] satisfies Check[],
  }
}

export const signals: Scenario = {
  title: 'SIGTERM, SIGKILL, SIGKILL while it stores, full disk: frequency and drift file survive',
  run: async (lab) => {
    // a disk that can be filled
    lab.call('mkdir', '-p', '/tmp/state')
    lab.call('mount', '-t', 'tmpfs', '-o', 'size=64k', 'state', '/tmp/state')
    startPtp4l(lab)
    await untilPhcLocked(lab)
    const term = await endOf(lab, 'SIGTERM', (agent) => agent.stop())
    const kill = await endOf(lab, 'SIGKILL', (agent) => agent.stop('SIGKILL'))
    const storing: Check[] = []
    for (const delay of [0.002, 0.01, 0.03]) {
      const { checks } = await endOf(
        lab,
        `SIGKILL ${delay * 1000} ms after SIGTERM`,
        async (agent) => {
          agent.process.kill('SIGTERM')
          await lab.wait(delay)
          await agent.stop('SIGKILL')
        },
      )
      storing.push(...checks)
    }
    const full = await endOf(lab, 'full disk', async (agent) => {
      try {
        writeFileSync('/tmp/state/fill', Buffer.alloc(200_000))
      } catch {
        lab.say('the disk is full')
      }
      await agent.stop()
    })
    const named = full.agent.output().includes('ENOSPC')
    return [
      ...term.checks,
      ...kill.checks,
      ...storing,
      ...full.checks,
      {
        name: 'SIGTERM: exit status',
        value: term.agent.process.exitCode ?? 99,
        limit: 0,
        unit: '',
      },
      { name: 'full disk: not named', value: named ? 0 : 1, limit: 0, unit: '' },
    ]
  },
}
