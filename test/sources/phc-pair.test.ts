import t from 'tap'
import { comparisonOf } from '../../agent/core/comparison.ts'
import type { Action, Event, Now, Upstream } from '../../agent/core/machine.ts'
import { mono, nanos, phc, ppb, utc } from '../../agent/core/units.ts'
import { between, PhcPairSource } from '../../agent/sources/phc-pair.ts'

const SECOND = 1_000_000_000n
const UTC = 1_795_000_000n * SECOND
const TAI = UTC + 37n * SECOND

const at = (ns: bigint): Now => ({ mono: mono(1000n * SECOND + ns), utc: utc(UTC + ns) })

/** The PHC reads `ahead` more than the middle of the pair. */
const pair = (middle: bigint, ahead: bigint) => ({
  before: utc(UTC + middle - 500n),
  phc: phc(TAI + middle + ahead),
  after: utc(UTC + middle + 500n),
})

const UPSTREAM: Upstream = {
  ...{ clock: 'phc:eth0', synchronized: true, steers: true, reason: '', reference: 'gm' },
  ...{ utcOffset: 37, utcOffsetValid: true, timeTraceable: true, leap: 'none' },
  ...{ offset: nanos(-40), at: at(0n).mono, rootDispersion: nanos(150), rootDelay: nanos(4000) },
}

const create = (trusted = false): PhcPairSource =>
  new PhcPairSource({ reference: 'phc:eth0', clock: 'phc:eth1', rate: 1, trusted })

const started = (trusted = true): PhcPairSource => {
  const source = create(trusted)
  source.handle({ on: 'start' }, at(0n))
  return source
}

const compared = (key: string, middle: bigint, ahead: bigint): Event => ({
  ...{ on: 'compared', key },
  comparison: comparisonOf('extended', [pair(middle, ahead)]),
})

/** One turn: reference, clock, reference, 100 us apart. */
function read(source: PhcPairSource, ahead: readonly [bigint, bigint, bigint]): readonly Action[] {
  const [first, middle, last] = ahead
  source.handle({ on: 'timer', key: 'read' }, at(SECOND))
  source.handle(compared('before', SECOND, first), at(SECOND + 300_000n))
  source.handle(compared('middle', SECOND + 100_000n, middle), at(SECOND + 300_000n))
  return source.handle(compared('after', SECOND + 200_000n, last), at(SECOND + 300_000n))
}

const sampleIn = (actions: readonly Action[]) => {
  const found = actions.find((action) => action.do === 'sample')
  if (found?.do !== 'sample') throw new Error(`no sample in ${actions.map((each) => each.do)}`)
  return found.sample
}

t.test('the reference is read before and after', async (t) => {
  const source = create(true)
  t.same(
    source.handle({ on: 'start' }, at(0n)).map((action) => 'clock' in action && action.clock),
    ['phc:eth0', 'phc:eth1', 'phc:eth0', false],
  )
  t.equal(source.id, 'phc:eth0>phc:eth1')
})

t.test('a clock that is ahead has a positive offset', async (t) => {
  const source = started()
  source.handle(compared('before', 0n, 0n), at(0n))
  source.handle(compared('middle', 0n, 0n), at(0n))
  source.handle(compared('after', 0n, 0n), at(0n))
  const sample = sampleIn(read(source, [100n, 350n, 100n]))
  t.equal(sample.offset, 250)
  t.equal(sample.clock, 'phc:eth1')
  t.equal(sample.delay, 2000, 'the pair of the clock, and half of both pairs of the reference')
  t.equal(sample.reference, 'phc:eth0', 'nobody tells more than the operator')
})

t.test('a slew of the system clock between the readings drops out', async (t) => {
  // 500 ppm: the system clock shows 100 us where 100.05 us have passed
  const [a, b, c] = [pair(0n, 0n), pair(100_000n, 50n + 250n), pair(200_000n, 100n)]
  t.equal(between(a, b, c), 250)
  t.equal(between(a, { ...a, phc: phc(TAI + 7n) }, a), 7, 'read in one instant')
})

t.test('what nobody vouches for is not read', async (t) => {
  const source = create()
  t.same(
    source.handle({ on: 'start' }, at(0n)).map((action) => action.do),
    ['timer'],
  )
  t.match(source.view(at(0n)).trouble, /no ptp4l tells/)
  const other = { ...UPSTREAM, clock: 'phc:eth7' as const }
  t.same(source.handle({ on: 'upstream', upstream: other }, at(1n)), [])
  const heard = source.handle({ on: 'upstream', upstream: UPSTREAM }, at(1n))
  t.same(
    heard.map((action) => action.do),
    ['compare', 'compare', 'compare', 'timer'],
    'and at once when somebody does',
  )
  source.handle(compared('before', 0n, 0n), at(0n))
  source.handle(compared('middle', 0n, 0n), at(0n))
  const sample = sampleIn(source.handle(compared('after', 0n, 0n), at(0n)))
  t.equal(sample.reference, 'gm')
  t.equal(sample.rootDispersion, 190, 'with what the reference was off its grandmaster')
  const lost = { ...UPSTREAM, synchronized: false, reason: 'no Sync for 4 s' }
  source.handle({ on: 'upstream', upstream: lost }, at(2n))
  t.equal(source.view(at(2n)).trouble, 'no Sync for 4 s')
})

t.test('a step of the system clock between the readings costs one sample', async (t) => {
  const source = started()
  source.handle(compared('before', 0n, 0n), at(0n))
  const change = {
    ...{ clock: 'system' as const, at: at(1n).mono, step: 5n, frequency: ppb(0) },
    ...{ uncertainty: nanos(0), foreign: false },
  }
  source.handle({ on: 'change', change }, at(1n))
  source.handle(compared('middle', 0n, 0n), at(2n))
  t.same(source.handle(compared('after', 0n, 0n), at(3n)), [])
  t.equal(sampleIn(read(source, [0n, 9n, 0n])).offset, 9)
})

t.test('changes of both clocks move the last offset', async (t) => {
  const source = started()
  for (const key of ['before', 'middle', 'after']) source.handle(compared(key, 0n, 0n), at(0n))
  sampleIn(read(source, [0n, 100n, 0n]))
  const none = {
    at: at(2n * SECOND).mono,
    uncertainty: nanos(0),
    foreign: false,
    frequency: ppb(0),
  }
  source.handle({ on: 'change', change: { ...none, clock: 'phc:eth1', step: 40n } }, at(SECOND))
  t.equal(source.view(at(SECOND)).offset, 140)
  source.handle({ on: 'change', change: { ...none, clock: 'phc:eth0', step: 40n } }, at(SECOND))
  t.equal(source.view(at(SECOND)).offset, 100, 'the reference went forward by as much')
})

t.test('a device that refuses is named, and asked seldom', async (t) => {
  const source = started()
  const fault = { code: 'PERMISSION', syscall: 'ioctl', errno: 'EPERM' } as const
  const told = source.handle({ on: 'failed', what: 'compare', key: 'middle', fault }, at(1n))
  t.match(told, [{ do: 'note', code: 'compare-failed' }])
  t.same(
    source.handle({ on: 'failed', what: 'compare', key: 'after', fault }, at(1n)),
    [],
    'once per turn',
  )
  t.same(
    source.handle({ on: 'timer', key: 'read' }, at(SECOND)).map((action) => action.do),
    ['timer'],
  )
  t.match(source.view(at(SECOND)).trouble, /EPERM/)
})
