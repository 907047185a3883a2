/** Any text is a resolv.conf: values and faults, never an exception, and no line is lost unsaid. */
import t from 'tap'
import { addressFamily } from '../../agent/dns/address.ts'
import { parseResolvConf } from '../../agent/dns/resolv-conf.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const SEED = process.env['FUZZ_SEED'] ?? '1'
const RUNS = 20_000
const WORDS = [
  ...['nameserver', 'search', 'domain', 'options', 'sortlist', '#', ';', ' ', '\t', '\n', '\r\n'],
  ...['10.0.0.1', '::1', 'fe80::1%eth0', '1.2.3', 'ndots:', 'ndots:5', 'timeout:999', 'rotate'],
  ...['attempts:-1', 'use-vc', '__proto__', 'constructor', '\u0000', 'ä', 'a.b', '%', ':'],
]

function text(random: SeededRandom): string {
  const length = Math.floor(random.uniform() * 40)
  return Array.from({ length }, () =>
    random.uniform() < 0.15
      ? String.fromCharCode(Math.floor(random.uniform() * 0x300))
      : (WORDS[Math.floor(random.uniform() * WORDS.length)] ?? '') +
        (random.uniform() < 0.6 ? ' ' : ''),
  ).join('')
}

t.test(
  'any text gives nameservers that are addresses, options in range, faults with lines',
  async (t) => {
    const random = new SeededRandom(SEED)
    for (let run = 0; run < RUNS; run++) {
      const input = text(random)
      const where = `seed ${SEED} run ${run}: ${JSON.stringify(input)}`
      const parsed = parseResolvConf(input)
      const lines = input.split('\n')
      const { ndots, timeout, attempts } = parsed.options
      const sound =
        parsed.nameservers.every(({ address }) => addressFamily(address) !== undefined) &&
        parsed.nameservers.filter(({ used }) => used).length <= 3 &&
        ndots >= 0 &&
        ndots <= 15 &&
        timeout <= 30 &&
        attempts <= 5 &&
        parsed.faults.every(({ line }) => line >= 1 && line <= lines.length)
      if (!sound) t.fail(where)
      // every line of a nameserver ends as one, or as a fault
      for (const [index, line] of lines.entries()) {
        if (!/^nameserver[ \t]/.test(line)) continue
        const told =
          parsed.nameservers.some((server) => server.line === index + 1) ||
          parsed.faults.some((fault) => fault.line === index + 1)
        if (!told) t.fail(`line ${index + 1} is lost, ${where}`)
      }
    }
    t.pass(`${RUNS} texts`)
  },
)
