import t from 'tap'
import { mono, nanos, ppb } from '../../agent/core/units.ts'
import { constantGains, PI_GAINS, type PiOptions, PiServo } from '../../agent/servo/pi.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const at = (seconds: number) => mono(BigInt(Math.round(seconds * 1e9)))
const close = (a: number, b: number, within: number) => Math.abs(a - b) <= within

/** phc2sys: constants 0.7 and 0.3, one sample per second. */
const servo = (options: Partial<PiOptions> = {}) =>
  new PiServo({
    gains: PI_GAINS.phc,
    frequency: ppb(0),
    maxFrequency: ppb(900_000_000),
    ...options,
  })

t.test('a clock that is ahead is slowed down', async (t) => {
  const { frequency } = servo({ locked: true }).sample({
    offset: nanos(1000),
    at: at(0),
    weight: 1,
  })
  t.ok(frequency < 0, `${frequency} ppb`)
  const behind = servo({ locked: true }).sample({ offset: nanos(-1000), at: at(0), weight: 1 })
  t.ok(behind.frequency > 0, `${behind.frequency} ppb`)
})

t.test('gains follow the update interval as in linuxptp', async (t) => {
  const gains = (kind: keyof typeof PI_GAINS, interval: number) =>
    servo({ gains: PI_GAINS[kind], interval }).gains
  t.same(gains('hardware', 1), { kp: 0.7, ki: 0.3 })
  const fast = gains('hardware', 1 / 16)
  t.ok(close(fast.kp, 1.608, 0.001), `kp ${fast.kp}`)
  t.ok(close(fast.ki, 0.099, 0.0001), `ki ${fast.ki}`)
  t.same(gains('phc', 1 / 16), { kp: 0.7, ki: 0.3 }, 'constants hold at every rate')
  t.same(gains('phc', 8), { kp: 0.125, ki: 0.25 }, 'until 1/T and 2/T limit them')
  const slow = gains('software', 64)
  t.ok(close(slow.kp, 0.7 / 64, 1e-9), `kp ${slow.kp}`)
  t.ok(close(slow.ki, 0.3 / 64, 1e-9), `ki ${slow.ki}`)
  const s = servo({ gains: PI_GAINS.hardware, interval: 1 })
  s.setUpdateInterval(1 / 16)
  t.same(s.gains, fast, 'also when the interval changes later')
})

t.test('the first two samples estimate the drift', async (t) => {
  const s = servo()
  t.same(s.sample({ offset: nanos(1000), at: at(10), weight: 1 }), {
    state: 'unlocked',
    frequency: 0,
  })
  // 20 us gained in a second: 20 ppm fast
  const { state, frequency } = s.sample({ offset: nanos(21_000), at: at(11), weight: 1 })
  t.equal(state, 'locked')
  t.equal(frequency, -20_000)
  t.equal(s.steady, -20_000)
})

t.test('the estimate adds to the frequency that the clock already has', async (t) => {
  const s = servo({ frequency: ppb(-15_000) })
  s.sample({ offset: nanos(0), at: at(0), weight: 1 })
  const { frequency } = s.sample({ offset: nanos(5000), at: at(1), weight: 1 })
  // (1e9 - drift) * slope, drift = +15000: the slope is measured on a clock that runs at -15 ppm
  t.ok(close(frequency, -(15_000 + (1e9 - 15_000) * 5e-6), 1e-6), `${frequency} ppb`)
})

t.test('the estimate waits for 0.016 / ki seconds, at most 1000', async (t) => {
  const s = servo({ gains: constantGains(0.1, 0.001) }) // 16 s
  s.sample({ offset: nanos(0), at: at(0), weight: 1 })
  t.equal(s.sample({ offset: nanos(10), at: at(15.9), weight: 1 }).state, 'unlocked')
  t.equal(
    s.sample({ offset: nanos(10), at: at(15.99), weight: 1 }).state,
    'locked',
    'a thousandth less is near enough',
  )
  const slow = servo({ gains: constantGains(0.1, 1e-9) })
  slow.sample({ offset: nanos(0), at: at(0), weight: 1 })
  t.equal(slow.sample({ offset: nanos(0), at: at(998), weight: 1 }).state, 'unlocked')
  t.equal(slow.sample({ offset: nanos(0), at: at(1000), weight: 1 }).state, 'locked')
})

t.test('time that does not advance restarts the estimate', async (t) => {
  const s = servo()
  s.sample({ offset: nanos(0), at: at(5), weight: 1 })
  t.equal(s.sample({ offset: nanos(100), at: at(5), weight: 1 }).state, 'unlocked')
  t.equal(
    s.sample({ offset: nanos(0), at: at(6), weight: 1 }).state,
    'unlocked',
    'this one is the first',
  )
  t.equal(s.sample({ offset: nanos(0), at: at(7), weight: 1 }).state, 'locked')
})

