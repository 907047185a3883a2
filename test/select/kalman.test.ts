import t from 'tap'
import { Filter, predict } from '../../agent/select/kalman.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const PRIOR = { frequency: 0, frequencyVariance: 50_000 ** 2 }

t.test('without noise the second measurement tells the frequency', async (t) => {
  const filter = Filter.begin(0, 1000, 1e-6, PRIOR)
  filter.absorb(1, 21_000, 1e-6, 0)
  t.ok(Math.abs(filter.state.frequency - 20_000) < 1e-3, `${filter.state.frequency} ppb`)
  t.ok(Math.abs(filter.state.offset - 21_000) < 1e-3)
})

t.test('what is predicted is less and less sure', async (t) => {
  const filter = Filter.begin(0, 0, 100, { frequency: 10, frequencyVariance: 4 })
  const later = predict(filter.state, 10, 1)
  t.equal(later.offset, 100)
  t.equal(later.frequencyVariance, 4 + 10)
  t.equal(later.offsetVariance, 100 + 100 * 4 + 1000 / 3)
})

t.test('a filter that becomes another goes on as a clone of that one', async (t) => {
  const other = Filter.begin(0, 1000, 100, PRIOR)
  other.absorb(1, 21_000, 100, 1)
  const [clone, became] = [other.clone(), Filter.begin(5, 7, 9, PRIOR)]
  became.absorb(6, -8, 9, 1)
  became.become(other)
  for (const each of [clone, became]) each.absorb(2, 900_000, 100, 1)
  t.same(became.state, clone.state)
  t.equal(became.likelihood, clone.likelihood)
  t.not(became.state.at, other.state.at, 'which is as it was')
})

t.test('a step and a turn of the clock move the state as they move the measurements', async (t) => {
  const moved = Filter.begin(0, 0, 100, PRIOR)
  const fresh = Filter.begin(0, 500 - 3 * 20, 100, { ...PRIOR, frequency: 20 })
  moved.move(3, 500, 20)
  t.same(moved.state, fresh.state)
})

t.test('steady noise: the error is what the covariance says, within a fifth', async (t) => {
  const random = new SeededRandom('kalman')
  const [noise, wander] = [50, 1]
  const filter = Filter.begin(0, 0, noise ** 2, PRIOR)
  let [offset, frequency] = [0, 0]
  const squares: number[] = []
  for (let at = 1; at <= 4000; at += 1) {
    offset += frequency
    frequency += random.gaussian(wander)
    filter.absorb(at, offset + random.gaussian(noise), noise ** 2, wander)
    if (at > 200) squares.push((filter.state.offset - offset) ** 2)
  }
  const real = Math.sqrt(squares.reduce((sum, each) => sum + each, 0) / squares.length)
  const said = Math.sqrt(filter.state.offsetVariance)
  t.ok(Math.abs(real / said - 1) < 0.2, `real ${real} ns, said ${said} ns`)
})

t.test('one wild measurement moves little, two the same way are believed', async (t) => {
  const settled = () => {
    const filter = Filter.begin(0, 0, 100, PRIOR)
    for (let at = 1; at < 40; at += 1) filter.absorb(at, 0, 100, 0.1)
    return filter
  }
  const once = settled()
  once.absorb(40, 1e6, 100, 0.1)
  t.ok(Math.abs(once.state.offset) < 50, `${once.state.offset} ns`)
  once.absorb(41, 0, 100, 0.1)
  t.ok(Math.abs(once.state.offset) < 50, `${once.state.offset} ns`)
  const twice = settled()
  twice.absorb(40, 1e6, 100, 0.1)
  twice.absorb(41, 1e6, 100, 0.1)
  t.ok(Math.abs(twice.state.offset - 1e6) < 100, `${twice.state.offset} ns`)
})

t.test('a twin goes its own way', async (t) => {
  const filter = Filter.begin(0, 0, 100, PRIOR)
  const twin = filter.clone()
  filter.absorb(1, 1000, 100, 1)
  t.equal(twin.state.offset, 0)
})
