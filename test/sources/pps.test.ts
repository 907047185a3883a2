import t from 'tap'
import { comparisonOf } from '../../agent/core/comparison.ts'
import type { Action, Event, Now, Standing } from '../../agent/core/machine.ts'
import type { PulseInput } from '../../agent/core/pulse.ts'
import type { Sample } from '../../agent/core/sample.ts'
import { mono, nanos, phc, ppb, utc } from '../../agent/core/units.ts'
import { PpsSource } from '../../agent/sources/pps.ts'
import { PulseBatch } from '../../agent/sources/pps-batch.ts'
import { PulseEdges } from '../../agent/sources/pps-edges.ts'
import { nearestSecond, SecondTeller } from '../../agent/sources/pps-second.ts'

const SECOND = 1_000_000_000n
const UTC = 1_795_000_000n * SECOND
const TAI = 37n * SECOND

/** `ns` after a whole second. */
const at = (ns: bigint): Now => ({ mono: mono(1000n * SECOND + ns), utc: utc(UTC + ns) })

const DEVICE: PulseInput = { kind: 'pps', device: '/dev/pps0', edge: 'rising' }
const EXTTS: PulseInput = {
  ...{ kind: 'extts', clock: 'phc:eth0', channel: 1, pin: undefined, edge: 'rising' },
}

const create = (input: PulseInput, vouched = true): PpsSource =>
  new PpsSource({
    ...{ id: 'pps:x', input, vouched, delay: nanos(50) },
    ...{ accuracy: nanos(100), width: nanos(1e8) },
  })

const started = (input: PulseInput, vouched = true): PpsSource => {
  const source = create(input, vouched)
  source.handle({ on: 'start' }, at(0n))
  return source
}

const pulses = (...stamps: bigint[]): Event => ({ on: 'pulses', key: 'read', stamps })

/** The PHC is `ahead` of TAI when it is read `ns` after the second. */
const compared = (ns: bigint, ahead: bigint): Event => ({
  ...{ on: 'compared', key: 'second' },
  comparison: comparisonOf('extended', [
    {
      before: utc(UTC + ns - 400n),
      phc: phc(UTC + TAI + ns + ahead),
      after: utc(UTC + ns + 400n),
    },
  ]),
})

const standing = (clock: 'system' | 'phc:eth0', bound: number): Standing => ({
  ...{ clock, bound: nanos(bound), state: 'locked', source: 'ntp:a', steered: true },
  ...{ taiOffset: 37, leap: 'none' },
})

const only = <D extends Action['do']>(actions: readonly Action[], what: D) =>
  actions.filter((each): each is Extract<Action, { do: D }> => each.do === what)

t.test('the kernel stamps a pulse on the system clock', async (t) => {
  const source = create(DEVICE)
  t.match(source.handle({ on: 'start' }, at(0n)), [
    { do: 'pulses', input: DEVICE },
    { do: 'timer' },
  ])
  // 700 ns after the second by our clock, 50 of them on the cable
  const told = source.handle(pulses(UTC + SECOND + 700n), at(SECOND + 20_000_000n))
  const [sample] = only(told, 'sample')
  t.match(sample?.sample, {
    ...{ source: 'pps:x', clock: 'system', stratum: 0, reference: 'PPS', stamps: 'kernel' },
    ...{ offset: 650, delay: 0, rootDispersion: 100, at: at(SECOND + 700n).mono },
  })
  t.match(only(told, 'note'), [{ code: 'reachable' }])
  t.match(only(told, 'timer'), [{ at: at(2n * SECOND + 20_000_700n).mono }], 'after the next pulse')
  t.same(only(told, 'upstream'), [], 'of the system clock nobody is told')
})

t.test('the stamp of a PHC gets its second by a reading of both clocks', async (t) => {
  const source = started(EXTTS)
  const asked = source.handle(pulses(UTC + TAI + SECOND + 250_000n + 80n), at(SECOND + 20_000_000n))
  t.match(asked, [{ do: 'compare', key: 'second', clock: 'phc:eth0' }])
  // the PHC is 250 us ahead
  const told = source.handle(compared(SECOND + 20_000_000n, 250_000n), at(SECOND + 20_000_500n))
  t.match(only(told, 'sample'), [{ sample: { clock: 'phc:eth0', offset: 250_030 } }])
  t.match(only(told, 'upstream'), [
    { upstream: { synchronized: false, reason: /being brought/, utcOffset: 37 } },
  ])
  source.handle(pulses(UTC + TAI + 2n * SECOND + 90n), at(2n * SECOND + 20_000_000n))
  const near = source.handle(compared(2n * SECOND + 20_000_000n, 0n), at(2n * SECOND + 20_000_500n))
  t.match(only(near, 'upstream'), [
    { upstream: { synchronized: true, reason: '', offset: 40, rootDispersion: 120 } },
  ])
})

