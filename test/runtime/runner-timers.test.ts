import t from 'tap'
import { mono } from '../../agent/core/units.ts'
import { delayMs, MAX_DELAY_MS, Timers } from '../../agent/runtime/runner-timers.ts'

/** Timers on a clock that the test turns; Node's own timer is caught by t.capture. */
function setup(t: Tap) {
  const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout }
  const node: { wake: (() => void) | undefined; delay: number } = { wake: undefined, delay: 0 }
  globalThis.setTimeout = ((wake: () => void, delay: number) => {
    node.wake = wake
    node.delay = delay
    return 1
  }) as unknown as typeof setTimeout
  globalThis.clearTimeout = () => {
    node.wake = undefined
  }
  t.teardown(() => Object.assign(globalThis, real))
  const clock = { now: 0n }
  const fired: string[] = []
  const during = new Map<string, () => void>()
  const timers = new Timers({
    now: () => mono(clock.now),
    fire: (key) => {
      fired.push(key)
      during.get(key)?.()
    },
  })
  const turn = (ns: bigint): void => {
    clock.now = ns
    node.wake?.()
  }
  return { node, fired, during, timers, turn, clock }
}
type Tap = Pick<typeof t, 'teardown'>

t.test('delays are rounded up and never longer than Node can wait', async (t) => {
  t.equal(delayMs(mono(1n), mono(0n)), 1)
  t.equal(delayMs(mono(1_000_001n), mono(0n)), 2)
  t.equal(delayMs(mono(5_000_000n), mono(0n)), 5)
  t.equal(delayMs(mono(0n), mono(9n)), 1)
  t.equal(delayMs(mono(10n ** 18n), mono(0n)), MAX_DELAY_MS)
})

t.test('those that are due are delivered in the order of their deadlines', async (t) => {
  const { timers, fired, turn, node } = setup(t)
  timers.set('c', mono(30n))
  timers.set('a', mono(10n))
  timers.set('b2', mono(20n))
  timers.set('b3', mono(20n))
  timers.set('later', mono(5_000_000n))
  timers.arm()
  turn(30n)
  t.same(fired, ['a', 'b2', 'b3', 'c'])
  t.equal(node.delay, 5)
  t.same(timers.lateness, { fired: 4, totalNs: 40, maxNs: 20 })
})

t.test(
  'a second timer with the same key replaces the first; a cancelled one is silent',
  async (t) => {
    const { timers, fired, turn, node } = setup(t)
    timers.set('a', mono(1_000_000n))
    timers.set('b', mono(2_000_000n))
    timers.arm()
    timers.set('a', mono(3_000_000n))
    timers.cancel('b')
    timers.arm()
    t.equal(node.delay, 3)
    turn(3_000_000n)
    t.same(fired, ['a'])
    t.equal(node.wake === undefined || fired.length === 1, true)
  },
)

t.test('what an earlier one cancels or puts off is not delivered', async (t) => {
  const { timers, fired, during, turn } = setup(t)
  timers.set('a', mono(1n))
  timers.set('b', mono(2n))
  timers.set('c', mono(3n))
  during.set('a', () => {
    timers.cancel('b')
    timers.set('c', mono(100n))
  })
  timers.arm()
  turn(50n)
  t.same(fired, ['a'])
  turn(100n)
  t.same(fired, ['a', 'c'])
})

t.test('a timer set into the past waits for the next turn', async (t) => {
  const { timers, fired, during, turn, node } = setup(t)
  timers.set('again', mono(1n))
  during.set('again', () => timers.set('again', mono(0n)))
  timers.arm()
  turn(10n)
  t.same(fired, ['again'])
  t.equal(node.delay, 1)
})

t.test('a month is waited for in parts', async (t) => {
  const { timers, fired, turn, node } = setup(t)
  const month = 30n * 86_400n * 1_000_000_000n
  timers.set('month', mono(month))
  timers.arm()
  t.equal(node.delay, MAX_DELAY_MS)
  turn(BigInt(MAX_DELAY_MS) * 1_000_000n)
  t.same(fired, [])
  t.equal(BigInt(node.delay), month / 1_000_000n - BigInt(MAX_DELAY_MS))
  turn(month)
  t.same(fired, ['month'])
})

t.test('after clear nothing fires', async (t) => {
  const { timers, node } = setup(t)
  timers.set('a', mono(1n))
  timers.arm()
  timers.clear()
  t.equal(node.wake, undefined)
})
