import t from 'tap'
import type { ClockChange } from '../../agent/core/clock-change.ts'
import { PhcLine } from '../../agent/core/phc-line.ts'
import { mono, nanos, phc, ppb, utc } from '../../agent/core/units.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const seed = process.env['PROPERTY_SEED'] ?? 'phc-line'
const S = 1_000_000_000n
const START = 1_767_225_600n * S

/** Two clocks of exact rates over a raw time in ns; the PHC is 37 s ahead at the start. */
class World {
  rate: bigint
  system: bigint
  constructor(phcPpb: number, systemPpb = 0) {
    this.rate = BigInt(Math.round(phcPpb * 1000))
    this.system = BigInt(Math.round(systemPpb * 1000))
  }
  phcAt = (raw: bigint): bigint => START + 37n * S + raw + (raw * this.rate) / 1_000_000_000_000n
  utcAt = (raw: bigint): bigint => START + raw + (raw * this.system) / 1_000_000_000_000n
  reading(raw: bigint, half = 0n) {
    const middle = this.utcAt(raw)
    return { before: utc(middle - half), phc: phc(this.phcAt(raw)), after: utc(middle + half) }
  }
}

const filled = (world: World, raws: readonly bigint[], half = 0n): PhcLine => {
  const line = new PhcLine()
  for (const raw of raws) line.add(world.reading(raw, half), mono(raw))
  return line
}

const errorAt = (line: PhcLine, world: World, raw: bigint): number =>
  Number((line.convert(phc(world.phcAt(raw)))?.at ?? 0n) - world.utcAt(raw))

t.test(`exact on noiseless clocks of any rate (seed ${seed})`, async (t) => {
  const random = new SeededRandom(seed)
  for (let k = 0; k < 500; k += 1) {
    const world = new World((random.uniform() - 0.5) * 1e6, (random.uniform() - 0.5) * 2e5)
    const gap = BigInt(Math.floor(random.uniform() * 1e9)) + 50_000_000n
    const line = filled(
      world,
      [0n, 1n, 2n, 3n, 4n].map((i) => i * gap),
      BigInt(Math.floor(random.uniform() * 500)),
    )
    const raw = 4n * gap - BigInt(Math.floor(random.uniform() * Number(gap)))
    const error = errorAt(line, world, raw)
    if (Math.abs(error) > 4) t.fail(`case ${k}: ${error} ns, gap ${gap}`)
  }
  t.pass('500 pairs of clocks')
})

t.test('a stamp between two readings is converted, no other', async (t) => {
  const world = new World(20_000)
  const stamp = (raw: bigint) => phc(world.phcAt(raw))
  const line = filled(world, [0n, 100_000n])
  t.ok(Math.abs(errorAt(line, world, 50_000n)) <= 3)
  t.ok((line.convert(stamp(50_000n))?.dispersion ?? 0) < 150)
  t.equal(line.convert(stamp(-1_000n)), undefined, 'before the first')
  t.equal(line.convert(stamp(101_000n)), undefined, 'after the last')
  t.equal(filled(world, [0n]).convert(stamp(0n)), undefined, 'one reading is not two')
  t.equal(new PhcLine().convert(phc(START)), undefined)
  line.forget()
  t.equal(line.convert(stamp(50_000n)), undefined)
})

t.test('a reading that is more than 2 s away is of no use', async (t) => {
  const world = new World(1_000)
  const line = filled(world, [0n, 5n * S])
  t.equal(line.convert(phc(world.phcAt(4n * S))), undefined)
  t.equal(line.convert(phc(world.phcAt(S))), undefined)
  const near = filled(world, [0n, 3n * S])
  t.ok(near.convert(phc(world.phcAt((3n * S) / 2n))))
})

t.test('the dispersion covers the width of the best reading', async (t) => {
  const world = new World(-5_000)
  const line = filled(world, [0n, S, 2n * S], 400n)
  line.add(world.reading(3n * S, 900n), mono(3n * S))
  const dispersion = line.convert(phc(world.phcAt(3n * S - 1_000n)))?.dispersion ?? 0
  t.ok(dispersion >= 400 && dispersion < 2_000, `${dispersion}`)
})

t.test('a small step that nobody told is covered, whichever side it was on', async (t) => {
  for (const step of [300n, -900n, 1_500n]) {
    const world = new World(7_000)
    const line = filled(world, [0n, S, 2n * S, 2n * S + 100_000n], 600n)
    const { before, phc: at, after } = world.reading(2n * S + 300_000n, 600n)
    const kept = { before: utc(before + step), phc: at, after: utc(after + step) }
    t.equal(line.add(kept, mono(2n * S + 300_000n)), true, `${step}: within what is expected`)
    const raw = 2n * S + 200_000n
    const converted = line.convert(phc(world.phcAt(raw)))
    for (const truth of [world.utcAt(raw), world.utcAt(raw) + step]) {
      const error = Math.abs(Number((converted?.at ?? 0n) - truth))
      t.ok(error <= (converted?.dispersion ?? 0), `${step}: ${error}`)
    }
  }
})

