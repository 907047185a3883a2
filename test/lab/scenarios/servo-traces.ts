/**
 * Records what the servos of phc2sys and ptp4l got and gave in closed loop: the golden traces of
 * test/traces (see its README). For linuxptp's servos, never for ours.
 */
import { join } from 'node:path'
import { untouched } from '../contest.ts'
import type { Lab, Program } from '../lab.ts'
import type { Scenario } from '../scenario.ts'
import { startPtp4l, startReceiver, untilPhcLocked } from './baselines.ts'

const RECORDER = join(import.meta.dirname, '../../../../recorder.so')

function record(lab: Lab, name: string, ...command: string[]): Program {
  const file = `RECORDER=/tmp/out/${name}.trace`
  return lab.start(name, 'env', `LD_PRELOAD=${RECORDER}`, file, ...command)
}

interface Recording {
  readonly name: string
  readonly words: string
  /** The clock is this far ahead when it begins, ns. */
  readonly offset: number
  readonly seconds: number
}

const PHC2SYS: readonly Recording[] = [
  { name: 'phc2sys-1hz', words: '-F 0', offset: 1e6, seconds: 60 },
  { name: 'phc2sys-16hz', words: '-F 0 -R 16', offset: 1e5, seconds: 12 },
  { name: 'phc2sys-first-step', words: '-F 0.00002', offset: 1e6, seconds: 30 },
  { name: 'phc2sys-quarter-hz', words: '-F 0 -R 0.25', offset: 1e5, seconds: 120 },
  { name: 'phc2sys-gains', words: '-F 0 -P 0.4 -I 0.1', offset: 1e5, seconds: 40 },
]

const PTP4L: readonly Recording[] = [
  { name: 'ptp4l-1hz', words: '', offset: 1e6, seconds: 60 },
  { name: 'ptp4l-no-step', words: '--first_step_threshold 0', offset: 1e5, seconds: 60 },
  { name: 'ptp4l-step', words: '--step_threshold 0.00005', offset: 1e6, seconds: 40 },
]

/** PHC 1 with nothing dialled, `offset` ns ahead of the truth. */
function untouchedPhc(lab: Lab, offset: number): void {
  const { phc1 } = lab.truth()
  lab.call('phc_ctl', '/dev/ptp1', '--', 'freq', '0')
  lab.call('phc_ctl', '/dev/ptp1', '--', 'adj', String((offset - phc1) / 1e9))
}

async function recordPtp4l(lab: Lab, { name, words, offset, seconds }: Recording): Promise<void> {
  lab.say(name)
  untouchedPhc(lab, offset)
  const options = words.split(' ').filter((word) => word !== '')
  const program = record(lab, name, 'ptp4l', '-2', '-i', 'lab1', '-m', '-s', ...options)
  await lab.wait(seconds)
  if (name === 'ptp4l-step') untouchedPhc(lab, 1e6)
  await lab.wait(name === 'ptp4l-step' ? seconds : 0)
  await program.stop()
}

export const servoTraces: Scenario = {
  title: 'what the servos of phc2sys and ptp4l get and give',
  run: async (lab) => {
    const receiver = startPtp4l(lab)
    await lab.wait(10)
    await receiver.stop()
    for (const each of PTP4L) await recordPtp4l(lab, each)
    startReceiver(lab)
    await untilPhcLocked(lab)
    for (const { name, words, offset, seconds } of PHC2SYS) {
      lab.say(name)
      untouched(lab, offset)
      const fixed = '-s lab1 -c CLOCK_REALTIME -O -37 -m'.split(' ')
      const program = record(lab, name, 'phc2sys', ...fixed, ...words.split(' '))
      await lab.wait(seconds)
      await program.stop()
    }
    return [{ name: 'recorded', value: PTP4L.length + PHC2SYS.length, unit: 'traces' }]
  },
}