t.test('the drift estimate is clamped to the range of the clock', async (t) => {
  const s = servo({ maxFrequency: ppb(1000) })
  s.sample({ offset: nanos(0), at: at(0), weight: 1 })
  t.equal(s.sample({ offset: nanos(5000), at: at(1), weight: 1 }).frequency, -1000)
})

t.test('the first step threshold is strict, and counts once', async (t) => {
  const begin = (offset: number, options: Partial<PiOptions>) => {
    const s = servo(options)
    s.sample({ offset: nanos(offset), at: at(0), weight: 1 })
    return { s, state: s.sample({ offset: nanos(offset), at: at(1), weight: 1 }).state }
  }
  t.equal(begin(20_000, { firstStepThreshold: 20_000 }).state, 'locked', 'equal is not beyond')
  const { s, state } = begin(20_001, { firstStepThreshold: 20_000 })
  t.equal(state, 'jump')
  s.reset()
  s.sample({ offset: nanos(50_000), at: at(2), weight: 1 })
  t.equal(
    s.sample({ offset: nanos(50_000), at: at(3), weight: 1 }).state,
    'locked',
    'not again after a reset',
  )
  t.equal(begin(1e9, {}).state, 'locked', 'zero means never')
})

t.test('beyond the step threshold the servo begins anew and jumps two samples later', async (t) => {
  const s = servo({ stepThreshold: 1000, locked: true, frequency: ppb(77) })
  t.equal(
    s.sample({ offset: nanos(1000), at: at(0), weight: 0 }).state,
    'locked',
    'equal is not beyond',
  )
  t.same(s.sample({ offset: nanos(1001), at: at(1), weight: 1 }), {
    state: 'unlocked',
    frequency: 77,
  })
  t.equal(s.sample({ offset: nanos(1001), at: at(2), weight: 1 }).state, 'unlocked')
  t.equal(s.sample({ offset: nanos(1001), at: at(3), weight: 1 }).state, 'jump')
})

t.test('out = kp offset w + drift + ki offset w, and only the last part is learnt', async (t) => {
  const s = servo({ locked: true, frequency: ppb(-500) })
  t.ok(
    close(s.sample({ offset: nanos(100), at: at(0), weight: 1 }).frequency, -(500 + 70 + 30), 1e-9),
  )
  t.ok(close(s.steady, -530, 1e-9), `${s.steady}`)
  t.ok(
    close(
      s.sample({ offset: nanos(100), at: at(1), weight: 0.5 }).frequency,
      -(530 + 35 + 15),
      1e-9,
    ),
    'half a weight',
  )
  t.ok(close(s.steady, -545, 1e-9), `${s.steady}`)
})

t.test('what is clamped is not learnt', async (t) => {
  const s = servo({ locked: true, frequency: ppb(-500), maxFrequency: ppb(1000) })
  t.equal(s.sample({ offset: nanos(1e6), at: at(0), weight: 1 }).frequency, -1000)
  t.equal(s.steady, -500, 'no wind-up')
  t.equal(s.sample({ offset: nanos(-1e6), at: at(1), weight: 1 }).frequency, 1000)
  t.equal(s.steady, -500)
})

t.test('the frequency that removes an offset is limited around what was learnt', async (t) => {
  const s = servo({ locked: true, frequency: ppb(20_000), maxSlew: ppb(500) })
  t.equal(s.sample({ offset: nanos(1e6), at: at(0), weight: 1 }).frequency, 19_500)
  t.equal(s.sample({ offset: nanos(-1e6), at: at(1), weight: 1 }).frequency, 20_500)
  t.equal(s.steady, 20_000, 'and not learnt')
})

t.test('a drift that is wrong by more than the slew can do is found all the same', async (t) => {
  for (const error of [80_000, -80_000, 300_000]) {
    const s = servo({ locked: true, maxSlew: ppb(50_000) })
    const offsets: number[] = []
    let offset = 0
    for (let k = 0; k < 120; k += 1) {
      offsets.push(offset)
      offset += error + s.sample({ offset: nanos(offset), at: at(k), weight: 1 }).frequency
    }
    const worst = Math.max(...offsets.map(Math.abs))
    t.ok(Math.abs(offset) < 1, `${error} ppb: ${offset} ns after two minutes`)
    t.ok(worst < 8 * Math.abs(error), `${error} ppb: at worst ${worst} ns`)
    t.ok(Math.abs(s.steady + error) < 1, `${s.steady} ppb`)
  }
})

t.test('an offset that is being slewed away teaches nothing, noise or not', async (t) => {
  const random = new SeededRandom('slew')
  const s = servo({ gains: PI_GAINS.software, locked: true, maxSlew: ppb(50_000) })
  let offset = 5e6
  for (let k = 0; k < 60; k += 1) {
    offset += s.sample({
      offset: nanos(offset + random.gaussian(100_000)),
      at: at(k),
      weight: 1,
    }).frequency
  }
  t.equal(Math.abs(s.steady), 0, `seed slew: ${s.steady} ppb`)
  t.ok(offset < 2.1e6, `seed slew: ${offset}`)
})

