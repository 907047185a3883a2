import t from 'tap'
import { nanos, ppb } from '../../agent/core/units.ts'
import { type Candidate, MAX_DISTANCE, select, staleAfter } from '../../agent/select/select.ts'
import { isUsed, VERDICTS } from '../../agent/select/verdict.ts'
import { SeededRandom } from '../../agent/sim/random.ts'
import { at, candidate, NOW, phc } from './fixture.ts'

const GROWTH = ppb(1000)
const MS = 1e6

const choose = (candidates: readonly Candidate[], current?: string) => {
  const selection = select(candidates, current, NOW, GROWTH)
  const verdicts = Object.fromEntries(
    [...selection.verdicts].map(([source, { verdict }]) => [source, verdict]),
  )
  return { ...selection, all: verdicts }
}
const why = (candidates: readonly Candidate[], source: string) =>
  select(candidates, undefined, NOW, GROWTH).verdicts.get(source)?.why ?? ''

t.test('every refusal has a name and a reason', async (t) => {
  const cases: readonly [string, Candidate, RegExp][] = [
    ['no-sample', candidate('a', { count: 0 }), /nothing measured/],
    ['unreachable', candidate('a', { reach: 0 }), /8 polls/],
    ['unreachable', candidate('a', { reach: 0b1000, rule: { maxUnreach: 3 } }), /3 polls/],
    ['stale', candidate('a', { last: { at: at(60) } }), /40 s ago/],
    ['unsynchronised', candidate('a', { last: { leap: 'unknown' } }), /not synchronised/],
    [
      'distance',
      candidate('a', { last: { rootDispersion: nanos(MAX_DISTANCE) } }),
      /root distance/,
    ],
    ['noselect', candidate('a', { rule: { noselect: true } }), /never used/],
  ]
  for (const [verdict, each, reason] of cases) {
    const { all, selected, offset } = choose([each])
    t.same(all, { a: verdict })
    t.match(why([each], 'a'), reason)
    t.equal(selected, undefined)
    t.equal(offset, 0)
  }
  const trouble = candidate('a', { count: 0, trouble: 'no such host' })
  t.equal(why([trouble], 'a'), 'no such host', 'what the source says itself is the better reason')
})

t.test('how old is stale depends on how often a source answers', async (t) => {
  t.equal(staleAfter(64), 512)
  t.equal(staleAfter(0.125), 4)
  t.ok(staleAfter(undefined) >= 64)
  t.same(choose([candidate('a', { spacing: 16 })]).all, { a: 'selected' })
})

t.test('three that agree are combined, one of them selected', async (t) => {
  const { all, offset, distance } = choose([
    candidate('a', { offset: 100 }),
    candidate('b', { offset: 200, last: { delay: nanos(90_000) } }),
    candidate('c', { offset: 300 }),
  ])
  t.same(all, { a: 'combined', b: 'selected', c: 'combined' })
  t.ok(offset > 190 && offset < 210, `${offset}`)
  t.ok(distance > 50_000, `${distance}`)
})

t.test('one liar among four is a falseticker', async (t) => {
  const good = ['a', 'b', 'c'].map((name) => candidate(name))
  const { all, contested } = choose([...good, candidate('d', { offset: 80 * MS })])
  t.equal(all['d'], 'falseticker')
  t.equal(contested, false)
  t.match(why([...good, candidate('d', { offset: 80 * MS })], 'd'), /majority is at/)
})

t.test('a source that smears the leap second the others insert has no vote', async (t) => {
  const leap = { last: { leap: 'insert' } } as const
  const good = ['a', 'b', 'c'].map((name) => candidate(name, leap))
  const smear = { offset: 300 * MS, count: 2 }
  const { all, leap: near } = choose([...good, candidate('g', smear)])
  t.equal(all['g'], 'smeared')
  t.same(near, { warning: 'insert', at: NOW })
  const trusted = candidate('g', { ...smear, rule: { trust: true } })
  t.equal(choose([...good, trusted]).all['g'], 'selected', 'unless it is trusted')
})

t.test('two that contradict each other: neither is believed', async (t) => {
  const { all, selected, contested } = choose([candidate('a'), candidate('b', { offset: 9 * MS })])
  t.same(all, { a: 'no-majority', b: 'no-majority' })
  t.equal(selected, undefined)
  t.equal(contested, true)
})

