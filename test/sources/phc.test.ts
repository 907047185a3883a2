import t from 'tap'
import type { ClockChange } from '../../agent/core/clock-change.ts'
import { type Comparison, comparisonOf, type PairedReading } from '../../agent/core/comparison.ts'
import type { PortFaultCode } from '../../agent/core/errors.ts'
import type { Action, Now, Upstream } from '../../agent/core/machine.ts'
import { mono, nanos, phc, ppb, utc } from '../../agent/core/units.ts'
import { type PhcOptions, PhcSource } from '../../agent/sources/phc.ts'
import { combine } from '../../agent/sources/phc-combine.ts'
import { systemMinusPhc } from '../../agent/sources/phc-sample.ts'

const SECOND = 1_000_000_000n
const UTC = 1_795_000_000n * SECOND
const TAI = UTC + 37n * SECOND

const at = (ns: bigint): Now => ({ mono: mono(1000n * SECOND + ns), utc: utc(UTC + ns) })

const pair = (before: bigint, phcTime: bigint, after: bigint) => ({
  before: utc(UTC + before),
  phc: phc(TAI + phcTime),
  after: utc(UTC + after),
})

const extended = (...readings: readonly PairedReading[]): Comparison =>
  comparisonOf('extended', readings)

const UPSTREAM: Upstream = {
  clock: 'phc:eth0',
  synchronized: true,
  steers: true,
  reason: '',
  utcOffset: 37,
  utcOffsetValid: true,
  timeTraceable: true,
  leap: 'none',
  offset: nanos(-40),
  at: at(0n).mono,
  rootDispersion: nanos(150),
  rootDelay: nanos(4000),
  reference: '663ba0.fffe.545389',
}

const create = (options: Partial<PhcOptions> = {}): PhcSource =>
  new PhcSource({ clock: 'phc:eth0', rate: 1, ...options })

/** One comparison, from its question on. */
function compare(source: PhcSource, comparison: Comparison, ns: bigint): readonly Action[] {
  source.handle({ on: 'timer', key: 'read' }, at(ns))
  return source.handle({ on: 'compared', key: 'read', comparison }, at(ns))
}

const sampleIn = (actions: readonly Action[]) => {
  const found = actions.find((action) => action.do === 'sample')
  if (found?.do !== 'sample') throw new Error(`no sample in ${actions.map((each) => each.do)}`)
  return found.sample
}

const fault = (code: PortFaultCode) => ({
  on: 'failed' as const,
  what: 'compare' as const,
  key: 'read',
  fault: { code, syscall: 'ioctl(PTP_SYS_OFFSET_EXTENDED)', errno: 'ENODEV' },
})

const change = (news: Partial<ClockChange>): ClockChange => ({
  clock: 'system',
  at: at(SECOND).mono,
  step: 0n,
  frequency: ppb(0),
  uncertainty: nanos(0),
  foreign: false,
  ...news,
})

t.test('the PHC is read on a grid that does not drift', async (t) => {
  const source = create({ rate: 10, trusted: true })
  t.same(source.handle({ on: 'start' }, at(0n)), [
    { do: 'compare', key: 'read', clock: 'phc:eth0', readings: 25 },
    { do: 'timer', key: 'read', at: at(100_000_000n).mono },
  ])
  source.handle({ on: 'compared', key: 'read', comparison: extended(pair(0n, 0n, 0n)) }, at(1n))
  const late = source.handle({ on: 'timer', key: 'read' }, at(113_000_000n))
  t.match(late, [{ do: 'compare' }, { do: 'timer', at: at(200_000_000n).mono }])
  source.handle({ on: 'compared', key: 'read', comparison: extended(pair(0n, 0n, 0n)) }, at(1n))
  const missed = source.handle({ on: 'timer', key: 'read' }, at(1_150_000_000n))
  t.match(missed.at(-1), { do: 'timer', at: at(1_200_000_000n).mono }, 'a missed turn is left out')
  t.equal(source.view(at(0n)).pollSeconds, 0.1)
})

