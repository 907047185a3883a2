/** CLOCK_REALTIME after a PHC that ptp4l steers: the agent, phc2sys and chronyd, one after the other. */
import { writeFileSync } from 'node:fs'
import { installBuilt, startShipped } from '../agent.ts'
import { type Contestant, contest } from '../contest.ts'
import type { Scenario } from '../scenario.ts'
import { startPtp4l, untilPhcLocked } from './baselines.ts'

export const agentOnPhc = (rate: number): Contestant => ({
  name: 'timewarden',
  warm: installBuilt,
  start: (lab) =>
    startShipped(
      lab,
      `clocks:
  system: { mode: drive, step: { boot: 0 } }
  "phc:lab1": { mode: follow, rate: ${rate} }
sources:
  - ptp4l: { socket: /var/run/ptp4l }`,
    ),
})

export const phc2sysOnPhc = (rate: number): Contestant => ({
  name: 'phc2sys',
  start: (lab) =>
    lab.start(
      'phc2sys',
      'phc2sys',
      ...`-s lab1 -c CLOCK_REALTIME -O -37 -F 0 -R ${rate}`.split(' '),
    ),
})

/** Poll 0: chronyd makes one sample of a second's readings, the median of them. */
export const chronydOnPhc = (rate: number): Contestant => ({
  name: 'chronyd',
  start: (lab) => {
    const lines = [
      `refclock PHC /dev/ptp1 poll 0 dpoll ${-Math.log2(rate)} offset -37`,
      ...['cmdport 0', 'pidfile /run/chrony/lab.pid', 'bindcmdaddress /'],
    ]
    writeFileSync('/tmp/chrony.conf', `${lines.join('\n')}\n`)
    return lab.start('chronyd', 'chronyd', '-n', '-u', 'root', '-f', '/tmp/chrony.conf')
  },
})

const contestAt = (rate: number): Scenario => ({
  title: `CLOCK_REALTIME from a PHC at ${rate} Hz, from 1 ms and 20 ppm off, no step: ours and peers`,
  run: async (lab) => {
    startPtp4l(lab)
    await untilPhcLocked(lab)
    return await contest(lab, [agentOnPhc(rate), phc2sysOnPhc(rate), chronydOnPhc(rate)], {
      ...{ clock: 'system', against: 'phc1', offset: 1e6 },
      ...{ seconds: 150, steadySeconds: 75, limits: [1000, 100] },
    })
  },
})

export const contestPhc1 = contestAt(1)
export const contestPhc16 = contestAt(16)
