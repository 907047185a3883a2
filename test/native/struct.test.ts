import t from 'tap'
import {
  decodeCaps,
  decodeExttsEvents,
  decodeNear,
  decodePin,
  decodePpsEvent,
  decodeSysOffset,
  decodeSysOffsetExtended,
  decodeSysOffsetPrecise,
  EXTTS,
  encodeExttsRequest,
  encodePerout,
  encodePin,
  encodePpsFetch,
  encodeSysOffset,
  encodeSysOffsetExtended,
  readTime,
  SIZE,
  sampleCount,
  scratch,
  splitSeconds,
  writeTime,
} from '../../native/struct.ts'

const SECOND = 1_000_000_000n
const NOW = 1_767_225_600n * SECOND + 123_456_789n

/** Puts little-endian 32-bit words where the header says that they are. */
function poke(view: DataView, words: Readonly<Record<number, number>>): void {
  for (const [at, value] of Object.entries(words)) view.setInt32(Number(at), value, true)
}
const words = (view: DataView): number[] =>
  Array.from({ length: view.byteLength / 4 }, (_, k) => view.getUint32(4 * k, true))

t.test('a time before zero has a negative second and a positive rest', async (t) => {
  t.same(splitSeconds(-250_000_000n), [-1n, 750_000_000n])
  t.same(splitSeconds(-SECOND), [-1n, 0n])
  t.same(splitSeconds(1_250_000_000n), [1n, 250_000_000n])
  const { view } = scratch(SIZE.clockTime)
  for (const ns of [0n, -1n, 1n, -SECOND, NOW, -NOW, 4n * 10n ** 18n]) {
    writeTime(view, 0, ns)
    t.equal(readTime(view, 0), ns)
    t.ok(view.getUint32(8, true) < 1e9)
  }
  writeTime(view, 0, -250_000_000n)
  t.same(words(view), [0xffffffff, 0xffffffff, 750_000_000, 0])
})

t.test('capabilities are read from their words', async (t) => {
  const { view } = scratch(SIZE.caps)
  poke(view, { 0: 62_499_999, 4: 1, 8: 2, 12: 3, 16: 1, 20: 4, 24: 1, 28: 1, 32: 500 })
  t.same(decodeCaps(view), {
    maxAdjustPpb: 62_499_999,
    alarms: 1,
    externalTimestamps: 2,
    periodicOutputs: 3,
    pps: true,
    pins: 4,
    crossTimestamping: true,
    adjustPhase: true,
    maxPhaseNs: 500,
  })
  t.match(decodeCaps(scratch(SIZE.caps).view), { pps: false, crossTimestamping: false })
})

t.test('the number of samples stays within what the structure holds', async (t) => {
  for (const [wanted, got] of [
    [0, 1],
    [-3, 1],
    [Number.NaN, 1],
    [9.9, 9],
    [25, 25],
    [26, 25],
  ] as const) {
    t.equal(sampleCount(wanted), got)
  }
})

t.test('PTP_SYS_OFFSET shares each system reading between two samples', async (t) => {
  const buffer = scratch(SIZE.sysOffset)
  buffer.bytes.fill(0xff)
  encodeSysOffset(buffer, 2)
  t.same(words(buffer.view).slice(0, 4), [2, 0, 0, 0])
  ;[100n, 1000n, 200n, 2000n, 300n].forEach((ns, k) => {
    writeTime(buffer.view, 16 + 16 * k, NOW + ns)
  })
  t.same(decodeSysOffset(buffer.view), [
    { before: NOW + 100n, phc: NOW + 1000n, after: NOW + 200n },
    { before: NOW + 200n, phc: NOW + 2000n, after: NOW + 300n },
  ])
})

t.test('PTP_SYS_OFFSET_EXTENDED has its own three times per sample', async (t) => {
  const buffer = scratch(SIZE.sysOffsetExtended)
  buffer.bytes.fill(0xff)
  encodeSysOffsetExtended(buffer, 25)
  t.same(words(buffer.view).slice(0, 4), [25, 0, 0, 0], 'CLOCK_REALTIME and zero reserved words')
  for (let k = 0; k < 75; k++) writeTime(buffer.view, 16 + 16 * k, NOW + BigInt(k))
  const triples = decodeSysOffsetExtended(buffer.view)
  t.equal(triples.length, 25)
  t.same(triples[24], { before: NOW + 72n, phc: NOW + 73n, after: NOW + 74n })
  const near = decodeNear(buffer.view)
  t.same([near.utc, near.phc, near.readings.length], [NOW, NOW + 1n, 25])
  t.same(near.readings[24], { before: 72, phc: 72, after: 74 })
  encodeSysOffsetExtended(buffer, 1, 4)
  t.same(words(buffer.view).slice(0, 4), [1, 4, 0, 0], 'CLOCK_MONOTONIC_RAW in the second word')
})

