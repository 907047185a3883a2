/** Packets that are forged, replayed, doubled, reordered or held back. */
import t from 'tap'
import type { AttackerBehaviour } from '../../agent/sim/attacker.ts'
import { Run } from '../../agent/sim/run.ts'
import {
  honest,
  isUsed,
  judge,
  LAN_LIMIT,
  MS,
  nameOf,
  node,
  noted,
  requests,
  SEEDS,
  SETTLED,
  US,
  verdicts,
} from './ntp-node.ts'

/** In front of the first `count` of three servers. */
function attacked(seed: string, count: number, behaviour: Partial<AttackerBehaviour>): Run {
  const attackers = Array.from({ length: count }, (_, k) => ({ server: nameOf(k), ...behaviour }))
  return new Run(node(seed, honest(3), { attackers })).forSeconds(2400)
}

const asked = (run: Run): number => requests(run).reduce((sum, count) => sum + count, 0)

for (const seed of SEEDS) {
  t.test(`seed ${seed}: forged answers whose cookie is a guess`, async (t) => {
    const run = attacked(seed, 3, { forged: 3, lieNs: 10_000 * MS })
    judge(t, run, { from: SETTLED, error: LAN_LIMIT })
    // each is counted, but the one which the answer of a request still under way overtook
    const share = noted(run, 'bogus') / (3 * asked(run))
    t.ok(share > 0.98 && share <= 1, `${share} of the forgeries counted`)
    t.ok(Object.values(verdicts(run)).every(isUsed), `${Object.values(verdicts(run))}`)
  })

  t.test(`seed ${seed}: a forged kiss of death silences nobody`, async (t) => {
    for (const kiss of ['DENY', 'RATE']) {
      const run = attacked(seed, 3, { forged: 1, kiss })
      judge(t, run, { from: SETTLED, error: LAN_LIMIT })
      t.equal(noted(run, 'kiss-deny') + noted(run, 'kiss-rate'), 0, kiss)
      t.ok(noted(run, 'bogus') > 0)
      t.ok(Object.values(verdicts(run)).every(isUsed), `${Object.values(verdicts(run))}`)
    }
  })

  t.test(`seed ${seed}: answers of earlier exchanges, sent again`, async (t) => {
    const run = attacked(seed, 3, { replayed: 8 })
    judge(t, run, { from: SETTLED, error: LAN_LIMIT })
    const refused = noted(run, 'bogus') + noted(run, 'duplicate')
    t.ok(refused > 7 * asked(run), `${refused} refused, ${asked(run)} requests`)
    t.ok(noted(run, 'duplicate') > 0, 'the newest one is known for what it is')
  })

  t.test(`seed ${seed}: datagrams that arrive twice, and out of order`, async (t) => {
    // held for longer than an answer is waited for, so that it meets the next exchange
    const run = attacked(seed, 3, { duplicated: 0.5, held: 0.2, heldNs: 9e9, heldWay: 'both' })
    judge(t, run, { from: SETTLED, error: LAN_LIMIT })
    t.ok(noted(run, 'timeout') > 0)
    t.ok(Object.values(verdicts(run)).every(isUsed), `${Object.values(verdicts(run))}`)
  })

  t.test(`seed ${seed}: a third of all answers is held back by 20 ms`, async (t) => {
    const run = attacked(seed, 3, { held: 0.33, heldNs: 20 * MS })
    // such an answer is 10 ms wrong and says so by its round trip, which is 100 times longer than that
    // of its neighbours: it weighs 1 % at most, or is not used at all
    judge(t, run, { from: SETTLED, error: LAN_LIMIT + 0.01 * 10 * MS })
    t.equal(run.record('system').at(-1)?.state, 'locked')
  })

  t.test(`seed ${seed}: a tenth of all answers is held back by 300 us`, async (t) => {
    const run = attacked(seed, 3, { held: 0.1, heldNs: 300 * US })
    // 150 us wrong with a round trip 2.4 times as long: worth a sixth (1 / 2.4^2) of a clean one
    judge(t, run, { from: SETTLED, error: LAN_LIMIT + (150 * US) / 6 })
  })

  t.test(`seed ${seed}: all answers of one server are held back by 50 ms`, async (t) => {
    const run = attacked(seed, 1, { held: 1, heldNs: 50 * MS })
    // 25 ms wrong, and true within its round trip: no liar, only of no use beside two good ones
    judge(t, run, { from: SETTLED, error: LAN_LIMIT })
    t.notOk(isUsed(verdicts(run)['ntp-a']), `ntp-a is ${verdicts(run)['ntp-a']}`)
  })
}
