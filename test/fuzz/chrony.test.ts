import t from 'tap'
import { addressText } from '../../agent/sources/chrony-layout.ts'
import { decodeChronyReply, encodeChronyReply } from '../../agent/sources/chrony-packet.ts'

const CASES = 20_000
const seed = Number(process.env['FUZZ_SEED'] ?? 323)
const TYPES = [1, 2, 3, 5, 6, 12, 14, 16, 22, 23, 24, 25, 26, 99]

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

function reply(random: () => number): Uint8Array {
  const bytes = Uint8Array.from({ length: 28 + (random() % 200) }, () => random() & 255)
  bytes.set([6, 2, 0, 0, 0, random() & 127, 0, TYPES[random() % TYPES.length] ?? 1])
  for (let count = random() % 3; count > 0; count -= 1) {
    bytes[random() % bytes.length] = random() & 255
  }
  return random() % 8 === 0 ? bytes.subarray(0, random() % 28) : bytes
}

t.test('any bytes are a reply or a fault, and re-encoding a reply is stable', async (t) => {
  const random = generator(seed)
  let replies = 0
  for (let round = 0; round < CASES; round += 1) {
    const bytes = reply(random)
    const hex = Buffer.from(bytes).toString('hex')
    try {
      const result = decodeChronyReply(bytes)
      if (!result.ok) {
        if (result.at > bytes.length) t.fail(`fault beyond the reply: ${hex}, seed ${seed}`)
        continue
      }
      replies += 1
      const once = encodeChronyReply(result.value)
      const back = decodeChronyReply(once)
      const stable = back.ok && Buffer.from(encodeChronyReply(back.value)).equals(Buffer.from(once))
      if (!stable) t.fail(`not stable: ${hex}, seed ${seed}`)
    } catch (error) {
      t.fail(`${hex} threw ${error}, seed ${seed}`)
    }
  }
  t.ok(replies > CASES / 4, `${replies} of ${CASES} were replies, seed ${seed}`)
})

t.test('any address has a text that the platform reads as the same address', async (t) => {
  const random = generator(seed + 2)
  for (let round = 0; round < 5_000; round += 1) {
    // mostly zero groups, so that all forms of :: come up
    const bytes = Uint8Array.from({ length: 16 }, () => (random() % 3 === 0 ? random() & 255 : 0))
    const text = addressText({ family: 2, bytes })
    const host = new URL(`http://[${text}]/`).hostname.slice(1, -1)
    if (host !== text) t.fail(`${text} is not ${host}, seed ${seed}`)
  }
  t.pass('5000 addresses')
})
