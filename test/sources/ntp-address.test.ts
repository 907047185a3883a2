import t from 'tap'
import type { Action } from '../../agent/core/machine.ts'
import { mono, utc } from '../../agent/core/units.ts'
import { orderAddresses, resolveRetry, ServerAddress } from '../../agent/sources/ntp-address.ts'
import { AddressBook } from '../../agent/sources/ntp-book.ts'

const at = (seconds: number) => ({ mono: mono(BigInt(seconds * 1e9)), utc: utc(0n) })
const NOW = at(0)
const V4 = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4']
const V6 = ['2001:db8::1', '2001:db8::2']
const FAULT = { code: 'TIMEOUT', syscall: 'resolve', errno: 'ETIMEOUT' } as const

const make = (book: AddressBook, source = 'a', name = 'ntp.example', salt = 3) =>
  new ServerAddress({ source, name, port: 123, salt }, book)
const codes = (actions: readonly Action[]) =>
  actions.map((action) => (action.do === 'note' ? action.code : action.do))

t.test('the order of addresses does not depend on the order of the answer', async (t) => {
  const order = orderAddresses(V4, 7)
  t.same(orderAddresses([...V4].reverse(), 7), order)
  t.same([...order].sort(), V4)
  const firsts = new Set(Array.from({ length: 40 }, (_, salt) => orderAddresses(V4, salt)[0]))
  t.equal(firsts.size, 4, 'another salt, another order: nodes share the load')
})

t.test('the family that the resolver prefers comes first, and an address only once', async (t) => {
  const part = (list: readonly string[], from: number, to?: number) =>
    orderAddresses(list, 1).slice(from, to).sort().join()
  t.equal(part([...V6, ...V4], 0, 2), V6.join())
  t.equal(part([...V4, ...V6], 4), V6.join())
  t.same(orderAddresses(['10.0.0.1', '10.0.0.1'], 1), ['10.0.0.1'])
})

t.test('a failure is retried after 2 s, doubled up to 64 s', async (t) => {
  t.same(
    [1, 2, 3, 6, 7, 50].map((n) => resolveRetry(n) / 1e9),
    [2, 4, 8, 64, 64, 64],
  )
})

t.test('a literal is never resolved, and asked by one source only', async (t) => {
  const book = new AddressBook()
  const server = make(book, 'a', '10.99.0.1')
  t.equal(server.current, '10.99.0.1')
  t.same(server.start(), [])
  t.same(server.fruitless(30, false, NOW), [])
  const second = make(book, 'b', '10.99.0.1')
  t.equal(second.current, undefined)
  t.match(second.trouble, /another source/)
})

t.test('a name is resolved, and what is kept of it is read', async (t) => {
  const server = make(new AddressBook())
  t.same(codes(server.start()), ['resolve', 'load'])
  const [first] = orderAddresses(V4, 3)
  t.match(server.resolved({ addresses: V4 }, NOW), [
    { code: 'resolved', detail: `ntp.example is ${first}` },
  ])
  t.same(server.resolved({ addresses: V4 }, NOW), [], 'nothing new')
})

t.test('a lost server is replaced: after 3 polls a new one, after 8 a known one', async (t) => {
  const server = make(new AddressBook())
  const order = orderAddresses(V4, 3)
  server.resolved({ addresses: V4 }, NOW)
  t.same(server.fruitless(2, false, NOW), [])
  t.same(server.fruitless(7, true, NOW), [])
  t.same(codes(server.fruitless(3, false, NOW)), ['resolve'])
  t.same(server.fruitless(5, false, NOW), [], 'then it is more patient')
  server.resolved({ addresses: V4 }, NOW)
  t.equal(server.current, order[1])
})

t.test('at most one server is replaced in 5 minutes', async (t) => {
  const server = make(new AddressBook())
  server.resolved({ addresses: V4 }, NOW)
  t.same(codes(server.fruitless(3, false, at(10))), ['resolve'])
  server.resolved({ addresses: V4 }, at(10))
  t.match(server.fruitless(3, false, at(20)), [
    { do: 'timer', key: 'resolve', at: 310_000_000_000n },
  ])
  t.same(codes(server.fruitless(6, false, at(310))), ['resolve'])
})

t.test('a server that is back before the name was resolved stays', async (t) => {
  const server = make(new AddressBook())
  server.resolved({ addresses: V4 }, NOW)
  const { current } = server
  server.fruitless(8, true, NOW)
  server.good()
  t.same(server.resolved({ addresses: V4 }, NOW), [])
  t.equal(server.current, current)
})

t.test('a server that failed comes last, a lone one is kept', async (t) => {
  const server = make(new AddressBook())
  const seen = [0, 1, 2, 3].map((round) => {
    server.resolved({ addresses: V4 }, at(round * 400))
    const { current } = server
    server.fruitless(3, false, at(round * 400 + 10))
    return current
  })
  t.same([...seen].sort(), V4, 'each of them once')
  const lone = make(new AddressBook())
  for (let round = 0; round < 3; round += 1) {
    lone.resolved({ addresses: ['192.0.2.9'] }, NOW)
    lone.fruitless(3 * 2 ** round, false, NOW)
  }
  t.equal(lone.current, '192.0.2.9')
})

