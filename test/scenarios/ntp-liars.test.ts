/** Servers that are wrong: together, slowly, by asymmetry. */
import t from 'tap'
import type { NtpServerOptions } from '../../agent/sim/peers/ntp-server.ts'
import { Run } from '../../agent/sim/run.ts'
import {
  at,
  drift,
  honest,
  isUsed,
  judge,
  LAN_LIMIT,
  MS,
  node,
  ROOT_DISTANCE,
  SEEDS,
  SETTLED,
  US,
  verdicts,
} from './ntp-node.ts'

const liars = (server: Partial<NtpServerOptions>) => [...honest(3), server, server]

for (const seed of SEEDS) {
  t.test(
    `seed ${seed}: two of five lie by the same 35 ms: named, and without effect`,
    async (t) => {
      const run = new Run(node(seed, liars({ errorNs: 35 * MS }))).forSeconds(2400)
      judge(t, run, { from: SETTLED, error: LAN_LIMIT })
      const { 'ntp-d': d, 'ntp-e': e, ...others } = verdicts(run)
      t.same([d, e], ['falseticker', 'falseticker'])
      t.ok(Object.values(others).every(isUsed), `${Object.values(others)}`)
    },
  )

  t.test(`seed ${seed}: two of five lie by 3 ms and admit 5 ms`, async (t) => {
    // they do not lie beyond what they vouch for, so they are no falsetickers; but who vouches for
    // ten times less than the others must not move a clock by a tenth of its lie
    const vague = { errorNs: 3 * MS, rootDispersionNs: 5 * MS }
    const run = new Run(node(seed, liars(vague))).forSeconds(2400)
    judge(t, run, { from: SETTLED, error: 0.3 * MS })
    t.not(verdicts(run)['ntp-d'], 'falseticker')
  })

  t.test(`seed ${seed}: nobody can tell two such liars where all admit 5 ms`, async (t) => {
    const vague = { rootDispersionNs: 5 * MS }
    const servers = liars({ ...vague, errorNs: 3 * MS }).map((server) => ({ ...vague, ...server }))
    const run = new Run(node(seed, servers)).forSeconds(2400)
    // the mean of all five is 1.2 ms off; the weights of five equal servers differ by little
    judge(t, run, { from: SETTLED, error: 1.5 * MS })
  })

  t.test(`seed ${seed}: one of three drifts away by 1 ppm`, async (t) => {
    const timeline = [at(SETTLED, drift('ntp-b', SETTLED, 1000))]
    const run = new Run(node(seed, honest(3), { timeline })).forSeconds(6000)
    // it can be told when its interval and the others' do not meet any more: 2 root distances and half
    // round trips, 1.4 ms or 1400 s; until then the mean of three moves by a third of its drift
    const told = 2 * (ROOT_DISTANCE + 150 * US)
    judge(t, run, { from: SETTLED, error: told / 3 + LAN_LIMIT })
    const gone = SETTLED + told / 1000 + 600
    judge(t, run, { from: gone, error: LAN_LIMIT })
    t.equal(verdicts(run)['ntp-b'], 'falseticker')
  })

  t.test(`seed ${seed}: the way to one of four servers becomes 0.5 ms longer`, async (t) => {
    const set = { delayNs: 350_000, asymmetryNs: 500_000 }
    const timeline = [at(SETTLED, { do: 'ntp-link', server: 'ntp-a', set })]
    const run = new Run(node(seed, honest(4), { timeline })).forSeconds(3600)
    // that server is 250 us wrong from now on, and its longer round trip says so: a quarter at most
    judge(t, run, { from: SETTLED, error: (250 * US) / 4 + LAN_LIMIT })
  })

  t.test(`seed ${seed}: the way to all servers becomes 0.5 ms longer`, async (t) => {
    const set = { delayNs: 350_000, asymmetryNs: 500_000 }
    const timeline = [at(SETTLED, { do: 'ntp-link', server: 'all', set })]
    const run = new Run(node(seed, honest(4), { timeline })).forSeconds(3600)
    // nobody can see that: half of the asymmetry is the error, and the bound has to cover it; a loop
    // that takes it for an offset may overshoot by a quarter
    judge(t, run, { from: SETTLED, error: 1.25 * 250 * US + LAN_LIMIT })
  })
}
