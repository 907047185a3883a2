import { type Answer, decode, encode, type Packet, type PacketOpt } from 'dns-packet'
import t from 'tap'
import { type Ask, encodeQuery, readAnswer, USUAL_EDNS } from '../../agent/dns/message.ts'
import type { Question } from '../../agent/dns/question.ts'
import { CAPTURED, CAPTURED_ID } from './answers-fixture.ts'

const usual = (question: Question, more: Partial<Ask> = {}): Ask => ({
  question,
  edns: USUAL_EDNS,
  checkingDisabled: false,
  ...more,
})
const ROOT = usual({ name: '.', type: 'NS' })
const QUESTION: Question = { name: 'kubernetes.default', type: 'A' }
const HOST = usual(QUESTION)
const ID = 0x1234

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'))

const REFUSED = 5
const answer = (packet: Packet): Uint8Array =>
  encode({ type: 'response', id: ID, questions: [{ ...QUESTION, class: 'IN' }], ...packet })

const optRecord = (...options: { code: number; data: Buffer }[]): Answer => ({
  ...{ type: 'OPT', name: '.', udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0 },
  ...{ flags: 0, flag_do: false, options: options as unknown as PacketOpt[] },
})

const resultOf = (bytes: Uint8Array, ask: Ask) => readAnswer(bytes, ID, ask).result

t.test('a query asks for recursion and announces 1232 bytes', async (t) => {
  t.same(
    new Uint8Array(encodeQuery(ID, ROOT)),
    hex('1234 0100 0001 0000 0000 0001  00 0002 0001  00 0029 04d0 00000000 0000'),
  )
  t.same(
    new Uint8Array(encodeQuery(1, usual({ name: 'a.bc', type: 'AAAA' })).subarray(12, 22)),
    hex('01 61 02 6263 00 001c 0001'),
  )
})

const cname = (name: string, data: string): Answer => ({ type: 'CNAME', name, ttl: 9, data })
const a = (name: string, data: string): Answer => ({ type: 'A', name, ttl: 9, data })

t.test(
  'the addresses of an answer: at the end of its aliases, of the type that was asked',
  async (t) => {
    const ask = usual(QUESTION, { addresses: true })
    const { name } = QUESTION
    const of = (answers: Answer[], more: Packet = {}) =>
      readAnswer(answer({ answers, ...more }), ID, ask).addresses
    t.same(of([a(name, '10.0.0.1'), a('Kubernetes.Default', '10.0.0.2')]), ['10.0.0.1', '10.0.0.2'])
    const aliases = [cname('b.c', 'd.e'), cname(name, 'b.c'), a('d.e', '10.0.0.3')]
    t.same(of(aliases), ['10.0.0.3'], 'in any order')
    t.equal(of([a('other.example', '10.0.0.4')]), undefined, 'nobody asked for that one')
    t.equal(of([cname(name, 'b.c'), a('d.e', '10.0.0.5')]), undefined, 'the chain ends before')
    t.equal(of([cname(name, 'b.c'), cname('b.c', name)]), undefined, 'a ring')
    t.equal(of([{ type: 'AAAA', name, ttl: 9, data: 'fd00::1' }]), undefined)
    t.equal(of(Array.from({ length: 40 }, (_, i) => a(name, `10.0.0.${i}`)))?.length, 16)
    t.equal(of([a(name, '10.0.0.6')], { flags: REFUSED }), undefined, 'a refusal is no answer')
    const untold = readAnswer(answer({ answers: [a(name, '10.0.0.7')] }), ID, HOST)
    t.equal(untold.addresses, undefined, 'only where they are wanted')
  },
)

t.test('a query without EDNS, with DO and CD, for the name of a server', async (t) => {
  t.same(
    new Uint8Array(encodeQuery(ID, { ...ROOT, edns: undefined })),
    hex('1234 0100 0001 0000 0000 0000  00 0002 0001'),
    'no OPT record at all',
  )
  const signed: Ask = {
    ...ROOT,
    edns: { payload: 4096, dnssec: true, nsid: false },
    checkingDisabled: true,
  }
  t.same(
    new Uint8Array(encodeQuery(ID, signed)),
    hex('1234 0110 0001 0000 0000 0001  00 0002 0001  00 0029 1000 00008000 0000'),
    'CD is 0x10 of the flags, DO the sign bit of the flags in OPT',
  )
  const bind = usual(
    { name: 'hostname.bind', type: 'TXT' },
    { class: 'CH', edns: { payload: 1232, dnssec: false, nsid: true } },
  )
  t.same(
    new Uint8Array(encodeQuery(ID, bind)),
    hex(`1234 0100 0001 0000 0000 0001
      08 686f73746e616d65 04 62696e64 00 0010 0003
      00 0029 04d0 00000000 0004 0003 0000`),
    'class CH, an empty option 3',
  )
})

