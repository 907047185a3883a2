/**
 * No test here adjusts a clock: every adjustment goes to a kernel that is played. The only real calls
 * are reads.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Now } from '../../agent/core/machine.ts'
import { mono, nanos, ppb, utc } from '../../agent/core/units.ts'
import { type ClockOptions, createPhcClock, createSystemClock } from '../../agent/runtime/clock.ts'
import { hasSysTime } from '../../agent/runtime/fault-facts.ts'
import { PTP } from '../../native/ioctl.ts'
import type { PtpCalls } from '../../native/ptp-clock.ts'
import { ADJ, STA } from '../../native/timex.ts'

const now = (): Now => ({ mono: mono(5n), utc: utc(7n) })
const FREQ = 16
const [STATUS, TICK, TAI] = [40, 88, 160]

interface Kernel {
  readonly adjtime: (clockId: number, timex: Uint8Array) => number
  /** Modes of every call, in order. */
  readonly modes: number[]
  readonly clocks: number[]
  freq: bigint
  tick: bigint
  status: number
  step: readonly [bigint, bigint]
  result: number
}

/** Does with a `struct timex` what the kernel does, for the members that matter here. */
function play(phc = false): Kernel {
  const kernel: Kernel = {
    modes: [],
    clocks: [],
    freq: 0n,
    tick: phc ? 0n : 10_000n,
    status: STA.UNSYNC,
    step: [0n, 0n],
    result: 5,
    adjtime: (clockId, bytes) => {
      const view = new DataView(bytes.buffer)
      const modes = view.getUint32(0, true)
      kernel.modes.push(modes)
      kernel.clocks.push(clockId)
      if (modes !== 0 && kernel.result < 0) return kernel.result
      if (modes & ADJ.SETOFFSET) {
        kernel.step = [view.getBigInt64(72, true), view.getBigInt64(80, true)]
      }
      if (modes & ADJ.FREQUENCY) kernel.freq = view.getBigInt64(FREQ, true)
      if (modes & ADJ.TICK) kernel.tick = view.getBigInt64(TICK, true)
      if (modes & ADJ.STATUS) kernel.status = view.getInt32(STATUS, true)
      view.setBigInt64(FREQ, kernel.freq, true)
      view.setBigInt64(TICK, kernel.tick, true)
      view.setInt32(STATUS, kernel.status, true)
      view.setInt32(TAI, 37, true)
      return kernel.result
    },
  }
  return kernel
}

const processStatus = join(t.testdir(), 'status')
writeFileSync(processStatus, 'Name:\tnode\nCapEff:\t0000000002000000\n')
const unprivileged = join(t.testdirName, 'unprivileged')
writeFileSync(unprivileged, 'Name:\tnode\nCapEff:\t0000000000000000\n')

const system = (kernel: Kernel, options: ClockOptions = { drive: true }) =>
  createSystemClock({ clockAdjtime: kernel.adjtime, now, processStatus, ...options })

t.test('CAP_SYS_TIME is bit 25 of the effective capabilities', async (t) => {
  t.ok(hasSysTime('CapPrm:\t0\nCapEff:\t000001fffeffffff\n'))
  t.ok(hasSysTime('CapEff:\t0000000002000000'))
  t.notOk(hasSysTime('CapPrm:\t0000000002000000\nCapEff:\t000001fffdffffff\n'))
  t.notOk(hasSysTime(''))
})

t.test('a clock that was not asked to be driven cannot be adjusted', async (t) => {
  const refused = { ok: false, fault: { code: 'PERMISSION', syscall: 'clock_adjtime', errno: '' } }
  for (const [options, reason] of [
    [{}, 'not in drive mode'],
    [{ drive: false }, 'not in drive mode'],
    [{ drive: true, readOnly: true }, 'this agent is read-only'],
    [{ drive: true, processStatus: unprivileged }, 'CAP_SYS_TIME is missing'],
    [{ drive: true, processStatus: '/no/such/file' }, 'CAP_SYS_TIME is missing'],
  ] as const) {
    const kernel = play()
    const clock = system(kernel, options)
    t.match(clock.capabilities, { adjustable: false, reason })
    t.same(clock.adjust({ frequency: ppb(1), step: 1n }), refused)
    t.same(kernel.modes, [], 'no system call at all')
  }
})