t.test('near readings are right across a second, an epoch and the sign', async (t) => {
  for (const first of [NOW - (NOW % SECOND) + SECOND - 5n, (1n << 32n) * SECOND - 5n, -5n]) {
    const buffer = scratch(SIZE.sysOffsetExtended)
    encodeSysOffsetExtended(buffer, 2)
    for (let k = 0; k < 6; k++) writeTime(buffer.view, 16 + 16 * k, first + 10n * BigInt(k))
    t.same(decodeNear(buffer.view), {
      ...{ utc: first, phc: first + 10n },
      readings: [
        { before: 0, phc: 0, after: 20 },
        { before: 30, phc: 30, after: 50 },
      ],
    })
  }
})

t.test('a sample count that the kernel could not have written does not read beyond', async (t) => {
  const buffer = scratch(SIZE.sysOffsetExtended)
  poke(buffer.view, { 0: -1 })
  t.equal(decodeSysOffsetExtended(buffer.view).length, 25)
  const basic = scratch(SIZE.sysOffset)
  poke(basic.view, { 0: 9999 })
  t.equal(decodeSysOffset(basic.view).length, 25)
})

t.test('PTP_SYS_OFFSET_PRECISE has one time of each clock', async (t) => {
  const { view } = scratch(SIZE.sysOffsetPrecise)
  writeTime(view, 0, NOW)
  writeTime(view, 16, NOW - 37n * SECOND)
  writeTime(view, 32, 5n * SECOND)
  t.same(decodeSysOffsetPrecise(view), {
    device: NOW,
    realtime: NOW - 37n * SECOND,
    monotonicRaw: 5n * SECOND,
  })
})

t.test('external time stamps are asked for by channel and edge', async (t) => {
  const buffer = scratch(SIZE.exttsRequest)
  buffer.bytes.fill(0xff)
  encodeExttsRequest(buffer, 1, EXTTS.ENABLE | EXTTS.RISING | EXTTS.STRICT)
  t.same(words(buffer.view), [1, 0b1011, 0, 0])
})

t.test('only whole events are read', async (t) => {
  const { view } = scratch(SIZE.exttsEvent * 3)
  writeTime(view, 0, NOW)
  poke(view, { 16: 1 })
  writeTime(view, 32, NOW + SECOND)
  poke(view, { 48: 1, 52: 1 })
  t.same(decodeExttsEvents(view, 70), [
    { time: NOW, index: 1, flags: 0 },
    { time: NOW + SECOND, index: 1, flags: 1 },
  ])
  t.same(decodeExttsEvents(view, 31), [])
  t.same(decodeExttsEvents(view, -1), [])
})

t.test('a periodic output carries only what was asked for', async (t) => {
  const buffer = scratch(SIZE.peroutRequest)
  buffer.bytes.fill(0xff)
  encodePerout(buffer, { index: 2, periodNs: SECOND, startNs: 5n * SECOND })
  t.same(words(buffer.view), [5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0])
  encodePerout(buffer, { index: 0, periodNs: SECOND, startNs: 7n, phase: true, onNs: 500n })
  t.same(words(buffer.view), [0, 0, 7, 0, 1, 0, 0, 0, 0, 6, 0, 0, 500, 0])
  encodePerout(buffer, { index: 0, periodNs: 0n, startNs: 0n, oneShot: true })
  t.equal(buffer.view.getUint32(36, true), 1)
})

t.test('a pin has a name, a function and a channel', async (t) => {
  const buffer = scratch(SIZE.pinDesc)
  encodePin(buffer, { index: 3, function: 'perout', channel: 1 })
  t.same(words(buffer.view).slice(16), [3, 2, 1, 0, 0, 0, 0, 0])
  buffer.bytes.set(Buffer.from('SDP0'))
  t.same(decodePin(buffer), { index: 3, name: 'SDP0', function: 'perout', channel: 1 })
  encodePin(buffer, { index: 0 })
  buffer.bytes.fill(0x41, 0, 64)
  poke(buffer.view, { 68: 9 })
  t.same(
    decodePin(buffer),
    { index: 0, name: 'A'.repeat(64), function: 'unknown', channel: 0 },
    'a name without an end, a function of a newer kernel',
  )
})

t.test('a PPS event has the time and number of both edges', async (t) => {
  const buffer = scratch(SIZE.ppsFdata)
  buffer.bytes.fill(0xff)
  encodePpsFetch(buffer)
  t.ok(
    buffer.bytes.every((byte) => byte === 0),
    'no timeout: it does not wait',
  )
  poke(buffer.view, { 0: 41, 4: 40 })
  writeTime(buffer.view, 8, NOW)
  writeTime(buffer.view, 24, NOW - SECOND)
  t.same(decodePpsEvent(buffer.view), {
    assertSequence: 41,
    clearSequence: 40,
    assert: NOW,
    clear: NOW - SECOND,
  })
})