t.test('an answer written down by hand is read', async (t) => {
  const bytes = hex(`
    1234 8180 0001 0001 0000 0001
    00 0002 0001
    00 0002 0001 00000e10 0014 01 61 0c 726f6f742d73657276657273 03 6e6574 00
    00 0029 04d0 00000000 0000`)
  const reading = readAnswer(bytes, ID, ROOT)
  t.match(reading, {
    result: 'noerror',
    bytes: 59,
    flags: { authoritative: false, recursion: true, authentic: false, edns: true },
    ttl: 3600,
    digest: /^[0-9a-f]{16}$/,
  })
  t.same(Object.keys(reading), ['result', 'bytes', 'flags', 'ttl', 'digest'])
  // a view into a larger buffer is read from its own start
  const padded = new Uint8Array(bytes.length + 7)
  padded.set(bytes, 7)
  t.strictSame(readAnswer(padded.subarray(7), ID, ROOT), reading)
})

t.test('each answer has one word', async (t) => {
  const a = { type: 'A', name: QUESTION.name, ttl: 5, data: '10.0.0.1' } as const
  const cname = { type: 'CNAME', name: QUESTION.name, ttl: 5, data: 'x.y' } as const
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
    ['mismatch', { questions: [{ name: QUESTION.name, type: 'AAAA' }] }],
    ['mismatch', { questions: [{ ...QUESTION, class: 'CH' }] }],
    ['mismatch', { questions: [QUESTION, QUESTION] }],
  ]
  for (const [result, packet] of table) {
    t.equal(resultOf(answer(packet), HOST), result, `${result} ${JSON.stringify(packet)}`)
  }
  const alien = answer({ id: 1, answers: [a] })
  t.strictSame(readAnswer(alien, ID, HOST), { result: 'mismatch', bytes: alien.length })
})

t.test('a server may change the case of the name', async (t) => {
  const questions = [{ name: 'Kubernetes.DEFAULT', type: 'A' as const }]
  t.equal(resultOf(answer({ questions, flags: 3 }), HOST), 'nxdomain')
})

t.test('the upper bits of the response code come from EDNS', async (t) => {
  const badvers = hex('1234 8180 0001 0000 0000 0001 00 0002 0001 00 0029 04d0 01000000 0000')
  t.equal(resultOf(badvers, ROOT), 'other_rcode')
  t.match(readAnswer(badvers, ID, ROOT), { flags: { edns: true } })
})

t.test('malformed bytes are a value, not an exception', async (t) => {
  const whole = answer({ answers: [{ type: 'A', name: 'x', ttl: 1, data: '10.0.0.1' }] })
  t.strictSame(readAnswer(new Uint8Array(0), ID, HOST), { result: 'malformed', bytes: 0 })
  t.equal(resultOf(new Uint8Array(16_385), HOST), 'malformed')
  for (let length = 0; length < whole.length; length++) {
    t.equal(resultOf(whole.subarray(0, length), HOST), 'malformed', `cut at ${length}`)
  }
  const loop = hex('1234 8180 0001 0000 0000 0000 c00c 0002 0001')
  t.equal(resultOf(loop, HOST), 'malformed', 'a pointer to itself')
})

t.test('a record whose data is not as long as it says is malformed', async (t) => {
  const head = '1234 8180 0001 0001 0000 0000  00 0002 0001'
  const lies = {
    'an address of five bytes': '00 0001 0001 00000001 0005 0a00000100',
    'a name longer than its record': '00 0005 0001 00000001 0001 0161 00',
    'a fingerprint of an unknown kind': '00 002c 0001 00000001 0004 0109ffff',
    'an option longer than its record': '00 0029 04d0 00000000 0004 0003 0002 4142',
  }
  for (const [what, record] of Object.entries(lies)) {
    t.equal(resultOf(hex(head + record), ROOT), 'malformed', what)
  }
})

