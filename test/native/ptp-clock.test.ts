/** No PHC on most machines: the kernel's side of each call is played here. */
import t from 'tap'
import { CLOCK_REALTIME } from '../../native/clock-id.ts'
import { PTP } from '../../native/ioctl.ts'
import { PTP_CALLS, type PtpCalls, PtpClock } from '../../native/ptp-clock.ts'
import { writeTime } from '../../native/struct.ts'

const NOW = 1_767_225_600_000_000_000n
const TAI = 37_000_000_000n
const [EPERM, ENODEV, EBUSY, EINVAL, ENOTTY, EOPNOTSUPP] = [1, 19, 16, 22, 25, 95]

type Requests = Readonly<Record<number, (argument: DataView) => number>>

interface Played {
  readonly calls: PtpCalls
  readonly asked: number[]
  readonly opened: number[]
  readonly closed: number[]
}

/** A kernel with one device at fd 3 that knows `requests`; others are ENOTTY. */
function play(requests: Requests, gettime: PtpCalls['gettime'] = () => -EINVAL): Played {
  const played = { asked: [] as number[], opened: [] as number[], closed: [] as number[] }
  const calls: PtpCalls = {
    open: (path, flags) => {
      played.opened.push(flags)
      return path === '/dev/ptp0' ? 3 : -2
    },
    close: (fd) => played.closed.push(fd),
    ioctl: (_fd, request, argument) => {
      played.asked.push(request)
      if (typeof argument === 'number') return -EINVAL
      return requests[request]?.(new DataView(argument.buffer)) ?? -ENOTTY
    },
    gettime,
  }
  return { ...played, calls }
}

function device(played: Played, write = false): PtpClock {
  const opened = PtpClock.open('/dev/ptp0', write, played.calls)
  if (!opened.ok) throw new Error('not opened')
  return opened.clock
}

function fill(view: DataView, times: number): number {
  for (let k = 0; k < times; k++) {
    writeTime(view, 16 + 16 * k, NOW + BigInt(k) * 100n + (k % 3 === 1 ? TAI : 0n))
  }
  return 0
}

const extended = (view: DataView): number => fill(view, 3 * view.getUint32(0, true))

const fails =
  (...errors: number[]) =>
  (): number =>
    -(errors.length > 1 ? (errors.shift() ?? 0) : (errors[0] ?? 0))

t.test('a PHC is opened for reading unless it is to be written', async (t) => {
  const played = play({})
  t.match(device(played), { path: '/dev/ptp0', fd: 3, clockId: -29, writable: false })
  t.match(device(played, true), { writable: true })
  t.same(played.opened, [0x80000, 0x80002])
  device(played).close()
  t.same(played.closed, [3])
})

t.test('a device that is not there is a fault', async (t) => {
  t.match(PtpClock.open('/dev/ptp9', false, play({}).calls), {
    ok: false,
    fault: { code: 'NOT_FOUND', syscall: 'open(/dev/ptp9)', errno: 'ENOENT' },
  })
  t.match(PtpClock.open('/dev/no-such-clock'), { ok: false, fault: { code: 'NOT_FOUND' } })
})

t.test('what is no PHC says that it offers no such thing', async (t) => {
  const opened = PtpClock.open('/dev/null')
  if (!opened.ok) throw new Error('no /dev/null')
  t.match(opened.clock.caps(), { fault: { code: 'NOT_SUPPORTED', errno: 'ENOTTY' } })
  t.match(opened.clock.compare(3), { ok: false, fault: { syscall: 'clock_gettime' } })
  t.match(opened.clock.time(), { fault: { syscall: 'clock_gettime', errno: 'EINVAL' } })
  opened.clock.close()
  t.equal(PTP_CALLS.gettime(opened.clock.clockId, new BigInt64Array(2)), -EINVAL, 'closed')
})

t.test('capabilities come from the device', async (t) => {
  const caps = (view: DataView): number => {
    view.setInt32(0, 62_499_999, true)
    return 0
  }
  t.match(device(play({ [PTP.CLOCK_GETCAPS]: caps })).caps(), {
    ok: true,
    caps: { maxAdjustPpb: 62_499_999, pps: false },
  })
})

t.test('the precise way is taken where there is one', async (t) => {
  const precise = (view: DataView): number => {
    writeTime(view, 0, NOW + TAI)
    writeTime(view, 16, NOW)
    return 0
  }
  const played = play({ [PTP.SYS_OFFSET_PRECISE]: precise, [PTP.SYS_OFFSET_EXTENDED]: extended })
  t.same(device(played).compare(5), {
    ok: true,
    comparison: {
      ...{ method: 'precise', utc: NOW, phc: NOW + TAI },
      readings: [{ before: 0, phc: 0, after: 0 }],
    },
  })
  t.same(played.asked, [PTP.SYS_OFFSET_PRECISE])
})

