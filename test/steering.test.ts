import t from 'tap'
import { OscillatorHistory } from '../agent/clock/oscillator-history.ts'
import { mono, nanos, ppb } from '../agent/core/units.ts'
import { edgeOf } from '../agent/measured.ts'
import { Steering } from '../agent/steering.ts'
import { FakeClock, type FakeClockOptions } from './clock/fake-clock.ts'
import { CONFIG } from './discipline-bench.ts'
import { sample } from './select/fixture.ts'

/** What a loop has no use for. */
const estimateOf = (offset: number) => ({
  leads: true,
  estimate: {
    ...{ offset: nanos(offset), frequency: ppb(0) },
    ...{ offsetError: nanos(1), frequencyError: ppb(1) },
  },
})

function steering(options: FakeClockOptions = {}, drift?: number) {
  const clock = new FakeClock(options)
  const history = new OscillatorHistory()
  const steered = new Steering({ ...CONFIG, servo: 'pi' }, clock, history)
  steered.begin(drift === undefined ? undefined : ppb(drift))
  const correct = (offset: number, edge: 'phc' | 'software' = 'phc', interval = 1) =>
    steered.correct({
      ...{ offset: nanos(offset), at: clock.now.mono, now: clock.now.mono },
      ...estimateOf(offset),
      ...{ weight: 1, edge, interval },
    })
  return { clock, history, steered, correct }
}

t.test('a clock that is ahead is slowed down', async (t) => {
  const { clock, correct, steered } = steering({}, -20_000)
  correct(1000)
  t.ok(clock.frequency < -20_000, `${clock.frequency} ppb`)
  t.ok(steered.slew < 0)
})

t.test(
  'what the clock holds counts more than the drift file, unless it holds nothing',
  async (t) => {
    t.equal(steering({ frequency: -500 }, -20_000).clock.frequency, -500)
    t.equal(steering({ frequency: 0 }, -20_000).clock.frequency, -20_000)
    const fresh = steering()
    t.same(fresh.clock.writes, [])
    t.equal(fresh.steered.steady, undefined)
    t.same(fresh.steered.coast().changes, [], 'nothing was learnt to run on')
  },
)

t.test('without a known frequency nothing is dialled before it was estimated', async (t) => {
  const { clock, correct } = steering({ rate: 20_000 })
  correct(1000)
  t.equal(clock.frequency, 0)
  clock.pass(1)
  correct(21_000)
  t.ok(Math.abs(clock.frequency + 20_000) < 1, `${clock.frequency}`)
})

t.test('another reference takes over without a kick', async (t) => {
  const { clock, correct, steered } = steering({}, -20_000)
  correct(0, 'phc')
  steered.locked()
  const before = clock.frequency
  correct(0, 'software', 16)
  t.equal(clock.frequency, before)
  correct(5e6, 'phc')
  t.ok(clock.frequency >= before - 50_000, `gently: ${clock.frequency}`)
})

t.test('an interval that changes changes the gains', async (t) => {
  const { clock, correct, steered } = steering({}, -20_000)
  correct(0, 'software', 1)
  correct(10_000, 'software', 1)
  const fast = -20_000 - clock.frequency
  correct(10_000, 'software', 64)
  const slow = (steered.steady ?? 0) - clock.frequency
  t.ok(slow < fast / 4, `${fast} ppb at 1 s, ${slow} ppb at 64 s`)
})

t.test('a slew ends with its offset when no sample renews it', async (t) => {
  const { clock, correct, steered } = steering({}, -20_000)
  t.same(steered.expire(clock.now.mono).changes, [], 'there is none')
  // the soft samples of a take-over
  correct(0)
  clock.pass(11)
  correct(1000)
  clock.pass(1)
  t.same(steered.expire(clock.now.mono).changes, [], 'a sample may still come')
  clock.pass(1)
  t.equal(steered.expire(clock.now.mono).changes.length, 1)
  t.equal(clock.frequency, steered.steady)
  t.same(steered.expire(clock.now.mono).changes, [])
})

t.test('what a slew that was ended late did beyond its end is made good', async (t) => {
  const clock = new FakeClock({ offset: 100_000 })
  const steered = new Steering(CONFIG, clock, new OscillatorHistory())
  steered.begin(undefined)
  const measured = { ...estimateOf(clock.error), weight: 1, edge: 'phc', interval: 1 } as const
  steered.correct({
    ...measured,
    offset: nanos(clock.error),
    at: clock.now.mono,
    now: clock.now.mono,
  })
  const ends = steered.wakeAt ?? clock.now.mono
  const late = 2e-3
  clock.pass(Number(ends - clock.now.mono) / 1e9 + late)
  const beyond = clock.error
  t.ok(Math.abs(beyond) > 300, `${beyond} ns`)
  steered.expire(clock.now.mono)
  t.ok(steered.slewing)
  t.ok(Math.abs(steered.slew) < 10_000, `${steered.slew} ppb, no slew of its own`)
  for (let k = 0; k < 3 && steered.slewing; k += 1) {
    clock.pass(Number((steered.wakeAt ?? ends) - clock.now.mono) / 1e9 + late)
    steered.expire(clock.now.mono)
  }
  t.notOk(steered.slewing, 'it comes to an end')
  t.ok(Math.abs(clock.error) < 20, `${clock.error} ns left of ${beyond} ns`)
})

