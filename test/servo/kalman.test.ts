import t from 'tap'
import { mono, nanos, ppb } from '../../agent/core/units.ts'
import { KalmanServo } from '../../agent/servo/kalman.ts'

const servo = (interval = 1) =>
  new KalmanServo({ frequency: ppb(-100), interval, maxFrequency: ppb(500_000) })

const input = (offset: number, frequency: number, age = 0, offsetError = 1e6) => ({
  ...{ offset: nanos(0), weight: 1, dialled: ppb(-100) },
  ...{ at: mono(0n), now: mono(BigInt(age * 1e9)) },
  estimate: {
    ...{ offset: nanos(offset), frequency: ppb(frequency) },
    ...{ offsetError: nanos(offsetError), frequencyError: ppb(1) },
  },
})

t.test('a clock that is ahead is slowed down, and one that runs fast', async (t) => {
  t.equal(servo().sample(input(50, 0)).frequency, -150)
  t.equal(servo().sample(input(0, 30)).frequency, -130)
})

t.test('the steady dial has nothing of the offset in it', async (t) => {
  const steered = servo()
  steered.sample(input(50, 30))
  t.equal(steered.steady, -130)
})

t.test('the offset is taken as it is by now', async (t) => {
  t.match(servo().sample(input(50, 30, 2)), { offset: 110, frequency: -130 - 110 })
})

t.test('what stands far out of its uncertainty is removed sooner', async (t) => {
  t.equal(servo(0.0625).sample(input(50, 0, 0, 6)).frequency, -150)
  t.equal(servo(0.0625).sample(input(50, 0, 0, 4)).frequency, -100 - 400)
  t.equal(servo(1).sample(input(50, 0, 0, 4)).frequency, -200)
})

t.test('a long interval gives time, 16 s at most', async (t) => {
  t.equal(servo(8).sample(input(4000, 0)).frequency, -1100)
  t.equal(servo(1024).sample(input(16_000, 0)).frequency, -1100)
})

t.test('no slew passes its limit, nor the dial what the clock can do', async (t) => {
  const steered = servo()
  steered.limitSlew(ppb(500))
  t.equal(steered.sample(input(1e6, 0)).frequency, -600)
  t.equal(servo().sample(input(1e9, 0)).frequency, -500_000)
})