t.test('the way to read is learnt once', async (t) => {
  const played = play({
    [PTP.SYS_OFFSET_PRECISE]: fails(EOPNOTSUPP),
    [PTP.SYS_OFFSET_EXTENDED]: extended,
  })
  const clock = device(played)
  t.equal(clock.method, undefined)
  const first = clock.compare(2)
  t.equal(clock.method, 'extended')
  t.same(first, {
    ok: true,
    comparison: {
      ...{ method: 'extended', utc: NOW, phc: NOW + TAI + 100n },
      readings: [
        { before: 0, phc: 0, after: 200 },
        { before: 300, phc: 300, after: 500 },
      ],
    },
  })
  clock.compare(99)
  t.same(played.asked, [PTP.SYS_OFFSET_PRECISE, PTP.SYS_OFFSET_EXTENDED, PTP.SYS_OFFSET_EXTENDED])
})

t.test('drivers say no in different ways: the next way is tried', async (t) => {
  const basic = (view: DataView): number => fill(view, 2 * view.getUint32(0, true) + 1)
  const played = play({
    [PTP.SYS_OFFSET_PRECISE]: fails(EINVAL),
    [PTP.SYS_OFFSET_EXTENDED]: fails(5),
    [PTP.SYS_OFFSET]: basic,
  })
  const result = device(played).compare(3)
  t.match(result, { ok: true, comparison: { method: 'basic' } })
  if (result.ok) t.equal(result.comparison.readings.length, 3)
})

t.test('without any ioctl the clock is read between two readings of the system', async (t) => {
  let ns = NOW
  const played = play({}, (clockId, timespec) => {
    ns += 1000n
    const time = clockId === CLOCK_REALTIME ? ns : ns + TAI
    timespec[0] = time / 1_000_000_000n
    timespec[1] = time % 1_000_000_000n
    return 0
  })
  const clock = device(played)
  t.same(clock.compare(1), {
    ok: true,
    comparison: {
      ...{ method: 'bracket', utc: NOW + 1000n, phc: NOW + 2000n + TAI },
      readings: [{ before: 0, phc: 0, after: 2000 }],
    },
  })
  t.equal(clock.time(), NOW + 4000n + TAI)
})

t.test('a busy device is tried three times and not held against the method', async (t) => {
  const played = play({
    [PTP.SYS_OFFSET_PRECISE]: fails(EOPNOTSUPP),
    [PTP.SYS_OFFSET_EXTENDED]: fails(EBUSY, EBUSY, EBUSY, EBUSY, EBUSY, EOPNOTSUPP),
    [PTP.SYS_OFFSET]: () => 0,
  })
  const clock = device(played)
  t.match(clock.compare(1), { ok: false, fault: { code: 'BUSY', errno: 'EBUSY' } })
  t.equal(clock.method, undefined, 'nothing learnt')
  t.equal(played.asked.length, 1 + 3)
  t.match(clock.compare(1), { ok: true, comparison: { method: 'basic' } })
})

t.test('busy for a moment is no failure', async (t) => {
  const tries = [EBUSY, EBUSY]
  const played = play({
    [PTP.SYS_OFFSET_PRECISE]: fails(EOPNOTSUPP),
    [PTP.SYS_OFFSET_EXTENDED]: (view) => {
      const busy = tries.shift()
      return busy === undefined ? extended(view) : -busy
    },
  })
  t.match(device(played).compare(1), { ok: true, comparison: { method: 'extended' } })
})

t.test('a clock that is gone or forbidden is not read in a worse way', async (t) => {
  for (const [errno, code] of [
    [ENODEV, 'NO_DEVICE'],
    [EPERM, 'PERMISSION'],
  ] as const) {
    const played = play({ [PTP.SYS_OFFSET_PRECISE]: fails(errno) }, () => 0)
    t.match(device(played).compare(1), { ok: false, fault: { code } })
    t.equal(played.asked.length, 1)
  }
})

t.test('a learnt way that fails later is a fault, not another way', async (t) => {
  let good = true
  const played = play({
    [PTP.SYS_OFFSET_PRECISE]: () => (good ? 0 : -5),
    [PTP.SYS_OFFSET_EXTENDED]: extended,
  })
  const clock = device(played)
  t.match(clock.compare(1), { comparison: { method: 'precise' } })
  good = false
  t.match(clock.compare(1), { ok: false, fault: { code: 'IO' } })
  t.equal(clock.method, 'precise')
})

t.test('reading fails as a whole when one of the three readings fails', async (t) => {
  for (let failing = 0; failing < 3; failing++) {
    let call = 0
    const played = play({}, () => (call++ === failing ? -5 : 0))
    t.match(device(played).compare(1), { ok: false, fault: { code: 'IO' } })
  }
})

t.test('a PHC can be read against the raw monotonic clock', async (t) => {
  const played = play({
    [PTP.SYS_OFFSET_EXTENDED]: (view) => (view.getInt32(4, true) === 4 ? extended(view) : -EINVAL),
  })
  const result = device(played).compareWith(4, 2)
  t.ok(result.ok && result.triples.length === 2)
  t.match(device(played).compareWith(11, 1), { fault: { code: 'INVALID' } })
})
