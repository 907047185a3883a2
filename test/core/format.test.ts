import t from 'tap'
import {
  formatDigits,
  formatInstant,
  formatOffset,
  formatSeconds,
  formatSpan,
} from '../../agent/core/format.ts'
import { utc } from '../../agent/core/units.ts'

t.test('a quantity is told in the unit that fits, with three digits', async (t) => {
  const told: [number, string][] = [
    [0, '0 ns'],
    [2.14e-7, '214 ns'],
    [1.5e-9, '1.50 ns'],
    [4e-11, '0.040 ns'],
    [9.996e-4, '1.00 ms'],
    [0.25, '250 ms'],
    [-1.234, '-1.23 s'],
    [3600, '3600 s'],
    [864_000, '10.0 d'],
  ]
  for (const [seconds, text] of told) t.equal(formatSeconds(seconds), text)
  t.equal(formatSeconds(undefined), '-')
  t.equal(formatSeconds(null), '-')
  t.equal(formatDigits(0), '0')
  t.equal(formatDigits(12.34), '12.3')
})

t.test('a clock that is ahead is told with a plus', async (t) => {
  t.equal(formatOffset(1.2e-8), '+12.0 ns')
  t.equal(formatOffset(-1.2e-8), '-12.0 ns')
  t.equal(formatOffset(undefined), '-')
  t.equal(formatOffset(null), '-')
})

t.test('a span is told in its two largest units', async (t) => {
  const told: [number, string][] = [
    [8.4, '8 s'],
    [0.125, '125 ms'],
    [0, '0 s'],
    [2.5e-5, '25.0 µs'],
    [60, '1 min'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min'],
    [356_400, '4 d 3 h'],
    [-3, '0 s'],
  ]
  for (const [seconds, text] of told) t.equal(formatSpan(seconds), text)
  t.equal(formatSpan(undefined), '-')
  t.equal(formatSpan(null), '-')
})

t.test('an instant keeps its nanoseconds, before 1970 too', async (t) => {
  t.equal(formatInstant(utc(1_780_272_000_123_456_789n)), '2026-06-01T00:00:00.123456789Z')
  t.equal(formatInstant(utc(-1n)), '1969-12-31T23:59:59.999999999Z')
})
