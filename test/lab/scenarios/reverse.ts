/** Scenario 3: a node without PTP, whose CLOCK_REALTIME drives a PHC; and phc2sys doing the same. */
import { installBuilt, startShipped } from '../agent.ts'
import { type Contestant, contest } from '../contest.ts'
import type { Scenario } from '../scenario.ts'
import { rmsOf, settled } from '../scenario.ts'

const agent: Contestant = {
  name: 'timewarden',
  warm: installBuilt,
  start: (lab) =>
    startShipped(
      lab,
      `clocks:
  system: { mode: observe }
  "phc:lab1": { mode: drive, step: { boot: 20us } }
sources: []`,
    ),
}

const phc2sys: Contestant = {
  name: 'phc2sys',
  start: (lab) => lab.start('phc2sys', 'phc2sys', ...'-s CLOCK_REALTIME -c lab1 -O 37'.split(' ')),
}

export const systemToPhc: Scenario = {
  title: 'CLOCK_REALTIME drives PHC 1',
  run: async (lab) => {
    const program = agent.start(lab)
    const from = lab.elapsed()
    const readings = await lab.watch(100)
    await program.stop()
    const steady = readings.filter(({ at }) => at > from + 50)
    return [
      {
        name: 'steady RMS against the system clock',
        value: rmsOf(steady, 'phc1', 'system'),
        ...{ limit: 100, unit: 'ns' },
      },
      {
        name: 'seconds to 1 us',
        value: settled(readings, from, { clock: 'phc1', against: 'system', limit: 1000 }),
        ...{ limit: 40, unit: 's' },
      },
    ]
  },
}

/** Both may step the PHC at the start, as phc2sys does by itself. */
export const contestSystemToPhc: Scenario = {
  title:
    'CLOCK_REALTIME drives PHC 1 at 1 Hz, from 1 ms and 32 ppm off, a step at start allowed: ours and phc2sys',
  run: async (lab) =>
    await contest(lab, [agent, phc2sys], {
      ...{ clock: 'phc1', against: 'system', offset: 1e6 },
      ...{ seconds: 150, steadySeconds: 75, limits: [1000, 100] },
    }),
}
