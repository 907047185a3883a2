import t from 'tap'
import { LeapSeconds } from '../agent/clock/leap-seconds.ts'
import { nanos, ppb } from '../agent/core/units.ts'
import { SeededRandom } from '../agent/sim/random.ts'
import { Bench, ntp, phc, servers } from './discipline-bench.ts'

const MS = 1e6
const US = 1e3
const SEEDS = ['1', '2', '3']

for (const seed of SEEDS) {
  t.test(`seed ${seed}: 20 ms and 20 ppm off, three servers: locked within a minute`, async (t) => {
    const bench = new Bench({ clock: { offset: 20 * MS, rate: 20_000 }, sources: servers(3), seed })
    bench.run(1800)
    const locked = bench.record.find(({ state }) => state === 'locked')?.at ?? Number.NaN
    t.ok(locked <= 60, `locked after ${locked} s`)
    t.ok(bench.within(MS) <= 60, `within 1 ms for good after ${bench.within(MS)} s`)
    t.ok(bench.worst(900) < 20 * US, `worst ${bench.worst(900)} ns after 900 s`)
    t.equal(bench.view.steps['boot'], 1)
    t.same(bench.broken.slice(0, 3), [], 'the bound holds')
    t.same(bench.codes('no-majority'), [])
    const { frequency } = bench.view
    t.ok(Math.abs((frequency ?? 0) + 20_000) < 1000, `dialled ${frequency} ppb`)
  })

  t.test(`seed ${seed}: with a PHC the clock is right to a microsecond`, async (t) => {
    const sources = [phc(), ...servers(3)]
    const bench = new Bench({ clock: { offset: 20 * MS, rate: 20_000 }, sources, seed }).run(300)
    t.ok(bench.within(US) <= 90, `within 1 us for good after ${bench.within(US)} s`)
    t.ok(bench.worst(200) < 200, `worst ${bench.worst(200)} ns`)
    t.equal(bench.verdict('phc:eth0'), 'selected')
    t.equal(bench.verdict('ntp:a'), 'standby')
    t.same(bench.broken.slice(0, 3), [])
  })

  t.test(`seed ${seed}: an offset that is slewed away is no quarrel between sources`, async (t) => {
    const bench = new Bench({ clock: { offset: 9 * MS, rate: 0 }, sources: servers(3), seed })
    bench.run(600)
    t.same(bench.codes('no-majority'), [])
    t.equal(bench.view.steps['boot'], 0)
    t.same(bench.broken.slice(0, 3), [])
    t.ok(bench.worst(300) < 75 * US, `worst ${bench.worst(300)} ns after 300 s`)
    const lost = bench.record.filter(({ at, state }) => at > 90 && state !== 'locked')
    t.same(lost.slice(0, 3), [])
  })
}

t.test('one liar of four does not move the clock', async (t) => {
  const sources = [...servers(3), ntp('liar', { error: -80 * MS, phase: 0.25 })]
  const bench = new Bench({ clock: { offset: 5 * MS, rate: 20_000 }, sources }).run(900)
  t.equal(bench.verdict('ntp:liar'), 'falseticker')
  t.ok(bench.worst(120) < MS, `worst ${bench.worst(120)} ns`)
  t.equal(bench.view.steps['boot'], 0)
})

t.test(
  'without references the clock holds over, and nothing is stepped when they return',
  async (t) => {
    const sources = servers(3)
    const bench = new Bench({ clock: { offset: 5 * MS, rate: 20_000 }, sources }).run(1200)
    for (const source of sources) source.up = false
    bench.run(1200)
    t.equal(bench.view.state, 'holdover')
    t.equal(bench.codes('holdover').length, 1)
    const { holdoverLeftSeconds, bound } = bench.view
    t.ok((holdoverLeftSeconds ?? 0) > 600, `${holdoverLeftSeconds} s left`)
    t.ok(bench.worst(1200) < MS, `worst ${bench.worst(1200)} ns in holdover`)
    bench.run(600)
    t.ok((bench.view.bound ?? 0) > (bound ?? 0), 'the bound grows')
    for (const source of sources) source.up = true
    bench.run(600)
    t.equal(bench.view.state, 'locked')
    t.equal(bench.codes('recovered').length, 1)
    t.equal(bench.codes('step').length, 0)
    t.same(bench.broken.slice(0, 3), [])
  },
)

