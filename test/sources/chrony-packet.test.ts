import t from 'tap'
import { addressText, decodeFloat, encodeFloat } from '../../agent/sources/chrony-layout.ts'
import {
  type ChronyData,
  decodeChronyReply,
  encodeChronyReply,
  encodeChronyRequest,
  statusText,
} from '../../agent/sources/chrony-packet.ts'
import { COMMANDS } from '../../agent/sources/chrony-replies.ts'

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

/** Real bodies of chronyd 4.3 on a loopback interface, each with the header it came with. */
const BODIES = {
  tracking:
    '7f0000017f0000010000000000000000000000000001000000060000000000006b03b1de05684c03df7ef7e5d4ae768adabd9a8cfa8dad29f28714a4feca71dfe0f127dcdac446b104809f7a',
  sourceData:
    '7f000001000000000000000000000000000100000000000500000000000000ff00000000d89ee9eed6e698c5e086eb69',
  sourceStats:
    '7f0000017f000001000000000000000000000000000100000000000c0000000500000009d8cb6bb4f28714a4febb757bc2a23a95e088a82e',
  activity: '0000000200000000000000000000000000000000',
  ntpData:
    '7f000001000000000000000000000000000100007f000001000000000000000000000000000100002b730004040500e600000000000000007f7f0101000000006b03b1d3281ab5a8d9611612e285bf7bd295f754e880189d0000000003ff4b4b0000000c0000000c0000000c0000000cffffffffffffffffffffffff',
  selectData:
    '7f0000017f000001000000000000000000000000000100002a000000000000000000000004800000df09daa6e084c58d',
} as const

const hex16 = (value: number): string => value.toString(16).padStart(4, '0')
const header = (command: number, type: number, status = 0): string =>
  `06020000${hex16(command)}${hex16(type)}${hex16(status)}000000000000${'0000002a'}0000000000000000`

function dataOf(body: string, command: keyof typeof COMMANDS, type: number): ChronyData {
  const result = decodeChronyReply(bytesOf(header(COMMANDS[command], type) + body))
  if (!result.ok) throw new Error(`${result.fault} at ${result.at}`)
  t.equal(result.value.sequence, 42)
  t.equal(result.value.command, COMMANDS[command])
  return result.value.data
}
const near = (actual: number, expected: number): boolean =>
  Math.abs(actual - expected) <= Math.abs(expected) * 1e-6

t.test('a request is 416 bytes, so that every reply fits', async (t) => {
  const bytes = encodeChronyRequest({ command: 'tracking', sequence: 0xdeadbeef, attempt: 2 })
  t.equal(bytes.length, 416)
  t.equal(
    Buffer.from(bytes.subarray(0, 20)).toString('hex'),
    '0601000000210002deadbeef0000000000000000',
  )
  t.ok(bytes.subarray(20).every((byte) => byte === 0))
})

t.test('a request carries an index or an address', async (t) => {
  const index = encodeChronyRequest({ command: 'sourceData', sequence: 1, attempt: 0, argument: 3 })
  t.equal(index[23], 3)
  const argument = bytesOf('7f00000100000000000000000000000000010000')
  const address = encodeChronyRequest({ command: 'ntpData', sequence: 1, attempt: 0, argument })
  t.same(address.slice(20, 40), argument)
})

t.test('tracking of a real chronyd', async (t) => {
  const data = dataOf(BODIES.tracking, 'tracking', 5)
  t.equal(data.is, 'tracking')
  if (data.is !== 'tracking') return
  const { fields } = data
  t.match(fields, { referenceId: 0x7f000001, stratum: 6, leap: 0, address: { family: 1 } })
  t.equal(addressText(fields.address), '127.0.0.1')
  t.equal(fields.referenceTime, 0x6b03b1den * 1_000_000_000n + 0x05684c03n)
  t.ok(Math.abs(fields.currentCorrection) < 1e-5)
  t.ok(near(fields.lastUpdateInterval, decodeFloat(0x04809f7a)))
  t.ok(fields.rootDispersion > 0 && fields.rootDispersion < 1e-3)
})

t.test('source data of a real chronyd', async (t) => {
  const data = dataOf(BODIES.sourceData, 'sourceData', 3)
  if (data.is !== 'sourceData') throw new Error(data.is)
  t.match(data.fields, { poll: 0, stratum: 5, state: 0, mode: 0, reach: 0xff, age: 0 })
})

t.test('source statistics of a real chronyd', async (t) => {
  const data = dataOf(BODIES.sourceStats, 'sourceStats', 6)
  if (data.is !== 'sourceStats') throw new Error(data.is)
  t.match(data.fields, { referenceId: 0x7f000001, samples: 12, runs: 5, span: 9 })
})

t.test('activity of a real chronyd', async (t) => {
  const data = dataOf(BODIES.activity, 'activity', 12)
  t.match(data, { is: 'activity', fields: { online: 2, offline: 0, unresolved: 0 } })
})

t.test('NTP data of a real chronyd', async (t) => {
  const data = dataOf(BODIES.ntpData, 'ntpData', 16)
  t.match(data, {
    is: 'ntpData',
    type: 16,
    fields: {
      remotePort: 11123,
      version: 4,
      mode: 4,
      stratum: 5,
      precision: -26,
      flags: 0x03ff,
      transmitStamps: 'K',
      receiveStamps: 'K',
      sent: 12,
      good: 12,
    },
  })
})

t.test('NTP data from chrony 4.6 on says who took the stamps', async (t) => {
  const body = BODIES.ntpData.slice(0, -24)
  const data = dataOf(
    `${body}${'00000001000000020000000300000004'}${'ff'.repeat(16)}`,
    'ntpData',
    26,
  )
  t.match(data, { type: 26, fields: { good: 12, kernelTransmits: 1, hardwareReceives: 4 } })
})

