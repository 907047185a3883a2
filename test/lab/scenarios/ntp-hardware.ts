/** NTP from a server next door that stamps in hardware: our own stamps of hardware, beside the kernel's. */
import { writeFileSync } from 'node:fs'
import { installAgent, startAgent } from '../agent.ts'
import { type Contestant, contest, untouched } from '../contest.ts'
import type { Lab } from '../lab.ts'
import { checksOf, type Watched, watchNode } from '../node.ts'
import { startNeighbour } from '../ntp-link.ts'
import { type Check, rmsOf, type Scenario, worstOf } from '../scenario.ts'

const SECONDS = 240
const STEADY = 120

type Mode = 'configure' | 'off'

const configOf = (server: string, mode: Mode, xleave: boolean): string =>
  [
    'clocks:',
    '  system: { mode: drive, step: { boot: 0 } }',
    'sources:',
    `  - ntp: { server: ${server}, minpoll: 0, maxpoll: 0, iburst: true, xleave: ${xleave} }`,
    `hardwareTimestamps: ${mode}`,
  ].join('\n')

interface Turn {
  readonly watched: Watched
  readonly steadyRms: number
  readonly worst: number
  /** Shares of the exchanges of which both of our stamps are of hardware. */
  readonly hardware: number
}

async function turnOf(lab: Lab, server: string, mode: Mode, xleave: boolean): Promise<Turn> {
  untouched(lab, 100_000)
  const agent = startAgent(lab, configOf(server, mode, xleave), `agent-${mode}-${xleave}`)
  const from = lab.elapsed()
  const watched = await watchNode(lab, agent, SECONDS)
  const steady = watched.readings.filter(({ at }) => at > from + SECONDS - STEADY)
  const detail = (await agent.status()).sources[0]?.detail
  await agent.stop()
  return {
    watched,
    steadyRms: rmsOf(steady, 'system'),
    worst: worstOf(steady, 'system'),
    hardware: shareOf(detail?.['stamped'] as Stamped | undefined),
  }
}

type Stamped = Readonly<Record<'tx' | 'rx', Readonly<Record<string, number>>>>

function shareOf(stamped: Stamped | undefined): number {
  if (stamped === undefined) return 0
  const shares = Object.values(stamped).map((counts) => {
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
    return (counts['hardware'] ?? 0) / all
  })
  return Math.min(...shares)
}

const figure = (name: string, value: number, unit = 'ns'): Check => ({ name, value, unit })

export const ntpHardware: Scenario = {
  title:
    'NTP from the next port, interleaved, poll 0: stamps of hardware, and of the kernel beside',
  run: async (lab) => {
    const server = startNeighbour(lab)
    installAgent(lab)
    const kernel = await turnOf(lab, server, 'off', true)
    const basic = await turnOf(lab, server, 'configure', false)
    const hardware = await turnOf(lab, server, 'configure', true)
    return [
      { name: 'steady RMS', value: hardware.steadyRms, limit: 200, unit: 'ns' },
      figure('largest error, steady', hardware.worst),
      figure('steady RMS, basic mode', basic.steadyRms),
      figure('steady RMS, stamps of the kernel', kernel.steadyRms),
      figure('largest error, steady, stamps of the kernel', kernel.worst),
      {
        name: 'exchanges without both stamps of hardware',
        ...{ value: 1 - hardware.hardware, limit: 0.02, unit: '' },
      },
      { name: 'stamps of hardware though off', value: kernel.hardware, limit: 0, unit: '' },
      ...checksOf(hardware.watched, { steps: 0 }),
    ]
  },
}

const agentWith = (server: string, mode: Mode): Contestant => ({
  name: mode === 'off' ? 'timewarden, kernel' : 'timewarden',
  warm: installAgent,
  start: (lab) => startAgent(lab, configOf(server, mode, true)),
})

const chronydWith = (server: string): Contestant => ({
  name: 'chronyd',
  start: (lab) => {
    const lines = [
      `server ${server} minpoll 0 maxpoll 0 iburst xleave`,
      'hwtimestamp * minpoll 0',
      ...['cmdport 0', 'pidfile /run/chrony/lab.pid', 'bindcmdaddress /'],
    ]
    writeFileSync('/tmp/chrony.conf', `${lines.join('\n')}\n`)
    return lab.start('chronyd', 'chronyd', '-n', '-u', 'root', '-f', '/tmp/chrony.conf')
  },
})

export const contestNtpHardware: Scenario = {
  title:
    'CLOCK_REALTIME by NTP from the next port, interleaved, stamps of hardware, poll 0, no step',
  run: async (lab) => {
    const server = startNeighbour(lab)
    const ours = [agentWith(server, 'configure'), agentWith(server, 'off')]
    return await contest(lab, [...ours, chronydWith(server)], {
      ...{ clock: 'system', offset: 100_000, seconds: 400, steadySeconds: 200 },
      limits: [10_000, 1_000],
    })
  },
}
