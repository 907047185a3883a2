import t from 'tap'
import type { StampKind } from '../../agent/core/sample.ts'
import { nanos, utc } from '../../agent/core/units.ts'
import {
  type Exchange,
  encodeRequest,
  type History,
  judge,
  makeRequest,
  measure,
  STAMP_ERROR,
} from '../../agent/sources/ntp-exchange.ts'
import {
  decodeNtp,
  encodeNtp,
  MODE_SERVER,
  type NtpPacket,
  referenceIdOf,
  utcToStamp,
} from '../../agent/sources/ntp-packet.ts'

const NOW = 1_800_000_000_000_000_000n
const MS = 1_000_000n
const LIMITS = { maxDelay: nanos(3e9), correction: nanos(0) }
const RANDOM = Uint8Array.from({ length: 16 }, (_, index) => index + 1)

const answer = (fields: Partial<NtpPacket>): NtpPacket => ({
  leap: 'none',
  version: 4,
  mode: MODE_SERVER,
  stratum: 2,
  poll: 6,
  precision: -24,
  rootDelay: nanos(1e6),
  rootDispersion: nanos(2e6),
  referenceId: 0xc0000201,
  reference: utcToStamp(utc(NOW - 1000n * MS)),
  origin: basic.transmit,
  receive: utcToStamp(utc(NOW)),
  transmit: utcToStamp(utc(NOW + 1000n)),
  extensions: [],
  mac: undefined,
  ...fields,
})
const basic = makeRequest(RANDOM, undefined)
const stamp = (at: bigint, kind: StampKind = 'kernel') => ({ at: utc(at), kind })
const past: History = {
  t1: stamp(NOW - 1000n * MS),
  t4: stamp(NOW - 999n * MS),
  receive: utcToStamp(utc(NOW - 1000n * MS + 400_000n)),
  basic: false,
  moved: nanos(0),
}

const judged = (fields: Partial<NtpPacket>): string => {
  const result = judge(encodeNtp(answer(fields)), basic, undefined, undefined)
  return 'code' in result ? `${result.is} ${result.code}` : result.is
}

const exchange = (fields: Partial<Exchange>): Exchange => ({
  packet: answer({}),
  interleaved: false,
  t1: stamp(NOW - MS),
  t4: stamp(NOW + MS),
  history: undefined,
  sendCost: nanos(0),
  moved: nanos(0),
  ...fields,
})
const refusal = (fields: Partial<Exchange>, limits = LIMITS): string => {
  const result = measure(exchange(fields), limits)
  return result.ok ? 'none' : result.code
}
const measurement = (fields: Partial<Exchange>, limits = LIMITS) => {
  const result = measure(exchange(fields), limits)
  if (!result.ok) throw new Error(result.code)
  return result.measurement
}

t.test('a request tells nothing of this node but a cookie', async (t) => {
  const expected = new Uint8Array(48)
  expected[0] = 0x23
  expected[3] = 32
  expected.set(RANDOM.subarray(0, 8), 40)
  t.same(encodeRequest(basic, undefined), expected)
})

t.test('an interleaved request carries the last receive stamp and two cookies', async (t) => {
  const request = makeRequest(RANDOM, past)
  const back = decodeNtp(encodeRequest(request, undefined))
  t.ok(back.ok)
  if (!back.ok) return
  t.equal(back.value.origin, past.receive)
  t.equal(back.value.transmit, 0x0102030405060708n)
  t.equal(back.value.receive, 0x090a0b0c0d0e0f10n)
})

t.test('a cookie is never the unset stamp, and the two are never equal', async (t) => {
  const request = makeRequest(new Uint8Array(16), past)
  t.not(request.transmit, 0n)
  t.not(request.receive, 0n)
  t.not(request.receive, request.transmit)
  const same = makeRequest(new Uint8Array(16).fill(9), past)
  t.not(same.receive, same.transmit)
})

t.test(
  'a basic answer was stamped by a program, so our own way to the wire counts too',
  async (t) => {
    const plain = measurement({})
    const counted = measurement({ sendCost: nanos(4000) })
    // local - server: an earlier T1 makes our clock seem 2 us farther behind
    t.equal(counted.offset - plain.offset, -2000)
    t.equal(counted.delay - plain.delay, 4000)
    t.equal(Math.round(counted.dispersion - plain.dispersion), 2000, 'and half of it may be wrong')
  },
)

t.test('an interleaved one was stamped by the kernel, as ours', async (t) => {
  const packet = answer({ transmit: utcToStamp(utc(NOW - 1000n * MS + 600_000n)) })
  const fields = { packet, interleaved: true, history: past }
  t.same(measurement({ ...fields, sendCost: nanos(4000) }), measurement(fields))
})