t.test('what happened while nothing was measured teaches nothing', async (t) => {
  const s = servo({ locked: true, maxSlew: ppb(50_000) })
  s.sample({ offset: nanos(100_000), at: at(0), weight: 1 })
  s.sample({ offset: nanos(110_000), at: at(60), weight: 1 })
  t.equal(Math.abs(s.steady), 0)
})

t.test('how much one sample may teach can be limited', async (t) => {
  const s = servo({ locked: true, maxLearn: ppb(5) })
  t.equal(s.sample({ offset: nanos(10_000), at: at(0), weight: 1 }).frequency, -7005)
  t.equal(s.steady, -5)
})

t.test('a reset keeps the drift', async (t) => {
  const s = servo({ locked: true, frequency: ppb(1234) })
  s.reset()
  t.equal(s.steady, 1234)
  t.same(s.sample({ offset: nanos(0), at: at(0), weight: 1 }), {
    state: 'unlocked',
    frequency: 1234,
  })
  t.equal(s.sample({ offset: nanos(0), at: at(1), weight: 1 }).frequency, 1234)
})

t.test('a hand-over is bumpless: no estimate, no kick at offset zero', async (t) => {
  for (const kind of ['phc', 'hardware', 'software'] as const) {
    const s = servo({ gains: PI_GAINS[kind], locked: true, frequency: ppb(-18_000) })
    t.same(
      s.sample({ offset: nanos(0), at: at(0), weight: 1 }),
      { state: 'locked', frequency: -18_000 },
      kind,
    )
  }
})

/** A perfect oscillator `error` ppb fast, `offset` ns ahead, sampled each `interval` seconds. */
function settle(s: PiServo, start: { offset: number; error: number; interval: number }) {
  const { error, interval } = start
  let { offset } = start
  let dialled = 0
  const offsets: number[] = []
  for (let k = 0; k < 400; k += 1) {
    const { state, frequency } = s.sample({
      offset: nanos(offset),
      at: at(k * interval),
      weight: 1,
    })
    offsets.push(offset)
    if (state === 'jump') offset = 0
    if (state !== 'unlocked') dialled = frequency
    offset += (error + dialled) * interval
  }
  const settled = offsets.length - [...offsets].reverse().findIndex((o) => Math.abs(o) > 1)
  const crossed = offsets.slice(2).map((o) => -o * Math.sign(offsets[2] ?? 0))
  return { settled, overshoot: Math.max(0, ...crossed), last: offsets.at(-1) ?? Number.NaN }
}

t.test('a noiseless clock is caught, with these figures', async (t) => {
  // 10 us ahead, 20 ppm fast: drift is exact after two samples, the rest is the phase
  const phc = settle(servo(), { offset: 10_000, error: 20_000, interval: 1 })
  t.ok(phc.settled <= 22, `phc2sys gains: within 1 ns after ${phc.settled} samples`)
  t.ok(phc.overshoot <= 9000.001, `overshoot ${phc.overshoot} ns of 30000`)
  t.ok(Math.abs(phc.last) < 1e-3, `rest ${phc.last} ns`)
  const sync = settle(servo({ gains: PI_GAINS.hardware, interval: 1 / 8 }), {
    ...{ offset: 10_000, error: 20_000, interval: 1 / 8 },
  })
  t.ok(sync.settled <= 102, `ptp4l gains at 8 Hz: after ${sync.settled} samples`)
  t.ok(sync.overshoot < 3032, `overshoot ${sync.overshoot} ns of 12500`)
  const ntp = settle(servo({ gains: PI_GAINS.software, interval: 8 }), {
    ...{ offset: 10_000, error: 20_000, interval: 8 },
  })
  t.ok(ntp.settled <= 217, `software gains each 8 s: after ${ntp.settled} samples`)
  t.ok(ntp.overshoot < 12_570, `overshoot ${ntp.overshoot} ns of 170000`)
})

t.test('no output is ever beyond the clamp', async (t) => {
  const limit = 40_000
  const s = servo({ locked: true, frequency: ppb(-10_000), maxFrequency: ppb(limit) })
  let seed = 42
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return seed / 2 ** 31
  }
  for (let k = 0; k < 2000; k += 1) {
    const { frequency } = s.sample({
      offset: nanos((random() - 0.5) * 1e6),
      at: at(k),
      weight: random(),
    })
    if (!(Math.abs(frequency) <= limit)) t.fail(`seed 42, sample ${k}: ${frequency}`)
  }
  t.ok(Math.abs(s.steady) <= limit)
})
