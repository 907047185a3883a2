/**
 * When a leap warning may be handed to the kernel: the kernel acts at the next UTC midnight, so only
 * on the last day of June or December, the days on which leap seconds happen (ITU-R TF.460).
 */
import type { Instant } from '../core/units.ts'

const DAY = 86_400_000_000_000n

/** Month 1..12 and day 1..31 of a UTC instant, by days counted in 400-year eras from 1 March. */
export function civilDay(utc: Instant<'utc'>): { readonly month: number; readonly day: number } {
  const days = Number((utc as bigint) / DAY) + 719_468
  const ofEra = ((days % 146_097) + 146_097) % 146_097
  const year = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) /
      365,
  )
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100))
  const fromMarch = Math.floor((5 * ofYear + 2) / 153)
  const day = ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  return { month: fromMarch < 10 ? fromMarch + 3 : fromMarch - 9, day }
}

export function isLeapDay(utc: Instant<'utc'>): boolean {
  const { month, day } = civilDay(utc)
  return (month === 6 && day === 30) || (month === 12 && day === 31)
}