t.test('a slew that nobody renews ends where the offset ends', async (t) => {
  const source = ntp('a', { period: 16 })
  const clock = { offset: 9 * MS, rate: 20_000 }
  const bench = new Bench({ clock, sources: [source], drift: '20.0 0.1' })
  while (bench.clock.error > 4 * MS && bench.seconds < 600) bench.run(1)
  t.ok(bench.seconds < 600, 'it is being slewed')
  source.up = false
  bench.run(115)
  t.ok(bench.clock.error > -2 * MS, `${bench.clock.error} ns: hardly past zero`)
})

t.test('what is not driven is never written', async (t) => {
  for (const mode of ['observe', 'follow'] as const) {
    const bench = new Bench({
      ...{
        clock: { offset: 12 * MS, rate: 500 },
        config: { mode },
        sources: [phc(), ...servers(3)],
      },
    })
    bench.run(60)
    bench.clock.foreign({ frequency: ppb(-500), step: -12_000_000n })
    bench.run(300)
    t.same(bench.clock.writes, [], mode)
    t.equal(bench.view.state, 'locked')
    t.same(bench.codes('foreign-frequency'), [], 'somebody else may steer it')
    bench.keep(bench.discipline.stop())
    t.equal(bench.drift, undefined)
    t.same(bench.clock.writes, [], mode)
  }
})

for (const sources of [() => servers(3), () => [phc(), ...servers(3)]]) {
  const name = sources()[0]?.name
  t.test(`${name}: a foreign step is named, and undone by one step`, async (t) => {
    const bench = new Bench({ clock: { rate: 20_000 }, sources: sources() }).run(600.5)
    bench.clock.foreign({ step: 1_000_000_000n })
    bench.run(120)
    t.equal(bench.codes('foreign-step').length, 1)
    t.equal(bench.view.steps['foreign'], 1)
    t.ok(bench.worst(670) < MS, `worst ${bench.worst(670)} ns`)
    t.equal(bench.view.state, 'locked')
  })
}

t.test('a foreign frequency is named and taken back', async (t) => {
  const sources = servers(3).map((each) => ({ ...each, period: 64 }))
  const bench = new Bench({ clock: { rate: 20_000 }, sources, drift: '20 0.1' }).run(900)
  bench.clock.foreign({ frequency: ppb(50_000) })
  bench.run(2)
  t.equal(bench.codes('foreign-frequency').length, 1)
  bench.run(900)
  t.ok(bench.worst(900) < MS, `worst ${bench.worst(900)} ns`)
  t.equal(bench.codes('foreign-frequency').length, 1)
})

t.test('a restart goes on where it was: no step, no bump of the frequency', async (t) => {
  const first = new Bench({ clock: { rate: 20_000 }, sources: servers(3) }).run(1800)
  first.keep(first.discipline.stop())
  t.match(first.drift, /^ {10,}\d+\.\d{6} {10,}\d+\.\d{6}\n$/)
  for (const frequency of [first.clock.frequency, 0]) {
    const bench = new Bench({
      ...{ clock: { rate: 20_000, frequency }, sources: servers(3), seed: '2' },
      ...(first.drift === undefined ? {} : { drift: first.drift }),
    })
    const begin = bench.clock.frequency
    t.ok(Math.abs(begin + 20_000) < 100, `starts at ${begin} ppb, found ${frequency}`)
    bench.run(300)
    const bumps = bench.clock.writes.flatMap((write) => write.frequency ?? [])
    const worst = bumps.reduce<number>((max, each) => Math.max(max, Math.abs(each - begin)), 0)
    t.ok(worst <= 2000, `within ${worst} ppb of it while 10 us of noise are followed`)
    t.equal(bench.codes('step').length, 0)
    t.ok(bench.worst(0) < 50 * US, `worst ${bench.worst(0)} ns`)
  }
})

