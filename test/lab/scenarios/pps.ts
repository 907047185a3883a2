/**
 * Pulses of true time: stamped by PHC 1, which they steer (ts2phc's job), and by the kernel as /dev/pps1
 * (chronyd's). The second comes from the system clock, which is 30 ms off at the start. A ptp4l serves the
 * time of PHC 1 as a grandmaster, and is told what it is worth.
 */
import { writeFileSync } from 'node:fs'
import { type Agent, clockOf, installAgent, startAgent } from '../agent.ts'
import { type Contestant, contest, untouched } from '../contest.ts'
import type { Lab } from '../lab.ts'
import { checksOf, untilLocked, watchNode } from '../node.ts'
import { type Check, rmsOf, type Scenario } from '../scenario.ts'
import { setKernelTai } from '../system-clock.ts'
import { untouchedPhc } from './contest-ptp.ts'

const AHEAD = 30e6
const STEADY = 60
const LOST = 40

const startOnPhc = (lab: Lab, boot = '10ms', more = ''): Agent =>
  startAgent(
    lab,
    `clocks:
  system: { mode: drive, step: { boot: ${boot} } }
  "phc:lab1": { mode: drive, step: { boot: 20us }, outputs: [{ period: 1s }] }
sources:
  - pps: { clock: "phc:lab1", second: system, accuracy: 20ns }
${more}`,
  )

const startOnDevice = (lab: Lab, boot = '10ms'): Agent =>
  startAgent(
    lab,
    `clocks:
  system: { mode: drive, step: { boot: ${boot} } }
  "phc:lab1": { mode: observe, kernelPps: true }
sources:
  - pps: { device: /dev/pps1, second: system }`,
  )

/** Steady, without pulses for a while, and with them again. */
async function interrupted(
  lab: Lab,
  agent: Agent,
  limits: { readonly system: number },
  ask: () => number = () => 0,
) {
  const seconds = await untilLocked(lab, agent)
  await watchNode(lab, agent, 30)
  const steady = await watchNode(lab, agent, STEADY)
  const classes = [ask()]
  lab.set('nic1/pulses_lost', true)
  const without = await watchNode(lab, agent, LOST)
  const held = clockOf(await agent.status(), 'system').state
  classes.push(ask())
  lab.set('nic1/pulses_lost', false)
  const after = await watchNode(lab, agent, 40)
  const checks: Check[] = [
    { name: 'seconds to locked', value: seconds, limit: 30, unit: 's' },
    {
      name: 'steady RMS of CLOCK_REALTIME',
      value: rmsOf(steady.readings, 'system'),
      ...{ limit: limits.system, unit: 'ns' },
    },
    {
      name: 'not in holdover without pulses',
      value: held === 'holdover' ? 0 : 1,
      ...{ limit: 0, unit: '' },
    },
    {
      name: 'outside of the bound without pulses',
      value: without.wrongFor,
      ...{ limit: 0, unit: 's' },
    },
    ...checksOf(after, { steps: 1 }),
  ]
  classes.push(ask())
  return { steady, checks, classes }
}

/** What the grandmaster announces, by linuxptp's own word. */
function clockClass(lab: Lab): number {
  const text = lab.call('pmc', '-u', '-b', '0', 'GET PARENT_DATA_SET')
  return Number(/gm\.ClockClass\s+(\d+)/.exec(text)?.[1])
}

