/** A second of UTC is inserted or deleted under a node that follows NTP servers, in every mode. */
import t from 'tap'
import type { LeapMode } from '../../agent/config/types.ts'
import { Run } from '../../agent/sim/run.ts'
import type { Deed } from '../../agent/sim/scenario.ts'
import {
  at,
  forGood,
  honest,
  judge,
  LAN_LIMIT,
  MS,
  node,
  noted,
  SEEDS,
  SETTLED,
} from './ntp-node.ts'

/** Midnight, seconds after the world began; and how long before it the servers announce. */
const MIDNIGHT = 1800
const ANNOUNCED = 600
const EPOCH = BigInt(Date.UTC(2027, 0, 1)) * 1_000_000n - BigInt(MIDNIGHT) * 1_000_000_000n

const announce = (leap: 'none' | 'insert' | 'delete', server = 'all'): Deed => ({
  ...{ do: 'ntp', server },
  set: { leap },
})

interface Night {
  readonly mode?: LeapMode
  readonly by?: 1 | -1
  /** Who announces. */
  readonly tellers?: readonly string[]
}

function night(seed: string, { mode = 'system', by = 1, tellers = ['all'] }: Night = {}): Run {
  const when = by === 1 ? MIDNIGHT : MIDNIGHT - 1
  const warning = by === 1 ? 'insert' : 'delete'
  const scenario = node(seed, honest(4), {
    epoch: EPOCH,
    timeline: [
      at(MIDNIGHT - ANNOUNCED, ...tellers.map((server) => announce(warning, server))),
      at(when, { do: 'leap', by }),
      at(when + 20, announce('none')),
    ],
  })
  const leapSeconds = { mode, list: '' }
  return new Run({ ...scenario, config: { ...scenario.config, leapSeconds } })
}

const tai = (run: Run): number | undefined => run.snapshot().clocks[0]?.taiOffset

for (const seed of SEEDS) {
  for (const [what, by] of [
    ['inserted', 1],
    ['deleted', -1],
  ] as const) {
    t.test(`seed ${seed}: a second is ${what} by the kernel`, async (t) => {
      const run = night(seed, { by }).forSeconds(MIDNIGHT - 60)
      t.equal(run.snapshot().clocks[0]?.leap, by === 1 ? 'insert' : 'delete', 'told in time')
      t.equal(tai(run), 37)
      run.forSeconds(1260)
      judge(t, run, { from: SETTLED, error: LAN_LIMIT })
      t.equal(noted(run, 'leap-second', 'system'), 1)
      t.equal(noted(run, 'foreign-step'), 0)
      t.equal(run.snapshot().clocks[0]?.leap, 'none')
      t.equal(tai(run), 37 + by)
      t.equal(run.record('system').at(-1)?.state, 'locked')
    })

    t.test(`seed ${seed}: a second is ${what} by our own step`, async (t) => {
      const run = night(seed, { by, mode: 'step' }).forSeconds(MIDNIGHT - 60)
      t.equal(run.snapshot().clocks[0]?.leap, 'none', 'the kernel shall not')
      run.forSeconds(1260)
      // for the moment between midnight and the step
      judge(t, run, {
        ...{ from: SETTLED, error: 1e9 + LAN_LIMIT, steps: 1 },
        blind: [[MIDNIGHT - 1, MIDNIGHT]],
      })
      judge(t, run, { from: MIDNIGHT + 2, error: LAN_LIMIT, blind: [[0, MIDNIGHT]] })
      t.equal(run.snapshot().clocks[0]?.steps['leap'], 1)
      t.equal(tai(run), 37 + by)
    })
  }

  t.test(`seed ${seed}: the second is slewed away, and nothing is stepped`, async (t) => {
    const run = night(seed, { mode: 'slew' }).forSeconds(MIDNIGHT + 3600)
    judge(t, run, {
      ...{ from: SETTLED, error: 1e9 + LAN_LIMIT },
      blind: [[MIDNIGHT - 1, MIDNIGHT]],
    })
    // 1 s at 500 ppm less what the crystal needs of them
    const right = forGood(run.record('system'), ({ error }) => Math.abs(error) < MS)
    t.ok((right ?? 1e9) < MIDNIGHT + 2300, `within 1 ms after ${right} s`)
    judge(t, run, { from: MIDNIGHT + 2600, error: LAN_LIMIT, blind: [[0, MIDNIGHT]] })
    t.equal(tai(run), 38)
  })

  t.test(`seed ${seed}: nothing is done, and the sources tell afterwards`, async (t) => {
    const run = night(seed, { mode: 'ignore' }).forSeconds(MIDNIGHT + 900)
    judge(t, run, {
      ...{ from: SETTLED, error: 1e9 + LAN_LIMIT, steps: 1 },
      blind: [[MIDNIGHT - 1, MIDNIGHT + 20]],
    })
    const right = forGood(run.record('system'), ({ error }) => Math.abs(error) < MS)
    t.ok((right ?? 1e9) < MIDNIGHT + 90, `within 1 ms after ${right} s`)
  })

  t.test(`seed ${seed}: one of four servers announces a second that does not come`, async (t) => {
    const scenario = node(seed, honest(4), {
      epoch: EPOCH,
      timeline: [at(MIDNIGHT - ANNOUNCED, announce('insert', 'ntp-b'))],
    })
    const run = new Run(scenario).forSeconds(MIDNIGHT + 600)
    judge(t, run, { from: SETTLED, error: LAN_LIMIT })
    t.equal(noted(run, 'leap'), 0)
    t.equal(tai(run), 37)
  })
}
