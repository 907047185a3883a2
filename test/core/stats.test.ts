import t from 'tap'
import { deviation, keepLast, mean, median, quantile, rms } from '../../agent/core/stats.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

t.test('of nothing there is no statistic', async (t) => {
  for (const each of [mean([]), rms([]), deviation([]), deviation([1]), median([])]) {
    t.ok(Number.isNaN(each))
  }
})

t.test('mean, root mean square, sample deviation', async (t) => {
  t.equal(mean([1, 2, 6]), 3)
  t.equal(rms([3, -4, 0]), Math.sqrt(25 / 3))
  t.equal(deviation([2, 4, 4, 4, 5, 5, 7, 9]), Math.sqrt(32 / 7), 'n - 1')
  t.equal(deviation([5, 5]), 0)
})

t.test('quantiles are between order statistics', async (t) => {
  t.equal(median([5, 1, 3]), 3)
  t.equal(median([4, 1, 3, 2]), 2.5)
  t.equal(quantile([10, 20, 30, 40, 50], 0.25), 20)
  t.equal(quantile([0, 10], 0.99), 9.9)
  t.equal(quantile([7], 0.5), 7)
  t.equal(quantile([3, 1, 2], 0), 1)
  t.equal(quantile([3, 1, 2], 1), 3)
})

t.test('numbers are sorted as numbers, and the input is left alone', async (t) => {
  const values = [10, 9, 100, -1]
  t.equal(median(values), 9.5)
  t.same(values, [10, 9, 100, -1])
})

t.test('whatever the values, a quantile lies within them and rises with q', async (t) => {
  const failures: string[] = []
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = new SeededRandom(`quantile ${seed}`)
    const values = Array.from({ length: 1 + (random.word() % 20) }, () => random.gaussian(1e6))
    const found = [0, 0.1, 0.5, 0.9, 1].map((q) => quantile(values, q))
    const rising = found.every((each, k) => k === 0 || each >= (found[k - 1] ?? 0))
    const within = found[0] === Math.min(...values) && found[4] === Math.max(...values)
    if (!rising || !within) failures.push(`seed ${seed}: ${found}`)
  }
  t.same(failures, [])
})

t.test('a list keeps its newest members', async (t) => {
  const list = [1, 2, 3]
  t.same(keepLast(list, 4, 3), [2, 3, 4])
  t.same(keepLast(list, 4, 9), [1, 2, 3, 4])
  t.same(list, [1, 2, 3])
})
