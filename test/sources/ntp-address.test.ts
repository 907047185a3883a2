import t from 'tap'
import { mono, utc } from '../../agent/core/units.ts'
import {
  isAddress,
  isResolveTime,
  orderAddresses,
  pickAddress,
  resolveRetry,
  ServerAddress,
} from '../../agent/sources/ntp-address.ts'

const NOW = { mono: mono(0n), utc: utc(0n) }
const V4 = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4']
const V6 = ['2001:db8::1', '2001:db8::2']

t.test('a literal is told from a name', async (t) => {
  for (const literal of ['10.99.0.1', '::1', 'fe80::1%eth0']) t.ok(isAddress(literal), literal)
  for (const name of ['ntp1.example', '0.pool', '10.99.0.1.example', 'localhost']) {
    t.notOk(isAddress(name), name)
  }
})

t.test('the order of addresses does not depend on the order of the answer', async (t) => {
  const order = orderAddresses(V4, 7)
  t.same(orderAddresses([...V4].reverse(), 7), order)
  t.same([...order].sort(), V4)
  const firsts = new Set(Array.from({ length: 40 }, (_, salt) => orderAddresses(V4, salt)[0]))
  t.equal(firsts.size, 4, 'another salt, another order: nodes share the load')
})

t.test('the family that the resolver prefers comes first, and an address only once', async (t) => {
  t.equal(
    orderAddresses([...V6, ...V4], 1)
      .slice(0, 2)
      .sort()
      .join(),
    V6.join(),
  )
  t.equal(
    orderAddresses([...V4, ...V6], 1)
      .slice(4)
      .sort()
      .join(),
    V6.join(),
  )
  t.same(orderAddresses(['10.0.0.1', '10.0.0.1'], 1), ['10.0.0.1'])
})

t.test('slots take distinct addresses, now and when their servers fail', async (t) => {
  const slot = (index: number, turn = 0) => pickAddress(V4, { index, count: 2 }, turn)
  t.same([slot(0), slot(1)], ['192.0.2.1', '192.0.2.2'])
  t.same([slot(0, 1), slot(1, 1)], ['192.0.2.3', '192.0.2.4'])
  t.equal(slot(0, 2), '192.0.2.1', 'then from the beginning')
  t.equal(pickAddress(V4, { index: 4, count: 5 }, 0), undefined)
})

t.test('a failure is retried after 2 s, doubled up to 64 s', async (t) => {
  t.same(
    [1, 2, 3, 6, 7, 50].map((n) => resolveRetry(n) / 1e9),
    [2, 4, 8, 64, 64, 64],
  )
})

t.test('a silent server makes the name resolved again, less and less often', async (t) => {
  const times = Array.from({ length: 50 }, (_, index) => index).filter(isResolveTime)
  t.same(times, [3, 6, 12, 24, 48])
})

t.test('a literal is never resolved', async (t) => {
  const server = new ServerAddress('10.99.0.1', { index: 0, count: 1 }, 0)
  t.equal(server.current, '10.99.0.1')
  t.same(server.fruitless(3), [])
})

t.test('a name takes another of its addresses when its server fails', async (t) => {
  const server = new ServerAddress('ntp.example', { index: 0, count: 1 }, 3)
  const order = orderAddresses(V4, 3)
  t.equal(server.current, undefined)
  t.same(server.resolve(), [{ do: 'resolve', key: 'resolve', name: 'ntp.example' }])
  t.match(server.resolved(V4, NOW), [{ code: 'resolved', detail: `ntp.example is ${order[0]}` }])
  t.same(server.resolved(V4, NOW), [], 'nothing new')
  t.same(server.fruitless(2), [])
  t.match(server.fruitless(3), [{ do: 'resolve' }])
  server.resolved(V4, NOW)
  t.equal(server.current, order[1])
})

t.test('fewer addresses than slots are a trouble that is retried', async (t) => {
  const server = new ServerAddress('pool.example', { index: 2, count: 3 }, 0)
  t.match(server.resolved(['192.0.2.1', '192.0.2.2'], NOW), [
    { do: 'note', code: 'resolve-failed' },
    { do: 'timer', key: 'resolve', at: 2_000_000_000n },
  ])
  t.equal(server.trouble, 'pool.example: fewer addresses (2) than slots')
  t.equal(server.current, undefined)
  server.resolved(V4, NOW)
  t.equal(server.trouble, '')
  t.type(server.current, 'string')
})

t.test('an empty answer and a failure of the resolver are retried', async (t) => {
  const server = new ServerAddress('ntp.example', { index: 0, count: 1 }, 0)
  t.match(server.resolved([], NOW)[1], { key: 'resolve', at: 2_000_000_000n })
  t.equal(server.trouble, 'ntp.example: no address')
  const fault = { code: 'TIMEOUT', syscall: 'getaddrinfo', errno: 'EAI_AGAIN' } as const
  t.match(server.failed(fault, NOW)[1], { key: 'resolve', at: 4_000_000_000n })
  t.match(server.trouble, /EAI_AGAIN/)
})
