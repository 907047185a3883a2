import t from 'tap'
import { compareAll } from '../../bench/lib/compare.ts'
import type { Result } from '../lab/host.ts'

const result = (figures: Readonly<Record<string, number>>): Result => ({
  ...{ scenario: 'contest-x', title: '', seed: 1, ok: true, error: '' },
  checks: Object.entries(figures).map(([name, value]) => ({ name, value, unit: 's' })),
})

t.test('a ratio is the median of ours by the median of the peer', async (t) => {
  const [first] = compareAll([
    result({ 'x|timewarden': 1, 'x|phc2sys': 4 }),
    result({ 'x|timewarden': 9, 'x|phc2sys': 2 }),
    result({ 'x|timewarden': 3, 'x|phc2sys': 6 }),
  ])
  t.same(first, {
    ...{ figure: 'x', unit: 's', ours: { median: 3, least: 1, most: 9 } },
    peers: [{ name: 'phc2sys', median: 4, ratio: 0.75 }],
  })
})

t.test('what never happened is neither hidden nor turned into a number', async (t) => {
  const seeds = [1, Infinity, Infinity].map((value) =>
    result({ 'x|timewarden': value, 'x|ptp4l': 5 }),
  )
  t.equal(compareAll(seeds)[0]?.peers[0]?.ratio, Infinity)
})

t.test('cost is also put beside the sum of what is replaced', async (t) => {
  const [cost] = compareAll([
    result({ 'memory (PSS)|timewarden': 40, 'memory (PSS)|a': 1, 'memory (PSS)|b': 3 }),
  ])
  t.same(
    cost?.peers.map(({ name, ratio }) => [name, ratio]),
    [
      ['a', 40],
      ['b', 40 / 3],
      ['sum', 10],
    ],
  )
})

t.test('a figure that we do not have is no comparison', async (t) => {
  t.same(compareAll([result({ 'x|ptp4l': 5 })]), [])
})