t.test('a drift file that makes no sense is named, and done without', async (t) => {
  const bench = new Bench({ clock: { rate: 20_000 }, sources: servers(3), drift: 'x' }).run(300)
  t.match(bench.notes[0], { code: 'drift-file', detail: /not-two-numbers/ })
  t.equal(bench.view.state, 'locked')
})

t.test('a hand-over from PHC to servers and back neither steps nor kicks', async (t) => {
  const sources = [phc(), ...servers(3)]
  const bench = new Bench({ clock: { offset: 20 * MS, rate: 20_000 }, sources }).run(300)
  const [first] = sources
  if (first === undefined) throw new Error('no PHC')
  first.leap = 'unknown'
  bench.run(600)
  t.match(bench.view.offsetSource, /^ntp:/)
  first.leap = 'none'
  const before = bench.clock.writes.length
  bench.run(300)
  t.equal(bench.view.offsetSource, 'phc:eth0')
  t.equal(bench.view.steps['boot'], 1, 'only the one at start')
  t.ok(bench.worst(100) < 50 * US, `worst ${bench.worst(100)} ns`)
  t.ok(bench.record.filter(({ at }) => at > 60).every(({ state }) => state === 'locked'))
  const kicks = bench.clock.writes.slice(before).flatMap(({ frequency }) => frequency ?? [])
  const worst = kicks.reduce<number>((max, each) => Math.max(max, Math.abs(each + 20_000)), 0)
  t.ok(worst < 50_000, `the dial stays within ${worst} ppb`)
  t.same(bench.broken.slice(0, 3), [])
})

t.test(
  'a single offset far off its neighbours is set aside, a second one is believed',
  async (t) => {
    const source = phc()
    const bench = new Bench({ clock: { rate: 20_000 }, sources: [source] }).run(60)
    source.error = 5 * MS
    bench.run(1)
    source.error = 0
    bench.run(60)
    t.equal(bench.codes('spike').length, 1)
    t.ok(bench.worst(30) < US, `worst ${bench.worst(30)} ns`)
  },
)

t.test('a machine that stood still while the world went on is put right by one step', async (t) => {
  const source = phc()
  const bench = new Bench({ clock: { rate: 20_000 }, sources: [source] }).run(60)
  bench.clock.error -= 60e9
  bench.run(30)
  t.equal(bench.codes('jump').length, 1)
  t.same(bench.view.steps, { boot: 0, foreign: 1 })
  t.ok(Math.abs(bench.clock.error) < US, `${bench.clock.error} ns`)
  t.equal(bench.view.state, 'locked')
})

t.test('beyond the panic limit steering is frozen, and thaws', async (t) => {
  const source = phc()
  const config = { step: { boot: 0.01, foreign: 0.128, panic: 1 } }
  const bench = new Bench({ clock: { rate: 20_000 }, config, sources: [source] }).run(60)
  source.error = -2e9
  bench.run(60)
  t.equal(bench.codes('panic').length, 1, 'said once')
  t.match(bench.view.reason, /frozen/)
  t.ok(Math.abs(bench.clock.error) < 5 * MS, `${bench.clock.error} ns: not steered away`)
  source.error = 0
  bench.run(60)
  t.equal(bench.view.state, 'locked')
  t.notMatch(bench.view.reason, /frozen/)
})

t.test('a reference that lacks its UTC offset never moves the clock', async (t) => {
  const bench = new Bench({ clock: { rate: 1000 }, sources: [phc({ error: 37e9 })] }).run(60)
  t.equal(bench.codes('step-refused').length, 1)
  t.ok(Math.abs(bench.clock.error) < MS)
})

