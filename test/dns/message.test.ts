import { encode, type Packet } from 'dns-packet'
import t from 'tap'
import {
  type Ask,
  decodeAnswer,
  encodeQuery,
  readAnswer,
  USUAL_EDNS,
} from '../../agent/dns/message.ts'
import type { Question } from '../../agent/dns/question.ts'

const askFor = (question: Question, more: Partial<Ask> = {}): Ask => ({
  ...{ question, edns: USUAL_EDNS, checkingDisabled: false },
  ...more,
})
const classify = (bytes: Uint8Array, id: number, question: Question) =>
  readAnswer(bytes, id, askFor(question)).result

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
    new Uint8Array(encodeQuery(ID, askFor(ROOT))),
    hex('1234 0100 0001 0000 0000 0001  00 0002 0001  00 0029 04d0 00000000 0000'),
  )
  t.same(
    new Uint8Array(encodeQuery(1, askFor({ name: 'a.bc', type: 'AAAA' })).subarray(12, 22)),
    hex('01 61 02 6263 00 001c 0001'),
  )
})

t.test('an answer written down by hand is read', async (t) => {
  const bytes = hex(`
    1234 8180 0001 0001 0000 0001
    00 0002 0001
    00 0002 0001 00000e10 0014 01 61 0c 726f6f742d73657276657273 03 6e6574 00
    00 0029 04d0 00000000 0000`)
  t.match(decodeAnswer(bytes), {
    ok: true,
    value: {
      id: ID,
      response: true,
      opcode: 0,
      rcode: 0,
      truncated: false,
      flags: { authoritative: false, recursion: true, authentic: false, edns: true },
      questions: [{ name: '.', type: 'NS', class: 'IN' }],
      answers: [{ type: 'NS', ttl: 3600, data: 'a.root-servers.net' }],
      authorities: [],
      options: [],
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

const a = (data: string, ttl: number) => ({ type: 'A', name: HOST.name, ttl, data }) as const
const read = (packet: Packet, more: Partial<Ask> = {}) =>
  readAnswer(answer(packet), ID, askFor(HOST, more))

t.test('how a question is put: class, EDNS, DO, NSID, CD', async (t) => {
  const edns = { payload: 4096, dnssec: true, nsid: true }
  t.same(
    new Uint8Array(encodeQuery(ID, askFor(ROOT, { class: 'CH', edns, checkingDisabled: true }))),
    hex('1234 0110 0001 0000 0000 0001  00 0002 0003  00 0029 1000 00008000 0004 0003 0000'),
  )
  t.same(
    new Uint8Array(encodeQuery(ID, askFor(ROOT, { edns: undefined }))),
    hex('1234 0100 0001 0000 0000 0000  00 0002 0001'),
  )
})

t.test('the least TTL, and a digest that order, case and TTL do not change', async (t) => {
  const one = read({ answers: [a('10.0.0.1', 30), a('10.0.0.2', 20)] })
  const other = read({
    answers: [a('10.0.0.2', 5), { ...a('10.0.0.1', 5), name: 'KUBERNETES.default' }],
  })
  t.match(one, {
    result: 'noerror',
    ttl: 20,
    bytes: answer({ answers: [a('1.1.1.1', 1), a('1.1.1.1', 1)] }).length,
  })
  t.equal(one.digest, other.digest)
  t.not(one.digest, read({ answers: [a('10.0.0.1', 30)] }).digest)
  t.equal(read({}).ttl, undefined)
  t.equal(read({}).digest, undefined)
})

t.test('flags: AA, RA, AD, and whether EDNS came back', async (t) => {
  t.match(read({ flags: 0x0400 | 0x0080 | 0x0020 }).flags, {
    ...{ authoritative: true, recursion: true, authentic: true, edns: false },
  })
})

t.test('signatures with their windows and signers, of a denial as well', async (t) => {
  const rrsig = {
    type: 'RRSIG',
    name: HOST.name,
    ttl: 5,
    data: {
      ...{ typeCovered: 'A', algorithm: 8, labels: 2, originalTTL: 5, keyTag: 1 },
      ...{ inception: 3_000_000_000, expiration: 4_000_000_000, signersName: 'example.' },
      signature: Buffer.from('x'),
    },
  } as const
  const window = { from: 3_000_000_000, until: 4_000_000_000, by: 'example' }
  t.same(read({ answers: [a('10.0.0.1', 5), rrsig] }).signatures, [window])
  t.same(read({ flags: 3, authorities: [rrsig] }).signatures, [window])
  const root = { ...rrsig, data: { ...rrsig.data, signersName: '.' } }
  t.match(read({ answers: [root] }).signatures, [{ by: '.' }])
  const signed = read({ answers: [a('10.0.0.1', 5), rrsig] })
  t.equal(signed.digest, read({ answers: [a('10.0.0.1', 5)] }).digest, 'no part of the records')
})

t.test('serial, identity and extended errors', async (t) => {
  const soa = {
    ...{ mname: 'a', rname: 'b', serial: 4_000_000_000, refresh: 1, retry: 1, expire: 1 },
    minimum: 1,
  }
  t.equal(read({ authorities: [{ type: 'SOA', name: 'x', ttl: 1, data: soa }] }).serial, 4e9)
  const txt = { type: 'TXT', name: HOST.name, ttl: 0, class: 'CH', data: 'coredns-7f' } as const
  const chaos = [{ ...HOST, class: 'CH' as const }]
  t.equal(read({ questions: chaos, answers: [txt] }, { class: 'CH' }).identity, 'coredns-7f')
  t.equal(read({ questions: chaos, answers: [txt] }).result, 'mismatch', 'another class')
  const opt = (...options: { code: number; data: Buffer }[]): Packet => ({
    flags: 2,
    additionals: [
      {
        ...{ type: 'OPT', name: '.', udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0 },
        ...{ flags: 0, flag_do: false, options: options as never },
      },
    ],
  })
  t.equal(read(opt({ code: 3, data: Buffer.from('ns1') })).identity, 'ns1')
  t.equal(read(opt({ code: 3, data: Buffer.from([0, 255]) })).identity, '00ff')
  const ede = read(opt({ code: 15, data: Buffer.from('\0\x07signature\nexpired', 'latin1') }))
  t.match(ede, { result: 'servfail', ede: [7], edeTexts: ['signatureexpired'] })
  t.same(read(opt({ code: 15, data: Buffer.from([1, 2]) })).ede, [258])
  t.equal(read(opt({ code: 15, data: Buffer.from([1]) })).ede, undefined, 'too short')
})
