import t from 'tap'
import type { PortFault } from '../../agent/core/errors.ts'
import { nanos, ppb } from '../../agent/core/units.ts'
import type { ClockStatus } from '../../agent/ports/clock.ts'
import { KERNEL_GRANULARITY, SimPhc, SimSystemClock } from '../../agent/sim/clocks.ts'
import { Oscillator } from '../../agent/sim/oscillator.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const SECOND = 1_000_000_000n
const START = 1_780_272_000_000_000_000n

function node(frequency = 0) {
  let now = 0n
  const options = {
    oscillator: new Oscillator({
      frequency: ppb(frequency),
      wander: ppb(0),
      random: new SeededRandom('clock'),
    }),
    start: START,
    maxFrequency: ppb(500_000),
    granularity: KERNEL_GRANULARITY,
    frequency: ppb(0),
    time: () => now,
  }
  const system = new SimSystemClock(options)
  const phc = new SimPhc('phc:eth0', { ...options, granularity: 8 }, system)
  return {
    system,
    phc,
    wait: (seconds: number) => (now += BigInt(seconds) * SECOND),
    at: () => now,
  }
}

const statusOf = (clock: SimSystemClock | SimPhc): ClockStatus => clock.status() as ClockStatus

t.test('a frequency is rounded to what the clock can do, and the answer says so', async (t) => {
  const { system, phc } = node()
  const effect = system.adjust({ frequency: ppb(100) })
  t.ok(effect.ok && effect.frequency !== 100 && Math.abs(effect.frequency - 100) <= 0.008)
  t.match(phc.adjust({ frequency: ppb(13) }), { ok: true, frequency: 16, step: 0n })
})

t.test('a frequency beyond the range is clamped, both ways', async (t) => {
  const { system } = node()
  t.match(system.adjust({ frequency: ppb(9e6) }), { ok: true, frequency: 500_000 })
  t.match(system.adjust({ frequency: ppb(-9e6) }), { ok: true, frequency: -500_000 })
})

t.test('CLOCK_MONOTONIC follows the frequency and never a step', async (t) => {
  const { system, wait, at } = node()
  const before = system.at(at())
  system.adjust({ frequency: ppb(100_000), step: -SECOND })
  wait(10)
  const after = system.at(at())
  t.ok(Math.abs(Number(after.mono - before.mono) - 10_001_000_000) < 200)
  t.equal(after.utc - before.utc, after.mono - before.mono - SECOND)
})

t.test('a clock is unsynchronised at boot, and after a step until told otherwise', async (t) => {
  const { system, wait } = node()
  t.match(statusOf(system), { synchronized: false, leap: 'unknown', maxError: 16e9 })
  system.adjust({ synchronized: true, maxError: nanos(1000), leap: 'insert', taiOffset: 37 })
  t.match(statusOf(system), { synchronized: true, leap: 'insert', maxError: 1000, taiOffset: 37 })
  wait(10)
  t.equal(statusOf(system).maxError, 1000 + 5e6, 'maximum error grows by 500 ppm')
  system.adjust({ step: 5n })
  t.match(statusOf(system), { synchronized: false, maxError: 16e9 })
  system.adjust({ step: 5n, synchronized: true, maxError: nanos(7), estimatedError: nanos(3) })
  t.match(statusOf(system), { synchronized: true, maxError: 7, estimatedError: 3 })
})

t.test(
  'a clock that nobody tends becomes unsynchronised when its error reaches 16 s',
  async (t) => {
    const { system, wait } = node()
    system.adjust({ synchronized: true, maxError: nanos(0) })
    wait(31_999)
    t.equal(statusOf(system).synchronized, true)
    wait(2)
    t.match(statusOf(system), { synchronized: false, maxError: 16e9 })
  },
)

t.test('what another program does shows only in what is read', async (t) => {
  const { system, phc, at } = node()
  system.foreignAdjust({ step: 100n, frequency: ppb(0) })
  system.foreignPll(true)
  t.equal(statusOf(system).pll, true)
  t.equal(system.difference(at(), START), 100)
  phc.foreignAdjust({ step: -7n, frequency: ppb(80) })
  t.equal(phc.difference(at(), START), -7)
  t.equal(statusOf(phc).frequency, 80)
})

t.test('a clock can refuse, and be readable still', async (t) => {
  const { system, phc, at } = node()
  const fault: PortFault = { code: 'PERMISSION', syscall: 'clock_adjtime', errno: 'EPERM' }
  system.refuse(fault)
  phc.refuse(fault)
  for (const clock of [system, phc]) {
    t.same(clock.adjust({ step: 1n }), { ok: false, fault })
    t.match(clock.capabilities, { adjustable: false, reason: 'clock_adjtime: EPERM' })
  }
  t.equal(system.difference(at(), START), 0)
  system.refuse(undefined)
  t.equal(system.capabilities.adjustable, true)
  t.equal(system.adjust({ step: 1n }).ok, true)
})
