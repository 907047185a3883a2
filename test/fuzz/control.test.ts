import t from 'tap'
import { SeededRandom } from '../../agent/sim/random.ts'
import { parseControl } from '../../native/msghdr.ts'

const CASES = 20_000
const seed = process.env['FUZZ_SEED'] ?? 'control'

t.test(`any control bytes of the kernel are stamps or nothing (seed ${seed})`, async (t) => {
  const random = new SeededRandom(seed)
  let stamps = 0
  for (let k = 0; k < CASES; k += 1) {
    const bytes = random.bytes(Math.floor(random.uniform() * 200))
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    if (bytes.length >= 64 && k % 2 === 0) {
      view.setBigUint64(0, BigInt(64 + Math.floor(random.uniform() * 8)), true)
      view.setInt32(8, 1, true)
      view.setInt32(12, 37, true)
    }
    const { software, hardware, id } = parseControl(view, bytes.length)
    if (software !== undefined || hardware !== undefined) stamps += 1
    if (id !== undefined && !(id >= 0 && id < 2 ** 32)) t.fail(`case ${k} of seed ${seed}`)
  }
  t.ok(stamps > 1000, `${stamps} had stamps`)
})
