import { type DecodedPacket, decode, encode, type RecordType } from 'dns-packet'
import t from 'tap'
import type { Action, Event, Transport } from '../../../agent/core/machine.ts'
import { Resolver, type ResolverOptions } from '../../../agent/sim/peers/resolver.ts'
import { World } from '../../../agent/sim/world.ts'

const zone = { 'kubernetes.default.svc': ['10.96.0.1', 'fd00::1'] }
const query = (name: string, type: RecordType = 'A'): Uint8Array =>
  encode({ type: 'query', id: 77, flags: 0x0100, questions: [{ name, type, class: 'IN' }] })
const framed = (data: Uint8Array): Uint8Array =>
  Uint8Array.of(data.length >> 8, data.length & 255, ...data)

/** The bytes that come back on one channel. */
function ask(resolver: Resolver, transport: Transport, pieces: readonly Uint8Array[]) {
  return got(resolver, transport, pieces).flatMap((event) =>
    event.on === 'received' ? [event.data] : [],
  )
}

function got(resolver: Resolver, transport: Transport, pieces: readonly Uint8Array[]): Event[] {
  const world = new World({ seed: 'dns' })
  for (const endpoint of resolver.endpoints) world.add(endpoint)
  const got: Event[] = []
  const open: Action = {
    do: 'open',
    channel: 'c',
    transport,
    address: '10.0.0.53',
    port: transport === 'tls' ? 853 : 53,
    stamps: false,
  }
  world.start({
    handle(event) {
      got.push(event)
      if (event.on === 'start') return [open]
      if (event.on !== 'opened') return []
      return pieces.map((data) => ({ do: 'send', channel: 'c', data, token: 0 }))
    },
  })
  world.runFor(10)
  return got
}

const server = (options: Partial<ResolverOptions> = {}): Resolver =>
  new Resolver({ address: '10.0.0.53', zone, ...options })

const one = (data: readonly Uint8Array[]): DecodedPacket => decode(Buffer.from(data[0] ?? []))
const rcode = (packet: DecodedPacket): number => (packet.flags ?? 0) & 15

t.test('one that validates by a wrong clock answers nobody who does not do without', async (t) => {
  const days = 86_400e9
  const reply = (clockError: number, flags: number) =>
    server({ mode: 'validating', clockError: () => clockError }).reply(
      encode({
        ...{ type: 'query', id: 77, flags },
        questions: [{ name: 'kubernetes.default.svc', type: 'A', class: 'IN' }],
      }),
      'udp',
    )
  const rcodeOf = (clockError: number, flags = 0x0100) => (reply(clockError, flags)?.[3] ?? 0) & 15
  t.same([rcodeOf(0), rcodeOf(3 * days), rcodeOf(-3 * days)], [0, 0, 0])
  t.same([rcodeOf(365 * days), rcodeOf(-365 * days)], [2, 2])
  t.equal(rcodeOf(365 * days, 0x0110), 0, 'CD')
})

t.test('a name of the zone has its addresses, by type', async (t) => {
  const a = one(ask(server(), 'udp', [query('Kubernetes.default.svc')]))
  t.match(a, { id: 77, type: 'response', answers: [{ type: 'A', data: '10.96.0.1' }] })
  t.equal(a.answers?.length, 1)
  const aaaa = one(ask(server(), 'udp', [query('kubernetes.default.svc', 'AAAA')]))
  t.match(aaaa.answers, [{ type: 'AAAA', data: 'fd00::1' }])
  const none = one(ask(server(), 'udp', [query('kubernetes.default.svc', 'TXT')]))
  t.equal(none.answers?.length, 0)
  t.equal(rcode(none), 0)
})

t.test('a name outside the zone does not exist', async (t) => {
  t.equal(rcode(one(ask(server(), 'udp', [query('nowhere.example')]))), 3)
})

t.test('every way to misbehave', async (t) => {
  const q = query('kubernetes.default.svc')
  t.same(ask(server({ mode: 'drop' }), 'udp', [q]), [])
  t.equal(rcode(one(ask(server({ mode: 'servfail' }), 'udp', [q]))), 2)
  t.equal(rcode(one(ask(server({ mode: 'refused' }), 'udp', [q]))), 5)
  t.equal(one(ask(server({ mode: 'truncated' }), 'udp', [q])).flag_tc, true)
  t.equal(ask(server({ mode: 'garbage' }), 'udp', [q])[0]?.length, 11)
  t.same(ask(server(), 'udp', [Uint8Array.of(1, 2, 3)]), [], 'a malformed query is not answered')
  const slow = server({ slowNs: 60e9 })
  t.same(ask(slow, 'udp', [q]), [], 'later than 10 s')
})

t.test('over tcp a message has its length before it, and may come in pieces', async (t) => {
  const bytes = framed(query('kubernetes.default.svc'))
  for (const pieces of [[bytes], [bytes.slice(0, 1), bytes.slice(1, 9), bytes.slice(9)]]) {
    const [reply] = ask(server({ mode: 'truncated' }), 'tcp', pieces)
    if (reply === undefined) throw new Error('no reply')
    t.equal(((reply[0] ?? 0) << 8) + (reply[1] ?? 0), reply.length - 2)
    t.match(decode(Buffer.from(reply.slice(2))).answers, [{ data: '10.96.0.1' }])
  }
})

t.test('a resolver that does not listen answers nobody', async (t) => {
  const resolver = server()
  resolver.listening = false
  t.same(ask(resolver, 'tcp', [framed(query('x'))]), [])
})

t.test('over tls it speaks as over tcp, and its certificate is told of', async (t) => {
  const tls = { fault: 'expired', certificate: { from: 1, until: 2, by: 'CN=dns' } } as const
  const bytes = [framed(query('kubernetes.default.svc'))]
  const [, opened, received] = got(server({ tls }), 'tls', bytes)
  t.match(opened, { on: 'opened', tls })
  // one way takes 0.2 ms and some jitter
  if (opened?.on !== 'opened') throw new Error('not opened')
  t.ok((opened.tls?.connectSeconds ?? 0) > 0.0003)
  t.equal(opened.tls?.tlsSeconds, opened.tls?.connectSeconds)
  if (received?.on !== 'received') throw new Error('no answer')
  t.match(decode(Buffer.from(received.data.slice(2))).answers, [{ data: '10.96.0.1' }])
  const [, absent] = got(server(), 'tls', bytes)
  t.equal(absent, undefined, 'nobody is there: a path that swallows shows after 20 s')
})
