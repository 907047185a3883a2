import { createSocket } from 'node:dgram'
import t from 'tap'
import { hostsAddresses, knownAddresses, NameResolver } from '../../agent/runtime/runner-resolve.ts'

const HOSTS = `
127.0.0.1 localhost
::1       localhost ip6-localhost
2001:db8::7 clock.example clock # the clock
10.0.0.7    clock.example CLOCK
nonsense clock
`

t.test('names of /etc/hosts are known, IPv4 first', async (t) => {
  t.same(hostsAddresses(HOSTS, 'clock'), ['10.0.0.7', '2001:db8::7'])
  t.same(hostsAddresses(HOSTS, 'Clock.Example.'), ['10.0.0.7', '2001:db8::7'])
  t.same(hostsAddresses(HOSTS, 'the'), [], 'a comment is no name')
})

t.test('literals and localhost need nobody', async (t) => {
  t.same(knownAddresses('10.1.2.3', ''), ['10.1.2.3'])
  t.same(knownAddresses('fe80::1%eth0', ''), ['fe80::1%eth0'])
  t.same(knownAddresses('localhost', ''), ['127.0.0.1', '::1'])
  t.same(knownAddresses('a.localhost.', ''), ['127.0.0.1', '::1'])
  t.same(knownAddresses('localhost', '127.0.0.9 localhost'), ['127.0.0.9'])
  t.same(knownAddresses('pool.example', HOSTS), [])
})

/** A name server that gives every question the answer bytes of `reply`. */
function server(t: Tap, reply: (type: number, query: Buffer) => Buffer): Promise<string> {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    socket.send(reply(query.readUInt16BE(query.length - 4), query), from.port, from.address)
  })
  t.teardown(() => socket.close())
  return new Promise((done) => {
    socket.bind(0, '127.0.0.1', () => done(`127.0.0.1:${socket.address().port}`))
  })
}
type Tap = Pick<typeof t, 'teardown'>

/** The query as an answer: QR, RD, RA, `rcode`, and one record of the address bytes given. */
function answer(query: Buffer, rcode: number, type: number, address: number[]): Buffer {
  const end = query.indexOf(0, 12) + 5
  const head = Buffer.from(query.subarray(0, end))
  head.writeUInt16BE(0x8180 | rcode, 2)
  head.writeUInt16BE(address.length > 0 ? 1 : 0, 6)
  head.writeUInt16BE(0, 10)
  if (address.length === 0) return head
  const record = [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, address.length, ...address]
  return Buffer.concat([head, Buffer.from(record)])
}

const questionType = (query: Buffer): number => query.readUInt16BE(query.indexOf(0, 12) + 1)

t.test('a name server is asked for both families', async (t) => {
  const v6 = [0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), 9]
  const address = await server(t, (_, query) =>
    questionType(query) === 1 ? answer(query, 0, 1, [10, 0, 0, 9]) : answer(query, 0, 28, v6),
  )
  const resolver = new NameResolver('/nonexistent', [address])
  t.same(await resolver.resolve('ntp.example'), {
    ok: true,
    addresses: ['10.0.0.9', '2001:db8::9'],
  })
})

t.test('a name that does not exist is NOT_FOUND', async (t) => {
  const address = await server(t, (_, query) => answer(query, 3, 1, []))
  const resolver = new NameResolver('/nonexistent', [address])
  t.same(await resolver.resolve('nowhere.example'), {
    ok: false,
    fault: { code: 'NOT_FOUND', syscall: 'resolve', errno: 'ENOTFOUND' },
  })
})

t.test('a resolver that is cancelled answers at once', async (t) => {
  const address = await server(t, () => Buffer.alloc(0))
  const resolver = new NameResolver('/nonexistent', [address])
  const result = resolver.resolve('ntp.example')
  resolver.cancel()
  t.match(await result, { ok: false, fault: { code: 'TIMEOUT' } })
})