t.test('an end that is later than a timer ever is, is left to the next sample', async (t) => {
  const clock = new FakeClock({ offset: 100_000 })
  const steered = new Steering(CONFIG, clock, new OscillatorHistory())
  steered.begin(undefined)
  const measured = { ...estimateOf(clock.error), weight: 1, edge: 'phc', interval: 1 } as const
  steered.correct({
    ...measured,
    offset: nanos(clock.error),
    at: clock.now.mono,
    now: clock.now.mono,
  })
  clock.pass(1)
  steered.expire(clock.now.mono)
  t.notOk(steered.slewing)
})

t.test('a take-over removes its first offsets in ten seconds, not with full gain', async (t) => {
  const { clock, correct, steered } = steering({}, -20_000)
  correct(300)
  t.equal(Math.round(steered.slew), -40, 'that is what a restart may cost')
  correct(10_000)
  t.equal(Math.round(steered.slew), -1000)
  correct(0)
  clock.pass(11)
  correct(300)
  t.ok(steered.slew < -200, `${steered.slew} ppb: the full gain afterwards`)
  t.ok(clock.frequency < -20_200)
})

t.test(
  'an offset counts as it is when it is corrected, not as it was when it was measured',
  async (t) => {
    const { clock, steered } = steering({}, -20_000)
    const correct = (age: number) => {
      const { mono: now } = clock.now
      const measured = { offset: nanos(10_000), at: mono(now - BigInt(age)), now }
      const rest = { weight: 1, edge: 'phc', interval: 1 } as const
      steered.correct({ ...measured, ...estimateOf(10_000), ...rest })
    }
    correct(0)
    const { slew } = steered
    clock.pass(2)
    correct(1e9)
    const fresh = steering({}, -20_000)
    fresh.correct(10_000)
    fresh.clock.pass(2)
    fresh.correct(10_000 + slew)
    t.ok(Math.abs(clock.frequency - fresh.clock.frequency) < 1, 'one second of that slew is over')
  },
)

t.test('a Sync of ptp4l counts in full, whatever its jitter', async (t) => {
  const dialled = [1, 0.01].map((weight) => {
    const { clock, steered } = steering({}, -20_000)
    const { mono: at } = clock.now
    const measured = { offset: nanos(500), at, now: at, weight, interval: 1 }
    steered.correct({ ...measured, ...estimateOf(500), edge: 'hardware' })
    return clock.frequency
  })
  t.equal(dialled[0], dialled[1])
})

t.test('a foreign frequency is taken back at once', async (t) => {
  const { clock, steered } = steering({}, -20_000)
  clock.foreign({ frequency: ppb(50_000) })
  const { changes, notes } = steered.check()
  t.equal(clock.frequency, -20_000)
  t.match(changes, [{ foreign: true }, { foreign: false }])
  t.match(notes, [{ code: 'foreign-frequency' }])
})

t.test('steps are counted by reason', async (t) => {
  const { clock, correct, steered } = steering({ offset: 20e6 }, -20_000)
  t.match(correct(20e6).notes, [{ code: 'step', detail: /-0\.020000 s, reason boot/ }])
  t.equal(clock.error, 0)
  steered.locked()
  clock.foreign({ step: 1_000_000_000n })
  steered.check()
  correct(1e9)
  t.same(steered.steps, { boot: 1, foreign: 1 })
  t.equal(clock.error, 0)
})

t.test('frozen: said once, nothing written, and over when the offset is back', async (t) => {
  const { clock, correct, steered } = steering({}, -20_000)
  steered.locked()
  const before = clock.writes.length
  t.match(correct(2e12).notes, [{ code: 'panic' }])
  t.same(correct(2e12).notes, [])
  t.match(steered.frozen, /panic/)
  t.equal(clock.writes.length, before)
  correct(100)
  t.equal(steered.frozen, '')
})

t.test('without a reference the clock runs on what was learnt', async (t) => {
  const { clock, correct, history, steered } = steering({}, -20_000)
  correct(100_000)
  for (let k = 0; k < 10; k += 1) {
    clock.pass(2)
    history.add(ppb(-20_100), clock.now.mono)
  }
  steered.coast()
  t.ok(Math.abs(clock.frequency + 20_100) < 1e-6, `${clock.frequency}`)
  t.ok(Math.abs(steered.slew) < 1e-6)
})

t.test('a step that the clock refuses is not counted', async (t) => {
  const { clock, correct, steered } = steering()
  clock.fault = { code: 'PERMISSION', syscall: 'clock_adjtime', errno: 'EPERM' }
  const { notes } = correct(20e6)
  t.ok(notes.some(({ code }) => code === 'steer-failed'))
  t.same(steered.steps, { boot: 0, foreign: 0 })
})

t.test('the kind of edge follows from who measured what', async (t) => {
  t.equal(edgeOf(sample({ source: 'phc:eth0' })), 'phc')
  t.equal(edgeOf(sample({ source: 'ptp4l:/var/run/ptp4l', clock: 'phc:eth0' })), 'hardware')
  t.equal(edgeOf(sample({ source: 'ptp4l:/var/run/ptp4l' })), 'software', 'software stamping')
  t.equal(edgeOf(sample({ source: 'ntp:a' })), 'software')
})

t.test('a step of somebody else that a write found is known to the step policy', async (t) => {
  const { clock, correct, steered } = steering({}, -20_000)
  correct(0)
  steered.locked()
  clock.foreign({ step: 3_600_000_000_000n })
  // the look before this write is the one that sees it
  t.match(steered.setStatus({ synchronized: true }).notes, [{ code: 'foreign-step' }])
  t.match(correct(3.6e12).notes, [{ code: 'step' }], 'an hour is beyond panic')
  t.equal(steered.frozen, '')
})
