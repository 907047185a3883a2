/** The peers alone: what is to be beaten, and proof that the lab's own figures are sane. */
import type { Lab, Program } from '../lab.ts'
import { rmsOf, type Scenario, settled } from '../scenario.ts'

/** ptp4l on both NICs, hardware stamps, NIC 0 grandmaster; gives back the time receiver. */
export function startPtp4l(lab: Lab, ...extra: string[]): Program {
  lab.call('ip', 'link', 'set', 'lab0', 'up')
  lab.call('ip', 'link', 'set', 'lab1', 'up')
  const grandmaster = '-2 -i lab0 -m --priority1 1 --uds_address /run/ptp4l0'
  lab.start('ptp4l-0', 'ptp4l', ...grandmaster.split(' '))
  return startReceiver(lab, ...extra)
}

export const startReceiver = (lab: Lab, ...extra: string[]): Program =>
  lab.start('ptp4l-1', 'ptp4l', '-2', '-i', 'lab1', '-m', '-s', ...extra)

/** Waits until PHC 1 has stayed within 200 ns of PHC 0 for five seconds. */
export async function untilPhcLocked(lab: Lab): Promise<void> {
  const from = lab.elapsed()
  let good = 0
  while (good < 20) {
    if (lab.elapsed() > from + 120) throw new Error('ptp4l did not lock PHC 1 within 120 s')
    const { phc0, phc1 } = lab.truth()
    good = Math.abs(phc1 - phc0) < 200 ? good + 1 : 0
    await lab.wait(0.25)
  }
  lab.say('PHC 1 is locked by ptp4l')
}

export const phc2sysBaseline: Scenario = {
  title: 'ptp4l steers PHC 1, phc2sys steers CLOCK_REALTIME at 1 Hz',
  run: async (lab) => {
    startPtp4l(lab)
    await untilPhcLocked(lab)
    const from = lab.elapsed()
    lab.start('phc2sys', 'phc2sys', '-s', 'lab1', '-c', 'CLOCK_REALTIME', '-O', '-37', '-m')
    const readings = await lab.watch(90)
    const steady = readings.filter((each) => each.at > from + 40)
    const against = 'phc1' as const
    return [
      {
        name: 'steady RMS against the PHC',
        value: rmsOf(steady, 'system', against),
        limit: 100,
        unit: 'ns',
      },
      {
        name: 'time to 1 us',
        value: settled(readings, from, { clock: 'system', limit: 1000, against }),
        limit: 60,
        unit: 's',
      },
    ]
  },
}