t.test('without any option the real clock is only read', async (t) => {
  const clock = createSystemClock()
  t.equal(clock.capabilities.adjustable, false)
  const status = clock.status()
  if ('ok' in status) return t.equal(status.fault.code, 'PERMISSION', 'seccomp')
  t.ok(Math.abs(status.frequency) <= 100_000_000)
  t.ok(status.at.utc > 1_700_000_000_000_000_000n)
  return t.equal(clock.adjust({ step: 0n }).ok, false)
})

t.test('the status is read with modes 0 and says what the kernel says', async (t) => {
  const kernel = play()
  kernel.freq = 65_536n
  kernel.status = STA.PLL | STA.UNSYNC | STA.INS
  t.match(system(kernel).status(), {
    at: now(),
    frequency: 1000,
    pll: true,
    synchronized: false,
    taiOffset: 37,
    leap: 'insert',
  })
  t.same(kernel.modes, [0])
  kernel.status = STA.DEL
  t.match(system(kernel).status(), { leap: 'delete', pll: false, synchronized: true })
  kernel.status = 0
  t.match(system(kernel).status(), { leap: 'none' })
})

t.test('a time state of 5 is no failure, -errno is', async (t) => {
  const kernel = play()
  t.match(system(kernel).adjust({ frequency: ppb(10) }), { ok: true })
  kernel.result = -1
  t.match(system(kernel).adjust({ frequency: ppb(10) }), {
    ok: false,
    fault: { code: 'PERMISSION', errno: 'EPERM' },
  })
  const unreadable = createSystemClock({
    clockAdjtime: () => -38,
    processStatus,
    drive: true,
    now,
  })
  t.match(unreadable.status(), { ok: false, fault: { code: 'NOT_SUPPORTED' } })
  t.match(unreadable.adjust({ step: 1n }), { ok: false, fault: { code: 'NOT_SUPPORTED' } })
})

t.test('an adjustment tells what is in effect, read back', async (t) => {
  const kernel = play()
  const effect = system(kernel).adjust({ frequency: ppb(12.3456), step: -250_000_000n })
  t.same(kernel.step, [-1n, 750_000_000n])
  t.match(effect, { ok: true, at: now(), step: -250_000_000n })
  t.same(kernel.modes, [0, ADJ.FREQUENCY | ADJ.TICK | ADJ.SETOFFSET | ADJ.NANO, 0])
  const rounded = Math.round(12.3456 * 65.536) / 65.536
  t.ok(effect.ok && effect.frequency === rounded && rounded !== 12.3456, 'as the kernel rounds')
})

t.test('a frequency beyond the range is clamped and the effect shows it', async (t) => {
  t.match(system(play()).adjust({ frequency: ppb(2e8) }), { ok: true, frequency: 1e8 })
  t.match(system(play()).adjust({ frequency: ppb(-2e8) }), { ok: true, frequency: -1e8 })
})

t.test('what is no number is refused before the kernel sees it', async (t) => {
  const kernel = play()
  for (const adjustment of [
    { frequency: ppb(Number.NaN) },
    { frequency: ppb(Number.POSITIVE_INFINITY) },
    { maxError: nanos(Number.NaN) },
    { taiOffset: 37.2 },
    { step: 1n << 70n },
  ]) {
    t.match(system(kernel).adjust(adjustment), { ok: false, fault: { code: 'OUT_OF_RANGE' } })
  }
  t.same(kernel.modes, [])
})

t.test('the kernel is told the truth about the error and the leap second', async (t) => {
  const kernel = play()
  const effect = system(kernel).adjust({
    synchronized: true,
    maxError: nanos(1_000_000),
    estimatedError: nanos(1000),
    taiOffset: 37,
    leap: 'insert',
  })
  t.match(effect, { ok: true, step: 0n })
  t.equal(kernel.status, STA.INS)
  t.equal(kernel.modes[1], ADJ.STATUS | ADJ.MAXERROR | ADJ.ESTERROR | ADJ.TAI)
})

t.test('an empty adjustment only reads', async (t) => {
  const kernel = play()
  t.match(system(kernel).adjust({}), { ok: true, frequency: 0, step: 0n })
  t.same(kernel.modes, [0, 0])
})

