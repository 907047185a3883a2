import t from 'tap'
import type { Sample } from '../../agent/core/sample.ts'
import { mono, nanos, ppb } from '../../agent/core/units.ts'
import { combineSamples, NtpFilter } from '../../agent/sources/ntp-filter.ts'
import { fitLine, NtpScreen } from '../../agent/sources/ntp-screen.ts'

const sample = (
  seconds: number,
  offset: number,
  delay = 1e6,
  more: Partial<Sample> = {},
): Sample => ({
  source: 'ntp:test',
  clock: 'system',
  at: mono(BigInt(Math.round(seconds * 1e9))),
  offset: nanos(offset),
  delay: nanos(delay),
  dispersion: nanos(1000),
  rootDelay: nanos(0),
  rootDispersion: nanos(0),
  stratum: 2,
  leap: 'none',
  reference: '10.255.0.1',
  stamps: 'kernel',
  ...more,
})

const screen = (more = {}) =>
  new NtpScreen({ maxDelayRatio: 0, maxDelayDevRatio: 10, copy: false, own: new Set(), ...more })

/** Six samples of which the offsets alternate by 1 us. */
function trained(more = {}): NtpScreen {
  const made = screen(more)
  for (let i = 0; i < 6; i += 1) made.judge(sample(i, i % 2 === 0 ? 1000 : -1000))
  return made
}

t.test('a line is fitted with what scatters about it', async (t) => {
  const points = [0, 1, 2, 3, 4].map((s) => sample(s, 100 + 20 * s))
  const line = fitLine(points, mono(0n))
  t.ok(Math.abs(line.at(mono(10_000_000_000n)) - 300) < 1e-6)
  t.equal(line.deviation, 1, 'never less than a nanosecond')
  const noisy = fitLine(
    [0, 1, 2, 3].map((s) => sample(s, s % 2 === 0 ? 10 : -10)),
    mono(0n),
  )
  t.ok(noisy.deviation > 9 && noisy.deviation < 20, `${noisy.deviation}`)
  t.ok(noisy.skew > 0)
  const still = fitLine([sample(1, 5), sample(1, 5), sample(1, 5)], mono(0n))
  t.same([still.skew, still.at(mono(9n))], [0, 5], 'all at one moment')
})

t.test('with fewer than six samples nothing is refused', async (t) => {
  const few = screen()
  for (let i = 0; i < 5; i += 1) few.judge(sample(i, 0))
  t.equal(few.judge(sample(5, 0, 1e9)), undefined)
})

t.test('what the noise of the offset explains is no refusal', async (t) => {
  // sd 1.2 us: 10 of them and 1 us for the age of a second
  t.equal(trained().judge(sample(6, 0, 1e6 + 2 * 12_000)), undefined)
  t.match(trained().judge(sample(6, 0, 1e6 + 2 * 20_000)), { code: 'delay-deviation' })
})

t.test('the limit grows with the age of the last good sample', async (t) => {
  const late = sample(6, 0, 1e6 + 2 * 200_000)
  t.match(trained().judge(late), { code: 'delay-deviation' })
  t.equal(trained().judge({ ...late, at: mono(400_000_000_000n) }), undefined)
})

t.test('samples of before move with the clock', async (t) => {
  const moved = trained()
  const change = { clock: 'system', at: mono(6_000_000_000n), foreign: false } as const
  moved.changed({ ...change, step: 5_000_000n, frequency: ppb(0), uncertainty: nanos(0) })
  // had they stayed, the offset would be off by more than the delay explains
  t.match(moved.judge(sample(7, 5e6, 3e6)), { code: 'delay-deviation' })
  t.equal(trained().judge(sample(7, 5e6, 3e6)), undefined)
})

t.test('a loop is refused after the delays, and never learnt from', async (t) => {
  const own = new Set(['10.255.0.1'])
  t.match(screen({ own }).judge(sample(0, 0)), { code: 'loop', detail: /10\.255\.0\.1/ })
  t.equal(screen({ own, copy: true }).judge(sample(0, 0)), undefined)
  t.equal(screen({ own }).judge(sample(0, 0, 1e6, { stratum: 1 })), undefined)
})

t.test('of five samples the three in the middle are averaged', async (t) => {
  const samples = [10, 900, 20, -500, 30].map((offset, i) => sample(i, offset))
  const combined = combineSamples(samples, sample(4, 30))
  t.equal(combined.offset, 20)
  t.equal(combined.at, 2_000_000_000n)
  t.equal(combined.dispersion, 1010, 'with what they scatter by')
  t.equal(combineSamples([sample(3, 7)], sample(3, 7)).offset, 7)
})

t.test('a filter of one is none; a longer one follows the clock and can be emptied', async (t) => {
  const single = sample(0, 5)
  t.equal(new NtpFilter(1).add(single), single)
  const filter = new NtpFilter(2)
  t.equal(filter.add(single), undefined)
  const change = { clock: 'system', at: mono(1n), foreign: false } as const
  filter.changed({ ...change, step: 100n, frequency: ppb(0), uncertainty: nanos(0) })
  t.equal(filter.add(sample(1, 105))?.offset, 105)
  filter.add(single)
  t.equal(filter.filled, 1)
  filter.forget()
  t.equal(filter.filled, 0)
})
