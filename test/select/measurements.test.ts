import t from 'tap'
import { Measurements } from '../../agent/select/measurements.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

interface Plain {
  at: number
  offset: number
  extra: number
}

/** What each change does to each measurement, one by one. */
function moved(all: Plain[], at: number, step: number, turn: number, extra: number): void {
  for (const each of all.filter((one) => one.at <= at)) {
    each.offset += step - turn * (at - each.at)
    each.extra += extra
  }
}

t.test('changes that are added up do what they do one by one', async (t) => {
  const random = new SeededRandom('measurements')
  const kept = new Measurements()
  let plain: Plain[] = []
  let now = 1e6
  for (let round = 0; round < 400; round++) {
    now += random.uniform() / 16
    const offset = 1e6 * (random.uniform() - 0.5)
    kept.add(now, offset, 100)
    plain.push({ at: now, offset, extra: 0 })
    const changes = Math.floor(4 * random.uniform())
    for (let k = 0; k < changes; k++) {
      // some of them are told late: of a moment before the last measurement
      const at = now + (random.uniform() - 0.1) / 16
      const [step, turn] = [k === 3 ? 1000 : 0, 1e4 * (random.uniform() - 0.5)]
      kept.move(at, step, turn, k)
      moved(plain, at, step, turn, k)
    }
    if (plain.length === 48) {
      kept.drop(16)
      plain = plain.slice(16)
    }
    if (round % 7 !== 0) continue
    const seen = kept.observations(0)
    t.equal(seen.length, plain.length)
    for (const [k, { at, offset: is, extra }] of seen.entries()) {
      const should = plain[k] as Plain
      t.equal(at, should.at)
      t.ok(Math.abs(is - should.offset) < 1e-6, `${is} for ${should.offset}`)
      t.equal(extra, should.extra)
    }
  }
})

t.test('round trips and noise are of what is kept', async (t) => {
  const kept = new Measurements()
  kept.move(1, 5, 5, 5)
  t.equal(kept.lastAt, Number.NEGATIVE_INFINITY)
  for (const [k, delay] of [50, 100, 120, 110].entries()) kept.add(k, k % 2 === 0 ? 0 : 6, delay)
  t.same(kept.trips, { shortest: 50, usual: 55 })
  kept.drop(1)
  t.same(kept.trips, { shortest: 100, usual: 10 })
  t.same(kept.observations(1, 2), [{ at: 3, offset: 6, excess: 11, extra: 0 }])
  t.ok(Math.abs(kept.roughness(48) - 12 / 0.6745 / Math.sqrt(6)) < 1e-9)
  kept.drop(9)
  t.equal(kept.size, 0)
})
