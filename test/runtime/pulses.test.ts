/** The kernel's side of each call is played here: one PHC with two pins, and one PPS device. */
import t from 'tap'
import type { PulseInput, PulseOutput } from '../../agent/core/pulse.ts'
import { createPulses } from '../../agent/runtime/pulses.ts'
import { PPS, PTP } from '../../native/ioctl.ts'
import { writeTime } from '../../native/struct.ts'

const NOW = 1_767_225_600_250_000_000n
const SECOND = 1_000_000_000n
const [EBUSY, ENODEV, EOPNOTSUPP] = [16, 19, 95]
const u32 = (view: DataView, at: number) => view.getUint32(at, true)
const set = (view: DataView, at: number, value: number) => view.setUint32(at, value, true)

class Kernel {
  pins = 2
  /** Function and channel of each pin. */
  readonly functions = [
    [0, 0],
    [0, 0],
  ]
  readonly said: string[] = []
  events: { time: bigint; index: number }[] = []
  pps = { sequence: 0, time: 0n }
  errno = 0

  readonly answers: Readonly<Record<number, (view: DataView) => void>> = {
    [PTP.CLOCK_GETCAPS]: (view) => set(view, 20, this.pins),
    [PTP.PIN_GETFUNC]: (view) => {
      const index = u32(view, 64)
      const [does = 0, channel = 0] = this.functions[index] ?? []
      new Uint8Array(view.buffer).set(Buffer.from(`SDP${index}`))
      set(view, 68, does)
      set(view, 72, channel)
    },
    [PTP.PIN_SETFUNC2]: (view) => {
      this.functions[u32(view, 64)] = [u32(view, 68), u32(view, 72)]
      this.said.push(`pin ${u32(view, 64)} does ${u32(view, 68)} of ${u32(view, 72)}`)
    },
    [PTP.EXTTS_REQUEST2]: (view) => {
      this.said.push(`extts ${u32(view, 0)} flags ${u32(view, 4)}`)
    },
    [PTP.PEROUT_REQUEST2]: (view) => {
      const time = (at: number) => view.getBigInt64(at, true) * SECOND + BigInt(u32(view, at + 8))
      this.said.push(`perout ${u32(view, 32)} from ${time(0) - NOW} each ${time(16)}`)
    },
    [PPS.FETCH]: (view) => {
      set(view, 0, this.pps.sequence)
      writeTime(view, 8, this.pps.time)
    },
  }

  create() {
    const calls = {
      open: (path: string) => (/^\/dev\/(ptp0|pps0)$/.test(path) ? 3 : -2),
      close: () => this.said.push('closed'),
      ioctl: (_fd: number, request: number, argument: Uint8Array | number) => {
        if (this.errno !== 0) return -this.errno
        if (typeof argument === 'number') {
          this.said.push(`value ${argument}`)
          return 0
        }
        this.answers[request]?.(new DataView(argument.buffer))
        return 0
      },
      gettime: (_id: number, timespec: BigInt64Array) => {
        timespec[0] = NOW / SECOND
        timespec[1] = NOW % SECOND
        return 0
      },
    }
    const pinCalls = {
      ioctl: calls.ioctl,
      readable: () => (this.errno === 0 ? Math.min(1, this.events.length) : -this.errno),
      read: (_fd: number, buffer: Uint8Array) => {
        const view = new DataView(buffer.buffer)
        for (const [k, { time, index }] of this.events.entries()) {
          writeTime(view, 32 * k, time)
          set(view, 32 * k + 16, index)
        }
        const length = 32 * this.events.length
        this.events = []
        return length
      },
    }
    return createPulses((clock) => (clock === 'phc:a' ? '/dev/ptp0' : undefined), calls, pinCalls)
  }
}

const input = (channel: number, pin?: string | number): PulseInput => ({
  ...{ kind: 'extts', clock: 'phc:a', channel, edge: 'rising' },
  pin,
})
const output = (more: Partial<PulseOutput & { kind: 'perout' }> = {}): PulseOutput => ({
  ...{ kind: 'perout', channel: 0, pin: 1, period: SECOND, phase: 0n, width: undefined },
  ...more,
})

t.test('an input is set up once, and its stamps are told apart from those of others', async (t) => {
  const kernel = new Kernel()
  const pulses = kernel.create()
  t.same(pulses.read(input(0, 'SDP1')), { ok: true, stamps: [] })
  t.same(kernel.said, ['pin 1 does 1 of 0', 'extts 0 flags 11'])
  pulses.read(input(1, 0))
  kernel.events = [
    { time: 5n, index: 0 },
    { time: 6n, index: 1 },
    { time: 7n, index: 4 },
  ]
  t.same(pulses.read(input(0, 'SDP1')), { ok: true, stamps: [5n] })
  t.same(pulses.read(input(1, 0)), { ok: true, stamps: [6n] })
  t.same(pulses.read(input(1, 0)), { ok: true, stamps: [] })
  kernel.said.length = 0
  pulses.close()
  t.same(kernel.said, ['extts 0 flags 0', 'extts 1 flags 0', 'closed'])
})

