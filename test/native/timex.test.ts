import t from 'tap'
import { scratch } from '../../native/struct.ts'
import {
  ADJ,
  decodeTimex,
  encodePhcFrequency,
  encodePhcStep,
  encodeRead,
  encodeSystemChange,
  isEncodable,
  MAX_SYSTEM_PPB,
  STA,
  splitFrequency,
  TIMEX_SIZE,
  type TimexChange,
} from '../../native/timex.ts'

const UNSYNC_NANO = STA.UNSYNC | STA.NANO

/** What the kernel would find in the structure. */
function fields(view: DataView) {
  const long = (at: number): number => Number(view.getBigInt64(at, true))
  return {
    modes: view.getUint32(0, true),
    freq: long(16),
    maxerror: long(24),
    esterror: long(32),
    status: view.getInt32(40, true),
    constant: long(48),
    sec: long(72),
    nsec: long(80),
    tick: long(88),
  }
}

function encoded(change: TimexChange, status: number = STA.NANO) {
  const { bytes, view } = scratch(TIMEX_SIZE)
  bytes.fill(0xff)
  const modes = encodeSystemChange(view, change, status)
  const found = fields(view)
  t.equal(found.modes, modes)
  return found
}

t.test('one ppm is 65536 units of the kernel', async (t) => {
  t.match(encoded({ frequencyPpb: 1000 }), { modes: ADJ.FREQUENCY | ADJ.TICK, freq: 65_536 })
  t.match(encoded({ frequencyPpb: -1000 }), { freq: -65_536, tick: 10_000 })
  t.match(encoded({ frequencyPpb: 500_000 }), { freq: 32_768_000, tick: 10_000 })
})

t.test('up to 500 ppm the tick stays nominal', async (t) => {
  for (const ppb of [0, 1, -1, 499_999.9, 500_000, -500_000]) {
    t.same(splitFrequency(ppb), { tick: 10_000, freqPpb: ppb })
  }
})

t.test('beyond 500 ppm the tick takes whole steps of 100 ppm and freq the rest', async (t) => {
  t.same(splitFrequency(530_000), { tick: 10_005, freqPpb: 30_000 })
  t.same(splitFrequency(-560_000), { tick: 9_994, freqPpb: 40_000 })
  t.same(splitFrequency(MAX_SYSTEM_PPB), { tick: 11_000, freqPpb: 0 })
  t.same(splitFrequency(-MAX_SYSTEM_PPB), { tick: 9_000, freqPpb: 0 })
  for (let ppb = -2_000_000; ppb <= 2_000_000; ppb += 33_333) {
    const { tick, freqPpb } = splitFrequency(ppb)
    t.equal((tick - 10_000) * 100_000 + freqPpb, ppb)
    t.ok(Math.abs(freqPpb) <= 500_000 && tick >= 9_000 && tick <= 11_000)
  }
})

t.test('a frequency that was written is read back to a hundredth of a ppb', async (t) => {
  const { view } = scratch(TIMEX_SIZE)
  for (const ppb of [0, 12.345, -499_999.9, 500_000, 512_345.6, -99_999_999]) {
    encodeSystemChange(view, { frequencyPpb: ppb }, 0)
    t.ok(Math.abs(decodeTimex(view).frequencyPpb - ppb) < 0.01, `${ppb}`)
  }
})

t.test('a step back has a negative second and a positive rest', async (t) => {
  t.match(encoded({ stepNs: -250_000_000n }), {
    modes: ADJ.SETOFFSET | ADJ.NANO,
    sec: -1,
    nsec: 750_000_000,
  })
  t.match(encoded({ stepNs: 37_000_000_001n }), { sec: 37, nsec: 1 })
  t.equal(encoded({ stepNs: 0n }).modes, 0, 'a step of nothing is no step')
})

t.test('a bound is rounded up on its way to the kernel', async (t) => {
  t.match(encoded({ maxErrorNs: 1_000_001, estimatedErrorNs: 1 }), {
    modes: ADJ.MAXERROR | ADJ.ESTERROR,
    maxerror: 1001,
    esterror: 1,
  })
  t.equal(encoded({ maxErrorNs: -5 }).maxerror, 0)
})

t.test('the TAI offset travels in `constant`', async (t) => {
  t.match(encoded({ tai: 37 }), { modes: ADJ.TAI, constant: 37 })
})

