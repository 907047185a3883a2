import t from 'tap'
import { formatDrift, parseDrift } from '../../agent/clock/drift-file.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const CASES = 20_000
const seed = process.env['FUZZ_SEED'] ?? 'drift'

t.test(
  `any text is a drift or a fault, and what was read is written alike (seed ${seed})`,
  async (t) => {
    const random = new SeededRandom(seed)
    const alphabet = '0123456789.-+eE \t\n\u0000NaInfity#,'
    let drifts = 0
    for (let k = 0; k < CASES; k += 1) {
      const length = Math.floor(random.uniform() * 40)
      const text = Array.from(
        { length },
        () => alphabet[Math.floor(random.uniform() * alphabet.length)],
      )
      const numbers = [random.uniform() * 4000 - 2000, random.uniform() * 10 - 1]
      const parsed = parseDrift(k % 2 === 0 ? text.join('') : numbers.join(' '))
      if (!parsed.ok) continue
      drifts += 1
      const again = parseDrift(formatDrift(parsed.value))
      if (!again.ok || Math.abs(again.value.frequency - parsed.value.frequency) > 0.001) {
        t.fail(`case ${k} of seed ${seed} changed on the way`)
      }
    }
    t.ok(drifts > 100, `${drifts} were drifts`)
  },
)
