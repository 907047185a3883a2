/** Servers and networks that are not what they were: loss, kisses, restarts, other addresses. */
import t from 'tap'
import { Run } from '../../agent/sim/run.ts'
import {
  at,
  honest,
  isUsed,
  judge,
  LAN_LIMIT,
  nameOf,
  node,
  noted,
  requests,
  SEEDS,
  SETTLED,
  sourceOf,
  verdicts,
} from './ntp-node.ts'

for (const seed of SEEDS) {
  t.test(`seed ${seed}: of all datagrams 30 % are lost`, async (t) => {
    const servers = honest(4).map(() => ({ link: { loss: 0.3 } }))
    const run = new Run(node(seed, servers)).forSeconds(5400)
    // half of the exchanges fail; the others are as good as ever
    judge(t, run, { from: SETTLED, error: LAN_LIMIT })
    t.ok(noted(run, 'timeout') > 100, `${noted(run, 'timeout')} time-outs`)
    t.ok(Object.values(verdicts(run)).every(isUsed), `${Object.values(verdicts(run))}`)
    t.ok(
      run
        .record('system')
        .filter((sample) => sample.at > SETTLED)
        .every(({ state }) => state === 'locked'),
      'always locked',
    )
  })

  t.test(`seed ${seed}: all servers ask to be asked less often`, async (t) => {
    const kiss = (code: string | undefined) =>
      ({ do: 'ntp', server: 'all', set: { kiss: code } }) as const
    const timeline = [at(SETTLED, kiss('RATE')), at(SETTLED + 40, kiss(undefined))]
    const run = new Run(node(seed, honest(4), { timeline })).forSeconds(1200)
    const before = requests(run)
    run.forSeconds(3600)
    // RATE makes polls of 8 s at least 16 times rarer; the margin is one poll in an hour
    const asked = requests(run).map((count, k) => count - (before[k] ?? 0))
    t.ok(
      asked.every((count) => count <= 3600 / 128 + 1),
      `asked ${asked} times in an hour`,
    )
    t.ok(noted(run, 'kiss-rate') >= 4, `${noted(run, 'kiss-rate')} kisses`)
    // at 256 s the walk of the crystal is 2.4 us, and a frequency known to 20 ppb another 5 us
    judge(t, run, { from: SETTLED, error: LAN_LIMIT })
    t.equal(run.record('system').at(-1)?.state, 'locked')
  })

  t.test(`seed ${seed}: a server comes back with another stratum and reference`, async (t) => {
    const down = (is: boolean) => ({ do: 'ntp-link', server: 'ntp-a', set: { down: is } }) as const
    const set = { stratum: 3, reference: '10.255.9.9', rootDelayNs: 900_000 }
    const timeline = [
      at(SETTLED, down(true)),
      at(SETTLED + 30, down(false), { do: 'ntp', server: 'ntp-a', set }),
    ]
    const run = new Run(node(seed, honest(3), { timeline })).forSeconds(2400)
    judge(t, run, { from: SETTLED, error: LAN_LIMIT })
    t.equal(sourceOf(run, 0)?.stratum, 3)
    t.match(sourceOf(run, 0)?.reference, '10.255.9.9')
    t.ok(isUsed(verdicts(run)['ntp-a']), `ntp-a is ${verdicts(run)['ntp-a']}`)
  })

  t.test(`seed ${seed}: all servers die, and their names mean others by now`, async (t) => {
    const names = [0, 1, 2].map(nameOf)
    const spares = names.map((name, k) => ({
      ...{ name: `new-${name}`, address: `10.0.9.${k + 1}` },
      link: { delayNs: 150_000, jitterNs: 10_000 },
    }))
    const moves = names.flatMap((name, k) => [
      { do: 'ntp-link', server: name, set: { down: true } } as const,
      { do: 'rename', name, addresses: [`10.0.9.${k + 1}`] } as const,
    ])
    const timeline = [at(SETTLED, ...moves)]
    const run = new Run(node(seed, honest(3), { spares, timeline })).forSeconds(SETTLED + 200)
    // asked again after three polls of 16 s without an answer; the first new answer is a poll later
    t.ok(isUsed(verdicts(run)['ntp-a']), `ntp-a is ${verdicts(run)['ntp-a']}`)
    t.match(
      [0, 1, 2].map((k) => sourceOf(run, k)?.address),
      ['10.0.9.1', '10.0.9.2', '10.0.9.3'],
    )
    run.forSeconds(1200)
    judge(t, run, { from: SETTLED, error: LAN_LIMIT })
  })

  t.test(`seed ${seed}: who does not answer leaves the selection after eight polls`, async (t) => {
    const run = new Run(node(seed, honest(2))).forSeconds(SETTLED)
    const selected =
      Object.entries(verdicts(run)).find(([, each]) => each === 'selected')?.[0] ?? ''
    run.stage.perform({ do: 'ntp-link', server: selected, set: { down: true } })
    // eight polls of 16 s and 2 %, one that was just answered, and a time-out
    run.forSeconds(9 * 16 * 1.02 + 5)
    const other = selected === 'ntp-a' ? 'ntp-b' : 'ntp-a'
    t.notOk(isUsed(verdicts(run)[selected]), `${selected} is ${verdicts(run)[selected]}`)
    t.equal(verdicts(run)[other], 'selected')
    run.stage.perform({ do: 'ntp-link', server: selected, set: { down: false } })
    run.forSeconds(600)
    t.ok(isUsed(verdicts(run)[selected]), 'and comes back')
    judge(t, run, { from: SETTLED, error: LAN_LIMIT })
  })
}

for (const seed of SEEDS) {
  t.test(`seed ${seed}: of two equal servers with noise one stays selected`, async (t) => {
    const noisy = { link: { jitterNs: 60_000 } }
    const poll = { minpoll: 4, maxpoll: 6 }
    const run = new Run(node(seed, [noisy, noisy], { poll }), { interval: 10 }).forSeconds(21_600)
    const chosen = noted(run, 'reference', 'system')
    t.ok(chosen <= 3, `the reference was chosen ${chosen} times in 6 h`)
    // six times the queues of the other scenarios
    judge(t, run, { from: 1800, error: 6 * LAN_LIMIT })
  })
}
