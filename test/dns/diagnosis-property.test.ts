/**
 * No false alarm: healthy networks with 0.1 % of packets lost each way, diagnosed after every round of 10,000,
 * for several seeds; and true alarms within a few rounds. And what holds for the whole catalogue.
 */
import t from 'tap'
import { mono } from '../../agent/core/units.ts'
import { DIAGNOSES, DIAGNOSIS_CODES, rankOf } from '../../agent/dns/diagnoses.ts'
import { diagnose } from '../../agent/dns/diagnosis.ts'
import type { Attempt, Check, CheckFacts, DnsFacts, Transport } from '../../agent/dns/facts.ts'
import { explainedBy } from '../../agent/dns/precedence.ts'
import { binomialTail } from '../../agent/dns/rules/evidence.ts'
import { SeededRandom } from '../../agent/sim/random.ts'
import { facts, goodAttempt, healthyChecks, target } from './facts-fixture.ts'

const SECOND = 1_000_000_000n
const KEPT = 32

/** Whether an exchange of two datagrams is lost. */
type Lossy = (check: Check, transport: Transport) => boolean

/** A network in rounds: each check of each target once per round, TCP never loses for good. */
class Network {
  readonly #random: SeededRandom
  readonly #lose: (random: SeededRandom) => Lossy
  #checks: CheckFacts[][]
  #round = 0n

  constructor(seed: string, lose: (random: SeededRandom) => Lossy) {
    this.#random = new SeededRandom(seed)
    this.#lose = lose
    this.#checks = ['10.96.0.10', '10.244.0.2'].map(() =>
      healthyChecks().map((each) => ({ ...each, recent: [] })),
    )
  }

  #attempt({ check, transport }: CheckFacts, at: bigint): Attempt {
    const lose = this.#lose(this.#random)
    const good = { ...goodAttempt(check), at: mono(at) }
    const seconds = 0.0005 + this.#random.exponential(0.002)
    const answered: Attempt = lose(check, transport)
      ? { at: mono(at), result: 'timeout' }
      : { ...good, seconds }
    const isPair = check === 'pair' || check === 'split'
    return isPair && lose(check, transport) ? { ...answered, second: 'timeout' } : answered
  }

  next(): DnsFacts {
    const start = this.#round * 60n * SECOND
    this.#checks = this.#checks.map((checks) =>
      checks.map((each, turn) => {
        const made = this.#attempt(each, start + BigInt(turn) * 3n * SECOND)
        return { ...each, recent: [...each.recent.slice(1 - KEPT), made] }
      }),
    )
    this.#round += 1n
    const [service = [], endpoint = []] = this.#checks
    return facts({
      targets: [
        target('10.96.0.10', ['cluster', 'pod'], [], { checks: service }),
        target('10.244.0.2', ['coredns'], [], { checks: endpoint }),
      ],
    })
  }
}

/** The first round after which these codes were named, and what else was. */
function roundsUntil(code: string, lose: (random: SeededRandom) => Lossy): number {
  const network = new Network('alarm', lose)
  for (let round = 1; round <= 20; round += 1) {
    if (diagnose(network.next()).some((found) => found.code === code)) return round
  }
  return Number.POSITIVE_INFINITY
}

const each =
  (share: number) =>
  (random: SeededRandom): Lossy =>
  (_, transport) =>
    transport === 'udp' && random.uniform() < share

for (const seed of ['1', '2', '3']) {
  t.test(`10,000 rounds with 0.1 % of packets lost, seed ${seed}: not a word`, async (t) => {
    const network = new Network(seed, each(1 - 0.999 ** 2))
    for (let round = 0; round < 10_000; round += 1) {
      const found = diagnose(network.next())
      if (found.length > 0) t.fail(`round ${round}: ${JSON.stringify(found)}`)
    }
  })
}

t.test('a real fault is named within a few rounds', async (t) => {
  t.equal(
    roundsUntil('service-broken', () => () => false),
    Number.POSITIVE_INFINITY,
  )
  t.ok(roundsUntil('cluster-dns-down', () => () => true) <= 2, 'dead')
  t.ok(roundsUntil('udp-blocked', () => (_, transport) => transport === 'udp') <= 2, 'blocked')
  t.ok(roundsUntil('packet-loss', each(0.5)) <= 4, 'half is lost')
  t.ok(roundsUntil('packet-loss', each(0.2)) <= 12, 'a fifth is lost')
  t.equal(
    roundsUntil('large-answers-lost', () => (check, over) => check === 'large' && over === 'udp'),
    3,
  )
  t.ok(
    roundsUntil('pair-loss', (random) => (check) => check === 'pair' && random.uniform() < 0.4) <=
      12,
  )
})

t.test('an outage is named while it lasts and forgotten at once', async (t) => {
  for (const length of [1, 2, 3, 8]) {
    let down = false
    const network = new Network(`outage ${length}`, () => () => down)
    for (let round = 0; round < 40; round += 1) network.next()
    down = true
    const during = Array.from({ length }, () => diagnose(network.next()).map(({ code }) => code))
    t.same(during.at(-1), ['cluster-dns-down'], `${length} rounds`)
    down = false
    network.next()
    for (let round = 0; round < 40; round += 1) {
      const found = diagnose(network.next())
      if (found.length > 0) t.fail(`${length} rounds, ${round} after: ${JSON.stringify(found)}`)
    }
  }
})

t.test('the tail of a binomial distribution', async (t) => {
  t.equal(binomialTail(10, 0, 0.1), 1)
  t.ok(Math.abs(binomialTail(4, 4, 0.5) - 1 / 16) < 1e-12)
  t.ok(Math.abs(binomialTail(5, 2, 0.2) - 0.26272) < 1e-9)
  t.ok(Math.abs(binomialTail(8, 4, 0.01) - 6.78e-7) < 1e-9, 'half of eight')
  t.ok(binomialTail(1000, 1, 0.5) <= 1)
  t.equal(binomialTail(3, 4, 0.5), 0)
})

t.test('causes stand before what they explain', async (t) => {
  for (const code of DIAGNOSIS_CODES) {
    const wrong = explainedBy(code).filter((other) => rankOf(other) <= rankOf(code))
    t.same(wrong, [], code)
    t.match(DIAGNOSES[code], { severity: /^(info|warning|critical)$/, meaning: /./, next: /./ })
  }
})
