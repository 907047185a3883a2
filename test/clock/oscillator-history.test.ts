import t from 'tap'
import {
  growthOf,
  OscillatorHistory,
  UNKNOWN_GROWTH,
} from '../../agent/clock/oscillator-history.ts'
import { mono, ppb } from '../../agent/core/units.ts'

const at = (seconds: number) => mono(BigInt(Math.round(seconds * 1e9)))

const fed = (values: readonly number[], spacing = 1) => {
  const history = new OscillatorHistory()
  values.forEach((value, k) => {
    history.add(ppb(value), at(k * spacing))
  })
  return history
}

t.test('little is known before it was watched for a while', async (t) => {
  const history = fed([1, 2, 3])
  t.equal(history.known, false)
  t.equal(history.frequency, undefined)
  t.equal(history.growth, UNKNOWN_GROWTH)
  t.equal(history.skew, UNKNOWN_GROWTH)
})

t.test('the learnt frequency is the average, its scatter the skew', async (t) => {
  const history = fed(Array.from({ length: 32 }, (_, k) => -18_000 + (k % 2 === 0 ? 10 : -10)))
  t.ok(Math.abs((history.frequency ?? 0) + 18_000) < 1e-6, `${history.frequency}`)
  t.ok(history.skew > 9 && history.skew < 11, `${history.skew}`)
  t.ok(history.growth > 4 * 9, `${history.growth}`)
})

t.test('growth has a floor, and never passes that of an unknown oscillator', async (t) => {
  const calm = fed(Array.from({ length: 32 }, () => 5))
  t.ok(calm.growth >= 100, `${calm.growth} ppb`)
  const wild = fed(Array.from({ length: 32 }, (_, k) => (k % 2) * 1e6))
  t.equal(wild.growth, UNKNOWN_GROWTH)
})

t.test('the history spans time: a fast source does not fill it within a second', async (t) => {
  const history = fed(
    Array.from({ length: 100 }, () => 5),
    0.01,
  )
  t.equal(history.known, false)
})

t.test('the past is forgotten on demand', async (t) => {
  const history = fed(Array.from({ length: 32 }, () => 5))
  history.clear()
  t.equal(history.known, false)
  history.add(ppb(1), at(0))
  t.equal(history.frequency, undefined)
})

t.test('a clock that is seen to run away grows by what was seen', async (t) => {
  t.equal(growthOf(ppb(-400_000), ppb(10)), 400_140, 'be it worse than an unknown one')
  t.equal(growthOf(ppb(300_000), ppb(200_000)), UNKNOWN_GROWTH, 'noise is no rate')
  t.equal(growthOf(ppb(0), ppb(0)), 100)
})
