/** Keys and files of the composition: whose event it is, and where a clock's drift is kept. */
import type { ClockName } from './core/sample.ts'

/** `ntp:10.0.0.1` and `poll` to `ntp:10.0.0.1|poll`: machines never meet in each other's keys. */
export const prefixed = (id: string, key: string): string => `${id}|${key}`

export function split(key: string): [id: string, rest: string] {
  const bar = key.indexOf('|')
  if (bar < 0) return ['', key]
  return [key.slice(0, bar), key.slice(bar + 1)]
}

export const driftFile = (clock: ClockName): string =>
  `drift.${clock.replaceAll(/[^A-Za-z0-9.]/g, '-')}`