t.test('an answer to our request is valid', async (t) => {
  t.equal(judged({}), 'valid')
})

t.test('bytes that are no packet are malformed', async (t) => {
  const result = judge(new Uint8Array(47), basic, undefined, undefined)
  t.same(result, { is: 'ignored', code: 'malformed', detail: 'truncated at byte 47' })
})

t.test('a packet that is not a server answer is ignored', async (t) => {
  t.equal(judged({ mode: 3 }), 'ignored wrong-mode')
  t.equal(judged({ mode: 5 }), 'ignored wrong-mode')
})

t.test('check 1: the same stamps as last time are a duplicate', async (t) => {
  const packet = answer({})
  t.match(judge(encodeNtp(packet), basic, packet, undefined), { is: 'ignored', code: 'duplicate' })
  const later = { ...packet, transmit: packet.transmit + 1n }
  t.equal(
    judge(encodeNtp(later), basic, packet, undefined).is,
    'valid',
    'one differing stamp is enough',
  )
})

t.test('check 2: an origin that is not our cookie is bogus', async (t) => {
  t.equal(judged({ origin: basic.transmit + 1n }), 'ignored bogus')
  t.equal(judged({ origin: 0n }), 'ignored bogus', 'a basic request has no second cookie')
})

t.test('check 3: an answer without stamps is of no use', async (t) => {
  t.equal(judged({ receive: 0n }), 'useless zero-stamp')
  t.equal(judged({ transmit: 0n }), 'useless zero-stamp')
})

t.test('check 6: an unsynchronised server is of no use', async (t) => {
  t.equal(judged({ leap: 'unknown' }), 'useless unsynchronised')
})

t.test('check 6: a stratum beyond 15 is of no use, nor is 0 without a kiss', async (t) => {
  t.equal(judged({ stratum: 15 }), 'valid')
  t.equal(judged({ stratum: 16 }), 'useless bad-stratum')
  t.equal(judged({ stratum: 0, referenceId: 0 }), 'useless bad-stratum')
})

t.test('check 7: a server 16 s from its own reference is of no use', async (t) => {
  t.equal(judged({ rootDelay: nanos(10e9), rootDispersion: nanos(10.9e9) }), 'valid')
  t.equal(judged({ rootDelay: nanos(10e9), rootDispersion: nanos(11e9) }), 'useless root-distance')
})

t.test('a kiss of death counts only after the origin check', async (t) => {
  const kiss = {
    stratum: 0,
    referenceId: referenceIdOf('DENY'),
    leap: 'unknown',
    receive: 0n,
  } as const
  t.same(judge(encodeNtp(answer(kiss)), basic, undefined, undefined), { is: 'kiss', kiss: 'DENY' })
  t.equal(judged({ ...kiss, origin: 7n }), 'ignored bogus')
})

t.test('an answer that repeats the second cookie is interleaved', async (t) => {
  const request = makeRequest(RANDOM, past)
  const interleaved = judge(
    encodeNtp(answer({ origin: request.receive })),
    request,
    undefined,
    undefined,
  )
  t.match(interleaved, { is: 'valid', interleaved: true })
  const plain = judge(
    encodeNtp(answer({ origin: request.transmit })),
    request,
    undefined,
    undefined,
  )
  t.match(plain, { is: 'valid', interleaved: false })
})

t.test('a clock that is ahead of its server has a positive offset', async (t) => {
  // our stamps read 5 ms more than the server's for the same moments
  const ahead = 5n * MS
  const { offset, delay } = measurement({
    t1: stamp(NOW - MS + ahead),
    t4: stamp(NOW + 1000n + MS + ahead),
  })
  t.equal(offset, 5e6)
  t.equal(delay, 2e6)
  t.equal(
    measurement({ t1: stamp(NOW - MS - ahead), t4: stamp(NOW + MS + 1000n - ahead) }).offset,
    -5e6,
  )
})

t.test('half a nanosecond survives, and so do decades', async (t) => {
  t.equal(measurement({ t1: stamp(NOW - MS), t4: stamp(NOW + MS + 1001n) }).offset, 0.5)
  const old = NOW - 946_684_800_000_000_000n
  const { offset } = measurement({ t1: stamp(old - MS), t4: stamp(old + MS + 1000n) })
  t.equal(offset, -946_684_800e9, 'a clock 30 years behind')
})

t.test('a clock that reads 1970 still finds the era', async (t) => {
  const { offset } = measurement({
    packet: answer({
      receive: utcToStamp(utc(2_200_000_000_000_000_000n)),
      transmit: utcToStamp(utc(2_200_000_000_000_001_000n)),
    }),
    t1: stamp(0n),
    t4: stamp(2n * MS),
  })
  t.equal(offset, -2.2e18 + 1e6 - 500, '2039 and not 1903')
})