t.test('a PHC steers alone, those that agree stand by', async (t) => {
  const { all, rank, offset } = choose([phc({ offset: 40 }), candidate('a'), candidate('b')])
  t.same(all, { 'phc:eth0': 'selected', a: 'standby', b: 'standby' })
  t.equal(rank, 0)
  t.equal(offset, 40)
})

t.test('without a PHC that is worth it the servers take over', async (t) => {
  for (const last of [{ leap: 'unknown' as const }, { at: at(60) }]) {
    const { selected, rank } = choose([phc({ last }), candidate('a'), candidate('b')])
    t.not(selected, 'phc:eth0')
    t.equal(rank, 1)
  }
})

t.test('a PHC against one contrary server: the rank decides, and it is told', async (t) => {
  const { all, contested, selected } = choose([phc(), candidate('a', { offset: 50 * MS })])
  t.same(all, { 'phc:eth0': 'selected', a: 'no-majority' })
  t.equal(contested, true)
  t.equal(selected, 'phc:eth0')
})

t.test('a PHC against three servers that agree is the falseticker', async (t) => {
  const servers = ['a', 'b', 'c'].map((name) => candidate(name))
  const { all, rank } = choose([phc({ offset: 50 * MS }), ...servers])
  t.equal(all['phc:eth0'], 'falseticker')
  t.equal(rank, 1)
})

t.test('the selected source stays unless another is better by a clear margin', async (t) => {
  const better = (delay: number) => [
    candidate('a', { last: { delay: nanos(100_000) } }),
    candidate('b', { last: { delay: nanos(delay) } }),
  ]
  t.equal(choose(better(80_000)).selected, 'b', 'nobody was selected before')
  t.equal(choose(better(80_000), 'a').selected, 'a')
  t.equal(choose(better(10_000), 'a').selected, 'b')
})

t.test('trusted sources decide alone who is true', async (t) => {
  const crowd = ['a', 'b', 'c'].map((name) => candidate(name, { offset: 70 * MS }))
  const { all, selected } = choose([...crowd, candidate('t', { rule: { trust: true } })])
  t.equal(selected, 't')
  t.equal(all['a'], 'falseticker')
})

t.test('preferred before others, required or nothing', async (t) => {
  const far = { last: { delay: nanos(180_000) } }
  const preferred = [candidate('a'), candidate('b', { ...far, rule: { prefer: true } })]
  t.equal(choose(preferred).selected, 'b')
  const missing = candidate('r', { count: 0, rule: { require: true } })
  const { all, selected } = choose([candidate('a'), missing])
  t.equal(selected, undefined)
  t.equal(all['a'], 'standby')
  t.match(why([candidate('a'), missing], 'a'), /r is required/)
})

t.test('of several required ones it is enough that one is true', async (t) => {
  const require = { require: true }
  const both = [candidate('r', { rule: require }), candidate('s', { count: 0, rule: require })]
  t.equal(choose([candidate('a'), ...both]).all['s'], 'no-sample')
  t.ok(choose([candidate('a'), ...both]).selected)
  const crowd = ['a', 'b', 'c'].map((name) => candidate(name))
  const { selected } = choose([...crowd, candidate('r', { offset: 70 * MS, rule: require })])
  t.equal(selected, undefined, 'a required falseticker does not count')
})

t.test('where those that are trusted quarrel, nobody else is believed instead', async (t) => {
  const trust = { trust: true }
  const quarrel = [
    candidate('t', { rule: trust }),
    candidate('u', { offset: 60 * MS, rule: trust }),
  ]
  const { all, selected, contested } = choose([phc({ offset: 30 * MS }), ...quarrel])
  t.equal(selected, undefined)
  t.equal(contested, true)
  t.same(all, { 'phc:eth0': 'no-majority', t: 'no-majority', u: 'no-majority' })
})

t.test('a source between two polls is as good as one that was asked just now', async (t) => {
  const old = candidate('a', { last: { at: at(40) } })
  const fresh = { ...candidate('b'), poll: 64 }
  const growth = ppb(100_000)
  const chosen = (poll: number) => select([{ ...old, poll }, fresh], 'a', NOW, growth).selected
  t.equal(chosen(64), 'a')
  t.equal(chosen(8), 'b', 'unless it is overdue')
})