export const ppsPhc: Scenario = {
  title: 'pulses steer PHC 1, which steers CLOCK_REALTIME; lost and back; an output',
  run: async (lab) => {
    untouched(lab, AHEAD)
    lab.call('ip', 'link', 'set', 'lab1', 'up')
    lab.start('ptp4l', 'ptp4l', '-2', '-i', 'lab1', '-m')
    const served = '  - ptp4l: { socket: /var/run/ptp4l, grandmaster: "phc:lab1" }'
    const agent = startOnPhc(lab, '10ms', served)
    const { steady, checks, classes } = await interrupted(lab, agent, { system: 30 }, () =>
      clockClass(lab),
    )
    const start = lab.get('nic1/perout_start')
    const period = lab.get('nic1/perout_period')
    await agent.stop()
    return [
      ...checks,
      ...[6, 7, 6].map((wanted, k) => ({
        name: `clock class ${['with', 'without', 'with'][k]} pulses, off ${wanted}`,
        value: Math.abs((classes[k] ?? 0) - wanted),
        ...{ limit: 0, unit: '' },
      })),
      {
        name: 'steady RMS of PHC 1',
        value: rmsOf(steady.readings, 'phc1'),
        ...{ limit: 20, unit: 'ns' },
      },
      {
        name: 'the output begins so far from a whole second',
        value: start === 0n ? Number.NaN : Number(start % 1_000_000_000n),
        ...{ limit: 0, unit: 'ns' },
      },
      {
        name: 'its period is so far from a second',
        value: Math.abs(Number(period) - 1e9),
        ...{ limit: 0, unit: 'ns' },
      },
    ]
  },
}

export const ppsDevice: Scenario = {
  title: 'PPS events of the kernel, switched on by us, steer CLOCK_REALTIME; lost and back',
  run: async (lab) => {
    untouched(lab, AHEAD)
    const agent = startOnDevice(lab)
    const { checks } = await interrupted(lab, agent, { system: 5000 })
    await agent.stop()
    return checks
  },
}

const phcContestant: Contestant = {
  name: 'timewarden',
  warm: installAgent,
  start: (lab) => {
    untouchedPhc(lab)
    return startOnPhc(lab)
  },
}

const ts2phc: Contestant = {
  name: 'ts2phc',
  start: (lab) => {
    untouchedPhc(lab)
    // its seconds are those of CLOCK_TAI
    setKernelTai(37)
    return lab.start('ts2phc', 'ts2phc', ...'-c lab1 -s generic -m -q -l 6'.split(' '))
  },
}

export const contestPpsPhc: Scenario = {
  title:
    'PHC 1 after the pulses at its input, from 1 ms and 12 ppm off, a step at start allowed: ours and ts2phc',
  run: async (lab) =>
    await contest(lab, [phcContestant, ts2phc], {
      ...{ clock: 'phc1', offset: 1e6, seconds: 180, steadySeconds: 90, limits: [1000, 100] },
    }),
}

const deviceContestant: Contestant = {
  name: 'timewarden',
  warm: installAgent,
  start: (lab) => startOnDevice(lab, '0'),
}

/** The PPS events have to be switched on by somebody, and the second told: PHC 0 is the truth. */
const chronyd: Contestant = {
  name: 'chronyd',
  start: (lab) => {
    pulsesOn()
    const lines = [
      'refclock PPS /dev/pps1 poll 4 lock GM',
      'refclock PHC /dev/ptp0 refid GM poll 4 offset -37 noselect',
      ...['cmdport 0', 'pidfile /run/chrony/lab.pid', 'bindcmdaddress /'],
    ]
    writeFileSync('/tmp/chrony.conf', `${lines.join('\n')}\n`)
    return lab.start('chronyd', 'chronyd', '-n', '-u', 'root', '-f', '/tmp/chrony.conf')
  },
}

const pulsesOn = (): void => writeFileSync('/sys/class/ptp/ptp1/pps_enable', '1')

export const contestPpsDevice: Scenario = {
  title:
    'CLOCK_REALTIME after PPS events of the kernel, late by 1.5 us in the mean, from 1 ms and 20 ppm off, no step: ours and chronyd',
  run: async (lab) =>
    await contest(lab, [deviceContestant, chronyd], {
      ...{ clock: 'system', offset: 1e6, seconds: 400, steadySeconds: 200, limits: [10000, 3000] },
    }),
}