/** A device that opens with `openErrno` for writing, and takes 100 ppm. */
function device(
  openErrno = 0,
  capsErrno = 0,
): { calls: PtpCalls; flags: number[]; closed: number } {
  const played = {
    flags: [] as number[],
    closed: 0,
    calls: {
      open: (_path: string, flags: number) => {
        played.flags.push(flags & 3)
        return (flags & 3) === 2 && openErrno !== 0 ? -openErrno : 3
      },
      close: () => ++played.closed,
      ioctl: (_fd: number, request: number, argument: Uint8Array | number) => {
        if (request !== PTP.CLOCK_GETCAPS || typeof argument === 'number') return -25
        new DataView(argument.buffer).setInt32(0, 100_000, true)
        return -capsErrno
      },
      gettime: () => -22,
    },
  }
  return played
}

const phc = (kernel: Kernel, ptpCalls: PtpCalls, options: ClockOptions = { drive: true }) => {
  const made = createPhcClock('phc:eth0', '/dev/ptp0', {
    clockAdjtime: kernel.adjtime,
    now,
    ptpCalls,
    ...options,
  })
  if (!made.ok) throw new Error(made.fault.code)
  return made.port
}

t.test('a PHC takes frequency and step one after the other, by its own clock id', async (t) => {
  const kernel = play(true)
  const port = phc(kernel, device().calls)
  t.match(port, { name: 'phc:eth0', capabilities: { adjustable: true, maxFrequency: 100_000 } })
  t.match(port.adjust({ frequency: ppb(-1000), step: -1n, synchronized: true, taiOffset: 37 }), {
    ok: true,
    frequency: -1000,
    step: -1n,
  })
  t.same(kernel.modes, [ADJ.FREQUENCY, ADJ.SETOFFSET | ADJ.NANO, 0])
  t.same(kernel.clocks, [-29, -29, -29])
  t.same(kernel.step, [-1n, 999_999_999n])
  t.match(port.status(), { frequency: -1000 })
})

t.test('a PHC is clamped to what it takes', async (t) => {
  const port = phc(play(true), device().calls)
  t.match(port.adjust({ frequency: ppb(1e9) }), { ok: true, frequency: 100_000 })
  t.match(port.adjust({ frequency: ppb(Number.NaN) }), { fault: { code: 'OUT_OF_RANGE' } })
})

t.test('a PHC with virtual clocks on it is busy', async (t) => {
  const kernel = play(true)
  kernel.result = -16
  const port = phc(kernel, device().calls)
  t.match(port.adjust({ frequency: ppb(1) }), { fault: { code: 'BUSY', errno: 'EBUSY' } })
  t.match(port.adjust({ step: 1n }), { fault: { code: 'BUSY' } })
  kernel.result = 0
  t.match(port.status(), { frequency: 0 })
})

t.test('a PHC that is not driven is opened for reading', async (t) => {
  const kernel = play(true)
  const played = device()
  const port = phc(kernel, played.calls, {})
  t.same(played.flags, [0])
  t.match(port.capabilities, { adjustable: false, reason: 'not in drive mode' })
  t.match(port.adjust({ step: 1n }), { ok: false, fault: { code: 'PERMISSION' } })
  t.same(kernel.modes, [])
})

t.test('a PHC that may not be written is read, and says why', async (t) => {
  const played = device(13)
  const port = phc(play(true), played.calls)
  t.same(played.flags, [2, 0])
  t.match(port.capabilities, {
    adjustable: false,
    reason: /^\/dev\/ptp0 is not open for writing: open\(\/dev\/ptp0\): EACCES, no right to open/,
  })
})

t.test('a PHC that is not there or says nothing of itself is a fault', async (t) => {
  t.match(createPhcClock('phc:eth9', '/dev/no-such-clock', { drive: true }), {
    ok: false,
    fault: { code: 'NOT_FOUND' },
  })
  const mute = device(0, 25)
  t.match(createPhcClock('phc:eth0', '/dev/ptp0', { ptpCalls: mute.calls }), {
    ok: false,
    fault: { code: 'NOT_SUPPORTED', syscall: 'ioctl(PTP_CLOCK_GETCAPS)' },
  })
  t.equal(mute.closed, 1)
})
