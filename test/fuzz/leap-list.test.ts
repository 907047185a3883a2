import t from 'tap'
import { BUNDLED_TEXT } from '../../agent/clock/leap-bundle.ts'
import { parseLeapList } from '../../agent/clock/leap-list.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const CASES = 5000
const seed = process.env['FUZZ_SEED'] ?? 'leap'

t.test(`any text is a list or a fault with its line (seed ${seed})`, async (t) => {
  const random = new SeededRandom(seed)
  const upTo = (n: number): number => Math.floor(random.uniform() * n)
  const byte = (): string => String.fromCharCode(upTo(256))
  const alphabet = '#$@h0123456789 \t\r\n\u0000a'
  let lists = 0
  for (let k = 0; k < CASES; k += 1) {
    const noise = Array.from({ length: upTo(300) }, () =>
      k % 2 === 0 ? byte() : (alphabet[upTo(alphabet.length)] ?? ''),
    ).join('')
    const cut = upTo(BUNDLED_TEXT.length)
    const damaged = BUNDLED_TEXT.slice(0, cut) + byte() + BUNDLED_TEXT.slice(cut + upTo(3))
    const text = k % 3 === 0 ? damaged : noise
    const parsed = parseLeapList(text)
    if (parsed.ok) {
      lists += 1
      if (text !== damaged) t.fail(`case ${k} of seed ${seed}: noise is a list`)
      continue
    }
    const lines = text.split(/\r?\n/).length
    if (parsed.at < 1 || parsed.at > lines) t.fail(`case ${k} of seed ${seed}: line ${parsed.at}`)
  }
  t.ok(lists > 0 && lists < CASES / 20, `${lists} were lists: white space alone was changed`)
})
