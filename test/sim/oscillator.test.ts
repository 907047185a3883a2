import t from 'tap'
import { ppb } from '../../agent/core/units.ts'
import { Counter, Oscillator } from '../../agent/sim/oscillator.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const SECOND = 1_000_000_000n
const START = 1_780_272_000_000_000_000n
const crystal = (frequency: number, wander = 0, seed = 'x'): Oscillator =>
  new Oscillator({
    frequency: ppb(frequency),
    wander: ppb(wander),
    random: new SeededRandom(seed),
  })

t.test('a crystal that is 10 ppm fast gains 10 us in a second', async (t) => {
  const oscillator = crystal(10_000)
  t.equal(oscillator.gained(SECOND), 10_000)
  t.equal(oscillator.gained(SECOND / 2n), 5000)
  t.equal(oscillator.frequency(5n * SECOND), 10_000)
  t.equal(oscillator.gained(86_400n * SECOND), 864_000_000)
})

t.test('wander is a random walk whose variance grows with time', async (t) => {
  const after = (seconds: bigint, seed: number): number =>
    crystal(0, 1, `wander ${seed}`).frequency(seconds * SECOND)
  const spread = (seconds: bigint): number =>
    Math.sqrt(
      Array.from({ length: 200 }, (_, i) => after(seconds, i) ** 2).reduce((a, b) => a + b) / 200,
    )
  t.ok(Math.abs(spread(100n) - 10) < 2, `after 100 s ${spread(100n)} ppb`)
  t.ok(Math.abs(spread(400n) - 20) < 4, `after 400 s ${spread(400n)} ppb`)
})

t.test('a reading is reproducible, whatever was asked in between', async (t) => {
  const asked = new Counter(crystal(3000, 5), START)
  const first = asked.read(50n * SECOND + 123n)
  asked.read(900n * SECOND)
  asked.read(2n)
  t.equal(asked.read(50n * SECOND + 123n), first)
  t.equal(new Counter(crystal(3000, 5), START).read(50n * SECOND + 123n), first)
})

t.test('what is long past is forgotten, and says so', async (t) => {
  const oscillator = crystal(0, 1)
  oscillator.gained(20_000n * SECOND)
  t.throws(() => oscillator.gained(SECOND), RangeError)
  t.doesNotThrow(() => oscillator.gained(17_000n * SECOND))
})

t.test('a shift of the crystal shows from the next second on', async (t) => {
  const oscillator = crystal(100)
  oscillator.gained(20n * SECOND)
  oscillator.shift(10n * SECOND + 5n, ppb(50))
  t.equal(oscillator.frequency(10n * SECOND), 100)
  t.equal(oscillator.frequency(11n * SECOND), 150)
  t.equal(oscillator.frequency(30n * SECOND), 150)
  t.equal(oscillator.gained(30n * SECOND), 11 * 100 + 19 * 150)
  oscillator.shift(30n * SECOND, ppb(-50))
  t.equal(oscillator.gained(40n * SECOND), 11 * 100 + 20 * 150 + 9 * 100)
})

t.test('a dialled frequency that cancels the error of the crystal keeps time', async (t) => {
  const counter = new Counter(crystal(20_000), START)
  counter.tune(0n, ppb(-20_000 / (1 + 20_000e-9)))
  const day = 86_400n * SECOND
  t.ok(Math.abs(counter.difference(day, START + day)) < 0.1, 'within 0.1 ns after a day')
})

t.test('a positive frequency makes the clock run faster, a step is added to it', async (t) => {
  const counter = new Counter(crystal(0), START)
  counter.tune(SECOND, ppb(1000))
  t.equal(counter.frequency, 1000)
  t.ok(Math.abs(counter.difference(3n * SECOND, START + 3n * SECOND) - 2000) < 1e-6)
  counter.step(3n * SECOND, -5_000_000n)
  t.ok(Math.abs(counter.difference(3n * SECOND, START + 3n * SECOND) + 4_998_000) < 1e-6)
})

t.test('many small changes of frequency lose nothing', async (t) => {
  const counter = new Counter(crystal(0), START)
  for (let i = 0n; i < 10_000n; i++) counter.tune(i * 1_000_003n, ppb(i % 2n === 0n ? 77.7 : -77.7))
  const end = 10_000n * 1_000_003n
  t.ok(Math.abs(counter.difference(end, START + end)) < 0.1)
})

t.test('the moment at which a reading comes is found to the nanosecond', async (t) => {
  const counter = new Counter(crystal(-30_000, 10), START)
  const value = START + 64n * SECOND
  const at = counter.when(value, 0n)
  t.ok(counter.read(at) >= value)
  t.ok(counter.read(at - 2n) < value)
  t.equal(counter.when(START - 1n, 7n), 7n, 'what is past comes at once')
  t.equal(counter.when(START + 9999n * SECOND, 7n), 1000n * SECOND + 7n, 'not farther than 1000 s')
})