t.test('the kernel is told the truth, once a second', async (t) => {
  const sources = servers(3)
  const leaps = new LeapSeconds({ mode: 'system', list: '' })
  const bench = new Bench({ clock: { offset: 20 * MS, rate: 20_000 }, sources, leaps })
  bench.run(4)
  t.equal(bench.clock.kernel.synchronized, false)
  t.equal(bench.clock.kernel.taiOffset, 0, 'the date is not known yet')
  bench.run(600)
  const { kernel } = bench.clock
  t.equal(kernel.synchronized, true)
  t.ok(Math.abs(bench.clock.error) <= kernel.maxError && kernel.maxError < MS, `${kernel.maxError}`)
  t.equal(kernel.taiOffset, 37, 'by the list, while nobody vouches for another one')
  bench.discipline.tai(36)
  bench.run(2)
  t.equal(bench.clock.kernel.taiOffset, 36)
  t.same(bench.codes('foreign-status'), [])
})

t.test('a clock that cannot be adjusted is measured, and says why', async (t) => {
  const bench = new Bench({ clock: { adjustable: false, offset: 100 }, sources: [phc()] }).run(30)
  t.match(bench.view, { adjustable: false, notAdjustable: 'not permitted', state: 'locked' })
  t.same(bench.clock.writes, [])
})

t.test('a clock that runs free under our eyes: the bound holds between two polls', async (t) => {
  for (const rate of [20_000, 900, 50]) {
    const sources = servers(3).map((each) => ({ ...each, period: 64 }))
    const bench = new Bench({ clock: { offset: 5000, rate }, config: { mode: 'observe' }, sources })
    bench.run(3600)
    t.same(bench.broken.slice(0, 3), [], `${rate} ppb`)
  }
})

t.test('a clock of which nothing is known is not called synchronised', async (t) => {
  const bench = new Bench({ clock: {}, sources: servers(3) })
  bench.clock.kernel.synchronized = true
  bench.run(1)
  t.match(bench.clock.kernel, { synchronized: false, maxError: 16e9 })
})

t.test('after a loss the first answer does not decide, be it a liar', async (t) => {
  const liar = ntp('liar', { error: -80 * MS, phase: 0 })
  const sources = [...servers(3), liar]
  const bench = new Bench({ clock: { rate: 20_000 }, sources, drift: '20 0.1' }).run(900)
  for (const source of sources) source.up = false
  bench.run(156)
  t.equal(bench.view.state, 'holdover')
  for (const source of sources) source.up = true
  bench.run(120)
  t.ok(bench.worst(900) < 50 * US, `worst ${bench.worst(900)} ns`)
  t.equal(bench.view.state, 'locked')
  t.equal(bench.verdict('ntp:liar'), 'falseticker')
})

t.test('an agent that runs for a year goes on, be its sources dead or alive', async (t) => {
  const sources = [phc(), ...servers(1)]
  const bench = new Bench({ clock: { rate: 20_000 }, sources, drift: '20 0.1' }).run(60)
  for (const source of sources) source.up = false
  bench.clock.pass(365 * 86_400)
  bench.clock.error = 500 * US
  bench.run(60)
  t.equal(bench.view.state, 'freerun')
  for (const source of sources) source.up = true
  bench.run(120)
  t.equal(bench.view.state, 'locked')
  bench.clock.pass(101 * 86_400)
  t.ok(bench.view.stateSeconds > 100 * 86_400)
})

t.test('after the burst of a start the sources are not taken for dead', async (t) => {
  const sources = servers(3).map((each, k) => ({ ...each, period: 2, phase: 0.25 + k / 2 }))
  const bench = new Bench({ clock: { offset: 20 * MS, rate: 20_000 }, sources })
  bench.run(8)
  for (const source of sources) {
    source.period = 64
    source.poll = 64
  }
  bench.run(1200)
  t.same(bench.codes('holdover'), [])
  t.same(bench.record.filter(({ at, state }) => at > 8 && state === 'freerun').slice(0, 3), [])
  t.equal(bench.view.state, 'locked')
})