t.test('slots never meet, whatever each of them is told', async (t) => {
  const book = new AddressBook()
  const slots = ['a', 'b', 'c'].map((source) => make(book, source, 'pool.example'))
  slots[0]?.resolved({ addresses: ['192.0.2.1', '192.0.2.2'] }, NOW)
  slots[1]?.resolved({ addresses: ['192.0.2.2', '192.0.2.1'] }, NOW)
  t.match(slots[2]?.resolved({ addresses: ['192.0.2.1', '192.0.2.2'] }, NOW), [
    { code: 'resolve-failed', detail: 'pool.example: no free one of 2 addresses' },
    { do: 'timer', key: 'resolve', at: 2_000_000_000n },
  ])
  slots[2]?.resolved({ addresses: ['192.0.2.2', '192.0.2.7'] }, NOW)
  t.same(slots.map(({ current }) => current).sort(), ['192.0.2.1', '192.0.2.2', '192.0.2.7'])
  const other = make(book, 'd', 'same.example')
  other.resolved({ addresses: ['192.0.2.7'] }, NOW)
  t.equal(other.current, undefined, 'nor does another name for the same server')
})

t.test('a server that refuses us is replaced at once and never asked again', async (t) => {
  const book = new AddressBook()
  const server = make(book)
  server.resolved({ addresses: V4 }, NOW)
  const denied = server.current
  t.same(codes(server.refused(NOW)), ['resolve'])
  t.match(server, { current: undefined, trouble: `${denied} refuses us` })
  server.resolved({ addresses: V4 }, NOW)
  t.not(server.current, denied)
  t.match(server.refused(at(1)), [{ do: 'timer', key: 'resolve', at: 300_000_000_000n }])
  t.same(
    make(book, 'b').resolved({ addresses: [denied ?? ''] }, NOW).length,
    2,
    'nor by another source',
  )
})

t.test('with the resolver down a kept address serves until it is up', async (t) => {
  const server = make(new AddressBook())
  server.start()
  t.same(codes(server.failed(FAULT, NOW)), ['resolve-failed', 'timer'])
  const actions = server.loaded('ntp.example 192.0.2.3\nother.example 192.0.2.8\n', NOW)
  t.match(actions, [{ code: 'address-kept', detail: 'ntp.example was 192.0.2.3' }])
  t.equal(server.current, '192.0.2.3')
  t.match(server.resolved({ addresses: ['192.0.2.3'] }, NOW), [{ code: 'resolved' }])
  t.same(server.resolved({ addresses: ['192.0.2.4'] }, NOW), [], 'from then on it stays')
})

t.test('an unvalidated address serves, and is not kept before it is confirmed', async (t) => {
  const book = new AddressBook()
  const server = make(book)
  server.start()
  server.loaded('', NOW)
  const unvalidated = true
  t.match(server.resolved({ addresses: ['192.0.2.1'], unvalidated }, NOW), [{ code: 'resolved' }])
  t.equal(server.current, '192.0.2.1')
  t.same(server.good(), [])
  t.same(server.resolved({ addresses: ['192.0.2.9'], unvalidated }, NOW), [], 'nor does it move')
  t.match(server.resolved({ addresses: ['192.0.2.1'] }, NOW), [{ code: 'resolved' }], 'confirmed')
  t.match(server.good(), [{ do: 'store', text: 'ntp.example 192.0.2.1\n' }])
})

t.test(
  'an unvalidated address that is not confirmed is left; never does it displace another',
  async (t) => {
    const server = make(new AddressBook())
    server.resolved({ addresses: ['192.0.2.1'], unvalidated: true }, NOW)
    t.match(server.failed(FAULT, NOW), [{ code: 'resolve-failed' }, { do: 'timer' }])
    t.equal(server.current, '192.0.2.1', 'it serves as long as nobody says better')
    server.resolved({ addresses: ['192.0.2.2'] }, NOW)
    t.equal(server.current, '192.0.2.2')
    server.resolved({ addresses: ['192.0.2.3'], unvalidated: true }, NOW)
    t.equal(server.current, '192.0.2.2')
  },
)

t.test('a kept address that the name does not have any more is left', async (t) => {
  const server = make(new AddressBook())
  server.loaded('ntp.example 192.0.2.3', NOW)
  t.equal(server.current, undefined, 'not before the resolver failed')
  server.failed(FAULT, NOW)
  t.equal(server.current, '192.0.2.3')
  t.match(server.resolved({ addresses: ['192.0.2.4'] }, NOW), [
    { detail: 'ntp.example is 192.0.2.4' },
  ])
})

t.test('a lost server is replaced by a kept one while the resolver is down', async (t) => {
  const server = make(new AddressBook())
  server.loaded('ntp.example 192.0.2.3', NOW)
  server.resolved({ addresses: ['192.0.2.4'] }, NOW)
  server.fruitless(3, false, NOW)
  server.failed(FAULT, NOW)
  t.equal(server.current, '192.0.2.3')
})

t.test(
  'good addresses are written once they are known, and never before the file is read',
  async (t) => {
    const server = make(new AddressBook())
    server.resolved({ addresses: ['192.0.2.4'] }, NOW)
    t.same(server.good(), [])
    const [store] = server.loaded('ntp.example 192.0.2.3\ngone.example 192.0.2.8\n', NOW)
    t.match(store, {
      do: 'store',
      file: 'ntp-addresses',
      text: 'ntp.example 192.0.2.4 192.0.2.3\n',
    })
    t.same(server.good(), [], 'nothing new')
    t.same(codes(server.unsaved(FAULT)), ['address-file'])
    t.same(server.unsaved(FAULT), [], 'told once')
  },
)

t.test('an empty answer and a failure of the resolver are retried', async (t) => {
  const server = make(new AddressBook())
  t.match(server.resolved({ addresses: [] }, NOW)[1], { key: 'resolve', at: 2_000_000_000n })
  t.equal(server.trouble, 'ntp.example: no address')
  t.match(server.failed(FAULT, NOW)[1], { key: 'resolve', at: 4_000_000_000n })
  t.match(server.trouble, /ETIMEOUT/)
})