t.test('a burst does not make the ordinary interval after it too long', async (t) => {
  const burst = candidate('a', { last: { at: at(40) } })
  t.equal(choose([burst]).all['a'], 'stale')
  t.equal(choose([{ ...burst, poll: 64 }]).all['a'], 'selected')
})

t.test('whatever the order of the sources, the outcome is the same', async (t) => {
  const failures: string[] = []
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = new SeededRandom(`order ${seed}`)
    const flag = () => random.uniform() < 0.15
    const all = Array.from({ length: 2 + (random.word() % 6) }, (_, k) =>
      candidate(`s${k}`, {
        offset: (random.uniform() - 0.5) * MS,
        last: { delay: nanos(50_000 + random.uniform() * 1e6) },
        rule: { rank: random.word() % 3, trust: flag(), prefer: flag(), require: flag() },
      }),
    )
    const told = (list: readonly Candidate[]) => {
      const { all: verdicts, selected, offset, distance } = choose(list, 's1')
      const named = Object.entries(verdicts).sort(([a], [b]) => (a < b ? -1 : 1))
      return JSON.stringify([named, selected, offset.toFixed(3), distance.toFixed(3)])
    }
    const keyed = all.map((each) => [random.uniform(), each] as const)
    const shuffled = keyed.sort(([a], [b]) => a - b).map(([, each]) => each)
    if (told(all) !== told(shuffled)) failures.push(`seed ${seed}: ${told(all)}`)
  }
  t.same(failures, [])
})

t.test('true but far off in quality: not combined', async (t) => {
  const { all } = choose([
    ...['a', 'b'].map((name) => candidate(name)),
    candidate('z', { last: { delay: nanos(2e6) } }),
  ])
  t.equal(all['z'], 'outlier')
})

const honest = (random: SeededRandom, name: string): Candidate => {
  const delay = 20_000 + random.uniform() * 400_000
  const offset = (random.uniform() - 0.5) * delay
  return candidate(name, { offset, last: { delay: nanos(delay) } })
}

t.test('a falseticker beside three good sources does not change the survivors', async (t) => {
  const failures: string[] = []
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = new SeededRandom(`falseticker ${seed}`)
    const good = ['a', 'b', 'c'].map((name) => honest(random, name))
    const lie = (random.uniform() < 0.5 ? -1 : 1) * (2 * MS + random.uniform() * 1e9)
    const before = choose(good)
    const after = choose([...good, candidate('liar', { offset: lie })])
    const { liar, ...others } = after.all
    const same = JSON.stringify(others) === JSON.stringify(before.all)
    if (!same || liar !== 'falseticker' || after.offset !== before.offset) {
      failures.push(`seed ${seed}: ${JSON.stringify([before.all, after.all])}`)
    }
  }
  t.same(failures, [])
})

t.test('every source gets a verdict with a reason, and one at most is selected', async (t) => {
  const failures: string[] = []
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = new SeededRandom(`verdicts ${seed}`)
    const all = Array.from({ length: 1 + Math.floor(random.uniform() * 6) }, (_, k) =>
      candidate(`s${k}`, {
        offset: (random.uniform() - 0.5) * 2 * MS,
        count: Math.floor(random.uniform() * 5),
        rule: { rank: Math.floor(random.uniform() * 3), noselect: random.uniform() < 0.1 },
        last: { leap: random.uniform() < 0.1 ? 'unknown' : 'none' },
      }),
    )
    const { verdicts, selected } = select(all, undefined, NOW, GROWTH)
    const judged = [...verdicts.values()]
    const named = judged.every(({ verdict, why: reason }) => verdict in VERDICTS && reason !== '')
    const chosen = judged.filter(({ verdict }) => verdict === 'selected').length
    const used = judged.some(({ verdict }) => isUsed(verdict))
    if (verdicts.size !== all.length || !named || chosen > 1 || used !== (selected !== undefined)) {
      failures.push(`seed ${seed}: ${JSON.stringify([...verdicts])}`)
    }
  }
  t.same(failures, [])
})