t.test('answers of real servers are read', async (t) => {
  const aa = { authoritative: true, recursion: false, authentic: false, edns: true }
  const ra = { authoritative: false, recursion: true, authentic: false, edns: true }
  const window = { from: 1795467779, until: 1796682779, by: 'signed.test' }
  const signatures = [window]
  const digest = '903e15df720fbc01'
  const expired = /signature expired from 127\.0\.0\.1/
  const expected: Readonly<Record<string, object>> = {
    'knot: addresses, signed': { result: 'noerror', flags: aa, ttl: 300, digest, signatures },
    'knot: without EDNS': { result: 'noerror', flags: { ...aa, edns: false }, digest },
    'knot: NSID': { flags: aa, digest, identity: 'knot-7' },
    'knot: hostname.bind': { result: 'noerror', ttl: 0, identity: 'knot-7.example' },
    'knot: serial': { result: 'noerror', serial: 2026112302 },
    'knot: keys': { result: 'noerror', signatures },
    'knot: signed denial': { result: 'nxdomain', serial: 2026112302, signatures },
    'knot: foreign name': { result: 'refused', ede: [20] },
    'unbound with a late clock: time in the error': {
      ...{ result: 'servfail', flags: ra, ede: [9], edeTexts: [expired] },
    },
    'unbound with a late clock: bogus': { result: 'servfail', ede: [6], edeTexts: [expired] },
    'unbound with a late clock: unchecked': { result: 'noerror', flags: ra, digest, signatures },
    'unbound: validated': { flags: { ...ra, authentic: true }, digest, signatures },
    'unbound: unsigned ask': { result: 'noerror', flags: ra, digest },
    'unbound: alias': { result: 'noerror', signatures },
    'unbound: mail': { result: 'noerror' },
    'unbound: service': { result: 'noerror' },
    'unbound: signed denial': { result: 'nxdomain', flags: { ...ra, authentic: true }, signatures },
    'unbound: no such type': { result: 'nodata', serial: 2026112302 },
    'unbound: NSID': { result: 'noerror', identity: 'unbound-3' },
    'unbound: hostname.bind': { result: 'noerror', identity: 'unbound-3' },
    'unbound: cut': { result: 'truncated' },
    'unbound: refused': { result: 'refused' },
  }
  t.same(
    CAPTURED.map(({ name }) => name),
    Object.keys(expected),
  )
  for (const { name, ask, answer } of CAPTURED) {
    const reading = readAnswer(answer, CAPTURED_ID, ask)
    t.match(reading, expected[name], name)
    t.equal(reading.bytes, answer.length)
    t.same(reading.signatures, (expected[name] as typeof reading).signatures, `${name}: signatures`)
  }
})

t.test('a digest is that of the set', async (t) => {
  const a = (data: string, more = {}): Answer => ({ type: 'A', name: 'x.y', ttl: 9, data, ...more })
  const digestOf = (...answers: Answer[]) => readAnswer(answer({ answers }), ID, HOST).digest
  const one = a('10.0.0.1')
  const two = a('10.0.0.2')
  t.equal(digestOf(one, two), digestOf(two, one), 'order')
  t.equal(digestOf(one, two), digestOf(a('10.0.0.1', { name: 'X.y', ttl: 1 }), two), 'TTL, case')
  t.equal(digestOf(one), digestOf(one, one), 'a record twice')
  t.not(digestOf(one), digestOf(two))
  t.not(digestOf(one), digestOf(a('10.0.0.1', { name: 'z' })))
  t.equal(digestOf(), undefined)
  const alias = (data: string): Answer => ({ type: 'CNAME', name: 'x.y', data })
  t.equal(digestOf(alias('A.b')), digestOf(alias('a.b')), 'names in the data')
  const text = (data: string): Answer => ({ type: 'TXT', name: 'x.y', data })
  t.not(digestOf(text('A')), digestOf(text('a')), 'text is no name')
  const cut = answer({ flags: 0x0200, answers: [one] })
  t.equal(readAnswer(cut, ID, HOST).digest, undefined, 'a part of a set is none')
})

t.test('a TTL with the sign bit is zero, and the least one counts', async (t) => {
  const ttlOf = (...ttls: number[]) => {
    const answers = ttls.map((ttl): Answer => ({ type: 'A', name: 'x', ttl, data: '10.0.0.1' }))
    return readAnswer(answer({ answers }), ID, HOST).ttl
  }
  t.equal(ttlOf(300, 20, 50), 20)
  t.equal(ttlOf(0x7fffffff), 0x7fffffff)
  t.equal(ttlOf(300, 0x80000000), 0)
  t.equal(ttlOf(), undefined)
})

