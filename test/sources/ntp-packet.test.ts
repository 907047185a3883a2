import t from 'tap'
import { nanos, utc } from '../../agent/core/units.ts'
import {
  decodeNtp,
  encodeNtp,
  kissCode,
  MODE_SERVER,
  type NtpPacket,
  referenceIdOf,
  referenceText,
  stampToUtc,
  utcToStamp,
} from '../../agent/sources/ntp-packet.ts'

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'))
const SECOND = 1_000_000_000n

// an answer of a stratum 2 server, laid out by hand after RFC 5905 figure 8
const ANSWER = `
  64 02 06 e7
  00000147 00000d3f c0000201
  e6b03b00 80000000
  e6b03b10 12345678
  e6b03b10 40000000
  e6b03b10 40010000`

const value = (text: string): NtpPacket => {
  const result = decodeNtp(hex(text))
  if (!result.ok) throw new Error(`${result.fault} at ${result.at}`)
  return result.value
}
const faultOf = (text: string): string => {
  const result = decodeNtp(hex(text))
  return result.ok ? 'none' : `${result.fault}@${result.at}`
}

t.test('every field of the header is where RFC 5905 has it', async (t) => {
  t.same(value(ANSWER), {
    leap: 'insert',
    version: 4,
    mode: MODE_SERVER,
    stratum: 2,
    poll: 6,
    precision: -25,
    rootDelay: (0x147 / 65536) * 1e9,
    rootDispersion: (0xd3f / 65536) * 1e9,
    referenceId: 0xc0000201,
    reference: 0xe6b03b0080000000n,
    origin: 0xe6b03b1012345678n,
    receive: 0xe6b03b1040000000n,
    transmit: 0xe6b03b1040010000n,
    extensions: [],
    mac: undefined,
  })
  t.same(encodeNtp(value(ANSWER)), hex(ANSWER), 'and back again')
})

t.test('the four leap indicators are told apart', async (t) => {
  const leaps = ['24', '64', 'a4', 'e4'].map((first) =>
    value(ANSWER.replace('64 02', `${first} 02`)),
  )
  t.same(
    leaps.map(({ leap }) => leap),
    ['none', 'insert', 'delete', 'unknown'],
  )
})

t.test('a packet of the wrong length or version is a fault', async (t) => {
  t.equal(faultOf(''), 'truncated@0')
  t.equal(faultOf(ANSWER.slice(0, -2)), 'truncated@47')
  t.equal(faultOf(`${ANSWER}00`), 'bad-length@49')
  t.equal(faultOf(ANSWER.replace('64 02', '04 02')), 'bad-version@0')
  t.equal(faultOf(ANSWER.replace('64 02', '6c 02')), 'bad-version@0')
})

t.test('extension fields and the MAC are told apart by what is left', async (t) => {
  const field = (length: number) =>
    `0104 ${length.toString(16).padStart(4, '0')} ${'ab'.repeat(length - 4)}`
  const mac = (digest: number) => `00000007 ${'cd'.repeat(digest)}`

  const lone = value(ANSWER + field(28))
  t.equal(lone.extensions.length, 1)
  t.equal(lone.extensions[0]?.type, 0x0104)
  t.equal(lone.extensions[0]?.body.length, 24)
  t.equal(lone.mac, undefined)

  const both = value(ANSWER + field(16) + field(28) + mac(20))
  t.same(
    both.extensions.map(({ body }) => body.length),
    [12, 24],
  )
  t.equal(both.mac?.keyId, 7)
  t.equal(both.mac?.digest.length, 20)
  t.same(encodeNtp(both), hex(ANSWER + field(16) + field(28) + mac(20)))

  t.equal(value(ANSWER + mac(16)).mac?.digest.length, 16, 'AES-CMAC')
  t.same(value(`${ANSWER}00000000`).mac, { keyId: 0, digest: new Uint8Array(0) }, 'crypto-NAK')
  t.equal(value(`${ANSWER + field(24)}00000000`).mac?.keyId, 0)
})

t.test('a trailer that is neither is a fault', async (t) => {
  t.equal(faultOf(`${ANSWER}00000001`), 'bad-mac@48', 'a key id alone that is not 0')
  t.equal(
    faultOf(ANSWER + '00'.repeat(16)),
    'bad-mac@48',
    'an extension field too short to be last',
  )
  t.equal(faultOf(`${ANSWER}01040008${'00'.repeat(24)}`), 'bad-extension@48', 'shorter than 16')
  t.equal(faultOf(`${ANSWER}0104001e${'00'.repeat(28)}`), 'bad-extension@48', 'not of 4')
  t.equal(
    faultOf(`${ANSWER}01040100${'00'.repeat(24)}`),
    'bad-extension@48',
    'longer than the packet',
  )
})

