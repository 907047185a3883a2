import t from 'tap'
import { nanos, ppb } from '../../agent/core/units.ts'
import { agedDistance, SampleFilter } from '../../agent/select/filter.ts'
import { at, NOW, sample } from './fixture.ts'

const filled = (offsets: readonly number[]) => {
  const filter = new SampleFilter()
  offsets.forEach((offset, k) => {
    filter.add(sample({ offset: nanos(offset), at: at(100 - offsets.length + 1 + k) }))
  })
  return filter
}

t.test('the best sample is the one with the smallest root distance, aged', async (t) => {
  const filter = new SampleFilter()
  t.equal(filter.best(NOW, ppb(100)), undefined)
  const near = sample({ at: at(90), delay: nanos(10_000) })
  const far = sample({ at: at(100), delay: nanos(200_000) })
  filter.add(near)
  filter.add(far)
  t.equal(filter.best(NOW, ppb(1000)), near, 'ten seconds at 1 ppm are 10 us')
  t.equal(filter.best(NOW, ppb(15_000)), far, 'at 15 ppm they are 150 us')
  t.equal(filter.last, far)
})

t.test('of equally good samples the newest one counts', async (t) => {
  const filter = filled([1, 2, 3])
  t.equal(filter.best(NOW, ppb(0))?.offset, 3)
})

t.test('distance: half the delays, the dispersions, and what time adds', async (t) => {
  const each = sample({ rootDelay: nanos(2000), at: at(99) })
  t.equal(agedDistance(each, NOW, ppb(100)), 50_000 + 1000 + 1000 + 10_000 + 100)
  t.equal(agedDistance(each, at(98), ppb(100)), 62_000, 'age is never negative')
})

t.test('stored samples move with the clock', async (t) => {
  const filter = filled([100, 200])
  const common = { clock: 'system', at: NOW, uncertainty: nanos(7), foreign: false } as const
  filter.move({ ...common, step: -50n, frequency: ppb(0) })
  t.equal(filter.last?.offset, 150)
  t.equal(filter.last?.dispersion, 1007, 'widened by the uncertainty')
  filter.move({ ...common, step: 0n, frequency: ppb(10), at: at(102) })
  t.equal(filter.last?.offset, 130, 'two seconds at 10 ppb')
  filter.move({ ...common, clock: 'phc:eth0', step: 99n, frequency: ppb(0) })
  t.equal(filter.last?.offset, 130, 'of another clock')
})

t.test('the window is short: only the last eight samples count', async (t) => {
  const filter = filled(Array.from({ length: 20 }, (_, k) => k))
  t.equal(filter.size, 8)
  t.equal(filter.spacing, 1)
  filter.clear()
  t.equal(filter.size, 0)
  t.equal(filter.spacing, undefined)
  t.equal(filter.weight, 0)
  t.equal(filter.jitter(), 0)
})

t.test('a single liar among the samples does not spoil the jitter', async (t) => {
  const calm = filled([10, -10, 10, -10, 10, -10, 10]).jitter()
  const lied = filled([10, -10, 10, -10, 10, -10, 1e6]).jitter()
  t.ok(calm <= 20 && lied <= 20, `${calm}, ${lied}`)
})

t.test('a sample with a longer round trip than usual is worth less', async (t) => {
  const filter = filled([0, 0, 0])
  t.equal(filter.weight, 1)
  filter.add(sample({ delay: nanos(204_000 - 2000 + 2000) }))
  const { weight } = filter
  t.ok(weight > 0.2 && weight < 0.3, `twice the error, a quarter of the weight: ${weight}`)
  filter.add(sample({ delay: nanos(1e9) }))
  t.equal(filter.weight, 0.01, 'but never nothing')
})

t.test('a spike is far off its neighbours, compared with how they scatter', async (t) => {
  const filter = filled([10, -10, 20, -20, 0])
  const limit = nanos(1000)
  t.equal(filter.isSpike(sample({ offset: nanos(5e6) }), limit), true)
  t.equal(filter.isSpike(sample({ offset: nanos(5e6) }), nanos(1e7)), false, 'within the limit')
  const long = sample({ offset: nanos(5e6), delay: nanos(2e7) })
  t.equal(filter.isSpike(long, limit), false, 'its own round trip explains it')
  t.equal(filled([0, 0]).isSpike(sample({ offset: nanos(5e6) }), limit), false, 'too few to tell')
})

t.test('the rate is that of a straight line through the window', async (t) => {
  t.equal(filled([0, 1, 2]).rate, undefined, 'too few')
  const exact = filled([0, 20, 40, 60, 80]).rate
  t.ok(Math.abs((exact?.rate ?? 0) - 20) < 1e-9 && (exact?.error ?? 1) < 1e-9)
  const noisy = filled([5, 15, 45, 55, 85, 95]).rate
  t.ok(Math.abs((noisy?.rate ?? 0) - 20) < 3 * (noisy?.error ?? 0), `${noisy?.rate}`)
  const one = new SampleFilter()
  for (let k = 0; k < 4; k += 1) one.add(sample())
  t.equal(one.rate, undefined, 'all at one moment')
})

t.test('one outage does not change the usual spacing', async (t) => {
  const filter = new SampleFilter()
  for (const k of [0, 1, 2, 3, 90, 91, 92]) filter.add(sample({ at: at(k) }))
  t.equal(filter.spacing, 1)
})
