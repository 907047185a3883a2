import t from 'tap'
import { nanos, ppb } from '../../agent/core/units.ts'
import { fuse } from '../../agent/select/fuse.ts'

const contribution = (offset: number, frequency: number, error: number, distance = 0) => ({
  estimate: {
    ...{ offset: nanos(offset), frequency: ppb(frequency) },
    ...{ offsetError: nanos(error), frequencyError: ppb(error) },
  },
  distance: nanos(distance),
})

t.test('nothing of nothing', async (t) => {
  t.equal(fuse([]), undefined)
})

t.test('one is taken as it is', async (t) => {
  const one = contribution(10, 20, 3, 1000)
  t.ok(Math.abs((fuse([one])?.offset ?? 0) - 10) < 1e-9)
  t.ok(Math.abs((fuse([one])?.frequency ?? 0) - 20) < 1e-9)
  t.ok(Math.abs((fuse([one])?.offsetError ?? 0) - 3) < 1e-9)
})

t.test('who is surer counts more, and together they are surer', async (t) => {
  const both = fuse([contribution(0, 0, 1), contribution(100, 100, 10)])
  t.ok(Math.abs((both?.offset ?? 0) - 100 / 101) < 1e-9)
  t.ok((both?.offsetError ?? 1) < 1)
})

t.test('a distant source counts little for the offset and in full for the frequency', async (t) => {
  const both = fuse([contribution(0, 0, 1, 100), contribution(100, 100, 1, 10_000)])
  t.ok((both?.offset ?? 100) < 0.1, `${both?.offset} ns`)
  t.equal(both?.frequency, 50)
})
