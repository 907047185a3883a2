import t from 'tap'
import { mean } from '../../agent/core/stats.ts'
import { createLink, travel } from '../../agent/sim/network.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const trips = (link: Parameters<typeof travel>[0], way: 'there' | 'back', n = 5000) => {
  const random = new SeededRandom('network')
  return Array.from({ length: n }, () => travel(link, way, random))
}

t.test('a datagram takes the delay and on average the jitter', async (t) => {
  const times = trips(createLink({ delayNs: 1000, jitterNs: 100 }), 'there') as number[]
  t.ok(Math.min(...times) >= 1000)
  t.ok(Math.abs(mean(times) - 1100) < 10, `${mean(times)}`)
})

t.test('asymmetry is the difference between there and back', async (t) => {
  const link = createLink({ delayNs: 1000, jitterNs: 0, asymmetryNs: 300 })
  t.equal(travel(link, 'there', new SeededRandom('a')), 1150)
  t.equal(travel(link, 'back', new SeededRandom('a')), 850)
})

t.test('loss takes its share, and leaves the delay of the others as it was', async (t) => {
  const sure = trips(createLink(), 'there')
  const lossy = trips(createLink({ loss: 0.2 }), 'there')
  const lost = lossy.filter((time) => time === undefined).length
  t.ok(Math.abs(lost - 1000) < 120, `${lost} of 5000`)
  t.ok(lossy.every((time, i) => time === undefined || time === sure[i]))
})

t.test('nothing passes a path that is cut', async (t) => {
  t.same(trips(createLink({ down: true }), 'back', 3), [undefined, undefined, undefined])
})
