import t from 'tap'
import { civilDay, isLeapDay } from '../../agent/clock/leap.ts'
import { utc } from '../../agent/core/units.ts'

const at = (text: string) => utc(BigInt(Date.parse(text)) * 1_000_000n)

t.test('the civil day agrees with the calendar', async (t) => {
  for (let year = 1970; year <= 2105; year += 1) {
    for (const day of ['01-01', '02-28', '03-01', '06-30', '07-01', '12-31']) {
      const [month, date] = day.split('-').map(Number)
      t.same(civilDay(at(`${year}-${day}T23:59:59Z`)), { month, day: date }, `${year}-${day}`)
    }
  }
  t.same(civilDay(at('2028-02-29T00:00:00Z')), { month: 2, day: 29 })
  t.same(civilDay(at('2100-03-01T00:00:00Z')), { month: 3, day: 1 }, 'no leap year')
})

t.test('only the last days of June and December can end in a leap second', async (t) => {
  t.equal(isLeapDay(at('2026-06-30T00:00:00Z')), true)
  t.equal(isLeapDay(at('2026-12-31T23:59:59Z')), true)
  t.equal(isLeapDay(at('2026-06-29T23:59:59Z')), false)
  t.equal(isLeapDay(at('2027-01-01T00:00:00Z')), false)
  t.equal(isLeapDay(at('2026-03-31T12:00:00Z')), false)
})
