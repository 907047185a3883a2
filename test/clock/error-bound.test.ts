import t from 'tap'
import { ErrorBound, errorBound, secondsUntil } from '../../agent/clock/error-bound.ts'
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

t.test('an oscillator of which nothing is known may be as bad as a cheap crystal', async (t) => {
  t.ok(grown(UNKNOWN_GROWTH, nanos(1e9)) >= 100_000)
})

t.test('the bound moves with the clock', async (t) => {
  const bound = new ErrorBound()
  const change = {
    clock: 'system',
    at: at(100),
    frequency: ppb(0),
    uncertainty: nanos(30),
  } as const
  bound.move({ ...change, step: 5n, foreign: false })
  bound.slewed(ppb(5))
  bound.rebase(ppb(5), at(100))
  t.equal(bound.at(ppb(100), at(100)), undefined, 'nothing is known yet')
  t.equal(bound.secondsLeft(ppb(100), at(100), 1), undefined)
  bound.measured(base)
  bound.move({ ...change, step: 500n, foreign: false })
  t.equal(bound.offset, 0)
  t.equal(bound.at(ppb(100), at(100)), 2000, 'our own step took the offset away')
  bound.move({ ...change, step: 0n, frequency: ppb(30), foreign: true })
  t.equal(bound.at(ppb(100), at(100)), 2030, 'a foreign rate worked for up to a second')
  bound.slewed(ppb(1000))
  t.ok((bound.at(ppb(0), at(102)) ?? 0) >= 4030)
  bound.move({ ...change, step: 1n, foreign: true })
  t.equal(bound.offset, undefined, 'after a foreign step nothing is known')
})

t.test('a rebased bound neither jumps nor shrinks', async (t) => {
  const bound = new ErrorBound()
  bound.measured({ ...base, slew: ppb(50) })
  const before = bound.at(ppb(100), at(110)) ?? 0
  bound.rebase(ppb(100), at(110))
  t.equal(bound.offset, 0)
  t.ok((bound.at(ppb(100), at(110)) ?? 0) >= before - 500, 'but for the offset that was removed')
  const left = bound.secondsLeft(ppb(100), at(110), 0.001) ?? 0
  t.ok(Math.abs((bound.at(ppb(100), at(110 + left)) ?? 0) - 1e6) < 2, `${left} s`)
  const later = bound.secondsLeft(ppb(100), at(1110), 0.001) ?? 0
  t.ok(Math.abs(left - later - 1000) < 0.01, 'it counts down second by second')
})
