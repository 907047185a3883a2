import t from 'tap'
import { mono, nanos, seconds } from '../../agent/core/units.ts'
import { elapsed, nextTurn } from '../../agent/sources/phc-schedule.ts'

t.test('a third of a second stays a third after a year', async (t) => {
  const start = mono(5n)
  const period = nanos(1e9 / 3)
  const year = 31_536_000n * 1_000_000_000n
  const off = nextTurn(start, period, mono(5n + year)) - (5n + year + 333_333_333n)
  t.ok(off > -10n && off < 10n, `${off} ns off`)
})

t.test('a timer that fires a hair early is not given the same turn again', async (t) => {
  t.equal(nextTurn(mono(0n), seconds(1), mono(999_999_000n)), mono(2_000_000_000n))
  t.equal(nextTurn(mono(0n), seconds(1), mono(0n)), mono(1_000_000_000n))
})

t.test('an age has no limit', async (t) => {
  t.equal(elapsed(mono(10n ** 17n), mono(0n)), 1e17)
})
