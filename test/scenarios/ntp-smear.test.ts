/** Around a leap second that the servers announce and one of them smears, noon to noon. */
import t from 'tap'
import { Run } from '../../agent/sim/run.ts'
import type { Happening } from '../../agent/sim/scenario.ts'
import {
  at,
  drift,
  honest,
  isUsed,
  judge,
  LAN_LIMIT,
  node,
  ROOT_DISTANCE,
  SEEDS,
  SETTLED,
  US,
  verdicts,
} from './ntp-node.ts'

const HOUR = 3600
/** 1 s in 24 h: the smeared server runs slow. */
const SLOW = -1e9 / 86_400
/** The hours in which nothing but the ramp goes on are left out: 12 h of it last 2 h here. */
const NOON = SETTLED
const LEAP = NOON + 2 * HOUR
const END = LEAP + 2 * HOUR
const HALF = 0.5e9

const announced = (leap: 'insert' | 'none') =>
  ['ntp-a', 'ntp-b', 'ntp-c'].map((server) => ({ do: 'ntp', server, set: { leap } }) as const)

/**
 * The node's clock makes the leap second with the honest servers, so nothing happens between them; the
 * smeared server was half a second behind before and is half a second ahead after it.
 */
const TIMELINE: readonly Happening[] = [
  at(0, ...announced('insert')),
  at(NOON, drift('ntp-d', NOON, SLOW)),
  at(LEAP - HOUR, drift('ntp-d', LEAP, SLOW, -HALF)),
  at(LEAP, ...announced('none'), drift('ntp-d', LEAP, SLOW, HALF)),
  at(LEAP + HOUR, drift('ntp-d', END, SLOW)),
  at(END, drift('ntp-d', 0, 0)),
]

const POLL = { minpoll: 4, maxpoll: 6 }

for (const seed of SEEDS) {
  t.test(`seed ${seed}: one of four smears: it is named, and has no vote`, async (t) => {
    const scenario = node(seed, honest(4), { poll: POLL, timeline: TIMELINE })
    const run = new Run(scenario, { interval: 10 })
    const smearer = (until: number) => {
      run.forSeconds(until - run.stage.world.elapsed)
      return verdicts(run)['ntp-d']
    }
    t.ok(isUsed(smearer(NOON - 1)), 'before its noon it is as good as the others')
    // eight polls of 64 s on the ramp give it away; till then it is 6 ms apart
    t.equal(smearer(NOON + 700), 'smeared')
    t.equal(smearer(LEAP - 600), 'smeared', '0.49 s apart')
    t.equal(smearer(LEAP + 900), 'smeared', 'and on the other side')
    t.equal(smearer(END - 600), 'smeared', 'down to 7 ms')
    t.ok(isUsed(smearer(END + HOUR)), 'when the smear is over it is one of them again')
    // as long as its interval meets the others' it is a quarter of the mean, and it moves by 0.74 ms
    // from one poll to the next
    const told = 2 * (ROOT_DISTANCE + 150 * US) + 64 * 11_574
    judge(t, run, { from: SETTLED, error: told / 4 + LAN_LIMIT })
    judge(t, run, { from: NOON + HOUR, until: END, error: LAN_LIMIT })
  })
}

t.test('a constant lie around a leap second remains a lie', async (t) => {
  const servers = [...honest(3), { errorNs: -35e6 }]
  const run = new Run(node('lie', servers, { timeline: [at(0, ...announced('insert'))] }))
  run.forSeconds(2400)
  t.equal(verdicts(run)['ntp-d'], 'falseticker')
  judge(t, run, { from: SETTLED, error: LAN_LIMIT })
})
