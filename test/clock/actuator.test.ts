import t from 'tap'
import { Actuator } from '../../agent/clock/actuator.ts'
import { ppb } from '../../agent/core/units.ts'
import { FakeClock } from './fake-clock.ts'

const codes = (outcome: { readonly notes: readonly { readonly code: string }[] }) =>
  outcome.notes.map(({ code }) => code)

t.test('a frequency that is dialled is told as a change, new minus old', async (t) => {
  const clock = new FakeClock({ frequency: 100 })
  const actuator = new Actuator(clock, true)
  const { changes, notes } = actuator.setFrequency(ppb(350))
  t.match(changes, [{ clock: 'system', frequency: 250, step: 0n, foreign: false }])
  t.ok((changes[0]?.uncertainty ?? 0) > 0, 'it took effect somewhere within the call')
  t.same(notes, [])
  t.equal(actuator.frequency, 350)
  t.same(actuator.setFrequency(ppb(350)).changes, [], 'the same again is no change')
})

t.test('a step is added to the clock, and is not taken for a foreign one', async (t) => {
  const clock = new FakeClock({ offset: 20e6 })
  const actuator = new Actuator(clock, true)
  const { changes } = actuator.step(-20_000_000n)
  t.match(changes, [{ step: -20_000_000n, frequency: 0, foreign: false }])
  t.equal(clock.error, 0)
  clock.pass(1)
  t.same(actuator.check().changes, [])
})

t.test('the model follows what the clock did, not what was asked for', async (t) => {
  const clock = new FakeClock({ name: 'phc:eth0', grain: 8 })
  const actuator = new Actuator(clock, true)
  const { changes, notes } = actuator.setFrequency(ppb(100))
  t.equal(actuator.frequency, 104)
  t.match(changes, [{ frequency: 104 }])
  t.match(notes, [{ code: 'clamped', detail: /100\.0.*104\.0/ }])
  t.same(codes(actuator.check()), [], 'nor is the rounding foreign')
})

t.test('more than the clock can do is clamped and said', async (t) => {
  const clock = new FakeClock({ maxFrequency: 1000 })
  const actuator = new Actuator(clock, true)
  t.same(codes(actuator.setFrequency(ppb(-5000))), ['clamped'])
  t.same(clock.writes, [{ frequency: -1000 }])
  t.same(codes(actuator.setFrequency(ppb(-6000))), [], 'once')
  t.same(codes(actuator.setFrequency(ppb(-500))), [])
  t.same(codes(actuator.setFrequency(ppb(6000))), ['clamped'], 'and again after it was well')
})

t.test('nothing is written unless the clock is driven and adjustable', async (t) => {
  for (const [adjustable, drive] of [
    [true, false],
    [false, true],
  ] as const) {
    const clock = new FakeClock({ adjustable })
    const actuator = new Actuator(clock, drive)
    t.equal(actuator.writes, false)
    t.same(actuator.setFrequency(ppb(5)), { changes: [], notes: [] })
    t.same(actuator.step(5n), { changes: [], notes: [] })
    t.same(actuator.setStatus({ synchronized: true, taiOffset: 37 }), { changes: [], notes: [] })
    t.same(clock.writes, [])
  }
})

t.test('before each write the clock is read, and a foreign hand is found', async (t) => {
  const clock = new FakeClock()
  const actuator = new Actuator(clock, true)
  actuator.setFrequency(ppb(10))
  clock.foreign({ frequency: ppb(5000) })
  const { changes, notes } = actuator.setFrequency(ppb(10))
  t.match(notes, [{ code: 'foreign-frequency', detail: /10\.0 ppb became 5000\.0 ppb/ }])
  t.match(changes, [
    { frequency: 4990, foreign: true },
    { frequency: -4990, foreign: false },
  ])
})

t.test('a clock that somebody else steers may change its rate without a word', async (t) => {
  const clock = new FakeClock()
  const actuator = new Actuator(clock, false)
  actuator.check()
  clock.foreign({ frequency: ppb(30), taiOffset: 37 })
  clock.kernel.pll = true
  const { changes, notes } = actuator.check()
  t.same(notes, [])
  t.match(changes, [{ frequency: 30, foreign: true }], 'but the samples have to know')
})

t.test('a failure is returned with its errno, and the frequency stays what it was', async (t) => {
  const clock = new FakeClock()
  const actuator = new Actuator(clock, true)
  actuator.setFrequency(ppb(7))
  clock.fault = { code: 'PERMISSION', syscall: 'clock_adjtime', errno: 'EPERM' }
  const { changes, notes } = actuator.setFrequency(ppb(9))
  t.same(changes, [])
  t.match(notes.at(-1), { code: 'steer-failed', detail: /EPERM/ })
  t.notOk(notes.some(({ code }) => code === 'clamped'))
  t.equal(actuator.frequency, 7)
  t.equal(actuator.check().status, undefined)
})

t.test('our own TAI offset is not a foreign one, another is', async (t) => {
  const clock = new FakeClock()
  const actuator = new Actuator(clock, true)
  t.same(codes(actuator.setStatus({ taiOffset: 37 })), [])
  t.same(codes(actuator.check()), [])
  t.same(codes(actuator.setStatus({ taiOffset: 37 })), [])
  clock.foreign({ taiOffset: 0 })
  t.same(codes(actuator.check()), ['foreign-status'])
})

t.test('a process that was held up while it read the clocks saw no step', async (t) => {
  const clock = new FakeClock()
  const actuator = new Actuator(clock, true)
  actuator.check()
  clock.gap = 100e6
  t.same(codes(actuator.check()), [])
  t.same(actuator.check().changes, [])
  clock.foreign({ step: -100_000_000n })
  t.same(codes(actuator.check()), ['foreign-step'], 'a real one is still there at the next look')
})

t.test('a clock that has gone away is not asked for ever', async (t) => {
  const clock = new FakeClock()
  const actuator = new Actuator(clock, true)
  actuator.check()
  clock.gap = 100e6
  clock.faultAfterGap = { code: 'NO_DEVICE', syscall: 'clock_adjtime', errno: 'ENODEV' }
  t.same(codes(actuator.check()), ['steer-failed'])
})
