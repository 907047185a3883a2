import t from 'tap'
import { deviation, mean } from '../../agent/core/stats.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const draw = (random: SeededRandom, n = 5): number[] =>
  Array.from({ length: n }, () => random.word())

t.test('the same seed gives the same numbers, another seed others', async (t) => {
  t.same(draw(new SeededRandom('1')), draw(new SeededRandom('1')))
  t.notSame(draw(new SeededRandom('1')), draw(new SeededRandom('2')))
})

t.test('a stream does not depend on what others draw or fork', async (t) => {
  const quiet = new SeededRandom('7')
  const busy = new SeededRandom('7')
  draw(busy, 100)
  draw(busy.fork('other'), 3)
  t.same(draw(busy.fork('network')), draw(quiet.fork('network')))
  t.notSame(draw(quiet.fork('network')), draw(quiet.fork('stamps')))
})

t.test('uniform numbers fill [0, 1) evenly', async (t) => {
  const random = new SeededRandom('uniform')
  const values = Array.from({ length: 20_000 }, () => random.uniform())
  t.ok(values.every((v) => v >= 0 && v < 1))
  t.ok(Math.abs(mean(values) - 0.5) < 0.01, `mean ${mean(values)}`)
  const tenth = values.filter((v) => v < 0.1).length
  t.ok(Math.abs(tenth - 2000) < 200, `${tenth} below 0.1`)
})

t.test('gaussian and exponential numbers have the moments asked for', async (t) => {
  const random = new SeededRandom('moments')
  const normal = Array.from({ length: 20_000 }, () => random.gaussian(3))
  t.ok(Math.abs(mean(normal)) < 0.1, `mean ${mean(normal)}`)
  t.ok(Math.abs(deviation(normal) - 3) < 0.1, `deviation ${deviation(normal)}`)
  const waits = Array.from({ length: 20_000 }, () => random.exponential(5))
  t.ok(waits.every((v) => v >= 0))
  t.ok(Math.abs(mean(waits) - 5) < 0.2, `mean ${mean(waits)}`)
})

t.test('bytes take every value', async (t) => {
  const bytes = new SeededRandom('bytes').bytes(8192)
  t.equal(bytes.length, 8192)
  t.equal(new Set(bytes).size, 256)
})
