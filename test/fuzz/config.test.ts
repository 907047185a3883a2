/** Any text is a configuration or a list of faults with places inside the text; never an exception. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { describeConfig } from '../../agent/config/describe.ts'
import { loadConfig, placeFindings } from '../../agent/config/load.ts'
import { withChildren } from '../../agent/config/ptp4l-children.ts'
import type { Config } from '../../agent/config/types.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const SEED = process.env['FUZZ_SEED'] ?? '1'
const RUNS = 1200
const folder = join(import.meta.dirname, '../../config/examples')
const EXAMPLES = readdirSync(folder).map((name) =>
  readFileSync(join(folder, name), 'utf8').replace(/^ *#.*\n/gm, ''),
)
const PIECES = [
  ...[
    '\n',
    '  ',
    ': ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '#',
    '&a ',
    '*a',
    '<<: ',
    '? ',
    '| ',
    '!!',
  ],
  ...['~', 'null', '1e999', '.nan', '-0', '0x10', '__proto__: 1\n', 'constructor: {}\n', '\u0000'],
  ...['ntp:', 'server:', 'clocks:', 'phc:', 'drive', '5s', '\t', '---\n', '%YAML 1.1\n', '\ud800'],
]

const NODE = {
  ...{ name: 'n', phcs: [], read: () => ({ ok: true, text: '' }) as const },
  versionOf: () => [3, 1, 1] as const,
}

const pick = <T>(random: SeededRandom, list: readonly T[]): T =>
  list[Math.floor(random.uniform() * list.length)] as T

/** An example with pieces cut out and put in, or pieces alone. */
function text(random: SeededRandom): string {
  let made = random.uniform() < 0.8 ? pick(random, EXAMPLES) : ''
  const edits = 1 + Math.floor(random.uniform() * 3)
  for (let edit = 0; edit < edits; edit++) {
    const from = Math.floor(random.uniform() * (made.length + 1))
    const to = random.uniform() < 0.5 ? from : from + Math.floor(random.uniform() * 12)
    made = made.slice(0, from) + pick(random, PIECES) + made.slice(to)
  }
  return made
}

/** Its children made as well, with a place for what is wrong with them. */
function isDescribed(loaded: Config, input: string): boolean {
  const { config, findings } = withChildren(loaded, NODE)
  const placed = placeFindings(input, 'f', findings).every(({ line }) => line >= 1)
  return placed && describeConfig(config).length >= 4
}

t.test('any text is a configuration, or faults with their places', async (t) => {
  const random = new SeededRandom(SEED)
  let valid = 0
  for (let run = 0; run < RUNS; run++) {
    const input = text(random)
    const where = `seed ${SEED} run ${run}: ${JSON.stringify(input)}`
    const loaded = loadConfig(input, 'f')
    if (loaded.ok) {
      valid++
      if (!isDescribed(loaded.config, input)) t.fail(where)
      continue
    }
    const lines = input.split('\n').length
    if (loaded.faults.length === 0) t.fail(`no fault, ${where}`)
    for (const { line, column, message } of loaded.faults) {
      const inside = line >= 1 && line <= lines + 1 && column >= 1 && message !== ''
      if (!inside) t.fail(`${line}:${column} ${message}, ${where}`)
    }
  }
  t.ok(valid > 0 && valid < RUNS, `${valid} of ${RUNS} were valid`)
})
