import t from 'tap'
import { type ClockChange, moveSample, moveSampleBy } from '../../agent/core/clock-change.ts'
import { mono, nanos, ppb } from '../../agent/core/units.ts'
import { SeededRandom } from '../../agent/sim/random.ts'
import { FakeClock } from '../clock/fake-clock.ts'
import { sample } from '../select/fixture.ts'

const at = (seconds: number) => mono(BigInt(Math.round(seconds * 1e9)))
const change = (changes: Partial<ClockChange>): ClockChange => ({
  ...{ clock: 'system', at: at(10), step: 0n, frequency: ppb(0) },
  ...{ uncertainty: nanos(0), foreign: false },
  ...changes,
})
const moved = (changes: Partial<ClockChange>, age = 2) =>
  moveSample(sample({ at: at(10 - age), offset: nanos(100) }), change(changes))

t.test('a clock that was stepped forward was more ahead at every earlier sample', async (t) => {
  t.equal(moved({ step: 50n }).offset, 150)
  t.equal(moved({ step: -150n }).offset, -50, 'and one stepped back is behind')
})

t.test('a clock that now runs faster was farther back at every earlier sample', async (t) => {
  t.equal(Math.round(moved({ frequency: ppb(30) }).offset), 40, 'two seconds at 30 ppb')
  t.equal(Math.round(moved({ frequency: ppb(-30) }).offset), 160)
  t.equal(moved({ frequency: ppb(30) }, 0).offset, 100, 'of a sample of this moment nothing')
})

t.test('what is not known of the change widens the sample', async (t) => {
  const before = sample().dispersion
  t.equal(moved({ step: 1n, uncertainty: nanos(7) }).dispersion, before + 7)
})

t.test('samples of another clock, or of after the change, stay what they are', async (t) => {
  const each = sample({ at: at(8) })
  t.equal(moveSample(each, change({ clock: 'phc:eth0', step: 5n })), each)
  const later = sample({ at: at(10.000_000_001) })
  t.equal(moveSample(later, change({ step: 5n })), later)
})

t.test('a sample of half a year ago does not stop the agent', async (t) => {
  const { offset } = moved({ frequency: ppb(1) }, 180 * 86_400)
  t.ok(Math.abs(offset - (100 - 180 * 86_400)) < 1e-3, `${offset}`)
})

t.test('several changes at once are the same as one after the other', async (t) => {
  const random = new SeededRandom('several')
  const changes = Array.from({ length: 20 }, (_, k) =>
    change({
      ...{ at: at(20 * random.uniform()), step: BigInt(k % 3), uncertainty: nanos(k) },
      ...{ frequency: ppb(1e4 * (random.uniform() - 0.5)), clock: k % 5 ? 'system' : 'phc:eth0' },
    }),
  )
  const before = sample({ at: at(10), offset: nanos(100) })
  t.same(moveSampleBy(before, changes), changes.reduce(moveSample, before))
  t.equal(moveSampleBy(before, []), before)
})

/** Ages are read on the clock itself, up to 150 ppm off here, and rates change by up to 100 ppm. */
const SECOND_ORDER = 150e-6 * 100e-6

t.test('moved samples lie on the line on which the clock runs now', async (t) => {
  const failures: string[] = []
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = new SeededRandom(`move ${seed}`)
    const spread = (size: number) => (random.uniform() - 0.5) * 2 * size
    const clock = new FakeClock({ offset: spread(1e6), rate: spread(1e5) })
    let samples = [sample({ at: clock.now.mono, offset: nanos(clock.error) })]
    for (let k = 0; k < 12; k += 1) {
      clock.pass(random.uniform() * 8)
      const step = BigInt(Math.round(spread(1e5)))
      const before = clock.frequency
      const effect = clock.adjust({ frequency: ppb(spread(5e4)), step })
      if (!effect.ok) throw new Error('refused')
      const done = { at: effect.at.mono, step, frequency: ppb(effect.frequency - before) }
      samples = samples.map((each) => moveSample(each, change(done)))
      samples.push(sample({ at: clock.now.mono, offset: nanos(clock.error) }))
    }
    // the rate at which the error grows at present, seen from each of them
    clock.pass(10)
    const last = { at: clock.now.mono, offset: clock.error }
    const rates = samples.map((s) => (last.offset - s.offset) / Number(last.at - s.at))
    const [least, most] = [Math.min(...rates), Math.max(...rates)]
    if (most - least > SECOND_ORDER) failures.push(`seed ${seed}: ${least} to ${most}`)
  }
  t.same(failures, [])
})
