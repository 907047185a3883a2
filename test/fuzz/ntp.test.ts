import t from 'tap'
import { nanos, utc } from '../../agent/core/units.ts'
import { KEY_TYPES } from '../../agent/ports/keys.ts'
import { createKeys } from '../../agent/runtime/keys.ts'
import { judge, makeRequest, measure } from '../../agent/sources/ntp-exchange.ts'
import {
  decodeNtp,
  encodeNtp,
  MODE_SERVER,
  type NtpPacket,
  utcToStamp,
} from '../../agent/sources/ntp-packet.ts'

const CASES = 20_000
const seed = Number(process.env['FUZZ_SEED'] ?? 5905)

/** xorshift32 */
function generator(start: number): () => number {
  let state = start | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

const randomBytes = (random: () => number, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => random() & 255)

/** A valid packet with extension fields and a MAC now and then, some bytes of it changed. */
function mutated(random: () => number): Uint8Array {
  const bytes = randomBytes(random, 48)
  bytes[0] = 0x24 | (random() & 0xc0)
  bytes[1] = random() % 17
  const base = decodeNtp(bytes)
  if (!base.ok) return bytes
  const extensions = Array.from({ length: random() % 3 }, () => ({
    type: random() & 0xffff,
    body: randomBytes(random, random() % 40),
  }))
  const mac =
    random() % 2 === 0
      ? undefined
      : { keyId: random(), digest: randomBytes(random, 16 + 4 * (random() % 2)) }
  const valid = encodeNtp({ ...base.value, extensions, mac })
  for (let count = random() % 4; count > 0; count -= 1) {
    valid[random() % valid.length] = random() & 255
  }
  return random() % 4 === 0 ? valid.subarray(0, random() % (valid.length + 1)) : valid
}

function stable(packet: NtpPacket): boolean {
  const again = encodeNtp(packet)
  const back = decodeNtp(again)
  return back.ok && Buffer.from(encodeNtp(back.value)).equals(Buffer.from(again))
}

t.test('any bytes are a packet or a fault, and re-encoding a packet gives its bytes', async (t) => {
  const random = generator(seed)
  let packets = 0
  for (let round = 0; round < CASES; round += 1) {
    const bytes = round % 2 === 0 ? mutated(random) : randomBytes(random, random() % 120)
    const hex = Buffer.from(bytes).toString('hex')
    try {
      const result = decodeNtp(bytes)
      if (!result.ok) {
        if (result.at > bytes.length) t.fail(`fault beyond the packet: ${hex}, seed ${seed}`)
        continue
      }
      packets += 1
      const same = Buffer.from(encodeNtp(result.value)).equals(Buffer.from(bytes))
      if (!same || !stable(result.value)) t.fail(`not stable: ${hex}, seed ${seed}`)
    } catch (error) {
      t.fail(`${hex} threw ${error}, seed ${seed}`)
    }
  }
  t.ok(packets > CASES / 4, `${packets} of ${CASES} were packets, seed ${seed}`)
})

/** An answer that is nearly good: a few fields random, a few bytes changed. */
function answerTo(origin: bigint, at: bigint, random: () => number): Uint8Array {
  const receive = utcToStamp(utc(at + BigInt(random() % 2_000_000) - 1_000_000n))
  const bytes = encodeNtp({
    leap: 'none',
    version: 4,
    mode: MODE_SERVER,
    stratum: random() % 18,
    poll: 0,
    precision: (random() % 40) - 32,
    rootDelay: nanos(random()),
    rootDispersion: nanos(random()),
    referenceId: random(),
    reference: 0n,
    origin,
    receive,
    transmit: receive + BigInt(random() % 2 ** 16),
    extensions: [],
    mac: undefined,
  })
  for (let count = random() % 3; count > 0; count -= 1) bytes[random() % 48] = random() & 255
  return bytes
}

t.test('whatever answers our request is judged and measured without an exception', async (t) => {
  const random = generator(seed + 2)
  let measured = 0
  let refused = 0
  for (let round = 0; round < CASES; round += 1) {
    const interleaved = round % 2 === 0
    const at = utc(BigInt(random()) * 1_000_000_000n)
    const stamp = { at, kind: 'kernel' as const }
    const history = { t1: stamp, t4: stamp, receive: 5n, basic: false, moved: nanos(0) }
    const request = makeRequest(randomBytes(random, 16), interleaved ? history : undefined)
    const bytes = answerTo(interleaved ? request.receive : request.transmit, at, random)
    try {
      const answer = judge(bytes, request, undefined, undefined)
      if (answer.is !== 'valid') {
        refused += 1
        continue
      }
      const exchange = {
        ...answer,
        sendCost: nanos(0),
        t1: stamp,
        t4: { ...stamp, at: utc(at + 1_000_000n) },
      }
      const result = measure(
        { ...exchange, history: { ...history, receive: answer.packet.receive }, moved: nanos(0) },
        { maxDelay: nanos(3e9), correction: nanos(0) },
      )
      if (!result.ok) continue
      measured += 1
      const { offset, delay, dispersion } = result.measurement
      const sound = Number.isFinite(offset) && delay >= 0 && dispersion > 0
      if (!sound) t.fail(`${offset} ${delay} ${dispersion}: seed ${seed}, round ${round}`)
    } catch (error) {
      t.fail(`${Buffer.from(bytes).toString('hex')} threw ${error}, seed ${seed}`)
    }
  }
  t.ok(measured > CASES / 4, `${measured} measured, seed ${seed}`)
  t.ok(refused > CASES / 20, `${refused} refused, seed ${seed}`)
})

const KEYS = createKeys(
  KEY_TYPES.map((type, index) => ({
    ...{ id: index + 1, type },
    secret: new Uint8Array(type === 'AES256' ? 32 : 16).fill(index + 1),
  })),
)

/** An answer with extension fields where the version has them, and the MAC of a key behind it. */
function sealedAnswer(random: () => number, id: number, origin: bigint): Uint8Array {
  const key = KEYS.key(id)
  const bare = decodeNtp(answerTo(origin, 1_800_000_000_000_000_000n, () => 0))
  if (!bare.ok || key === undefined) throw new Error('no answer')
  const version = key.digestLength > 20 ? 3 : 4
  const extensions = Array.from({ length: version === 3 ? 0 : random() % 3 }, () => ({
    type: random() & 0xffff,
    body: randomBytes(random, random() % 40),
  }))
  const room = { keyId: id, digest: new Uint8Array(key.digestLength) }
  const bytes = encodeNtp({ ...bare.value, stratum: 2, version, extensions, mac: room })
  const covered = bytes.subarray(0, bytes.length - 4 - key.digestLength)
  bytes.set(key.mac(covered), bytes.length - key.digestLength)
  return bytes
}

t.test('with a key every flipped bit, and every cut, is noticed', async (t) => {
  const random = generator(seed + 3)
  const found = new Map<string, number>()
  for (let round = 0; round < CASES; round += 1) {
    const id = 1 + (round % KEY_TYPES.length)
    const request = makeRequest(randomBytes(random, 16), undefined)
    const bytes = sealedAnswer(random, id, request.transmit)
    const key = KEYS.key(id)
    if (judge(bytes, request, undefined, key).is !== 'valid') t.fail(`refused, seed ${seed}`)
    const at = random() % bytes.length
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (random() % 8))
    const hostile = random() % 8 === 0 ? bytes.subarray(0, random() % bytes.length) : bytes
    const answer = judge(hostile, request, undefined, key)
    // a cut that leaves a key id of zero alone would be a crypto-NAK; no key has that id
    if (answer.is !== 'ignored') {
      t.fail(`${answer.is}: ${Buffer.from(hostile).toString('hex')}, seed ${seed}`)
    } else found.set(answer.code, (found.get(answer.code) ?? 0) + 1)
  }
  const told = JSON.stringify(Object.fromEntries(found))
  t.ok((found.get('bad-mac') ?? 0) > CASES / 4, `${told}, seed ${seed}`)
  t.ok((found.get('unauthenticated') ?? 0) > CASES / 100, told)
})

t.test('random trailers of a good header are never accepted with a key', async (t) => {
  const random = generator(seed + 4)
  for (let round = 0; round < CASES; round += 1) {
    const id = 1 + (round % KEY_TYPES.length)
    const request = makeRequest(randomBytes(random, 16), undefined)
    const header = sealedAnswer(random, id, request.transmit).subarray(0, 48)
    const trailer = randomBytes(random, 4 * (random() % 30))
    // half of them name the right key, where a MAC of 20 bytes would
    if (trailer.length >= 24) new DataView(trailer.buffer).setUint32(trailer.length - 24, id)
    const bytes = Uint8Array.of(...header, ...trailer)
    const { is } = judge(bytes, request, undefined, KEYS.key(id))
    if (is === 'valid' || is === 'kiss') {
      t.fail(`${is}: ${Buffer.from(bytes).toString('hex')}, seed ${seed}`)
    }
  }
})