t.test(
  'what nobody vouches for is read once a second, and at its rate as soon as somebody does',
  async (t) => {
    const source = create({ rate: 4 })
    const next = (actions: readonly Action[]) => actions.find((each) => each.do === 'timer')
    const read = (ns: bigint) => {
      const asked = source.handle({ on: 'timer', key: 'read' }, at(ns))
      source.handle({ on: 'compared', key: 'read', comparison: extended(pair(0n, 0n, 0n)) }, at(ns))
      return next(asked)
    }
    t.match(next(source.handle({ on: 'start' }, at(0n))), { at: at(SECOND).mono })
    source.handle({ on: 'compared', key: 'read', comparison: extended(pair(0n, 0n, 0n)) }, at(1n))
    t.match(read(SECOND), { at: at(2n * SECOND).mono })
    t.equal(source.view(at(0n)).pollSeconds, 1)
    const heard = source.handle({ on: 'upstream', upstream: UPSTREAM }, at(1_300_000_000n))
    t.match(next(heard), { at: at(1_375_000_000n).mono }, 'at first in quick succession')
    source.handle({ on: 'compared', key: 'read', comparison: extended(pair(0n, 0n, 0n)) }, at(1n))
    t.match(read(1_375_000_000n), { at: at(1_500_000_000n).mono })
    const lost = { ...UPSTREAM, synchronized: false, reason: 'no Sync' }
    source.handle({ on: 'upstream', upstream: lost }, at(1_450_000_000n))
    t.match(read(1_500_000_000n), { at: at(2n * SECOND).mono }, 'that it was lost is told in time')
    t.match(read(2n * SECOND), { at: at(3n * SECOND).mono })
    source.handle({ on: 'upstream', upstream: UPSTREAM }, at(6_400_000_000n))
    t.match(read(6_500_000_000n), { at: at(6_750_000_000n).mono }, 'quick for 5 s once')
  },
)

t.test('the number of readings stays in what the kernel takes', async (t) => {
  for (const [wanted, asked] of [
    [5, 5],
    [99, 25],
    [0, 1],
  ] as const) {
    const [first] = create({ readings: wanted }).handle({ on: 'start' }, at(0n))
    t.match(first, { do: 'compare', readings: asked })
  }
  const [, timer] = create({ rate: 0 }).handle({ on: 'start' }, at(0n))
  t.match(timer, { at: at(SECOND).mono }, 'a rate of nothing is one a second')
})

t.test('the shortest pair is taken, at its middle', async (t) => {
  const source = create()
  source.handle({ on: 'upstream', upstream: UPSTREAM }, at(0n))
  source.handle({ on: 'start' }, at(0n))
  const readings = [
    pair(0n, 9000n, 5000n),
    pair(10_000n, 10_300n, 10_801n),
    pair(20_000n, 0n, 29_000n),
  ]
  const sample = sampleIn(compare(source, extended(...readings), 50_000n))
  t.match(sample, {
    source: 'phc:eth0',
    clock: 'system',
    offset: 100.5,
    delay: 801,
    dispersion: 20,
    stratum: 0,
    stamps: 'kernel',
  })
  t.equal(sample.at, mono(1000n * SECOND + 10_400n))
})

t.test('a system clock that is ahead of the PHC has a positive offset', async (t) => {
  const ahead = { before: utc(UTC + 1000n), phc: phc(TAI), after: utc(UTC + 1000n) }
  t.equal(systemMinusPhc(ahead, 37), 1000)
  t.equal(systemMinusPhc(ahead, 0), 1000 - 37e9, 'on an arbitrary time scale nothing is added')
})

t.test('an offset of half a century is a number, not an exception', async (t) => {
  const unset = { before: utc(UTC), phc: phc(0n), after: utc(UTC) }
  t.ok(Math.abs(systemMinusPhc(unset, 37) - (Number(UTC) + 37e9)) < 1024)
})

t.test('a PHC is worth what steers it, and less as that grows old', async (t) => {
  const source = create()
  source.handle({ on: 'upstream', upstream: UPSTREAM }, at(0n))
  source.handle({ on: 'start' }, at(0n))
  const first = sampleIn(compare(source, extended(pair(0n, 0n, 100n)), 50n))
  t.match(first, { leap: 'none', rootDelay: 4000, reference: UPSTREAM.reference })
  t.ok(Math.abs(first.rootDispersion - 190) < 0.01, 'its last offset is part of its error')
  const later = 2n * SECOND
  const second = sampleIn(compare(source, extended(pair(later, later, later)), later))
  t.ok(Math.abs(second.rootDispersion - (190 + 30_000)) < 0.01, '15 ppm for 2 s')
  t.equal(source.view(at(later)).trouble, '')
})

t.test('without anybody who steers it the PHC is unsynchronised', async (t) => {
  const source = create()
  source.handle({ on: 'start' }, at(0n))
  t.equal(source.view(at(0n)).trouble, 'nothing measured yet')
  const sample = sampleIn(compare(source, extended(pair(0n, 0n, 100n)), 50n))
  t.match(sample, { leap: 'unknown', rootDispersion: 1e9, offset: 50 })
  t.equal(source.view(at(0n)).trouble, 'no ptp4l tells what this PHC is worth')
})