t.test(
  'pins: the first, the one that is set already, none at all, or one that is not there',
  async (t) => {
    const kernel = new Kernel()
    kernel.create().read(input(0))
    t.equal(kernel.said[0], 'pin 0 does 1 of 0')
    const before = new Kernel()
    before.functions[1] = [1, 0]
    before.create().read(input(0))
    t.same(before.said, ['extts 0 flags 11'])
    const none = new Kernel()
    none.pins = 0
    none.create().read(input(0))
    t.same(none.said, ['extts 0 flags 11'])
    t.match(none.create().read(input(0, 'SMA1')), {
      fault: { code: 'NOT_FOUND', syscall: 'pin SMA1 of /dev/ptp0' },
    })
    t.match(new Kernel().create().read(input(0, 7)), { fault: { code: 'NOT_FOUND' } })
  },
)

t.test('an output begins at a whole second, and is asked for again without harm', async (t) => {
  const kernel = new Kernel()
  const pulses = kernel.create()
  t.same(pulses.emit('phc:a', output(), false), { ok: true, fresh: true })
  // half a second ahead at least
  t.same(kernel.said, ['pin 1 does 2 of 0', 'perout 0 from 750000000 each 1000000000'])
  t.same(pulses.emit('phc:a', output(), false), { ok: true, fresh: false })
  t.equal(kernel.said.length, 2)
  t.same(pulses.emit('phc:a', output(), true), { ok: true, fresh: true })
  t.equal(kernel.said.length, 3)
  pulses.emit('phc:a', output({ channel: 1, pin: 0, phase: 1_000_000n }), false)
  t.equal(kernel.said.at(-1), 'perout 1 from 751000000 each 1000000000')
  pulses.emit('phc:a', output({ channel: 2, pin: 0, period: 100_000_000n, phase: 7n }), false)
  t.equal(kernel.said.at(-1), 'perout 2 from 550000007 each 100000000')
  pulses.emit('phc:a', { kind: 'kernel' }, false)
  t.equal(kernel.said.at(-1), 'value 1')
})

t.test('a PHC that is gone is opened and set up anew', async (t) => {
  const kernel = new Kernel()
  const pulses = kernel.create()
  pulses.read(input(0))
  pulses.emit('phc:a', output(), false)
  kernel.errno = ENODEV
  t.match(pulses.read(input(0)), { fault: { code: 'NO_DEVICE' } })
  t.equal(kernel.said.at(-1), 'closed')
  kernel.errno = 0
  kernel.said.length = 0
  t.same(pulses.emit('phc:a', output(), false), { ok: true, fresh: true })
  t.same(pulses.read(input(0)), { ok: true, stamps: [] })
  t.equal(kernel.said.at(-1), 'extts 0 flags 11')
  kernel.errno = ENODEV
  t.match(pulses.emit('phc:a', output(), false), { fault: { code: 'NO_DEVICE' } })
})

t.test('who refuses is told by name', async (t) => {
  const kernel = new Kernel()
  const pulses = kernel.create()
  kernel.errno = EOPNOTSUPP
  t.match(pulses.read(input(0)), { fault: { code: 'NOT_SUPPORTED' } })
  kernel.errno = EBUSY
  t.match(pulses.emit('phc:a', { kind: 'kernel' }, false), {
    fault: { code: 'BUSY', syscall: 'ioctl(PTP_ENABLE_PPS)' },
  })
  t.match(pulses.read({ ...input(0), clock: 'phc:none' } as PulseInput), {
    fault: { code: 'NO_DEVICE' },
  })
})

t.test('PPS events of the kernel are told once each', async (t) => {
  const kernel = new Kernel()
  const pulses = kernel.create()
  const pps: PulseInput = { kind: 'pps', device: '/dev/pps0', edge: 'rising' }
  t.same(pulses.read(pps), { ok: true, stamps: [] }, 'none yet')
  kernel.pps = { sequence: 4, time: NOW }
  t.same(pulses.read(pps), { ok: true, stamps: [NOW] })
  t.same(pulses.read(pps), { ok: true, stamps: [] })
  t.same(pulses.read({ ...pps, edge: 'falling' }), { ok: true, stamps: [] })
  kernel.errno = ENODEV
  t.match(pulses.read(pps), { fault: { code: 'NO_DEVICE', syscall: 'ioctl(PPS_FETCH)' } })
  t.equal(kernel.said.at(-1), 'closed')
  t.match(pulses.read({ ...pps, device: '/dev/pps7' }), {
    fault: { code: 'NOT_FOUND', syscall: 'open(/dev/pps7)' },
  })
})