t.test(
  'a serial in the authority section counts unless the SOA itself was asked for',
  async (t) => {
    const soa = (name: string, serial: number): Answer => ({
      type: 'SOA',
      name,
      data: { mname: 'a.b', rname: 'c.d', serial },
    })
    const serialOf = (packet: Packet, question: Question) => {
      const bytes = answer({ questions: [question], ...packet })
      return readAnswer(bytes, ID, usual(question)).serial
    }
    const zone: Question = { name: 'b.test', type: 'SOA' }
    t.equal(serialOf({ answers: [soa('b.test', 0xffffffff)] }, zone), 0xffffffff)
    t.equal(serialOf({ flags: 3, authorities: [soa('test', 7)] }, zone), undefined, 'of the parent')
    t.equal(serialOf({ flags: 3, authorities: [soa('test', 7)] }, QUESTION), 7)
  },
)

t.test('what a server says of itself is text that is safe to show', async (t) => {
  const identityOf = (data: Buffer) =>
    readAnswer(answer({ additionals: [optRecord({ code: 3, data })] }), ID, HOST).identity
  t.equal(identityOf(Buffer.from('gpdns-fra')), 'gpdns-fra')
  t.equal(identityOf(Buffer.from('\u001b[2J')), '1b5b324a', 'no order to a terminal')
  t.equal(identityOf(Buffer.from([0, 1, 0xff])), '0001ff')
  t.equal(identityOf(Buffer.alloc(0)), undefined)
  t.equal(identityOf(Buffer.alloc(300, 'x'))?.length, 255)
  t.equal(identityOf(Buffer.alloc(300, 1))?.length, 255)
  const bind: Question = { name: 'hostname.bind', type: 'TXT' }
  const questions = [{ ...bind, class: 'CH' as const }]
  const answers: Answer[] = [{ type: 'TXT', class: 'CH', name: bind.name, data: ['a', 'b'] }]
  const bytes = answer({ questions, answers })
  t.match(readAnswer(bytes, ID, usual(bind, { class: 'CH' })), {
    result: 'noerror',
    identity: 'ab',
  })
})

t.test('extended errors: codes, and texts without control characters', async (t) => {
  const error = (code: number, text = '') => ({
    code: 15,
    data: Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(text)]),
  })
  const errorsOf = (...options: { code: number; data: Buffer }[]) => {
    const bytes = answer({ flags: 2, additionals: [optRecord(...options)] })
    const { ede, edeTexts } = readAnswer(bytes, ID, HOST)
    return { ede, edeTexts }
  }
  t.same(errorsOf(error(7, 'too old'), error(7), error(49152)), {
    ede: [7, 49152],
    edeTexts: ['too old'],
  })
  t.same(errorsOf(error(0, 'a\u0000\n\u202eb\u2028')).edeTexts, ['ab'])
  t.same(errorsOf(error(0, 'x'.repeat(400))).edeTexts, ['x'.repeat(255)])
  t.same(errorsOf({ code: 15, data: Buffer.from([1]) }).ede, undefined, 'too short for a code')
  const many = Array.from({ length: 40 }, (_, code) => error(code, `${code}`))
  t.equal(errorsOf(...many).ede?.length, 8)
  t.equal(errorsOf(...many).edeTexts?.length, 8)
})

t.test('times of signatures are unsigned, and each window stands once', async (t) => {
  const signature = (inception: number, signersName = 'Zone.Test'): Answer => ({
    type: 'RRSIG',
    name: 'x',
    data: {
      ...{ typeCovered: 'A', algorithm: 13, labels: 1, originalTTL: 1, keyTag: 1 },
      ...{ inception, expiration: 0xffffffff, signersName, signature: Buffer.alloc(64) },
    },
  })
  const signaturesOf = (answers: Answer[], authorities: Answer[] = []) =>
    readAnswer(answer({ answers, authorities }), ID, HOST).signatures
  const window = { from: 0x90000000, until: 0xffffffff, by: 'zone.test' }
  t.same(signaturesOf([signature(0x90000000), signature(0x90000000, 'zone.test')]), [window])
  t.same(signaturesOf([signature(1, '.')]), [{ from: 1, until: 0xffffffff, by: '.' }])
  t.same(signaturesOf([signature(0x90000000)], [signature(1)]), [window], 'answer first')
  t.same(signaturesOf([], [signature(0x90000000)]), [window], 'then authority')
  const many = Array.from({ length: 40 }, (_, from) => signature(from))
  t.equal(signaturesOf(many)?.length, 16)
})

t.test('a query of every kind reads back', async (t) => {
  for (const { ask } of CAPTURED) {
    const packet = decode(Buffer.from(encodeQuery(ID, ask)))
    t.match(packet, { id: ID, flag_rd: true, flag_cd: ask.checkingDisabled })
    t.match(packet.questions, [{ ...ask.question, class: ask.class ?? 'IN' }])
    t.equal(packet.additionals?.length, ask.edns === undefined ? 0 : 1)
  }
})
