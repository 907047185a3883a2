import t from 'tap'
import type { Event } from '../../agent/core/machine.ts'
import { mean } from '../../agent/core/stats.ts'
import { mono, utc } from '../../agent/core/units.ts'
import { EventLoop } from '../../agent/sim/event-loop.ts'
import { Queue } from '../../agent/sim/queue.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

function build(latencyNs: number) {
  let now = 0n
  const queue = new Queue()
  const given: { event: Event; at: bigint }[] = []
  const loop = new EventLoop({
    queue,
    time: () => now,
    now: () => ({ mono: mono(now), utc: utc(now) }),
    random: new SeededRandom('loop'),
    latencyNs,
    give: (event) => given.push({ event, at: now }),
  })
  const run = (until: bigint) => {
    for (let e = queue.next(until); e !== undefined; e = queue.next(until)) {
      now = e.at
      e.run?.()
    }
    now = until
  }
  const deliver = (key: string) => loop.deliver(() => ({ on: 'timer', key }))
  return { loop, given, run, deliver }
}

const keys = (given: readonly { event: Event }[]): string[] =>
  given.map(({ event }) => ('key' in event ? event.key : event.on))

t.test('events come late, and never overtake each other', async (t) => {
  const { given, run, deliver } = build(200_000)
  const late: number[] = []
  for (let i = 0; i < 500; i++) {
    deliver(`${i}`)
    const begin = BigInt(i) * 1_000_000n
    run(begin + 1_000_000n)
    const last = given.at(-1)
    if (last !== undefined) late.push(Number(last.at - begin))
  }
  run(1_000_000_000n)
  t.same(
    keys(given),
    Array.from({ length: 500 }, (_, i) => `${i}`),
  )
  t.ok(Math.abs(mean(late) - 200_000) < 40_000, `mean ${mean(late)} ns`)
})

t.test('what nobody wants any more is not delivered', async (t) => {
  const { loop, given, run } = build(1)
  loop.deliver(() => undefined)
  run(1000n)
  t.same(given, [])
})

t.test('a machine that sleeps gets its events when it wakes, in order', async (t) => {
  const { loop, given, run, deliver } = build(10)
  deliver('a')
  deliver('b')
  loop.sleep()
  run(1000n)
  t.equal(loop.asleep, true)
  t.same(given, [])
  loop.wake()
  t.same(keys(given), ['a', 'b'])
  deliver('c')
  run(2000n)
  t.same(keys(given), ['a', 'b', 'c'])
})
