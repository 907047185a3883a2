import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PPS, PTP } from '../../native/ioctl.ts'
import { fetchPps, PIN_CALLS, type PinCalls, PtpPins } from '../../native/ptp-pins.ts'
import { writeTime } from '../../native/struct.ts'

const EDGE = 1_767_225_600_000_000_123n

interface Asked {
  readonly request: number
  readonly words: readonly number[] | number
}

function play(answer: (view: DataView) => number, ready = 1): { calls: PinCalls; asked: Asked[] } {
  const asked: Asked[] = []
  const calls: PinCalls = {
    ioctl: (_fd, request, argument) => {
      if (typeof argument === 'number') {
        asked.push({ request, words: argument })
        return answer(new DataView(new ArrayBuffer(0)))
      }
      const view = new DataView(argument.buffer)
      const count = view.byteLength / 4
      asked.push({
        request,
        words: Array.from({ length: count }, (_, k) => view.getUint32(4 * k, true)),
      })
      return answer(view)
    },
    readable: () => ready,
    read: (_fd, buffer) => answer(new DataView(buffer.buffer)),
  }
  return { calls, asked }
}

t.test('external time stamps are switched on for one edge, strictly, and off', async (t) => {
  const { calls, asked } = play(() => 0)
  const pins = new PtpPins(3, calls)
  t.same(pins.enableExtts(1, 'falling'), { ok: true })
  pins.enableExtts(0, 'both')
  pins.disableExtts(1)
  t.same(asked, [
    { request: PTP.EXTTS_REQUEST2, words: [1, 1 | 4 | 8, 0, 0] },
    { request: PTP.EXTTS_REQUEST2, words: [0, 1 | 2 | 4 | 8, 0, 0] },
    { request: PTP.EXTTS_REQUEST2, words: [1, 0, 0, 0] },
  ])
})

t.test('events are read only when there are some', async (t) => {
  const none = play(() => t.fail('a read would wait') as never, 0)
  t.same(new PtpPins(3, none.calls).readExtts(), { ok: true, events: [] })
  const one = play((view) => {
    writeTime(view, 0, EDGE)
    return 32
  })
  t.same(new PtpPins(3, one.calls).readExtts(), {
    ok: true,
    events: [{ time: EDGE, index: 0, flags: 0 }],
  })
  const gone = play(() => -19)
  t.match(new PtpPins(3, gone.calls).readExtts(), { fault: { code: 'NO_DEVICE' } })
  t.match(new PtpPins(3, play(() => 0, -9).calls).readExtts(), { fault: { syscall: 'poll' } })
})

t.test('the kernel tells whether a read would wait', async (t) => {
  const file = join(t.testdir(), 'file')
  writeFileSync(file, 'abc')
  const fd = openSync(file, 'r')
  t.equal(PIN_CALLS.readable(fd), 1)
  const buffer = new Uint8Array(8)
  t.equal(PIN_CALLS.read(fd, buffer), 3)
  t.same([...buffer.subarray(0, 3)], [97, 98, 99])
  closeSync(fd)
  t.equal(PIN_CALLS.read(fd, buffer), -9)
})

t.test('a periodic output and a pin are set up', async (t) => {
  const { calls, asked } = play(() => 0)
  const pins = new PtpPins(3, calls)
  t.same(pins.setPerout({ index: 0, periodNs: 1_000_000_000n, startNs: 0n }), { ok: true })
  t.same(pins.setPin(2, 'extts', 1), { ok: true })
  t.same(
    asked.map(({ request }) => request),
    [PTP.PEROUT_REQUEST2, PTP.PIN_SETFUNC2],
  )
})

t.test('a pin is asked for by its index', async (t) => {
  const { calls } = play((view) => {
    view.setUint8(0, 0x53)
    view.setUint32(68, 1, true)
    return 0
  })
  t.same(new PtpPins(3, calls).pin(2), {
    ok: true,
    pin: { index: 2, name: 'S', function: 'extts', channel: 0 },
  })
  t.match(new PtpPins(3, play(() => -22).calls).pin(9), {
    fault: { code: 'INVALID', syscall: 'ioctl(PTP_PIN_GETFUNC)' },
  })
})

t.test('PPS is switched by value, and needs a privilege', async (t) => {
  const { calls, asked } = play(() => 0)
  new PtpPins(3, calls).enablePps(true)
  new PtpPins(3, calls).enablePps(false)
  t.same(asked, [
    { request: PTP.ENABLE_PPS, words: 1 },
    { request: PTP.ENABLE_PPS, words: 0 },
  ])
  t.match(new PtpPins(3, play(() => -1).calls).enablePps(true), { fault: { code: 'PERMISSION' } })
})

t.test('the last PPS event is fetched without waiting', async (t) => {
  const { calls, asked } = play((view) => {
    view.setUint32(0, 7, true)
    writeTime(view, 8, EDGE)
    return 0
  })
  t.match(fetchPps(4, calls.ioctl), { ok: true, event: { assertSequence: 7, assert: EDGE } })
  t.equal(asked[0]?.request, PPS.FETCH)
  t.match(fetchPps(-1), { ok: false, fault: { errno: 'EBADF' } })
})
