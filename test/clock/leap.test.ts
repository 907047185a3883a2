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

t.test('every day from 1970 to 2100, counted with the rule of the leap years', async (t) => {
  const wrong: string[] = []
  let [year, month, day] = [1970, 1, 1]
  const isLeapYear = () => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  for (let count = 0n; year <= 2100; count += 1n) {
    const noon = utc(count * 86_400_000_000_000n + 43_200_000_000_000n)
    const found = civilDay(noon)
    const leap = (month === 6 && day === 30) || (month === 12 && day === 31)
    if (found.month !== month || found.day !== day || isLeapDay(noon) !== leap) {
      wrong.push(`${year}-${month}-${day}: ${found.month}-${found.day}`)
    }
    const length = [31, isLeapYear() ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    day += 1
    if (day > (length ?? 0)) [day, month] = [1, month + 1]
    if (month > 12) [month, year] = [1, year + 1]
  }
  t.same(wrong.slice(0, 5), [])
})
