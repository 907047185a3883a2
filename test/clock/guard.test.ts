import t from 'tap'
import { Guard } from '../../agent/clock/guard.ts'
import { ppb, mono as toMono, utc } from '../../agent/core/units.ts'
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

const QUIET = { step: 0n, leap: 0, frequency: 0, codes: [] }

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
  t.same(look(), { ...QUIET, frequency: 49_999.1, codes: ['foreign-frequency'] })
  t.same(look(), QUIET)
})

t.test('a foreign step is found with its sign', async (t) => {
  for (const step of [1_000_000_000n, -20_000_000n]) {
    const clock = new FakeClock()
    const { look } = watched(clock)
    look()
    clock.foreign({ step })
    t.same(look(), { ...QUIET, step, codes: ['foreign-step'] })
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

/** The beginning of 2027. */
const MIDNIGHT = 1_798_761_600_000_000_000n
const statusAt = (
  clock: FakeClock,
  seconds: number,
  leap: ClockStatus['leap'],
  mono = seconds,
): ClockStatus => {
  const ns = (value: number) => BigInt(Math.round(value * 1e9))
  return {
    ...statusOf(clock),
    leap,
    at: { mono: toMono(10_000_000_000n + ns(mono)), utc: utc(MIDNIGHT + ns(seconds)) },
  }
}

t.test('a second at midnight that the kernel was told of is nobody else', async (t) => {
  for (const [leap, by] of [
    ['insert', 1],
    ['delete', -1],
  ] as const) {
    const clock = new FakeClock()
    const guard = new Guard(true)
    guard.check(statusAt(clock, -1.5, leap))
    guard.expectTai(37)
    clock.kernel.taiOffset = 37 + by
    // one second of waiting: UTC went on by one second less, or more
    const found = guard.check(statusAt(clock, 0.5 - by, leap, 0.5))
    t.match(found, { step: 0n, leap: by, findings: [{ code: 'leap-second' }] }, leap)
    t.equal(found.findings.length, 1, 'and the kernel counted TAI by itself')
    const next = guard.check(statusAt(clock, 1.5 - by, 'none', 1.5))
    t.match(next, { step: 0n, leap: 0, findings: [] })
  }
})

t.test('the same second at noon, or unannounced, is a step', async (t) => {
  const clock = new FakeClock()
  for (const [leap, begin] of [
    ['insert', 43_200],
    ['none', -1.5],
  ] as const) {
    const guard = new Guard(true)
    guard.check(statusAt(clock, begin, leap))
    const found = guard.check(statusAt(clock, begin + 1, leap, begin + 2))
    t.match(found, { step: -1_000_000_000n, leap: 0, findings: [{ code: 'foreign-step' }] })
  }
})

t.test('a step by somebody else on that night is still one', async (t) => {
  const clock = new FakeClock()
  const guard = new Guard(true)
  guard.check(statusAt(clock, -1.5, 'insert'))
  // a second later and 37 s further
  const found = guard.check(statusAt(clock, 36.5, 'insert', -0.5))
  t.match(found, { step: 37_000_000_000n, leap: 0 })
})
