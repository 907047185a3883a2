import t from 'tap'
import type { ClockChange } from '../../agent/core/clock-change.ts'
import { type CompareMethod, comparisonOf } from '../../agent/core/comparison.ts'
import { mono, nanos, phc, ppb, utc } from '../../agent/core/units.ts'
import type { CompareResult } from '../../agent/ports/compare.ts'
import { HardwareNic, type Nic } from '../../agent/runtime/hardware-nic.ts'

const S = 1_000_000_000n
const TAI = 37n * S
const START = 1_767_225_600n * S

/** Two noiseless clocks over a raw time; steps are those of somebody else. */
class World {
  raw = START
  phcStep = 0n
  systemStep = 0n
  method: CompareMethod = 'extended'
  gone = false
  reads = 0
  readonly refused: string[] = []
  phcAt = (raw: bigint): bigint => raw + TAI + this.phcStep
  utcAt = (raw: bigint): bigint => raw + this.systemStep
  compare = (): CompareResult => {
    this.reads += 1
    if (this.gone) {
      return { ok: false, fault: { code: 'NO_DEVICE', syscall: 'ioctl', errno: 'ENODEV' } }
    }
    this.raw += 2_000n
    const reading = (half: bigint) => ({
      before: utc(this.utcAt(this.raw) - half),
      phc: phc(this.phcAt(this.raw)),
      after: utc(this.utcAt(this.raw) + half),
    })
    return {
      ok: true,
      comparison: comparisonOf(this.method, [reading(900n), reading(300n)]),
    }
  }
  now = () => ({ mono: mono(this.raw), utc: utc(this.utcAt(this.raw)) })
  nic(part: Partial<Nic> = {}): HardwareNic {
    const nic = { name: 'eth0', index: 3, phcIndex: 0, speed: 10_000, ...part }
    const { compare, now } = this
    return new HardwareNic(nic, { compare, now, refused: (detail) => this.refused.push(detail) })
  }
  /** A packet that is stamped now, some ns before it is read. */
  packet(late = 20_000n) {
    const stamps = { hardware: this.phcAt(this.raw), software: this.utcAt(this.raw) + 5_000n }
    const truth = this.utcAt(this.raw)
    this.raw += late
    return { truth, stamps: { ...stamps, frame: { interfaceIndex: 3, length: 90 } } }
  }
}

const change = (part: Partial<ClockChange>): ClockChange => ({
  ...{ clock: 'phc:eth0', step: 0n, frequency: ppb(0), uncertainty: nanos(0), foreign: false },
  at: mono(START),
  ...part,
})

t.test('a request and its answer get stamps of hardware', async (t) => {
  const world = new World()
  const nic = world.nic()
  nic.prepare()
  const sent = world.packet()
  const tx = nic.transmitted(sent.stamps)
  t.match(tx, { kind: 'hardware', at: sent.truth })
  t.ok((tx?.dispersion ?? 0) >= 300 && (tx?.dispersion ?? 0) < 2_000, `${tx?.dispersion}`)
  world.raw += 1_000_000n
  const got = world.packet()
  const rx = nic.received(got.stamps)
  t.equal(rx?.at, got.truth + 75n, '94 bytes at 10 Gb/s later: the end of the frame')
  t.same(world.refused, [])
})

t.test('no stamp of hardware, no word of it', async (t) => {
  const world = new World()
  const nic = world.nic()
  nic.prepare()
  const { stamps } = world.packet()
  t.equal(nic.received({ ...stamps, hardware: undefined }), undefined)
  t.equal(nic.transmitted({ ...stamps, hardware: undefined }), undefined)
  t.equal(nic.transmitted({ ...stamps, software: undefined }), undefined)
  t.same(world.refused, [])
})

t.test(
  'a frame of another interface is not believed, nor one of which nothing is told',
  async (t) => {
    const world = new World()
    const nic = world.nic()
    nic.prepare()
    const { stamps } = world.packet()
    const { frame, ...bare } = stamps
    t.equal(nic.received({ ...stamps, frame: { ...frame, interfaceIndex: 4 } }), undefined)
    t.equal(nic.received({ ...stamps, frame: { ...frame, interfaceIndex: 0 } }), undefined)
    t.equal(nic.received(bare), undefined)
    t.match(world.refused, [/another interface/, /another interface/, /another interface/])
    t.ok(nic.received(stamps))
  },
)

