import t from 'tap'
import { cover, deepest, type Interval, isTrue } from '../../agent/select/intersect.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const interval = (source: string, lo: number, hi: number): Interval => ({ source, lo, hi })

t.test('the deepest overlap of intervals', async (t) => {
  t.equal(deepest([]), undefined)
  t.same(deepest([interval('a', -5, 5)]), { lo: -5, hi: 5, depth: 1 })
  t.same(deepest([interval('a', 0, 10), interval('b', 5, 15), interval('c', 20, 30)]), {
    ...{ lo: 5, hi: 10, depth: 2 },
  })
  t.same(deepest([interval('a', 0, 5), interval('b', 5, 9)]), { lo: 5, hi: 5, depth: 2 }, 'touch')
  t.same(deepest([interval('a', 0, 1), interval('b', 2, 3)]), { lo: 0, hi: 1, depth: 1 })
})

t.test('of equally deep overlaps the one nearest to this clock', async (t) => {
  t.match(deepest([interval('a', -9, -8), interval('b', -1, 1), interval('c', 3, 4)]), { lo: -1 })
  t.match(deepest([interval('a', -9, -8), interval('b', 3, 4)]), { lo: 3 })
})

t.test('the cover holds every point that more than half of the intervals contain', async (t) => {
  t.equal(cover([]), undefined)
  t.same(cover([interval('a', -5, 5)]), { lo: -5, hi: 5 })
  t.same(
    cover([interval('a', -5, 5), interval('b', 0, 9)]),
    { lo: 0, hi: 5 },
    'two: where both are',
  )
  t.equal(cover([interval('a', -5, -1), interval('b', 0, 9)]), undefined)
  // a precise liar beside a vague one and a precise true one
  const beside = [interval('true', -1, 1), interval('vague', -20, 20), interval('liar', 4, 6)]
  t.same(cover(beside), { lo: -1, hi: 6 })
})

t.test('a truechimer contains the best interval or lies inside it', async (t) => {
  const best = { lo: 5, hi: 10, depth: 2 }
  t.equal(isTrue(interval('a', 0, 10), best), true)
  t.equal(isTrue(interval('a', 6, 9), best), true)
  t.equal(isTrue(interval('a', 6, 12), best), false, 'half in is not in')
  t.equal(isTrue(interval('a', 11, 12), best), false)
})

t.test('whoever counts for the depth is a truechimer, and all of them intersect', async (t) => {
  const failures: string[] = []
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = new SeededRandom(`intersect ${seed}`)
    const count = 1 + Math.floor(random.uniform() * 8)
    const all = Array.from({ length: count }, (_, k) => {
      const middle = (random.uniform() - 0.5) * 100
      const radius = random.uniform() * 30
      return interval(`s${k}`, middle - radius, middle + radius)
    })
    const best = deepest(all)
    if (best === undefined) throw new Error(`seed ${seed}: nothing`)
    const survivors = all.filter((each) => isTrue(each, best))
    const lo = Math.max(...survivors.map((each) => each.lo))
    const hi = Math.min(...survivors.map((each) => each.hi))
    if (survivors.length !== best.depth || lo > hi || lo !== best.lo || hi !== best.hi) {
      failures.push(`seed ${seed}: ${JSON.stringify({ best, survivors })}`)
    }
  }
  t.same(failures, [])
})

t.test(
  'overlap and cover of many random intervals are those of a search point by point',
  async (t) => {
    const random = new SeededRandom('intervals')
    const pick = (n: number): number => Math.floor(random.uniform() * n)
    for (let round = 0; round < 2000; round += 1) {
      const intervals = Array.from({ length: 1 + pick(7) }, (_, k) => {
        const lo = pick(20) - 10
        return { source: `${k}`, lo, hi: lo + pick(8) }
      })
      const depthAt = (x: number) => intervals.filter(({ lo, hi }) => lo <= x && x <= hi).length
      const points = Array.from({ length: 60 }, (_, k) => k - 20)
      const most = Math.max(...points.map(depthAt))
      const best = deepest(intervals)
      const inside = best !== undefined && depthAt(best.lo) === most && depthAt(best.hi) === most
      const need = points.filter((x) => depthAt(x) * 2 > intervals.length)
      const whole = cover(intervals)
      const covers = whole?.lo === need[0] && whole?.hi === need.at(-1)
      if (best?.depth !== most || !inside || !covers)
        t.fail(JSON.stringify({ intervals, best, whole }))
    }
  },
)
