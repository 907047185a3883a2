/** Our own clock as the DNS probe needs it: what answers say of the time is compared with it. */
import type { Now } from './core/machine.ts'
import type { OwnClockFacts } from './dns/facts.ts'
import type { ClockView } from './observe/snapshot.ts'

export function ownClock(clocks: readonly ClockView[], now: Now): OwnClockFacts {
  const system = clocks.find(({ name }) => name === 'system')
  return {
    synchronized: system?.state === 'locked' || system?.state === 'holdover',
    now: Number((now.utc as bigint) / 1_000_000n) / 1000,
    bound: system?.bound && system.bound / 1e9,
  }
}