t.test('after an outage the servo follows as fast as before it', async (t) => {
  const source = phc()
  const bench = new Bench({ clock: { rate: 20_000 }, sources: [source], drift: '20 0.1' }).run(60)
  source.up = false
  bench.run(3600)
  source.up = true
  bench.clock.error = 10 * US
  bench.run(30)
  t.ok(bench.worst(bench.seconds - 5) < 200, `worst ${bench.worst(bench.seconds - 5)} ns`)
})

t.test('sources that are asked in turn do not take the lead from each other', async (t) => {
  const sources = servers(3).map((x, k) => ({ ...x, period: 64, phase: 0.25 + 20 * k, poll: 64 }))
  const clock = { offset: 50 * MS, rate: 20_000 }
  const bench = new Bench({ clock, config: { mode: 'observe' }, sources }).run(7200)
  t.ok(bench.codes('reference').length <= 3, `${bench.codes('reference').length} changes`)
})

t.test('an oscillator that jumps by more than the gentle slew does not run away', async (t) => {
  for (const source of [phc(), ntp('a')]) {
    const bench = new Bench({ clock: { rate: 20_000 }, sources: [source], drift: '20 0.1' })
    bench.run(300)
    source.up = false
    bench.run(90)
    source.up = true
    bench.run(300)
    t.equal(bench.view.state, 'locked')
    bench.clock.rate = 100_000
    bench.run(1200)
    t.equal(bench.view.state, 'locked', source.name)
    t.ok(bench.worst(1500) < MS, `${source.name}: worst ${bench.worst(1500)} ns`)
  }
})

t.test('a watched clock whose steersman lets go: the bound holds at once', async (t) => {
  const sources = servers(3).map((each) => ({ ...each, period: 64 }))
  const clock = { rate: 30_000, frequency: -30_000 }
  const bench = new Bench({ clock, config: { mode: 'follow' }, sources }).run(1800)
  t.equal(bench.view.state, 'locked')
  bench.clock.foreign({ frequency: ppb(0) })
  bench.run(1800)
  t.same(bench.broken.slice(0, 3), [])
  t.ok(Math.abs(bench.clock.error) > 50 * MS, 'it did run away')
  const runaway = new Bench({ clock: { rate: 400_000 }, config: { mode: 'observe' }, sources })
  t.same(
    runaway
      .run(1800)
      .broken.filter(({ at }) => at > 300)
      .slice(0, 3),
    [],
  )
})

t.test('a slew that has ended is not counted as going on', async (t) => {
  const source = ntp('a', { period: 16 })
  const clock = { offset: 9 * MS, rate: 20_000 }
  const bench = new Bench({ clock, sources: [source], drift: '20.0 0.1' })
  while (bench.clock.error > 4 * MS && bench.seconds < 600) bench.run(1)
  source.up = false
  bench.run(60)
  const { offset, bound } = bench.view
  t.ok(Math.abs((offset ?? 0) - bench.clock.error) < MS, `${offset} for ${bench.clock.error}`)
  t.ok((bound ?? 0) < 12 * MS, `${bound}`)
  bench.run(60)
  t.same(bench.broken.slice(0, 3), [])
})

t.test('after the stop nothing is written any more', async (t) => {
  const bench = new Bench({ clock: { rate: 20_000 }, sources: [phc()], drift: '20 0.1' }).run(60)
  bench.keep(bench.discipline.stop())
  const { length } = bench.clock.writes
  bench.clock.error = 500 * US
  bench.run(30)
  t.equal(bench.clock.writes.length, length)
})

t.test('the drift file is written once an hour', async (t) => {
  const bench = new Bench({ clock: { rate: 20_000 }, sources: [phc()] }).run(3590)
  t.equal(bench.drift, undefined)
  bench.run(20)
  t.match(bench.drift, /^ +(19\.99|20\.00)\d{4} +0\.\d{6}\n$/)
  bench.drift = undefined
  bench.run(3580)
  t.equal(bench.drift, undefined)
  bench.run(30)
  t.match(bench.drift, /^ +(19\.99|20\.00)/)
})

