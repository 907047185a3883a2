import { encode, type Packet } from 'dns-packet'
import t from 'tap'
import { classify, decodeAnswer, encodeQuery } from '../../agent/dns/message.ts'
import type { Question } from '../../agent/dns/question.ts'

const ROOT: Question = { name: '.', type: 'NS' }
const HOST: Question = { name: 'kubernetes.default', type: 'A' }
const ID = 0x1234

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'))

const REFUSED = 5
const answer = (packet: Packet): Uint8Array =>
  encode({ type: 'response', id: ID, questions: [{ ...HOST, class: 'IN' }], ...packet })

t.test('a query asks for recursion and announces 1232 bytes', async (t) => {
  t.same(
    new Uint8Array(encodeQuery(ID, ROOT)),
    hex('1234 0100 0001 0000 0000 0001  00 0002 0001  00 0029 04d0 00000000 0000'),
  )
  t.same(
    new Uint8Array(encodeQuery(1, { name: 'a.bc', type: 'AAAA' }).subarray(12, 22)),
    hex('01 61 02 6263 00 001c 0001'),
  )
})

t.test('an answer written down by hand is read', async (t) => {
  const bytes = hex(`
    1234 8180 0001 0001 0000 0001
    00 0002 0001
    00 0002 0001 00000e10 0014 01 61 0c 726f6f742d73657276657273 03 6e6574 00
    00 0029 04d0 00000000 0000`)
  t.strictSame(decodeAnswer(bytes), {
    ok: true,
    value: {
      id: ID,
      response: true,
      opcode: 0,
      rcode: 0,
      truncated: false,
      questions: [{ name: '.', type: 'NS' }],
      types: ['NS'],
    },
  })
  t.equal(classify(bytes, ID, ROOT), 'noerror')
  // a view into a larger buffer is read from its own start
  const padded = new Uint8Array(bytes.length + 7)
  padded.set(bytes, 7)
  t.equal(classify(padded.subarray(7), ID, ROOT), 'noerror')
})

t.test('each answer has one word', async (t) => {
  const a = { type: 'A', name: HOST.name, ttl: 5, data: '10.0.0.1' } as const
  const cname = { type: 'CNAME', name: HOST.name, ttl: 5, data: 'x.y' } as const
  const table: [string, Packet][] = [
    ['noerror', { answers: [a] }],
    ['noerror', { answers: [cname, { ...a, name: 'x.y' }] }],
    ['nodata', {}],
    ['nodata', { answers: [cname] }],
    ['formerr', { flags: 1 }],
    ['servfail', { flags: 2 }],
    ['nxdomain', { flags: 3 }],
    ['notimp', { flags: 4 }],
    ['refused', { flags: REFUSED }],
    ['refused', { flags: REFUSED, questions: [] }],
    ['other_rcode', { flags: 9 }],
    ['truncated', { flags: 0x0200 }],
    ['mismatch', { id: 1 }],
    ['mismatch', { type: 'query' }],
    ['mismatch', { flags: 1 << 11 }],
    ['mismatch', { questions: [] }],
    ['mismatch', { questions: [{ name: 'other', type: 'A' }] }],
    ['mismatch', { questions: [{ name: HOST.name, type: 'AAAA' }] }],
    ['mismatch', { questions: [HOST, HOST] }],
  ]
  for (const [result, packet] of table) {
    t.equal(classify(answer(packet), ID, HOST), result, `${result} ${JSON.stringify(packet)}`)
  }
})

t.test('a server may change the case of the name', async (t) => {
  const questions = [{ name: 'Kubernetes.DEFAULT', type: 'A' as const }]
  t.equal(classify(answer({ questions, flags: 3 }), ID, HOST), 'nxdomain')
})

t.test('the upper bits of the response code come from EDNS', async (t) => {
  const bytes = hex('1234 8180 0001 0000 0000 0001 00 0002 0001 00 0029 04d0 01000000 0000')
  t.match(decodeAnswer(bytes), { value: { rcode: 16 } }, 'BADVERS')
  t.equal(classify(bytes, ID, ROOT), 'other_rcode')
})

t.test('malformed bytes are a fault, not an exception', async (t) => {
  const whole = answer({ answers: [{ type: 'A', name: 'x', ttl: 1, data: '10.0.0.1' }] })
  t.match(decodeAnswer(new Uint8Array(0)), { ok: false, fault: 'short', at: 0 })
  t.match(decodeAnswer(whole.subarray(0, 11)), { ok: false, fault: 'short', at: 11 })
  t.match(decodeAnswer(new Uint8Array(16_385)), { ok: false, fault: 'too-long' })
  for (let length = 12; length < whole.length; length++) {
    t.equal(classify(whole.subarray(0, length), ID, HOST), 'malformed', `cut at ${length}`)
  }
  const loop = hex('1234 8180 0001 0000 0000 0000 c00c 0002 0001')
  t.match(decodeAnswer(loop), { ok: false, fault: 'malformed' }, 'a pointer to itself')
})
