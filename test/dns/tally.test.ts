import t from 'tap'
import { mono } from '../../agent/core/units.ts'
import { judge, Tally } from '../../agent/dns/tally.ts'
import { DNS_BUCKETS, DNS_RESULTS } from '../../agent/dns/view.ts'

const of = (transport: 'udp' | 'tcp') =>
  new Tally({ label: '10.0.0.1', origin: 'config', transport })

t.test('before the first query every count is there and zero', async (t) => {
  const view = of('tcp').view(mono(5n))
  t.same(Object.keys(view.results), DNS_RESULTS)
  t.ok(Object.values(view.results).every((count) => count === 0))
  t.match(view, {
    target: '10.0.0.1',
    transport: 'tcp',
    origin: 'config',
    failures: 0,
    lastName: '',
  })
  t.equal(view.buckets.length, DNS_BUCKETS.length + 1)
  t.equal(view.lastResult, undefined)
  t.equal(view.lastAgeSeconds, undefined)
})

t.test('a latency falls into the first bucket whose edge it does not pass', async (t) => {
  const tally = of('udp')
  for (const seconds of [0.0005, 0.00051, 5, 5.001, 11]) {
    tally.record({ result: 'noerror', seconds }, 'a', mono(0n))
  }
  tally.record({ result: 'timeout' }, 'a', mono(0n))
  const { buckets, durationSum } = tally.view(mono(0n))
  t.equal(buckets[0], 1)
  t.equal(buckets[1], 1)
  t.equal(buckets[DNS_BUCKETS.indexOf(5)], 1, 'exactly 5 s is not beyond 5 s')
  t.equal(buckets[DNS_BUCKETS.indexOf(10)], 1)
  t.equal(buckets.at(-1), 1)
  t.equal(
    buckets.reduce((sum, count) => sum + count, 0),
    5,
    'a lost query has no duration',
  )
  t.equal(durationSum, 0.0005 + 0.00051 + 5 + 5.001 + 11)
})

t.test(
  'the run of failures ends with a good answer and is not touched by a late one',
  async (t) => {
    const tally = of('udp')
    const record = (result: 'noerror' | 'timeout' | 'late' | 'nxdomain' | 'truncated') =>
      tally.record({ result }, 'a', mono(1_000_000_000n))
    t.same(record('timeout'), { before: 0, after: 1 })
    t.same(record('late'), { before: 1, after: 1 })
    t.same(record('nxdomain'), { before: 1, after: 2 })
    t.same(record('noerror'), { before: 2, after: 0 })
    record('timeout')
    t.same(record('truncated'), { before: 1, after: 0 })
    t.match(tally.view(mono(3_000_000_000n)), {
      lastResult: 'truncated',
      lastName: 'a',
      lastAgeSeconds: 2,
      results: { timeout: 2, late: 1, nxdomain: 1, noerror: 1, truncated: 1 },
    })
  },
)

t.test('a truncated answer is right over UDP and wrong over TCP', async (t) => {
  t.equal(judge('truncated', 'udp'), 'good')
  t.equal(judge('truncated', 'tcp'), 'bad')
  t.equal(judge('nodata', 'udp'), 'bad')
})