t.test('the rest of the sample comes from the packet', async (t) => {
  const result = measurement({ packet: answer({ leap: 'insert' }) })
  t.match(result, { leap: 'insert', stratum: 2, reference: '192.0.2.1', stamps: 'kernel' })
  t.equal(result.rootDelay, 1e6)
  t.equal(result.rootDispersion, 2e6)
  t.equal(result.middle, NOW)
})

t.test('a known asymmetry is added to the offset', async (t) => {
  const limits = { ...LIMITS, correction: nanos(250) }
  t.equal(measurement({}, limits).offset, measurement({}).offset + 250)
})

t.test(
  'dispersion is precision, stamp error, drift over the exchange, and clock changes',
  async (t) => {
    const drift = 15e-6 * 2e6
    t.equal(measurement({}).dispersion, 100 + STAMP_ERROR.kernel + drift)
    t.equal(
      measurement({ packet: answer({ precision: -10 }) }).dispersion,
      1e9 / 1024 + STAMP_ERROR.kernel + drift,
      'the worse of both precisions',
    )
    const mixed = measurement({ t1: stamp(NOW - MS, 'daemon'), t4: stamp(NOW + MS, 'hardware') })
    t.equal(mixed.stamps, 'daemon', 'the worst of both')
    t.equal(mixed.dispersion, 100 + STAMP_ERROR.daemon + drift)
    t.equal(measurement({ moved: nanos(77) }).dispersion, measurement({}).dispersion + 77)
  },
)

t.test('check A: a round trip beyond maxdelay is refused', async (t) => {
  const limits = { ...LIMITS, maxDelay: nanos(1e6) }
  t.equal(refusal({}, limits), 'delay')
  t.equal(
    refusal({ t1: stamp(NOW - 500_000n), t4: stamp(NOW + 501_500n) }, limits),
    'none',
    'within its error',
  )
})

t.test('check A: a round trip below zero is refused, unless its error explains it', async (t) => {
  const held = { packet: answer({ transmit: utcToStamp(utc(NOW + 20_000n)) }), t1: stamp(NOW) }
  t.equal(refusal({ ...held, t4: stamp(NOW + 10_000n) }), 'negative-delay')
  t.equal(measurement({ ...held, t4: stamp(NOW + 19_500n) }).delay, 0)
})

t.test('check A: a server that held the request for over 4 s is refused', async (t) => {
  const held = (ns: bigint) => answer({ transmit: utcToStamp(utc(NOW + ns)) })
  t.equal(refusal({ packet: held(4_100n * MS), t4: stamp(NOW + 4_200n * MS) }), 'processing-time')
  t.equal(refusal({ packet: held(-1_000n) }), 'processing-time', 'or for less than nothing')
})

t.test('check A: a precision coarser than maxdelay is refused', async (t) => {
  t.equal(refusal({ packet: answer({ precision: 2 }) }), 'bad-precision')
})

t.test(
  'check A: the first interleaved answer after a basic one measures nothing new',
  async (t) => {
    t.equal(refusal({ interleaved: true, history: { ...past, basic: true } }), 'interleaved-first')
    t.equal(refusal({ interleaved: true, history: undefined }), 'interleaved-first')
  },
)

t.test('a fast exchange at a slow poll is measured by its own four stamps', async (t) => {
  // 1 ms round trip, 1 s ago; the server's kernel says now when that answer left
  const packet = answer({ transmit: utcToStamp(utc(NOW - 1000n * MS + 600_000n)) })
  const result = measurement({ packet, interleaved: true, history: past, moved: nanos(0) })
  t.equal(result.offset, 0)
  t.equal(result.delay, 800_000)
  t.equal(result.middle, NOW - 1000n * MS + 500_000n)
})

t.test('a slow exchange at a fast poll is measured across two exchanges', async (t) => {
  const history: History = {
    t1: stamp(NOW - 1000n * MS),
    t4: stamp(NOW - 600n * MS),
    receive: utcToStamp(utc(NOW - 800n * MS)),
    basic: false,
    moved: nanos(30),
  }
  const result = measurement({
    packet: answer({
      receive: utcToStamp(utc(NOW + 200n * MS)),
      transmit: utcToStamp(utc(NOW - 800n * MS + 1000n)),
    }),
    interleaved: true,
    history,
    t1: stamp(NOW),
    t4: stamp(NOW + 400n * MS),
  })
  t.equal(result.offset, -500, 'T1 now, T4 of the last answer')
  t.equal(result.delay, 400e6 - 1000)
  t.equal(result.middle, NOW - 300n * MS)
  t.equal(result.dispersion, 100 + STAMP_ERROR.kernel + 15e-6 * 600e6 + 30)
})
