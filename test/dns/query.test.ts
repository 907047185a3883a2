import { encode, type Packet } from 'dns-packet'
import t from 'tap'
import type { PortFaultCode } from '../../agent/core/errors.ts'
import type { Event, Now, Stamp } from '../../agent/core/machine.ts'
import type { StampKind } from '../../agent/core/sample.ts'
import { mono, utc } from '../../agent/core/units.ts'
import type { Transport } from '../../agent/dns/facts.ts'
import { type Ask, USUAL_EDNS } from '../../agent/dns/message.ts'
import { Query } from '../../agent/dns/query.ts'
import { frame } from '../../agent/dns/stream.ts'

const EPOCH = 1_700_000_000_000_000_000n
const ID = 77

/** Milliseconds since the start of the query, on both clocks. */
const at = (ms: number): Now => ({
  mono: mono(BigInt(Math.round(ms * 1e6))),
  utc: utc(EPOCH + BigInt(Math.round(ms * 1e6))),
})
const stamp = (ms: number, kind: StampKind = 'kernel'): Stamp => ({ at: at(ms).utc, kind })

const ASK: Ask = {
  question: { name: 'a.b', type: 'A' },
  edns: USUAL_EDNS,
  checkingDisabled: false,
}

const queryOf = (transport: Transport): Query =>
  new Query({
    ...{ address: '10.0.0.1', port: 53, transport, channel: 'q', timeout: 5 },
    ...{ ids: [ID], asks: [ASK] },
  })

const reply = (packet: Packet = {}): Uint8Array =>
  encode({
    type: 'response',
    id: ID,
    questions: [{ name: 'a.b', type: 'A' }],
    answers: [{ name: 'a.b', type: 'A', ttl: 1, data: '10.0.0.9' }],
    ...packet,
  })

type Given = Parameters<Query['handle']>[0]

function begin(transport: Transport, stamps: StampKind = 'kernel') {
  const query = queryOf(transport)
  query.start(at(0))
  const give = (event: Given, ms: number) => query.handle(event, at(ms))
  const open = (ms: number) => give({ on: 'opened', channel: 'q', stamps }, ms)
  const received = (data: Uint8Array, stamped: Stamp): Event & Given => ({
    on: 'received',
    channel: 'q',
    data,
    stamp: stamped,
  })
  const sent = (stamped: Stamp): Given => ({ on: 'sent', channel: 'q', token: 0, stamp: stamped })
  const failed = (code: PortFaultCode): Given => ({
    on: 'failed',
    what: 'send',
    key: 'q',
    fault: { code, syscall: 'send', errno: '' },
  })
  return { query, give, open, received, sent, failed }
}

const TIMER: Given = { on: 'timer', key: 'q' }
const CLOSED: Given = { on: 'closed', channel: 'q' }
const CLEANED = [
  { do: 'cancel', key: 'q' },
  { do: 'close', channel: 'q' },
]

t.test('a query over UDP asks for kernel stamps and sends once its channel is open', async (t) => {
  const query = queryOf('udp')
  t.same(query.start(at(0)), [
    {
      do: 'open',
      channel: 'q',
      transport: 'udp',
      address: '10.0.0.1',
      port: 53,
      stamps: true,
    },
    { do: 'timer', key: 'q', at: at(5000).mono },
  ])
  const { actions, outcomes } = query.handle(
    { on: 'opened', channel: 'q', stamps: 'kernel' },
    at(1),
  )
  t.match(actions, [{ do: 'send', channel: 'q', token: 0 }])
  t.same(outcomes, [])
  t.same(query.handle({ on: 'opened', channel: 'q', stamps: 'kernel' }, at(2)).actions, [], 'once')
})

t.test('the latency is the difference of the kernel stamps, not of our own wake-ups', async (t) => {
  const { query, give, open, received, sent } = begin('udp')
  open(1)
  give(sent(stamp(2)), 90)
  const step = give(received(reply(), stamp(5)), 100)
  t.match(step, { actions: CLEANED, outcomes: [{ result: 'noerror', seconds: 0.003 }] })
  t.ok(query.done)
})

t.test('a transmit stamp that comes after the answer is waited for', async (t) => {
  const { give, open, received, sent } = begin('udp')
  open(1)
  t.same(give(received(reply(), stamp(5)), 6), {
    actions: [{ do: 'timer', key: 'q', at: at(56).mono }],
    outcomes: [],
  })
  t.match(give(sent(stamp(2)), 7).outcomes, [{ result: 'noerror', seconds: 0.003 }])
})

t.test('without a transmit stamp our own clock counts', async (t) => {
  for (const end of [TIMER, CLOSED]) {
    const { give, open, received } = begin('udp')
    open(1)
    give(received(reply(), stamp(5)), 6)
    t.match(give(end, 60).outcomes, [{ result: 'noerror', seconds: 0.005 }])
  }
  const plain = begin('udp', 'daemon')
  plain.open(1)
  const step = plain.give(plain.received(reply(), stamp(5, 'daemon')), 6)
  t.match(step.outcomes, [{ result: 'noerror', seconds: 0.005 }], 'no stamps at all: at once')
})

t.test('a step of the clock between the stamps does not become a latency', async (t) => {
  for (const wrong of [5 - 60_000, 5 + 60_000]) {
    const { give, open, received, sent } = begin('udp')
    open(1)
    give(sent(stamp(2)), 3)
    const { outcomes } = give(received(reply(), stamp(wrong)), 6)
    t.match(outcomes, [{ result: 'noerror', seconds: 0.005 }])
  }
})