t.test('selection data of a real chronyd', async (t) => {
  const data = dataOf(BODIES.selectData, 'selectData', 23)
  t.match(data, { is: 'selectData', fields: { state: '*', score: 1 } })
})

t.test('the number of sources', async (t) => {
  t.match(dataOf('00000007', 'sourceCount', 2), { is: 'sourceCount', fields: { count: 7 } })
})

t.test('server statistics have four layouts', async (t) => {
  const counters = (count: number, width: number): string =>
    Array.from({ length: count }, (_, index) => (index + 1).toString(16).padStart(width, '0')).join(
      '',
    )
  t.match(dataOf(counters(5, 8), 'serverStats', 14), { fields: { ntpHits: 1, logDrops: 5 } })
  t.match(dataOf(counters(8, 8), 'serverStats', 22), {
    fields: { logDrops: 7, authenticatedHits: 8 },
  })
  t.match(dataOf(counters(11, 8), 'serverStats', 24), {
    fields: { interleavedHits: 9, stampSpan: 11 },
  })
  t.match(dataOf(counters(21, 16), 'serverStats', 25), {
    fields: { ntpHits: 1n, daemonReceives: 12n, hardwareTransmits: 17n },
  })
})

t.test('a reply is encoded to the bytes it was decoded from', async (t) => {
  const types = {
    tracking: 5,
    sourceData: 3,
    sourceStats: 6,
    activity: 12,
    ntpData: 16,
    selectData: 23,
  } as const
  for (const [name, body] of Object.entries(BODIES)) {
    const key = name as keyof typeof types
    const bytes = bytesOf(header(COMMANDS[key], types[key]) + body)
    const result = decodeChronyReply(bytes)
    t.ok(result.ok && Buffer.from(encodeChronyReply(result.value)).equals(Buffer.from(bytes)), name)
  }
})

t.test('a status without data is a reply, too', async (t) => {
  const result = decodeChronyReply(bytesOf(header(57, 1, 2)))
  t.match(result, { ok: true, value: { status: 2, data: { is: 'null' } } })
  t.equal(statusText(2), 'not authorised')
  t.equal(statusText(99), 'status 99')
  t.ok(result.ok && encodeChronyReply(result.value).length === 28)
})

t.test('a reply type of a newer chronyd is unsupported, not a fault', async (t) => {
  const result = decodeChronyReply(bytesOf(header(54, 99)))
  t.match(result, { ok: true, value: { data: { is: 'unsupported', type: 99 } } })
})

t.test('what is not a reply is a fault', async (t) => {
  const good = header(33, 5) + BODIES.tracking
  const faultOf = (text: string) => {
    const result = decodeChronyReply(bytesOf(text))
    return result.ok ? 'none' : result.fault
  }
  t.equal(faultOf(good), 'none')
  t.equal(faultOf(good.slice(0, 54)), 'truncated')
  t.equal(faultOf(good.slice(0, -2)), 'truncated')
  t.equal(faultOf(`05${good.slice(2)}`), 'bad-version')
  t.equal(faultOf(`0601${good.slice(4)}`), 'bad-type')
  t.equal(faultOf(`060200ff${good.slice(8)}`), 'bad-reserved')
})

const VECTORS: readonly (readonly [value: number, word: number])[] = [
  [1, 0x04800000],
  [-1, 0x03000000],
  [0.5, 0x02800000],
  [3.25, 0x06d00000],
  [1000, 0x16fa0000],
  [-83333.333, 0x255d3d56],
  [1e6, 0x2af42400],
  [1e-9, 0xc889705f],
  [-1e-9, 0xc9768fa1],
  [1e-20, 0x805e7284],
  [5e9, 0x449502f9],
]

t.test('floats of chronyd', async (t) => {
  for (const [value, word] of VECTORS) {
    t.equal(encodeFloat(value).toString(16), word.toString(16), `${value}`)
    t.ok(near(decodeFloat(word), value), `${word.toString(16)}`)
  }
  t.equal(decodeFloat(0x255d3d56), -83333.328125)
})

t.test('floats at the ends of their range', async (t) => {
  t.equal(encodeFloat(Number.NaN), 0)
  t.equal(encodeFloat(0), 0)
  t.equal(encodeFloat(1e-101), 0)
  t.equal(encodeFloat(1e-50), 0, 'below the least exponent')
  t.equal(encodeFloat(1e300), 0x7effffff)
  t.equal(encodeFloat(Number.POSITIVE_INFINITY), 0x7effffff)
  t.equal(encodeFloat(-1e300), 0x7f000000)
})

t.test('addresses as text', async (t) => {
  const v6 = (groups: string) => addressText({ family: 2, bytes: bytesOf(groups) })
  t.equal(v6('20010db8000000000000000000000001'), '2001:db8::1')
  t.equal(v6('00000000000000000000000000000001'), '::1')
  t.equal(v6('00000000000000000000000000000000'), '::')
  t.equal(v6('20010db8000000010000000000000001'), '2001:db8:0:1::1')
  t.equal(v6('20010db8000100020003000400050006'), '2001:db8:1:2:3:4:5:6')
  t.equal(v6('fe800000000000000000000000000000'), 'fe80::')
  t.equal(v6('20010000000000100000000000000001'), '2001:0:0:10::1')
  t.equal(addressText({ family: 0, bytes: new Uint8Array(16) }), '', 'a reference clock')
  t.equal(addressText({ family: 3, bytes: new Uint8Array(16) }), '', 'not resolved yet')
})
