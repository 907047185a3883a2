import t from 'tap'
import { Guard } from '../../agent/clock/guard.ts'
import { ppb } from '../../agent/core/units.ts'
import type { ClockStatus } from '../../agent/ports/clock.ts'
import { FakeClock } from './fake-clock.ts'

const statusOf = (clock: FakeClock): ClockStatus => {
  const status = clock.status()
  if ('ok' in status) throw new Error('no status')
  return status
}

function watched(clock: FakeClock) {
  const guard = new Guard(clock.name === 'system')
  const look = () => {
    const { findings, ...rest } = guard.check(statusOf(clock))
    return { ...rest, codes: findings.map(({ code }) => code) }
  }
  return { guard, look }
}

const QUIET = { step: 0n, frequency: 0, codes: [] }

t.test('nothing is found where nobody else writes', async (t) => {
  const clock = new FakeClock({ rate: 18_000, frequency: -500_000 })
  const { look } = watched(clock)
  t.same(look(), QUIET, 'the first look has nothing to compare with')
  clock.pass(3600)
  t.same(look(), QUIET, 'slewing moves both clocks alike')
})

t.test('a foreign frequency is found once', async (t) => {
  const clock = new FakeClock()
  const { look } = watched(clock)
  look()
  clock.foreign({ frequency: ppb(0.9) })
  t.same(look(), QUIET, 'within the grain of a clock')
  clock.foreign({ frequency: ppb(50_000) })
  t.same(look(), { step: 0n, frequency: 49_999.1, codes: ['foreign-frequency'] })
  t.same(look(), QUIET)
})

t.test('a foreign step is found with its sign', async (t) => {
  for (const step of [1_000_000_000n, -20_000_000n]) {
    const clock = new FakeClock()
    const { look } = watched(clock)
    look()
    clock.foreign({ step })
    t.same(look(), { step, frequency: 0, codes: ['foreign-step'] })
    t.same(look(), QUIET)
  }
})

t.test('what we did ourselves is expected', async (t) => {
  const clock = new FakeClock()
  const { guard, look } = watched(clock)
  look()
  clock.foreign({ step: 5_000_000_000n, frequency: ppb(777) })
  guard.expect(ppb(777), 5_000_000_000n)
  t.same(look(), QUIET)
})

t.test('the loop of the kernel and the TAI offset are watched', async (t) => {
  const clock = new FakeClock()
  const { guard, look } = watched(clock)
  look()
  clock.kernel.pll = true
  t.same(look().codes, ['foreign-status'])
  t.same(look().codes, [])
  clock.kernel.taiOffset = 37
  t.same(look().codes, ['foreign-status'])
  guard.expectTai(38)
  clock.kernel.taiOffset = 38
  t.same(look().codes, [])
})

t.test('of a PHC only the frequency can be told', async (t) => {
  const clock = new FakeClock({ name: 'phc:eth0' })
  const { look } = watched(clock)
  look()
  clock.foreign({ step: 1_000_000_000n, taiOffset: 37 })
  t.same(look(), QUIET)
  clock.foreign({ frequency: ppb(10) })
  t.same(look().codes, ['foreign-frequency'])
})
