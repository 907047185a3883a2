import t from 'tap'
import { errorBound, secondsUntil } from '../../agent/clock/error-bound.ts'
import { grown, UNKNOWN_GROWTH } from '../../agent/clock/oscillator-history.ts'
import { mono, nanos, ppb } from '../../agent/core/units.ts'

const at = (seconds: number) => mono(BigInt(Math.round(seconds * 1e9)))
const base = { at: at(100), offset: nanos(-500), distance: nanos(2000), slew: ppb(0) }

t.test('at the measurement the bound is the offset and the root distance', async (t) => {
  t.equal(errorBound(base, ppb(100), at(100)), 2500)
  t.equal(errorBound(base, ppb(100), at(99)), 2500, 'never less, whatever the time')
})

t.test('it grows without a measurement, and faster the longer it lasts', async (t) => {
  const bound = (seconds: number) => errorBound(base, ppb(100), at(100 + seconds))
  t.ok(bound(1) > bound(0))
  const [first, later] = [bound(60) - bound(0), bound(7260) - bound(7200)]
  t.ok(first >= 6000, `${first} ns in the first minute at 100 ppb`)
  t.ok(later > 2 * first, `${later} ns in a minute two hours later`)
})

t.test('an offset that is being removed counts in full, and so does what overshoots', async (t) => {
  const slewed = { ...base, slew: ppb(100) }
  t.ok(errorBound(slewed, ppb(1), at(104)) >= 2500)
  t.ok(errorBound(slewed, ppb(1), at(120)) >= 2000 + 1500, 'the slew ran on beyond zero')
})

t.test('the predicted time is when the bound passes the limit', async (t) => {
  for (const growth of [0.5, 100, 15_000]) {
    const left = secondsUntil(nanos(2500), ppb(growth), 0.001)
    const then = 2500 + grown(ppb(growth), nanos(left * 1e9))
    t.ok(Math.abs(then - 1e6) < 1, `${growth} ppb: ${left} s, ${then} ns`)
  }
  t.equal(secondsUntil(nanos(2e6), ppb(100), 0.001), 0, 'it is over already')
})

t.test('an oscillator of which nothing is known errs as RFC 5905 assumes', async (t) => {
  t.equal(UNKNOWN_GROWTH, 15_000)
  t.ok(Math.abs(grown(UNKNOWN_GROWTH, nanos(1e9)) - 15_004) < 1)
})