t.test('a PHC of 1970 is told how far it is off', async (t) => {
  const source = started(EXTTS)
  const ahead = -(UTC + TAI)
  source.handle(pulses(SECOND + 30n), at(SECOND + 20_000_000n))
  const told = source.handle(compared(SECOND + 20_000_000n, ahead), at(SECOND + 20_000_500n))
  t.equal(only(told, 'sample')[0]?.sample.offset, Number(ahead) - 20)
})

t.test('old stamps are of no use', async (t) => {
  const source = started(DEVICE)
  const told = source.handle(pulses(UTC - 5n * SECOND), at(20_000_000n))
  t.match(told, [{ do: 'note', code: 'pulse-stale' }, { do: 'timer' }])
  t.match(source.handle(pulses(UTC + 5n * SECOND), at(0n)), [{ code: 'pulse-stale' }])
})

t.test('a step in between: what was stamped before it is read and left', async (t) => {
  const source = started(EXTTS)
  const change = {
    ...{ clock: 'phc:eth0' as const, at: at(0n).mono, step: 5n, frequency: ppb(0) },
    ...{ uncertainty: nanos(0), foreign: true },
  }
  t.match(source.handle({ on: 'change', change }, at(0n)), [{ do: 'pulses', key: 'flush' }])
  t.same(source.handle({ on: 'pulses', key: 'flush', stamps: [UTC] }, at(0n)), [])
  const other = { ...change, clock: 'phc:eth7' as const }
  t.same(source.handle({ on: 'change', change: other }, at(0n)), [])
  t.same(source.handle({ on: 'change', change: { ...change, step: 0n } }, at(0n)), [])
})

t.test('a leap second is one second more to TAI', async (t) => {
  const source = started(EXTTS)
  const change = {
    ...{ clock: 'system' as const, at: at(0n).mono, step: 0n, frequency: ppb(0), leap: 1 as const },
    ...{ uncertainty: nanos(0), foreign: false },
  }
  source.handle({ on: 'change', change }, at(0n))
  source.handle(pulses(UTC + TAI + 2n * SECOND), at(SECOND + 20_000_000n))
  const told = source.handle(compared(SECOND + 20_000_000n, SECOND), at(SECOND + 20_000_500n))
  t.match(only(told, 'sample'), [{ sample: { offset: -50 } }])
})

t.test('silence is told once, and a pulse after it', async (t) => {
  const source = started(EXTTS)
  source.handle(pulses(UTC + TAI + SECOND), at(SECOND + 20_000_000n))
  source.handle(compared(SECOND + 20_000_000n, 0n), at(SECOND + 20_000_500n))
  const tick = (ns: bigint) => {
    const out = source.handle({ on: 'timer', key: 'read' }, at(ns))
    return [...out, ...source.handle(pulses(), at(ns))]
  }
  t.same(only(tick(3n * SECOND), 'note'), [])
  const silent = tick(5n * SECOND)
  t.match(only(silent, 'note'), [{ code: 'pulse-lost', detail: 'no pulse for 4 s' }])
  t.match(only(silent, 'upstream'), [{ upstream: { synchronized: false, reason: /^no pulse/ } }])
  t.same(only(tick(6n * SECOND), 'note'), [])
  t.equal(source.view(at(6n * SECOND)).reach, 0b10000)
  source.handle(pulses(UTC + TAI + 7n * SECOND), at(7n * SECOND + 20_000_000n))
  const back = source.handle(compared(7n * SECOND + 20_000_000n, 0n), at(7n * SECOND + 20_000_500n))
  t.match(only(back, 'note'), [{ code: 'reachable' }])
  t.match(source.view(at(7n * SECOND + 30_000_000n)), {
    ...{ reach: 0b1000001, trouble: '', pollSeconds: 1 },
    detail: { pulses: 2, missed: 5, second: 'vouched' },
  })
})