t.test('only the status bits meant are changed', async (t) => {
  t.match(encoded({ synchronized: true }, UNSYNC_NANO | STA.INS), {
    modes: ADJ.STATUS,
    status: STA.INS,
  })
  t.match(encoded({ synchronized: false }), { status: STA.UNSYNC })
  t.match(encoded({ leap: 'insert' }, STA.DEL), { status: STA.INS })
  t.match(encoded({ leap: 'delete' }, STA.INS | STA.UNSYNC), { status: STA.DEL | STA.UNSYNC })
  t.match(encoded({ leap: 'none' }, STA.INS), { modes: ADJ.STATUS, status: 0 })
  t.match(encoded({ leap: 'unknown' }, STA.DEL), { status: 0 })
})

t.test('a frequency command ends the loops of the kernel, which would steer, too', async (t) => {
  t.equal(encoded({ frequencyPpb: 1 }).modes & ADJ.STATUS, 0, 'nothing to end')
  t.match(encoded({ frequencyPpb: 1 }, STA.PLL | STA.FREQHOLD | UNSYNC_NANO), {
    modes: ADJ.FREQUENCY | ADJ.TICK | ADJ.STATUS,
    status: STA.UNSYNC,
  })
})

t.test('a step leaves the clock unsynchronised unless the same call says otherwise', async (t) => {
  const step = { stepNs: 1n, frequencyPpb: 0 }
  t.equal(encoded(step, STA.PLL).status, STA.UNSYNC)
  t.equal(encoded({ ...step, synchronized: true }, STA.PLL).status, 0)
})

t.test('what is absent stays as it is', async (t) => {
  t.equal(encoded({}, STA.INS | UNSYNC_NANO).modes, 0)
})

t.test('all at once is one call', async (t) => {
  const all = encoded(
    {
      stepNs: 1n,
      frequencyPpb: 1,
      maxErrorNs: 1,
      estimatedErrorNs: 1,
      tai: 37,
      synchronized: true,
      leap: 'none',
    },
    UNSYNC_NANO,
  )
  t.equal(all.modes, 0x61_9e, 'NANO TICK SETOFFSET TAI STATUS ESTERROR MAXERROR FREQUENCY')
})

t.test('numbers that the kernel cannot take are refused', async (t) => {
  t.ok(isEncodable({}))
  t.ok(isEncodable({ frequencyPpb: 1, tai: 37, stepNs: -1n, maxErrorNs: 0 }))
  for (const change of [
    { frequencyPpb: Number.NaN },
    { maxErrorNs: Number.POSITIVE_INFINITY },
    { estimatedErrorNs: Number.NaN },
    { tai: 37.5 },
    { tai: -1 },
    { tai: 100_001 },
    { stepNs: 1n << 63n },
    { stepNs: -(1n << 64n) },
  ]) {
    t.notOk(isEncodable(change))
  }
})

t.test('a PHC gets its frequency and its step in calls of their own', async (t) => {
  const { view } = scratch(TIMEX_SIZE)
  encodePhcFrequency(view, -1000)
  t.match(fields(view), { modes: ADJ.FREQUENCY, freq: -65_536, tick: 0 })
  t.equal(decodeTimex(view).frequencyPpb, -1000, 'no tick: the frequency is `freq` alone')
  encodePhcStep(view, -1n)
  t.match(fields(view), {
    modes: ADJ.SETOFFSET | ADJ.NANO,
    freq: 0,
    sec: -1,
    nsec: 999_999_999,
  })
})

t.test('the structure of the kernel is read in our units', async (t) => {
  const { bytes, view } = scratch(TIMEX_SIZE)
  view.setBigInt64(16, -65_536n, true)
  view.setBigInt64(24, 16_000_000n, true)
  view.setBigInt64(32, 25n, true)
  view.setInt32(40, UNSYNC_NANO, true)
  view.setBigInt64(72, 1_767_225_600n, true)
  view.setBigInt64(80, 123_456_789n, true)
  view.setBigInt64(88, 10_001n, true)
  view.setInt32(160, 37, true)
  const nano = decodeTimex(view)
  t.same(nano, {
    frequencyPpb: 99_000,
    status: UNSYNC_NANO,
    maxErrorNs: 16e9,
    estimatedErrorNs: 25_000,
    tick: 10_001,
    tai: 37,
    time: 1_767_225_600_123_456_789n,
  })
  view.setInt32(40, STA.UNSYNC, true)
  view.setBigInt64(80, 123_456n, true)
  t.equal(decodeTimex(view).time, 1_767_225_600_123_456_000n, 'microseconds without STA_NANO')
  encodeRead(view)
  t.ok(
    bytes.every((byte) => byte === 0),
    'to read is to send zeros',
  )
})