t.test('an unknown speed widens the receive stamp', async (t) => {
  const world = new World()
  const nic = world.nic({ speed: undefined })
  nic.prepare()
  const { stamps, truth } = world.packet()
  const tx = nic.transmitted(stamps)
  const rx = nic.received(stamps)
  t.equal(rx?.at, truth)
  t.equal((rx?.dispersion ?? 0) - (tx?.dispersion ?? 0), 752)
})

t.test('without a reading before the stamp it is refused', async (t) => {
  const world = new World()
  const nic = world.nic()
  t.equal(nic.transmitted(world.packet().stamps), undefined)
  t.match(world.refused, [/both sides/])
})

t.test('readings are minutes apart between polls: nothing is said of what wandered', async (t) => {
  const world = new World()
  const nic = world.nic()
  nic.prepare()
  t.ok(nic.transmitted(world.packet().stamps))
  world.raw += 64n * S
  world.phcStep = 50_000n
  nic.prepare()
  t.ok(nic.transmitted(world.packet().stamps))
  t.same(world.refused, [])
})

t.test('somebody steps a clock between stamp and reading: refused, and all for 2 s', async (t) => {
  for (const which of ['phcStep', 'systemStep'] as const) {
    const world = new World()
    const nic = world.nic()
    nic.prepare()
    const { stamps } = world.packet()
    world[which] = 300_000n
    t.equal(nic.transmitted(stamps), undefined)
    t.match(world.refused, [/changed by somebody else/])
    nic.prepare()
    t.equal(nic.transmitted(world.packet().stamps), undefined, 'another packet may be as old')
    world.raw += 2n * S
    nic.prepare()
    const late = world.packet()
    t.equal(nic.transmitted(late.stamps)?.at, late.truth)
    t.equal(world.refused.length, 1)
  }
})

t.test('our own step of the PHC: no stamp for 2 s, and no complaint', async (t) => {
  const world = new World()
  const nic = world.nic()
  nic.prepare()
  const { stamps } = world.packet()
  world.phcStep = -40_000n
  nic.changed(change({ step: -40_000n, at: mono(world.raw) }), 'phc')
  t.equal(nic.transmitted(stamps), undefined)
  world.raw += 2n * S
  nic.prepare()
  const late = world.packet()
  t.equal(nic.transmitted(late.stamps)?.at, late.truth)
  t.same(world.refused, [])
})

t.test('our own step of the system clock moves the line', async (t) => {
  const world = new World()
  const nic = world.nic()
  nic.prepare()
  world.systemStep = 400_000n
  nic.changed(change({ clock: 'system', step: 400_000n, at: mono(world.raw) }), 'system')
  world.raw += 1_000n
  const { stamps, truth } = world.packet()
  t.equal(nic.transmitted(stamps)?.at, truth)
  t.same(world.refused, [])
})

t.test('more than 1 ms from the stamp of the kernel', async (t) => {
  const world = new World()
  const nic = world.nic()
  nic.prepare()
  const { stamps } = world.packet()
  t.equal(nic.transmitted({ ...stamps, software: stamps.software + 1_000_001n }), undefined)
  t.equal(nic.transmitted({ ...stamps, software: stamps.software - 1_010_000n }), undefined)
  t.match(world.refused, [/1 ms/, /1 ms/])
  t.ok(nic.transmitted(stamps))
})

t.test('a PHC that cannot be read, or only coarsely', async (t) => {
  const world = new World()
  const nic = world.nic()
  nic.prepare()
  const { stamps } = world.packet()
  world.gone = true
  t.equal(nic.transmitted(stamps), undefined)
  world.gone = false
  world.method = 'basic'
  nic.prepare()
  t.match(world.refused, [/NO_DEVICE/, /only by basic/])
})

t.test('a stamp that lies between two readings already costs no third', async (t) => {
  const world = new World()
  const nic = world.nic()
  nic.prepare()
  const { stamps } = world.packet()
  nic.transmitted(stamps)
  t.equal(world.reads, 2)
  nic.received(stamps)
  t.equal(world.reads, 2)
})