t.test('a pulse without a second is counted, not used', async (t) => {
  const source = started(DEVICE, false)
  const told = source.handle(pulses(UTC + SECOND), at(SECOND + 20_000_000n))
  t.same(only(told, 'sample'), [])
  t.match(only(told, 'note'), [{ code: 'reachable' }, { code: 'pulse-unnumbered' }])
  source.handle({ on: 'standing', standing: standing('system', 5e6) }, at(SECOND))
  const known = source.handle(pulses(UTC + 2n * SECOND), at(2n * SECOND + 20_000_000n))
  t.equal(only(known, 'sample').length, 1)
})

t.test('a fault is told and the device left alone for a while', async (t) => {
  const source = started(EXTTS)
  const failed = (code: 'NO_DEVICE' | 'NOT_SUPPORTED') =>
    source.handle(
      {
        ...{ on: 'failed', what: 'pulses', key: 'read' },
        fault: { code, syscall: 'ioctl(PTP_EXTTS_REQUEST2)', errno: 'E' },
      },
      at(0n),
    )
  t.match(failed('NO_DEVICE'), [{ code: 'pulses-failed' }, { at: at(SECOND).mono }])
  t.match(failed('NOT_SUPPORTED'), [{}, { at: at(30n * SECOND).mono }])
  t.match(source.view(at(0n)).trouble, /EXTTS_REQUEST2/)
})

t.test('edges', async (t) => {
  const judge = (edges: PulseEdges, ms: readonly number[]) =>
    ms.map((each) => edges.judge(UTC + BigInt(each) * 1_000_000n))
  t.same(judge(new PulseEdges('rising', 1e8), [0, 1000, 1100, 2000, 2500]), [
    ...['leading', 'leading', 'extra', 'leading', 'extra'],
  ])
  const both = [100, 1000, 1100, 2000, 2100, 4000, 4100, 4600, 5000, 5100]
  t.same(judge(new PulseEdges('both', 1e8), both), [
    ...['trailing', 'leading', 'trailing', 'leading', 'trailing'],
    ...['leading', 'trailing', 'extra', 'extra', 'trailing'],
  ])
})

t.test('of eight pulses the earliest counts, once it is known where the clock is', async (t) => {
  const batch = new PulseBatch()
  const change = {
    ...{ clock: 'system' as const, at: at(99n * SECOND).mono, step: 0n, frequency: ppb(0) },
    ...{ uncertainty: nanos(0), foreign: false },
  }
  const sample = (offset: number, s: bigint): Sample => ({
    ...{ source: 'pps:x', clock: 'system', at: at(s * SECOND).mono, offset: nanos(offset) },
    ...{ delay: nanos(0), dispersion: nanos(1), rootDelay: nanos(0), rootDispersion: nanos(1) },
    ...{ stratum: 0, leap: 'none', reference: 'PPS', stamps: 'kernel' },
  })
  for (let k = 0n; k < 16n; k += 1n) t.ok(batch.add(sample(5, k)))
  t.equal(batch.seconds, 8)
  const given = [900, 40, 2000, 700, 60, 300, 1200, 500]
  const taken = given.flatMap((offset, k) => batch.add(sample(offset, BigInt(k))) ?? [])
  t.match(taken, [{ offset: 40, at: at(SECOND).mono }])
  batch.add(sample(10, 0n))
  batch.move({ ...change, clock: 'phc:eth0', step: 7n })
  batch.move({ ...change, frequency: ppb(-10) })
  const more = given.slice(1).flatMap((offset) => batch.add(sample(offset, 100n)) ?? [])
  t.match(more, [{ offset: 40 }], 'the clock was slowed down since: it was 990 ns ahead by now')
  batch.move({ ...change, step: 5n })
  t.equal(batch.seconds, 1)
})

t.test('seconds', async (t) => {
  t.equal(nearestSecond(utc(UTC + 499_999_999n)), UTC)
  t.equal(nearestSecond(utc(UTC + 500_000_000n)), UTC + SECOND)
  t.equal(nearestSecond(utc(-300_000_000n)), 0n)
  const teller = new SecondTeller(false)
  t.match(teller.doubt, /nothing tells/)
  teller.heard(standing('phc:eth0', 1))
  t.equal(teller.how, 'unknown')
  teller.heard(standing('system', 1e9))
  t.match(teller.doubt, /far off/)
  teller.heard(standing('system', 1e6))
  t.equal(teller.how, 'known')
  teller.forget()
  t.equal(teller.how, 'unknown')
  t.equal(new SecondTeller(true).doubt, '')
})
