import t from 'tap'
import { cancel, Queue } from '../../agent/sim/queue.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const drain = (queue: Queue, until = 1n << 62n): bigint[] => {
  const times: bigint[] = []
  for (let entry = queue.next(until); entry !== undefined; entry = queue.next(until)) {
    times.push(entry.at)
    entry.run?.()
  }
  return times
}

t.test('entries come in the order of time, whatever the order of adding', async (t) => {
  const random = new SeededRandom('queue')
  const queue = new Queue()
  const times = Array.from({ length: 500 }, () => BigInt(Math.floor(random.uniform() * 100)))
  for (const at of times) queue.add(at, () => undefined)
  t.same(
    drain(queue),
    times.toSorted((a, b) => Number(a - b)),
  )
})

t.test('at the same time the first asked is the first done', async (t) => {
  const queue = new Queue()
  const done: number[] = []
  for (let i = 0; i < 50; i++) queue.add(i % 2 === 0 ? 5n : 3n, () => done.push(i))
  drain(queue)
  const odd = Array.from({ length: 25 }, (_, i) => 2 * i + 1)
  const even = Array.from({ length: 25 }, (_, i) => 2 * i)
  t.same(done, [...odd, ...even])
})

t.test('what was taken back does not happen', async (t) => {
  const queue = new Queue()
  const done: string[] = []
  queue.add(1n, () => done.push('a'))
  cancel(queue.add(2n, () => done.push('b')))
  cancel(undefined)
  queue.add(3n, () => done.push('c'))
  t.same(drain(queue), [1n, 3n])
  t.same(done, ['a', 'c'])
})

t.test('what is due later stays', async (t) => {
  const queue = new Queue()
  queue.add(10n, () => undefined)
  t.equal(queue.next(9n), undefined)
  t.equal(queue.next(10n)?.at, 10n)
})
