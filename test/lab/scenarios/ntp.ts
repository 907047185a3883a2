/** Scenario 4: NTP over a link that delays drives CLOCK_REALTIME; and chronyd doing the same. */
import { writeFileSync } from 'node:fs'
import { installBuilt, startAgent, startShipped } from '../agent.ts'
import { type Contestant, contest, untouched } from '../contest.ts'
import type { Lab } from '../lab.ts'
import { checksOf, watchNode } from '../node.ts'
import { startServers } from '../ntp-link.ts'
import { rmsOf, type Scenario, settled } from '../scenario.ts'

/** A LAN with some load: three servers that are right, and one that lies. */
const LINK = { delay: '1ms', jitter: '100us' }
const LIE = 30e6
const ERRORS = [0, 0, 0, LIE]

const agentOnNtp = (servers: readonly string[], xleave: boolean): Contestant => ({
  name: 'timewarden',
  warm: installBuilt,
  start: (lab) =>
    startShipped(
      lab,
      [
        'clocks:',
        '  system: { mode: drive, step: { boot: 0 } }',
        'sources:',
        ...servers.map(
          (server) =>
            `  - ntp: { server: ${server}, minpoll: 0, maxpoll: 0, iburst: true, xleave: ${xleave} }`,
        ),
      ].join('\n'),
    ),
})

const chronydOnNtp = (servers: readonly string[], xleave: boolean): Contestant => ({
  name: 'chronyd',
  start: (lab) => {
    const lines = [
      ...servers.map(
        (server) => `server ${server} minpoll 0 maxpoll 0 iburst${xleave ? ' xleave' : ''}`,
      ),
      ...['cmdport 0', 'pidfile /run/chrony/lab.pid', 'bindcmdaddress /'],
    ]
    writeFileSync('/tmp/chrony.conf', `${lines.join('\n')}\n`)
    return lab.start('chronyd', 'chronyd', '-n', '-u', 'root', '-f', '/tmp/chrony.conf')
  },
})

export const ntp: Scenario = {
  title: 'NTP over a link with delay and jitter drives CLOCK_REALTIME; one of four servers lies',
  run: async (lab) => {
    const servers = startServers(lab, ERRORS, LINK)
    untouched(lab, 1e6)
    const agent = startAgent(
      lab,
      `clocks:
  system: { mode: drive }
sources:
${servers.map((server) => `  - ntp: { server: ${server}, minpoll: 0, maxpoll: 0, iburst: true }`).join('\n')}`,
    )
    const from = lab.elapsed()
    const watched = await watchNode(lab, agent, 300)
    const steady = watched.readings.filter(({ at }) => at > from + 180)
    const liar = (await agent.status()).sources.find(({ id }) => id.endsWith(servers[3] ?? '?'))
    await agent.stop()
    return [
      // the jitter of one packet; what a LAN client is expected to be
      { name: 'steady RMS', value: rmsOf(steady, 'system'), limit: 100_000, unit: 'ns' },
      {
        name: 'seconds to 200 us',
        value: settled(watched.readings, from, { clock: 'system', limit: 200_000 }),
        ...{ limit: 120, unit: 's' },
      },
      ...checksOf(watched, { steps: 0 }),
      {
        name: 'the liar is not named',
        value: liar?.verdict === 'falseticker' ? 0 : 1,
        ...{ limit: 0, unit: '' },
      },
    ]
  },
}

const contestOn = (xleave: boolean): Scenario => ({
  title: `CLOCK_REALTIME by NTP${xleave ? ', interleaved,' : ''} over 1 ms +- 100 us each way, poll 0, from 1 ms and 20 ppm off, no step: ours and chronyd`,
  run: async (lab: Lab) => {
    const servers = startServers(lab, ERRORS, LINK)
    return await contest(lab, [agentOnNtp(servers, xleave), chronydOnNtp(servers, xleave)], {
      ...{ clock: 'system', offset: 1e6, seconds: 900, steadySeconds: 500 },
      limits: [100_000, 50_000],
    })
  },
})

export const contestNtp = contestOn(false)
export const contestNtpInterleaved = contestOn(true)
