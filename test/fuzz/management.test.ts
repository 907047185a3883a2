import t from 'tap'
import { decodeManagement, encodeGet, encodeManagement } from '../../agent/sources/management.ts'
import { DATA_SETS } from '../../agent/sources/management-data.ts'

const IDS = Object.values(DATA_SETS).map(({ id }) => id)
const FRAME = encodeGet(
  { domain: 0, source: { clock: '000000.0000.000000', port: 1 } },
  1,
  'DEFAULT_DATA_SET',
)

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), 1 | state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Pure noise, or noise behind a plausible header so that every layout is reached. */
function mutant(random: () => number): Uint8Array {
  const integer = (below: number): number => Math.floor(random() * below)
  const length = random() < 0.1 ? integer(60) : 48 + integer(300)
  const data = Uint8Array.from({ length }, () => (random() < 0.3 ? 0 : integer(256)))
  if (random() < 0.1 || length < FRAME.length) return data
  data.set(FRAME)
  const view = new DataView(data.buffer)
  view.setUint16(2, random() < 0.05 ? integer(400) : length)
  view.setUint8(46, random() < 0.9 ? 2 : integer(8))
  view.setUint16(48, random() < 0.9 ? 1 : integer(4))
  view.setUint16(50, random() < 0.8 ? (length - 52) & ~1 : integer(400))
  view.setUint16(52, IDS[integer(IDS.length + 1)] ?? 0x00ff)
  return data
}

/** What is wrong with the codec on this input; empty when nothing is. */
function complaint(data: Uint8Array, reached: Set<string>): string {
  const first = decodeManagement(data)
  if (!first.ok) {
    reached.add(first.fault)
    return first.at >= 0 && first.at <= data.length + 65536 ? '' : 'position'
  }
  const { body } = first.value
  reached.add(body.kind === 'data' ? body.set.name : body.kind)
  const once = encodeManagement(first.value)
  const second = decodeManagement(once)
  if (!second.ok) return `own encoding refused: ${second.fault}`
  return Buffer.compare(once, encodeManagement(second.value)) === 0 ? '' : 'unstable'
}

t.test('any bytes are a message or a fault, and a message re-encodes to itself', async (t) => {
  const seed = 20261123
  const random = generator(seed)
  const reached = new Set<string>()
  for (let n = 0; n < 20_000; n++) {
    const data = mutant(random)
    const wrong = complaint(data, reached)
    if (wrong !== '')
      t.fail(`${wrong}; seed ${seed}, case ${n}: ${Buffer.from(data).toString('hex')}`)
    if (wrong !== '') return
  }
  const faults = ['truncated', 'not-management', 'bad-version', 'bad-length', 'bad-action']
  const rest = ['bad-tlv', 'short-data', 'error', 'empty', 'other']
  for (const name of [...Object.keys(DATA_SETS), ...faults, ...rest]) {
    t.ok(reached.has(name), `${name} was reached`)
  }
})