t.test('whatever the sources do, the kernel is never told less than the true error', async (t) => {
  const failures: string[] = []
  for (let seed = 1; seed <= 8; seed += 1) {
    const random = new SeededRandom(`kernel ${seed}`)
    const spread = (size: number) => (random.uniform() - 0.5) * 2 * size
    const sources = [phc(), ...servers(3)]
    const clock = { offset: spread(30 * MS), rate: spread(40_000) }
    const bench = new Bench({ clock, sources, seed: `${seed}` })
    for (let k = 0; k < 300; k += 1) {
      for (const source of sources) source.up = random.uniform() < 0.05 ? !source.up : source.up
      bench.run(4)
      const { maxError, synchronized } = bench.clock.kernel
      const { state } = bench.view
      const told = Math.abs(bench.clock.error) <= maxError
      const right = synchronized === (state === 'locked' || state === 'holdover')
      if (!told || !right) failures.push(`seed ${seed}, ${bench.seconds} s: ${state} ${maxError}`)
    }
  }
  t.same(failures.slice(0, 5), [])
})

t.test('a clock goes along when its reference is turned, before the next reading', async (t) => {
  const bench = new Bench({ sources: [phc()] })
  bench.run(30)
  const before = bench.clock.frequency
  const change = {
    ...{ clock: 'phc:eth0' as const, at: bench.clock.now.mono, step: 0n, frequency: ppb(40) },
    ...{ uncertainty: nanos(0), foreign: true },
  }
  const { changes } = bench.discipline.referenceChanged(change)
  t.match(changes, [{ clock: 'system', foreign: false }])
  t.ok(Math.abs(bench.clock.frequency - before - 40) < 0.1, `${bench.clock.frequency - before} ppb`)
  const other = { ...change, clock: 'phc:eth9' as const }
  t.same(
    bench.discipline.referenceChanged(other).changes,
    [],
    'not with one that it does not follow',
  )
})

t.test('a step that is seen as the clock goes along is a step as any other', async (t) => {
  for (const by of [3600n, -37n]) {
    const bench = new Bench({ sources: [phc()] })
    bench.run(30)
    bench.clock.foreign({ step: by * 1_000_000_000n })
    const change = {
      ...{ clock: 'phc:eth0' as const, at: bench.clock.now.mono, step: 0n, frequency: ppb(40) },
      ...{ uncertainty: nanos(0), foreign: true },
    }
    const { notes } = bench.discipline.referenceChanged(change)
    t.match(notes, [{ code: 'foreign-step' }])
    bench.run(30)
    t.equal(bench.view.state, 'locked')
    t.ok(Math.abs(bench.clock.error) < 1e6, `${bench.clock.error} ns`)
    t.match(bench.view.steps, { foreign: 1 })
  }
})

t.test(
  'in automatic mode a clock is ours while nobody else turns it, and without a kick',
  async (t) => {
    const bench = new Bench({
      config: { mode: 'auto' },
      sources: [phc()],
      clock: { frequency: -20_000 },
    })
    bench.discipline.hands(true)
    bench.run(20)
    t.same(bench.clock.writes, [], 'somebody else turns it')
    t.equal(bench.discipline.view(bench.clock.now).steered, false)
    bench.discipline.hands(false)
    bench.run(1)
    t.equal(bench.discipline.view(bench.clock.now).steered, true)
    bench.run(20)
    t.ok(bench.clock.writes.length > 0)
    const written = bench.clock.writes.length
    bench.discipline.hands(true)
    bench.run(20)
    t.equal(bench.clock.writes.length, written, 'and is let go at once')
    const words = bench.notes.filter(({ code }) => code === 'hands').map(({ detail }) => detail)
    t.same(words, ['nobody else steers it: ours', 'a ptp4l steers it now'])
  },
)
