/** Who is the majority: precise liars beside vague servers, one that is back alone, one of many. */
import t from 'tap'
import type { NtpServerOptions } from '../../agent/sim/peers/ntp-server.ts'
import { Run } from '../../agent/sim/run.ts'
import {
  at,
  honest,
  isUsed,
  judge,
  LAN_LIMIT,
  MS,
  nameOf,
  node,
  SEEDS,
  SETTLED,
  verdicts,
} from './ntp-node.ts'

/**
 * A liar that vouches for 0.5 ms beside honest servers that vouch for more: his interval lies within
 * theirs, or one of theirs meets both his and a true one. One of three may lie, so the truth is
 * wherever more than half of the intervals meet, and that is what a bound has to cover.
 */
const BESIDE_VAGUE: readonly [string, readonly Partial<NtpServerOptions>[], number][] = [
  [
    'within two vague ones',
    [{ rootDispersionNs: 3 * MS }, { rootDispersionNs: 20 * MS }],
    2.5 * MS,
  ],
  ['before a true one, and a vague one meets both', [{}, { rootDispersionNs: 20 * MS }], 4 * MS],
  ['behind a true one, and a vague one meets both', [{}, { rootDispersionNs: 20 * MS }], -4 * MS],
]

for (const seed of SEEDS) {
  for (const [where, truthful, errorNs] of BESIDE_VAGUE) {
    t.test(`seed ${seed}: a precise liar ${where}`, async (t) => {
      const timeline = [at(SETTLED, { do: 'ntp', server: 'ntp-c', set: { errorNs } })]
      const run = new Run(node(seed, [...truthful, {}], { timeline })).forSeconds(3600)
      // the clock may follow him, overshooting by a quarter, but has to say how far off it may be
      const error = 1.25 * Math.abs(errorNs) + LAN_LIMIT
      judge(t, run, { from: SETTLED, error })
    })
  }
}

const cut = (server: string, down: boolean) => ({ do: 'ntp-link', server, set: { down } }) as const

for (const seed of SEEDS) {
  t.test(`seed ${seed}: after an outage one of four is back, 1.5 s wrong`, async (t) => {
    const lie = { do: 'ntp', server: 'ntp-a', set: { errorNs: 1500 * MS } } as const
    const [back, all] = [SETTLED + 600, SETTLED + 1200]
    const timeline = [
      at(SETTLED, cut('all', true)),
      at(back, lie, cut('ntp-a', false)),
      at(all, cut('all', false)),
    ]
    const run = new Run(node(seed, honest(4), { timeline })).forSeconds(all + 900)
    // ten minutes of holdover are 1 ms by the clock's own bound: nobody who contradicts that by a
    // thousand times is believed unless another one confirms him
    judge(t, run, { from: SETTLED, error: MS })
    t.equal(verdicts(run)['ntp-a'], 'falseticker')
    judge(t, run, { from: all + 600, error: LAN_LIMIT })
  })
}

const LIES = [500 * MS, -220 * MS, 90 * MS, -41 * MS, 17 * MS, -8 * MS]

for (const seed of SEEDS) {
  t.test(`seed ${seed}: of twenty, six lie and four do not answer`, async (t) => {
    const servers = [
      ...honest(10),
      ...LIES.map((errorNs) => ({ errorNs })),
      ...Array.from({ length: 4 }, () => ({ link: { down: true } })),
    ]
    const run = new Run(node(seed, servers), { interval: 5 })
    let actions = 0
    run.stage.world.watch((_event, _now, done) => {
      actions += done.length
    })
    run.forSeconds(1800)
    judge(t, run, { from: SETTLED, error: LAN_LIMIT })
    const all = verdicts(run)
    const found = servers.map((_, k) => all[nameOf(k)])
    t.ok(found.slice(0, 10).every(isUsed), `honest: ${found.slice(0, 10)}`)
    t.same(new Set(found.slice(10, 16)), new Set(['falseticker']))
    t.ok(
      found.slice(16).every((each) => each === 'no-sample' || each === 'unreachable'),
      `silent: ${found.slice(16)}`,
    )
    // one exchange per source and 8 s takes ten actions at most (socket, request, timers, notes), and
    // there is one tick a second
    const perSecond = actions / 1800
    t.ok(perSecond < (20 * 10) / 8 + 2, `${perSecond.toFixed(1)} actions per second`)
  })
}
