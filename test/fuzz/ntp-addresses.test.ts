import t from 'tap'
import { SeededRandom } from '../../agent/sim/random.ts'
import { formatAddresses, parseAddresses } from '../../agent/sources/ntp-book.ts'
import { isAddress } from '../../agent/sources/ntp-networks.ts'

const CASES = 5000
const seed = process.env['FUZZ_SEED'] ?? 'addresses'
const WORDS = [
  'ntp.example',
  'a.b',
  '192.0.2.1',
  '2001:db8::1',
  '::',
  '1:2',
  '999.0.0.1',
  '%',
  '\n',
]

t.test(
  `any text is a list of addresses, and what was read is written alike (seed ${seed})`,
  async (t) => {
    const random = new SeededRandom(seed)
    const pick = (from: ArrayLike<string>): string =>
      from[Math.floor(random.uniform() * from.length)] ?? ''
    let found = 0
    for (let k = 0; k < CASES; k += 1) {
      const length = Math.floor(random.uniform() * 60)
      const text = Array.from({ length }, () =>
        random.uniform() < 0.7 ? `${pick(WORDS)} ` : pick('09af.:/%- \t\n\u0000é'),
      ).join('')
      const parsed = parseAddresses(text)
      for (const addresses of parsed.values()) {
        found += addresses.length
        if (!addresses.every(isAddress)) t.fail(`case ${k} of seed ${seed}: ${addresses}`)
      }
      const again = parseAddresses(formatAddresses(parsed))
      if (formatAddresses(again) !== formatAddresses(parsed)) {
        t.fail(`case ${k} of seed ${seed} changed on the way`)
      }
    }
    t.ok(found > 1000, `${found} addresses were read`)
  },
)