t.test('a PHC that the operator vouches for is a reference', async (t) => {
  const source = create({ trusted: true, utcOffset: 0 })
  source.handle({ on: 'start' }, at(0n))
  const sample = sampleIn(compare(source, extended(pair(0n, 0n, 0n)), 50n))
  t.match(sample, { leap: 'none', rootDispersion: 0, offset: -37e9, reference: 'phc:eth0' })
  t.equal(source.view(at(0n)).trouble, '')
})

t.test('an upstream that lost its reference makes the PHC unsynchronised', async (t) => {
  const source = create()
  const upstream = { ...UPSTREAM, synchronized: false, reason: 'port 1 LISTENING' }
  source.handle({ on: 'upstream', upstream }, at(0n))
  source.handle({ on: 'start' }, at(0n))
  t.equal(sampleIn(compare(source, extended(pair(0n, 0n, 0n)), 9n)).leap, 'unknown')
  t.equal(source.view(at(0n)).trouble, 'port 1 LISTENING')
  source.handle({ on: 'upstream', upstream: { ...upstream, reason: '' } }, at(0n))
  t.equal(source.view(at(0n)).trouble, 'not synchronized')
})

t.test('what is said of another PHC does not matter', async (t) => {
  const source = create()
  source.handle({ on: 'upstream', upstream: { ...UPSTREAM, clock: 'phc:eth1' } }, at(0n))
  const { detail } = source.view(at(0n))
  t.equal(detail.kind === 'phc' && detail.upstream, undefined)
  t.equal(detail.kind === 'phc' && detail.utcOffset, 37)
})

t.test('a UTC offset that nobody vouches for is noted once, and used', async (t) => {
  const source = create()
  const tell = (news: Partial<Upstream>) =>
    source.handle({ on: 'upstream', upstream: { ...UPSTREAM, ...news } }, at(0n))
  t.match(tell({ utcOffsetValid: false }), [
    { code: 'utc-offset', detail: '37 s, which the grandmaster does not vouch for' },
  ])
  t.same(tell({ utcOffsetValid: false }), [])
  t.match(tell({ utcOffset: 36 }), [{ code: 'utc-offset', detail: '37 s to 36 s' }])
  t.same(tell({ utcOffset: 36, offset: nanos(7) }), [])
  source.handle({ on: 'start' }, at(0n))
  t.equal(sampleIn(compare(source, extended(pair(0n, 0n, 0n)), 9n)).offset, -1e9)
  t.same(
    create().handle({ on: 'upstream', upstream: UPSTREAM }, at(0n)),
    [],
    'vouched for: no news',
  )
})

t.test('the other direction measures the PHC against the system clock', async (t) => {
  const source = create({ direction: 'system-to-phc', id: 'system' })
  source.handle({ on: 'upstream', upstream: { ...UPSTREAM, utcOffset: 0 } }, at(0n))
  source.handle({ on: 'start' }, at(0n))
  const sample = sampleIn(compare(source, extended(pair(0n, 500n, 0n)), 9n))
  t.match(sample, {
    source: 'system',
    clock: 'phc:eth0',
    offset: 500,
    leap: 'none',
    rootDispersion: 0,
    reference: 'system',
  })
  t.equal(source.view(at(0n)).clock, 'phc:eth0')
  t.equal(source.view(at(0n)).trouble, '')
})

t.test('the way of reading decides about the stamps, and a change of it is noted', async (t) => {
  const source = create()
  source.handle({ on: 'start' }, at(0n))
  const readings = [pair(0n, 0n, 0n)]
  const seen = (['precise', 'precise', 'basic', 'bracket'] as const).map((method) => {
    const actions = compare(source, comparisonOf(method, readings), 9n)
    const noted = actions.flatMap((each) => (each.do === 'note' ? [each.detail] : []))
    return [sampleIn(actions).stamps, ...noted]
  })
  t.same(seen, [
    ['hardware', 'precise'],
    ['hardware'],
    ['kernel', 'precise to basic'],
    ['daemon', 'basic to bracket'],
  ])
  t.match(source.view(at(0n)), { stamps: 'daemon', detail: { method: 'bracket' }, reach: 0b1111 })
})

t.test('pairs whose ends are out of order are never used', async (t) => {
  const source = create()
  source.handle({ on: 'start' }, at(0n))
  t.equal(combine(extended(pair(9n, 0n, 0n), pair(0n, 0n, 50n)))?.after, utc(UTC + 50n))
  const actions = compare(source, extended(pair(9n, 0n, 0n)), 9n)
  t.match(actions, [{ do: 'note', code: 'negative-delay' }])
  t.match(compare(source, extended(), 9n), [{ code: 'negative-delay' }])
  t.equal(source.view(at(0n)).trouble, 'no usable pair of readings')
})

