import t from 'tap'
import { comparisonOf, type PairedReading } from '../../agent/core/comparison.ts'
import { phc, utc } from '../../agent/core/units.ts'
import { SeededRandom } from '../../agent/sim/random.ts'
import { combine, width } from '../../agent/sources/phc-combine.ts'

const BASE = 1_795_000_000_000_000_000n

interface Bus {
  /** Mean of what each side takes beyond 600 ns, ns. */
  readonly before: number
  readonly after: number
  /** Deviation of a stamp, ns. */
  readonly noise: number
  readonly slewPpm?: number
}

/** 25 readings, 2 us apart; the system clock is 1000 ns ahead of the PHC at the first. */
function readings(random: SeededRandom, { before, after, noise, slewPpm = 0 }: Bus) {
  return Array.from({ length: 25 }, (_, k): PairedReading => {
    const at = 2000 * k
    const system = 1000 + at * (1 + slewPpm * 1e-6)
    const early = 600 + random.exponential(before)
    const late = 600 + random.exponential(after)
    const stamp = at + random.gaussian(noise)
    return {
      before: utc(BASE + BigInt(Math.round(system - early))),
      phc: phc(BASE + BigInt(Math.round(stamp))),
      after: utc(BASE + BigInt(Math.round(system + late))),
    }
  })
}

const offsetOf = ({ before, phc: read, after }: PairedReading): number =>
  Number((before as bigint) + (after as bigint) - 2n * (read as bigint)) / 2

const shortest = (all: readonly PairedReading[]): PairedReading =>
  all.reduce((best, each) => (width(each) < width(best) ? each : best))

/** RMS of the error over 400 comparisons: of all readings together, and of the shortest of ten. */
function errorsOn(bus: Bus, seed: string): { readonly ours: number; readonly theirs: number } {
  const random = new SeededRandom(seed)
  let [ours, theirs] = [0, 0]
  for (let k = 0; k < 400; k++) {
    const all = readings(random, bus)
    const combined = combine(comparisonOf('extended', all))
    if (combined === undefined) throw new Error('nothing came out')
    ours += (offsetOf(combined) - 1000) ** 2
    theirs += (offsetOf(shortest(all.slice(0, 10))) - 1000) ** 2
  }
  return { ours: Math.sqrt(ours / 400), theirs: Math.sqrt(theirs / 400) }
}

for (const seed of ['1', '2', '3']) {
  t.test(`seed ${seed}: all readings together tell more than the shortest`, async (t) => {
    const plain = errorsOn({ before: 40, after: 40, noise: 8 }, seed)
    t.ok(plain.ours < 0.5 * plain.theirs, `${plain.ours} ns, ${plain.theirs} ns`)
    const clean = errorsOn({ before: 40, after: 40, noise: 0.5 }, seed)
    t.ok(clean.ours < clean.theirs, `${clean.ours} ns, ${clean.theirs} ns`)
    const noisy = errorsOn({ before: 5, after: 5, noise: 100 }, seed)
    t.ok(noisy.ours < 0.3 * noisy.theirs, `${noisy.ours} ns, ${noisy.theirs} ns`)
  })

  t.test(`seed ${seed}: a bus that is slow on one side only does not pull`, async (t) => {
    const { ours, theirs } = errorsOn({ before: 400, after: 5, noise: 8 }, seed)
    t.ok(ours < theirs, `${ours} ns, ${theirs} ns`)
  })
}

t.test('while the clock is slewed the result is of one moment', async (t) => {
  const all = readings(new SeededRandom('1'), { before: 1, after: 1, noise: 1, slewPpm: 500 })
  const combined = combine(comparisonOf('extended', all))
  if (combined === undefined) throw new Error('nothing came out')
  const passed = Number((combined.before as bigint) - (all[0]?.before as bigint))
  t.ok(Math.abs(offsetOf(combined) - 1000 - passed * 500e-6) < 3, `${offsetOf(combined)}`)
})

t.test('it is as wide as the shortest, and within it', async (t) => {
  const reading = (early: bigint, late: bigint, ahead: bigint): PairedReading => ({
    before: utc(BASE - early),
    phc: phc(BASE + ahead),
    after: utc(BASE + late),
  })
  const apart = [reading(5n, 5n, 0n), ...Array.from({ length: 9 }, () => reading(6n, 6n, 500n))]
  const combined = combine(comparisonOf('extended', apart))
  if (combined === undefined) throw new Error('nothing came out')
  t.equal(width(combined), 10n)
  t.ok(Math.abs(offsetOf(combined)) <= 5)
})

t.test('few readings: the shortest; out of order: none', async (t) => {
  const fine = { before: utc(0n), phc: phc(5n), after: utc(9n) }
  const long = { before: utc(0n), phc: phc(90n), after: utc(99n) }
  t.same(combine(comparisonOf('extended', [long, fine])), fine)
  const wrong = { before: utc(9n), phc: phc(5n), after: utc(0n) }
  t.equal(combine(comparisonOf('basic', [wrong])), undefined)
  t.equal(combine(comparisonOf('basic', [])), undefined)
})
