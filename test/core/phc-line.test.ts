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

t.test('one reading is enough beside it, and nothing is known far from it', async (t) => {
  const world = new World(20_000)
  const line = filled(world, [0n])
  t.ok(Math.abs(errorAt(line, world, -100_000n)) <= 3)
  const converted = line.convert(phc(world.phcAt(-100_000n)))
  t.ok((converted?.dispersion ?? 0) < 150)
  t.equal(line.convert(phc(world.phcAt(-3n * S))), undefined)
  t.equal(new PhcLine().convert(phc(START)), undefined)
  line.forget()
  t.equal(line.convert(phc(world.phcAt(0n))), undefined)
})

t.test(
  'the dispersion grows with the distance, and covers the width of the readings',
  async (t) => {
    const world = new World(-5_000)
    const line = filled(world, [0n, S, 2n * S, 3n * S], 400n)
    const [near = 0, mid = 0, far = 0] = [0n, S / 2n, 2n * S - 1_000_000n].map(
      (age) => line.convert(phc(world.phcAt(3n * S + age)))?.dispersion,
    )
    t.ok(near >= 400 && near < mid && mid < far, `${near} ${mid} ${far}`)
  },
)

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
  const system = filled(world, [0n, S, 2n * S, 3n * S])
  system.move(change({ step: 5_000_000n }), 'system')
  t.ok(Math.abs(Number((system.convert(phc(stamp))?.at ?? 0n) - world.utcAt(raw)) - 5e6) < 3)
  const nic = filled(world, [0n, S, 2n * S, 3n * S])
  nic.move(change({ step: -700_000_000n, clock: 'phc:x' }), 'phc')
  t.ok(Math.abs(Number((nic.convert(phc(stamp - 700_000_000n))?.at ?? 0n) - world.utcAt(raw))) < 3)
})

t.test('a change of rate moves the line, and is not taken for a step', async (t) => {
  for (const which of ['system', 'phc'] as const) {
    const before = new World(12_000)
    const line = filled(before, [0n, S, 2n * S, 3n * S])
    line.move(change({ frequency: ppb(80_000), uncertainty: nanos(5) }), which)
    const extra = (raw: bigint): bigint => ((raw - 4n * S) * 80_000n) / 1_000_000_000n
    const raw = 4n * S + S / 2n
    const onPhc = before.phcAt(raw) + (which === 'phc' ? extra(raw) : 0n)
    const truth = before.utcAt(raw) + (which === 'system' ? extra(raw) : 0n)
    const converted = line.convert(phc(onPhc))
    t.ok(Math.abs(Number((converted?.at ?? 0n) - truth)) < 5, which)
    t.ok((converted?.dispersion ?? 0) >= 5)
  }
})

t.test('a reading of before the change only is moved', async (t) => {
  const world = new World(0)
  const line = filled(world, [5n * S])
  line.move(change({ step: 1_000n }), 'system')
  t.equal(errorAt(line, world, 5n * S), 0)
})

t.test('a step that nobody told: what was before it is forgotten', async (t) => {
  const world = new World(3_000)
  const line = filled(world, [0n, S, 2n * S])
  const { before, phc: at, after } = world.reading(3n * S)
  line.add({ before: utc(before + 50_000n), phc: at, after: utc(after + 50_000n) }, mono(3n * S))
  t.ok(Math.abs(errorAt(line, world, 3n * S - 1000n) - 50_000) < 3)
  t.equal(line.convert(phc(world.phcAt(0n))), undefined, 'only the new one is left')
})

t.test('a reading whose ends are not in order is refused', async (t) => {
  const line = new PhcLine()
  line.add({ before: utc(START + 5n), phc: phc(START), after: utc(START) }, mono(0n))
  t.equal(line.convert(phc(START)), undefined)
})