t.test('an error of the middle within the width stays within the dispersion', async (t) => {
  const random = new SeededRandom(seed)
  for (let k = 0; k < 200; k += 1) {
    const world = new World((random.uniform() - 0.5) * 1e5)
    const line = new PhcLine()
    for (let i = 0n; i < 8n; i += 1n) {
      const { before, phc: at, after } = world.reading(i * S, 600n)
      const shift = BigInt(Math.round((random.uniform() * 2 - 1) * 600))
      line.add({ before: utc(before + shift), phc: at, after: utc(after + shift) }, mono(i * S))
    }
    const raw = 7n * S - BigInt(Math.floor(random.uniform() * 1e6))
    const dispersion = line.convert(phc(world.phcAt(raw)))?.dispersion ?? 0
    if (Math.abs(errorAt(line, world, raw)) > dispersion) t.fail(`case ${k}`)
  }
  t.pass('200 lines')
})

const change = (part: Partial<ClockChange>): ClockChange => ({
  clock: 'system',
  at: mono(4n * S),
  step: 0n,
  frequency: ppb(0),
  uncertainty: nanos(0),
  foreign: false,
  ...part,
})

t.test('a step of either clock moves the line', async (t) => {
  const world = new World(12_000)
  const raw = 4n * S + 1000n
  const stamp = world.phcAt(raw)
  const next = world.reading(4n * S + 2000n)
  const { before, phc: at, after } = next
  const system = filled(world, [0n, S, 2n * S, 3n * S])
  system.move(change({ step: 5_000_000n }), 'system')
  const later = { before: utc(before + 5_000_000n), phc: at, after: utc(after + 5_000_000n) }
  t.equal(system.add(later, mono(4n * S + 2000n)), true)
  t.ok(Math.abs(Number((system.convert(phc(stamp))?.at ?? 0n) - world.utcAt(raw)) - 5e6) < 3)
  const nic = filled(world, [0n, S, 2n * S, 3n * S])
  nic.move(change({ step: -700_000_000n, clock: 'phc:x' }), 'phc')
  t.equal(nic.add({ ...next, phc: phc(at - 700_000_000n) }, mono(4n * S + 2000n)), true)
  t.ok(Math.abs(Number((nic.convert(phc(stamp - 700_000_000n))?.at ?? 0n) - world.utcAt(raw))) < 3)
})

t.test('a change of rate moves the line, and is not taken for a step', async (t) => {
  for (const which of ['system', 'phc'] as const) {
    const world = new World(12_000)
    const line = filled(world, [0n, S, 2n * S, 3n * S])
    line.move(change({ frequency: ppb(80_000), uncertainty: nanos(5) }), which)
    const extra = (raw: bigint): bigint => ((raw - 4n * S) * 80_000n) / 1_000_000_000n
    const onPhc = (raw: bigint) => world.phcAt(raw) + (which === 'phc' ? extra(raw) : 0n)
    const truth = (raw: bigint) => utc(world.utcAt(raw) + (which === 'system' ? extra(raw) : 0n))
    const last = 4n * S + S / 2n
    t.equal(
      line.add({ before: truth(last), phc: phc(onPhc(last)), after: truth(last) }, mono(last)),
      true,
    )
    const raw = last - 1_000_000n
    const converted = line.convert(phc(onPhc(raw)))
    t.ok(Math.abs(Number((converted?.at ?? 0n) - truth(raw))) < 5, which)
  }
})

t.test('a reading of before the change only is moved', async (t) => {
  const world = new World(0)
  const line = filled(world, [5n * S, 5n * S + 2_000n])
  line.move(change({ step: 1_000n }), 'system')
  t.equal(errorAt(line, world, 5n * S + 1_000n), 0)
})

t.test('a step that nobody told: what was before it is forgotten', async (t) => {
  const world = new World(3_000)
  const line = filled(world, [0n, S, 2n * S])
  const stepped = (raw: bigint) => {
    const { before, phc: at, after } = world.reading(raw)
    return { before: utc(before + 50_000n), phc: at, after: utc(after + 50_000n) }
  }
  t.equal(line.add(stepped(3n * S), mono(3n * S)), false)
  t.equal(line.convert(phc(world.phcAt(3n * S - 1000n))), undefined, 'of before or after the step?')
  t.equal(line.add(stepped(3n * S + 4_000n), mono(3n * S + 4_000n)), true)
  t.ok(Math.abs(errorAt(line, world, 3n * S + 1000n) - 50_000) < 3)
})

t.test('a PHC that ran backwards is another one', async (t) => {
  const world = new World(0)
  const line = filled(world, [0n, S])
  t.equal(line.add(world.reading(S / 2n), mono(2n * S)), false)
})

t.test('a reading whose ends are not in order: the system clock was set back', async (t) => {
  const line = filled(new World(0), [0n, S])
  const odd = { before: utc(START + 5n), phc: phc(START), after: utc(START) }
  t.equal(line.add(odd, mono(2n * S)), false)
  t.equal(line.convert(phc(START + 37n * S + S / 2n)), undefined)
})