t.test('up to version 3 all the rest is MAC', async (t) => {
  const old = ANSWER.replace('64 02', '5c 02')
  t.equal(value(old).version, 3)
  t.equal(value(`${old}00000009${'11'.repeat(64)}`).mac?.digest.length, 64)
  t.equal(value(`${old}00000000`).mac?.keyId, 0)
  t.equal(faultOf(`${old}00000001`), 'bad-mac@48')
  t.equal(faultOf(old + '11'.repeat(72)), 'bad-mac@48')
})

t.test('short extension bodies are padded to the length that the format demands', async (t) => {
  const packet = value(ANSWER)
  const one = { type: 1, body: new Uint8Array([1, 2, 3, 4, 5]) }
  t.equal(encodeNtp({ ...packet, extensions: [one] }).length, 48 + 28)
  t.equal(encodeNtp({ ...packet, extensions: [one, one] }).length, 48 + 16 + 28)
  const mac = { keyId: 1, digest: new Uint8Array(16) }
  const bytes = encodeNtp({ ...packet, extensions: [one], mac })
  t.equal(bytes.length, 48 + 16 + 20)
  const back = decodeNtp(bytes)
  t.same(
    back.ok && back.value.extensions[0]?.body,
    new Uint8Array([1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0]),
  )
})

t.test(
  'root delay and dispersion are bounds: rounded up, and never beyond the field',
  async (t) => {
    const packet = value(ANSWER)
    const back = (ns: number) => {
      const result = decodeNtp(encodeNtp({ ...packet, rootDispersion: nanos(ns) }))
      return result.ok ? result.value.rootDispersion : -1
    }
    t.equal(back(1), 1e9 / 65536)
    t.equal(back(1e9), 1e9)
    t.equal(back(-5), 0)
    t.equal(back(1e15), (0xffffffff / 65536) * 1e9)
  },
)

t.test('an instant survives as a stamp to the nanosecond, in any era', async (t) => {
  const seed = 20360207
  let state = seed
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state
  }
  for (let round = 0; round < 2000; round += 1) {
    const at = utc(BigInt(random()) * SECOND + BigInt(random() % 1e9) - 200_000_000n * SECOND)
    const pivot = utc(at + BigInt((random() % 2_000_000_000) - 1_000_000_000) * SECOND)
    if (stampToUtc(utcToStamp(at), pivot) !== at) t.fail(`${at} near ${pivot}, seed ${seed}`)
  }
  t.pass('2000 instants')
})

t.test('a stamp of era 1 is read as 2036 when it is about 2036', async (t) => {
  const rollover = utc(2_085_978_496n * SECOND) // 2036-02-07 06:28:16
  t.equal(utcToStamp(utc(rollover + SECOND)), 1n << 32n)
  t.equal(stampToUtc(1n << 32n, utc(rollover - 5n * SECOND)), rollover + SECOND)
  t.equal(stampToUtc(0xffffffff_00000000n, utc(rollover + 5n * SECOND)), rollover - SECOND)
  t.equal(utcToStamp(rollover), 1n, 'never 0, which means unset')
  t.equal(stampToUtc(1n, rollover), rollover)
})

t.test('a stamp is rounded to the nearest 233 ps, also before 1900', async (t) => {
  t.equal(utcToStamp(utc(1n)), (2_208_988_800n << 32n) + 4n, '1 ns is 4.29 units')
  t.equal(utcToStamp(utc(SECOND / 2n)), (2_208_988_800n << 32n) + (1n << 31n))
  const early = utc(-2_300_000_000n * SECOND - 1n)
  t.equal(stampToUtc(utcToStamp(early), early), early)
})

t.test('a reference id is a name at stratum 1 and an address beyond', async (t) => {
  const text = (referenceId: number, stratum: number) => referenceText({ referenceId, stratum })
  t.equal(text(referenceIdOf('GPS'), 1), 'GPS')
  t.equal(text(referenceIdOf('RATE'), 0), 'RATE')
  t.equal(text(0x01020304, 1), '01020304')
  t.equal(text(0, 1), '')
  t.equal(text(0xc0000201, 2), '192.0.2.1')
})

t.test('a kiss code is ASCII in a packet of stratum 0', async (t) => {
  const packet = { ...value(ANSWER), stratum: 0 }
  t.equal(kissCode({ ...packet, referenceId: referenceIdOf('DENY') }), 'DENY')
  t.equal(kissCode({ ...packet, referenceId: 0 }), undefined)
  t.equal(kissCode({ ...packet, referenceId: 0x81020304 }), undefined)
  t.equal(kissCode({ ...packet, stratum: 1, referenceId: referenceIdOf('RATE') }), undefined)
})
