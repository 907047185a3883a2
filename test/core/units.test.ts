import t from 'tap'
import {
  drifted,
  elapsed,
  mono,
  nanos,
  phc,
  plus,
  ppb,
  seconds,
  since,
  stepBetween,
  tai,
  toSeconds,
  utc,
} from '../../agent/core/units.ts'

const DAY = 86_400_000_000_000n
const TODAY = 1_795_000_000_123_456_789n

t.test('a difference keeps each nanosecond at the epoch of today', async (t) => {
  t.equal(since(utc(TODAY + 1n), utc(TODAY)), 1)
  t.equal(since(utc(TODAY), utc(TODAY + 1n)), -1)
  t.equal(since(tai(TODAY + 99n * DAY + 1n), tai(TODAY)), Number(99n * DAY) + 1)
})

t.test('a difference of more than 100 days is a step and belongs in bigint', async (t) => {
  t.equal(since(phc(100n * DAY), phc(0n)), 8.64e15, 'the last one that is allowed')
  t.throws(() => since(phc(100n * DAY + 1n), phc(0n)), RangeError)
  t.throws(() => since(phc(0n), phc(100n * DAY + 1n)), RangeError)
  t.equal(stepBetween(phc(TODAY), phc(0n)), TODAY)
  t.equal(stepBetween(phc(0n), phc(TODAY)), -TODAY)
})

t.test('an age may be of any length', async (t) => {
  t.equal(elapsed(mono(5n), mono(3n)), 2)
  t.equal(elapsed(mono(3n), mono(5n)), -2)
  t.equal(toSeconds(elapsed(mono(3000n * DAY), mono(0n))), 3000 * 86_400)
})

t.test('an instant moves by a difference, rounded to the nanosecond', async (t) => {
  t.equal(plus(utc(TODAY), nanos(0.4)), TODAY)
  t.equal(plus(utc(TODAY), nanos(0.6)), TODAY + 1n)
  t.equal(plus(utc(TODAY), seconds(-1.5)), TODAY - 1_500_000_000n)
  t.equal(plus(mono(0n), since(mono(77n), mono(0n))), 77n)
})

t.test('seconds, and what a rate adds over an interval', async (t) => {
  t.equal(seconds(0.25), 250_000_000)
  t.equal(toSeconds(nanos(1500)), 1.5e-6)
  t.equal(drifted(ppb(20_000), seconds(1)), 20_000, '20 ppm are 20 us in a second')
  t.equal(drifted(ppb(-50), seconds(2)), -100)
})
