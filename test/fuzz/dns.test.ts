/** Any bytes are an answer or a fault, one word of the list, within bounded time; never an exception. */
import { isIP } from 'node:net'
import { decode, encode } from 'dns-packet'
import t from 'tap'
import {
  type Ask,
  encodeQuery,
  type Reading,
  readAnswer,
  USUAL_EDNS,
} from '../../agent/dns/message.ts'
import { RECORD_TYPES } from '../../agent/dns/question.ts'
import { MessageStream } from '../../agent/dns/stream.ts'
import { DNS_RESULTS } from '../../agent/dns/view.ts'
import { SeededRandom } from '../../agent/sim/random.ts'
import { CAPTURED } from '../dns/answers-fixture.ts'

const SEED = process.env['FUZZ_SEED'] ?? '1'
const ID = 0x1234
const QUESTION = { name: 'a.example', type: 'A' } as const
const ASK: Ask = { question: QUESTION, edns: USUAL_EDNS, checkingDisabled: false }
const V6 = { name: 'a.example', type: 'AAAA' } as const
const WITH_ADDRESSES: Ask = { ...ASK, addresses: true }

const WHOLE: readonly Uint8Array[] = [
  encode({
    type: 'response',
    id: ID,
    questions: [{ name: 'a.example', type: 'A' }],
    answers: [
      { type: 'CNAME', name: 'a.example', ttl: 3, data: 'b.example' },
      { type: 'A', name: 'b.example', ttl: 3, data: '10.0.0.1' },
      { type: 'AAAA', name: 'b.example', ttl: 3, data: 'fd00::1' },
      { type: 'TXT', name: 'b.example', data: ['one', 'two'] },
      { type: 'MX', name: 'b.example', data: { preference: 1, exchange: 'c.example' } },
      { type: 'SRV', name: 'b.example', data: { port: 123, target: 'c.example' } },
    ],
    authorities: [
      {
        type: 'SOA',
        name: 'example',
        data: {
          mname: 'a.b',
          rname: 'c.d',
          serial: 1,
          refresh: 1,
          retry: 1,
          expire: 1,
          minimum: 1,
        },
      },
    ],
  }),
  encode({
    type: 'response',
    id: ID,
    questions: [{ name: 'a.example', type: 'A' }],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: 1232,
        extendedRcode: 1,
        ednsVersion: 0,
        flags: 0,
        flag_do: true,
        options: [{ code: 8, ip: '10.0.0.0', sourcePrefixLength: 24 }],
      },
    ],
  }),
  encodeQuery(ID, ASK),
]

const CHAIN = [
  { type: 'CNAME', name: 'a.example', ttl: 3, data: 'b.example' },
  { type: 'CNAME', name: 'b.example', ttl: 3, data: 'c.b.example' },
] as const

/** Aliases to an address of each family. */
const ALIASES = [
  {
    question: QUESTION,
    whole: encode({
      ...{ type: 'response', id: ID, questions: [QUESTION] },
      answers: [...CHAIN, { type: 'A', name: 'c.b.example', ttl: 3, data: '10.0.0.1' }],
    }),
  },
  {
    question: V6,
    whole: encode({
      ...{ type: 'response', id: ID, questions: [V6] },
      answers: [...CHAIN, { type: 'AAAA', name: 'c.b.example', ttl: 3, data: 'fd00::1' }],
    }),
  },
]

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'))

const pick = <T>(random: SeededRandom, list: readonly T[]): T =>
  list[Math.floor(random.uniform() * list.length)] as T

/** A good message with bytes flipped, cut or repeated; now and then plain noise. */
function mutate(random: SeededRandom, whole: Uint8Array): Uint8Array {
  if (random.uniform() < 0.1) return random.bytes(Math.floor(random.uniform() * 200))
  const bytes = Uint8Array.from(whole)
  const flips = Math.floor(random.uniform() * 6)
  for (let flip = 0; flip < flips; flip++) {
    const [value = 0] = random.bytes(1)
    const place = Math.floor(random.uniform() * bytes.length)
    bytes[place] = pick(random, [value, 0xc0, 0x00, 0xff, 0x0c, 15, 41, 43, 46, 47, 48, 50])
  }
  return random.uniform() < 0.3
    ? bytes.subarray(0, Math.floor(random.uniform() * bytes.length))
    : bytes
}

/** Addresses are literals of the family that was asked for, few, and told only to who wants them. */
function badAddresses({ addresses }: Reading, { addresses: wanted, question }: Ask): boolean {
  if (addresses === undefined) return false
  const family = question.type === 'A' ? 4 : 6
  const isRight = addresses.length > 0 && addresses.length <= 16
  return !wanted || !isRight || addresses.some((each) => isIP(each) !== family)
}