t.test('a device that is gone is seen, and tried again', async (t) => {
  const source = create({ rate: 4 })
  source.handle({ on: 'start' }, at(0n))
  t.match(source.handle(fault('NO_DEVICE'), at(1n)), [
    { code: 'compare-failed', detail: /not there/ },
  ])
  t.match(source.view(at(0n)).trouble, /the device is not there/)
  const asks = (ns: bigint): boolean =>
    source.handle({ on: 'timer', key: 'read' }, at(ns)).some((each) => each.do === 'compare')
  t.same([asks(SECOND / 4n), asks(SECOND / 2n), asks(SECOND)], [false, false, true])
  source.handle({ on: 'compared', key: 'read', comparison: extended(pair(0n, 0n, 0n)) }, at(SECOND))
  t.not(source.view(at(0n)).trouble, /not there/)
  source.handle({ on: 'timer', key: 'read' }, at(2n * SECOND))
  source.handle(fault('PERMISSION'), at(2n * SECOND))
  t.same([asks(10n * SECOND), asks(32n * SECOND)], [false, true], 'hopeless ones seldom')
})

t.test('an answer that never comes does not stop the readings', async (t) => {
  const source = create()
  source.handle({ on: 'start' }, at(0n))
  const turn = (ns: bigint) => source.handle({ on: 'timer', key: 'read' }, at(ns))
  t.match(turn(SECOND), [{ do: 'timer' }])
  t.match(turn(6n * SECOND), [{ code: 'timeout' }, { do: 'compare' }, { do: 'timer' }])
})

t.test('readings taken across a step are dropped', async (t) => {
  const source = create()
  source.handle({ on: 'start' }, at(0n))
  source.handle({ on: 'change', change: change({ step: 5n }) }, at(0n))
  const comparison = extended(pair(0n, 0n, 0n))
  t.same(source.handle({ on: 'compared', key: 'read', comparison }, at(0n)), [])
  t.same(source.handle({ on: 'compared', key: 'read', comparison }, at(0n)), [], 'nor unasked ones')
  t.ok(sampleIn(compare(source, comparison, SECOND)))
})

t.test('a step of either clock moves the offset that is shown', async (t) => {
  const source = create()
  source.handle({ on: 'start' }, at(0n))
  compare(source, extended(pair(0n, 0n, 0n)), 9n)
  source.handle({ on: 'change', change: change({ step: 1000n }) }, at(SECOND))
  t.equal(source.view(at(SECOND)).offset, 1000)
  source.handle({ on: 'change', change: change({ clock: 'phc:eth0', step: 300n }) }, at(SECOND))
  t.equal(source.view(at(SECOND)).offset, 700)
  source.handle({ on: 'change', change: change({ clock: 'phc:eth1', step: 300n }) }, at(SECOND))
  t.equal(source.view(at(SECOND)).offset, 700)
})

t.test('a sample is dated now when the system clock was stepped since', async (t) => {
  const source = create()
  source.handle({ on: 'start' }, at(0n))
  const old = sampleIn(compare(source, extended(pair(0n, 0n, 0n)), 100n * SECOND))
  t.equal(old.at, at(100n * SECOND).mono)
})

t.test('after the end nothing is asked any more', async (t) => {
  const source = create()
  source.handle({ on: 'start' }, at(0n))
  t.same(source.handle({ on: 'stop' }, at(0n)), [{ do: 'cancel', key: 'read' }])
  t.same(source.handle({ on: 'timer', key: 'read' }, at(SECOND)), [])
  t.same(source.handle({ on: 'closed', channel: 'x' }, at(SECOND)), [])
  t.same(source.handle({ ...fault('IO'), what: 'open' }, at(SECOND)), [])
})

t.test('after a leap second the PHC is a second farther from UTC, told or not', async (t) => {
  const source = create()
  source.handle({ on: 'start' }, at(0n))
  source.handle({ on: 'upstream', upstream: UPSTREAM }, at(0n))
  compare(source, extended(pair(-500n, 0n, 500n)), 0n)
  const change: ClockChange = {
    ...{ clock: 'system', at: at(0n).mono, step: 0n, frequency: ppb(0) },
    ...{ uncertainty: nanos(0), foreign: false, leap: 1 },
  }
  source.handle({ on: 'change', change }, at(0n))
  // UTC was set back by a second: TAI - UTC is 38 s now
  const reading = extended(pair(-500n, SECOND, 500n))
  const offsetOf = (ns: bigint) => {
    const [action] = compare(source, reading, ns).filter((each) => each.do === 'sample')
    return action?.do === 'sample' ? action.sample.offset : undefined
  }
  t.equal(offsetOf(2n * SECOND), 0, 'before the grandmaster has told')
  source.handle({ on: 'upstream', upstream: { ...UPSTREAM, utcOffset: 38 } }, at(3n * SECOND))
  t.equal(offsetOf(4n * SECOND), 0, 'and after')
})
