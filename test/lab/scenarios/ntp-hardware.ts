/**
 * NTP from a server next door that stamps in hardware: our own stamps of hardware, and the kernel's beside.
 * Afterwards somebody steps and slews the NIC's clock, and then the NIC loses all stamps.
 */
import { writeFileSync } from 'node:fs'
import type { StampedStatus } from '../../../agent/observe/status-types.ts'
import { type Agent, installAgent, installBuilt, startAgent, startShipped } from '../agent.ts'
import { type Contestant, contest, untouched } from '../contest.ts'
import type { Lab } from '../lab.ts'
import { checksOf, type Watched, watchNode } from '../node.ts'
import { startNeighbour } from '../ntp-link.ts'
import { type Check, rmsOf, type Scenario, worstOf } from '../scenario.ts'

const SECONDS = 240
const STEADY = 120

type Mode = 'configure' | 'auto' | 'off'

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
  const agent = startAgent(lab, configOf(server, mode, xleave), { name: `agent-${mode}-${xleave}` })
  const from = lab.elapsed()
  const watched = await watchNode(lab, agent, SECONDS)
  const steady = watched.readings.filter(({ at }) => at > from + SECONDS - STEADY)
  const stamped = await stampedOf(agent)
  await agent.stop()
  return {
    watched,
    steadyRms: rmsOf(steady, 'system'),
    worst: worstOf(steady, 'system'),
    hardware: shareOf(stamped),
  }
}

async function stampedOf(agent: Agent): Promise<StampedStatus | undefined> {
  const { sources } = await agent.status()
  return sources[0]?.detail['stamped'] as StampedStatus | undefined
}

/** Every 7 s, on no beat with the polls: steps below 1 ms, and rates that no oscillator has. */
const TROUBLES = ['adj 0.0003', 'freq 40000', 'adj -0.0008', 'freq -60000', 'adj 0.00002', 'freq 0']

/**
 * The farthest that a sample by stamps of hardware was from the truth beyond its own root distance, ns.
 * The truth is that of up to 0.25 s later.
 */
async function wrongStamps(lab: Lab, agent: Agent, seconds: number): Promise<number> {
  let worst = 0
  const end = lab.elapsed() + seconds
  while (lab.elapsed() < end) {
    await lab.wait(0.1)
    const [source] = (await agent.status()).sources
    const { system } = lab.truth()
    const { offsetSeconds, rootDistanceSeconds, sampleAgeSeconds, stamps } = source ?? {}
    if (stamps !== 'hardware' || (sampleAgeSeconds ?? 1) > 0.25) continue
    const off = Math.abs((offsetSeconds ?? 0) * 1e9 - system)
    worst = Math.max(worst, off - (rootDistanceSeconds ?? 0) * 1e9)
  }
  return worst
}

/** Steps and slews of the NIC's clock by somebody else, then no stamps at all. */
async function troubled(lab: Lab, server: string): Promise<Check[]> {
  untouched(lab, 1_000)
  const agent = startAgent(lab, configOf(server, 'auto', true), { name: 'agent-troubled' })
  const calm = await watchNode(lab, agent, 60)
  const watching = Promise.all([watchNode(lab, agent, 90), wrongStamps(lab, agent, 90)])
  for (const trouble of [...TROUBLES, ...TROUBLES]) {
    await lab.wait(7.13)
    lab.call('phc_ctl', '/dev/ptp1', '--', ...trouble.split(' '))
  }
  const [watched, wrong] = await watching
  const before = await stampedOf(agent)
  lab.set('nic1/stamps_lost', true)
  const lost = await watchNode(lab, agent, 30)
  const after = await stampedOf(agent)
  lab.set('nic1/stamps_lost', false)
  await agent.stop()
  const told = agent.output().split('"stamps-refused"').length - 1
  const kernel = (after?.tx.kernel ?? 0) - (before?.tx.kernel ?? 0)
  return [
    figure('RMS while somebody turns the PHC', rmsOf(watched.readings, 'system')),
    figure('largest error while somebody turns the PHC', worstOf(watched.readings, 'system')),
    figure('exchanges by hardware meanwhile', before?.tx.hardware ?? 0, ''),
    {
      name: 'samples of hardware beyond their root distance',
      ...{ value: wrong, limit: 500, unit: 'ns' },
    },
    {
      name: 'times that the changed PHC is told, but for once',
      ...{ value: Math.abs(told - 1), limit: 0, unit: '' },
    },
    { name: 'exchanges missing without stamps', value: 27 - kernel, limit: 0, unit: '' },
    {
      name: 'last stamp not of the kernel',
      value: after?.rx.last === 'kernel' ? 0 : 1,
      limit: 0,
      unit: '',
    },
    ...[calm, watched, lost].map(({ wrongFor }, k) => ({
      name: `longest time outside of the published bound, ${['calm', 'turned', 'lost'][k]}`,
      ...{ value: wrongFor, limit: 0, unit: 's' },
    })),
  ]
}

/** The lesser of requests and answers. */
function shareOf(stamped: StampedStatus | undefined): number {
  if (stamped === undefined) return 0
  const shares = [stamped.tx, stamped.rx].map(({ hardware, kernel, daemon }) => {
    return hardware / (hardware + kernel + daemon)
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
      { name: 'steady RMS', value: hardware.steadyRms, limit: 100, unit: 'ns' },
      figure('largest error, steady', hardware.worst),
      figure('steady RMS, basic mode', basic.steadyRms),
      figure('steady RMS, stamps of the kernel', kernel.steadyRms),
      figure('largest error, steady, stamps of the kernel', kernel.worst),
      {
        name: 'exchanges without both stamps of hardware',
        ...{ value: 1 - hardware.hardware, limit: 0.02, unit: '' },
      },
      {
        name: 'steady RMS as a share of that by the kernel',
        ...{ value: hardware.steadyRms / kernel.steadyRms, limit: 1, unit: '' },
      },
      { name: 'stamps of hardware though off', value: kernel.hardware, limit: 0, unit: '' },
      ...checksOf(hardware.watched, { steps: 0 }),
      ...(await troubled(lab, server)),
    ]
  },
}

const agentWith = (server: string, mode: Mode): Contestant => ({
  name: mode === 'off' ? 'timewarden, kernel' : 'timewarden',
  warm: installBuilt,
  start: (lab) => startShipped(lab, configOf(server, mode, true)),
})

const chronydWith = (server: string): Contestant => ({
  name: 'chronyd',
  start: (lab) => {
    const lines = [
      `server ${server} minpoll 0 maxpoll 0 iburst xleave`,
      'hwtimestamp lab1 minpoll 0',
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