t.test('a lost query is a time-out, and its late answer is counted as late', async (t) => {
  const { query, give, open, received, sent } = begin('udp')
  open(1)
  give(sent(stamp(1)), 2)
  t.match(give(TIMER, 5000), {
    actions: [{ do: 'timer', key: 'q', at: at(10_000).mono }],
    outcomes: [{ result: 'timeout' }],
  })
  const late = give(received(reply(), stamp(6001)), 6002)
  t.match(late, { actions: CLEANED, outcomes: [{ result: 'late', seconds: 6 }] })
  t.ok(query.done)
})

t.test('patience ends', async (t) => {
  for (const end of [TIMER, CLOSED]) {
    const { query, give, open } = begin('udp')
    open(1)
    give(TIMER, 5000)
    t.same(give(end, 10_000), { actions: CLEANED, outcomes: [] })
    t.ok(query.done)
  }
})

t.test('a channel that does not open in time is a time-out', async (t) => {
  const { give, open } = begin('tcp')
  t.match(give(TIMER, 5000), {
    actions: CLEANED,
    outcomes: [{ result: 'timeout' }],
  })
  t.same(open(5001), { actions: [], outcomes: [] }, 'too late to be of use')
})

t.test('whoever takes the connection and speaks no TLS is no time-out', async (t) => {
  const { give } = begin('dot')
  t.same(give({ on: 'connected', channel: 'q' }, 1), { actions: [], outcomes: [] })
  const step = give(TIMER, 5000)
  t.match(step, { actions: CLEANED, outcomes: [{ result: 'tls_error', tlsFault: 'handshake' }] })
  t.match(begin('dot').give(TIMER, 5000), { outcomes: [{ result: 'timeout' }] }, 'nobody there')
})

t.test('a pair that gets wrong answers has lost none', async (t) => {
  const query = new Query({
    ...{ address: '10.0.0.1', port: 53, transport: 'udp', channel: 'q', timeout: 5 },
    ...{ ids: [ID, ID + 1], asks: [ASK, ASK] },
  })
  query.start(at(0))
  query.handle({ on: 'opened', channel: 'q', stamps: 'kernel' }, at(1))
  const wrong = { on: 'received', channel: 'q', data: reply({ id: 5 }), stamp: stamp(2) } as const
  t.match(query.handle(wrong, at(2)).outcomes, [{ result: 'mismatch' }])
  t.same(query.handle(TIMER, at(5000)), { actions: CLEANED, outcomes: [] })
})

t.test('an answer to something else is counted once, and the right one still counts', async (t) => {
  const { give, open, received, sent } = begin('udp')
  open(1)
  give(sent(stamp(1)), 1)
  const wrong = received(reply({ id: 1 }), stamp(2))
  t.match(give(wrong, 2), { actions: [], outcomes: [{ result: 'mismatch' }] })
  t.same(give(wrong, 3), { actions: [], outcomes: [] })
  t.match(give(received(reply(), stamp(4)), 4).outcomes, [{ result: 'noerror', seconds: 0.003 }])
})

t.test('a mismatch stands for the time-out that it leads to', async (t) => {
  const { give, open, received } = begin('udp')
  open(1)
  give(received(reply({ id: 1 }), stamp(2)), 2)
  t.same(give(TIMER, 5000).outcomes, [])
  t.same(give(received(reply({ id: 1 }), stamp(5001)), 5001).outcomes, [], 'nor when late')
})

t.test('over TCP the message is framed, and the time to connect is in the latency', async (t) => {
  const { give, open, received } = begin('tcp', 'daemon')
  const [send] = open(3).actions
  t.equal(send?.do === 'send' && send.data[1], send?.do === 'send' && send.data.length - 2)
  const bytes = frame(reply())
  const first = give(received(bytes.subarray(0, 9), stamp(4, 'daemon')), 4)
  t.same(first, { actions: [], outcomes: [] })
  const step = give(received(bytes.subarray(9), stamp(8, 'daemon')), 8)
  t.match(step, { actions: CLEANED, outcomes: [{ result: 'noerror', seconds: 0.008 }] })
})

t.test('over TCP a wrong answer and a time-out end the query', async (t) => {
  const wrong = begin('tcp', 'daemon')
  wrong.open(1)
  t.match(wrong.give(wrong.received(frame(reply({ id: 1 })), stamp(2)), 2), {
    actions: CLEANED,
    outcomes: [{ result: 'mismatch' }],
  })
  const lost = begin('tcp', 'daemon')
  lost.open(1)
  t.match(lost.give(TIMER, 5000), {
    actions: CLEANED,
    outcomes: [{ result: 'timeout' }],
  })
})

t.test('a peer that closes broke off, or never meant to answer', async (t) => {
  const broken = begin('tcp', 'daemon')
  broken.open(1)
  broken.give(broken.received(Uint8Array.of(0), stamp(2)), 2)
  t.match(broken.give(CLOSED, 3).outcomes, [{ result: 'malformed' }])
  const closed = begin('tcp', 'daemon')
  closed.open(1)
  t.match(closed.give(CLOSED, 3).outcomes, [{ result: 'conn_refused' }])
})

t.test('a failure of the channel has a name', async (t) => {
  const table: [PortFaultCode, string][] = [
    ['REFUSED', 'conn_refused'],
    ['UNREACHABLE', 'unreachable'],
    ['TIMEOUT', 'timeout'],
    ['PERMISSION', 'unreachable'],
  ]
  for (const [code, result] of table) {
    const { query, give, failed } = begin('udp')
    t.match(give(failed(code), 1), { actions: CLEANED, outcomes: [{ result }] })
    t.ok(query.done, code)
  }
})