/** What is wrong with a reading of any bytes; undefined: nothing. */
function complaint(reading: Reading, bytes: Uint8Array, ask: Ask): string | undefined {
  const { result, ttl = 0, serial = 0, signatures = [], ede = [] } = reading
  if (!DNS_RESULTS.includes(result) || reading.bytes !== bytes.length) return result
  if (result === 'malformed' || result === 'mismatch') {
    return Object.keys(reading).length === 2 ? undefined : 'more than the result'
  }
  if (badAddresses(reading, ask)) return `addresses: ${reading.addresses}`
  const times = signatures.flatMap(({ from, until }) => [from, until])
  const numbers = [ttl, serial, ...times, ...ede]
  const whole = numbers.every((each) => Number.isInteger(each) && each >= 0 && each < 2 ** 32)
  if (!whole || ttl >= 2 ** 31) return `a number: ${numbers}`
  const signers = signatures.map(({ by }) => by)
  const texts = [reading.identity ?? '', ...(reading.edeTexts ?? []), ...signers]
  if (texts.some((text) => text.length > 255 || /\p{C}/u.test(text))) return `a text: ${texts}`
  return ede.length <= 8 && signatures.length <= 16 ? undefined : 'a list without end'
}

t.test('any bytes are an answer or a fault', async (t) => {
  const random = new SeededRandom(SEED)
  const seeds = [
    ...WHOLE.map((whole) => ({ whole, ask: ASK })),
    ...ALIASES.map(({ whole, question }) => ({ whole, ask: { ...WITH_ADDRESSES, question } })),
    ...CAPTURED.map(({ answer, ask }) => ({ whole: answer, ask })),
  ]
  const seen = new Set<string>()
  const fields = new Set<string>()
  for (let run = 0; run < 20_000; run++) {
    const { whole, ask } = pick(random, seeds)
    const bytes = mutate(random, whole)
    const reading = readAnswer(bytes, ID, ask)
    seen.add(reading.result)
    for (const field of Object.keys(reading)) fields.add(field)
    const wrong = complaint(reading, bytes, ask)
    const where = `seed ${SEED} run ${run}: ${Buffer.from(bytes).toString('hex')}`
    if (wrong !== undefined) t.fail(`${wrong}: ${where}`)
  }
  const met = ['noerror', 'nodata', 'servfail', 'malformed', 'mismatch'].every((result) =>
    seen.has(result),
  )
  t.ok(met, `seed ${SEED} met ${[...seen].join(', ')}`)
  t.equal(fields.size, 11, `seed ${SEED} met ${[...fields].join(', ')}`)
})

t.test('where the addresses are depends on no order, and a ring of aliases ends', async (t) => {
  const random = new SeededRandom(SEED)
  const names = ['a.example', 'b.example', 'c.b.example', 'A.Example', '.']
  for (let run = 0; run < 2000; run++) {
    const answers = Array.from({ length: Math.floor(random.uniform() * 40) }, () =>
      random.uniform() < 0.5
        ? ({ type: 'CNAME', name: pick(random, names), ttl: 3, data: pick(random, names) } as const)
        : ({ type: 'A', name: pick(random, names), ttl: 3, data: '10.0.0.1' } as const),
    )
    const whole = encode({ type: 'response', id: ID, questions: [QUESTION], answers })
    const wrong = badAddresses(readAnswer(whole, ID, WITH_ADDRESSES), WITH_ADDRESSES)
    if (wrong) t.fail(`seed ${SEED} run ${run}: ${Buffer.from(whole).toString('hex')}`)
  }
  t.pass('2000 answers')
})

t.test('a message made of nothing but pointers ends soon', async (t) => {
  // the data of one record is a chain of 4000 pointers, and the names of 600 records start at its end
  const head = hex('1234 8180 0001 0259 0000 0000  00 0001 0001  00 000a 0001 00000001 1f40')
  const chain = new DataView(new ArrayBuffer(8000))
  const begin = head.length
  for (let place = 0; place < 8000; place += 2) {
    chain.setUint16(place, 0xc000 | (place === 0 ? 12 : begin + place - 2))
  }
  const last = (0xc000 | (begin + 7998)).toString(16)
  const record = hex(`${last} 000a 0001 00000001 0000`)
  const records = Array.from({ length: 600 }, () => record)
  const bytes = Buffer.concat([head, new Uint8Array(chain.buffer), ...records])
  const begun = process.cpuUsage()
  t.equal(readAnswer(bytes, ID, ASK).result, 'mismatch', 'it is read to its end')
  const { user } = process.cpuUsage(begun)
  t.ok(user < 500_000, `${user} us of CPU`)
})

t.test('every type of question makes a query that reads back', async (t) => {
  const random = new SeededRandom(SEED)
  for (let run = 0; run < 2000; run++) {
    const labels = Array.from({ length: Math.floor(random.uniform() * 8) }, () =>
      'abcxyz019-_'.repeat(6).slice(0, 1 + Math.floor(random.uniform() * 26)),
    )
    const question = { name: labels.join('.') || '.', type: pick(random, RECORD_TYPES) }
    const id = Math.floor(random.uniform() * 65_536)
    const packet = decode(Buffer.from(encodeQuery(id, { ...ASK, question })))
    const [asked] = packet.questions ?? []
    const same = packet.id === id && asked?.name === question.name && asked.type === question.type
    if (!same) t.fail(`seed ${SEED} run ${run}: ${JSON.stringify(question)}`)
  }
  t.pass('2000 queries')
})

t.test('a stream takes any pieces', async (t) => {
  const random = new SeededRandom(SEED)
  for (let run = 0; run < 500; run++) {
    const stream = new MessageStream()
    for (let piece = 0; piece < 5; piece++) {
      const message = stream.push(random.bytes(Math.floor(random.uniform() * 400)))
      if (message !== undefined) readAnswer(message, ID, ASK)
    }
  }
  t.pass('500 streams')
})
