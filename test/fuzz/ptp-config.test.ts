/**
 * Any text is PtpConfig resources or faults with places inside the text; any text is a linuxptp
 * configuration that is written back byte for byte; any words are split or refused. Never an exception.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadPtpConfigs } from '../../agent/config/ptp-config.ts'
import { chooseProfiles } from '../../agent/config/ptp-recommend.ts'
import { refusalsOf } from '../../agent/config/ptp4l-check.ts'
import {
  optionsOf,
  parseConf,
  valueIn,
  withOption,
  writeConf,
} from '../../agent/config/ptp4l-conf.ts'
import { renderProfile } from '../../agent/config/ptp4l-render.ts'
import { quoteWord, splitWords } from '../../agent/config/shell-words.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const SEED = process.env['FUZZ_SEED'] ?? '1'
const folder = join(import.meta.dirname, '../fixtures/ptpconfig')
const CORPUS = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
const PIECES = [
  ...['\n', '  ', ': ', '- ', '{', '}', '[', ']', '"', "'", '#', '&a ', '*a', '<<: ', '? ', '| '],
  ...['~', 'null', '1e999', '-0', '__proto__: 1\n', 'constructor: {}\n', '\u0000', '\t', '\r\n'],
  ...[
    '---\n',
    'kind: List\nitems: []\n',
    'spec:',
    'profile:',
    'ptp4lConf: |\n',
    '[global]\n',
    '>-',
  ],
  ...['\ud800', '\\', '$(x)', '--free_running 0', '-f', '[unicast_master_table]\n', '[eth0', '99'],
]

const pick = <T>(random: SeededRandom, list: readonly T[]): T =>
  list[Math.floor(random.uniform() * list.length)] as T

function mutate(random: SeededRandom, text: string): string {
  let made = text
  const edits = 1 + Math.floor(random.uniform() * 3)
  for (let edit = 0; edit < edits; edit++) {
    const from = Math.floor(random.uniform() * (made.length + 1))
    const to = random.uniform() < 0.5 ? from : from + Math.floor(random.uniform() * 12)
    made = made.slice(0, from) + pick(random, PIECES) + made.slice(to)
  }
  return made
}

const SETTINGS = { index: 0, mode: 'observe', version: [3, 1, 1], directory: '/x' } as const

/** What must hold of anything that was loaded. */
function renderAll(loaded: ReturnType<typeof loadPtpConfigs>, fail: (what: string) => void): void {
  if (!loaded.ok) return
  chooseProfiles(loaded.configs, { name: 'n', labels: { ptp: '' } })
  for (const profile of loaded.configs.flatMap(({ profiles }) => profiles)) {
    const { ptp4l } = renderProfile(profile, SETTINGS)
    if (ptp4l === undefined) continue
    const global = parseConf(ptp4l.text).conf.sections.filter(({ name }) => name === 'global')
    const values = global.flatMap(optionsOf).filter(({ name }) => name === 'free_running')
    const words = ptp4l.command.slice(-2).join(' ')
    const free = values.length > 0 && values.every(({ value }) => value === '1')
    if (!free || words !== '--free_running 1') fail(`may steer: ${words} ${ptp4l.text}`)
  }
}

/** Faults are inside of the text, and there is one where nothing was loaded. */
function judge(loaded: ReturnType<typeof loadPtpConfigs>, input: string): string | undefined {
  const told = loaded.ok ? loaded.notices : loaded.faults
  if (!loaded.ok && told.length === 0) return 'no fault'
  const lines = input.split('\n').length
  const outside = told.find(
    ({ line, column, message }) => line < 1 || line > lines + 1 || column < 1 || message === '',
  )
  return outside === undefined ? undefined : `${outside.line}:${outside.column} ${outside.message}`
}

t.test('any text is PtpConfig resources, or faults with their places', async (t) => {
  const random = new SeededRandom(SEED)
  const runs = 1200
  let valid = 0
  for (let run = 0; run < runs; run++) {
    const input = mutate(random, random.uniform() < 0.1 ? '' : pick(random, CORPUS))
    const where = `seed ${SEED} run ${run}: ${JSON.stringify(input)}`
    const loaded = loadPtpConfigs(input, 'f')
    if (loaded.ok) valid++
    const wrong = judge(loaded, input)
    if (wrong !== undefined) t.fail(`${wrong}, ${where}`)
    renderAll(loaded, (what) => t.fail(`${what}, ${where}`))
  }
  t.ok(valid > 0 && valid < runs, `${valid} of ${runs} were valid`)
})

t.test('any text is a configuration that is written back as it was', async (t) => {
  const random = new SeededRandom(SEED)
  const texts = CORPUS.flatMap((text) => text.split('ptp4lConf: |').slice(1))
  for (let run = 0; run < 5000; run++) {
    const input = mutate(random, random.uniform() < 0.2 ? '' : pick(random, texts))
    const where = `seed ${SEED} run ${run}: ${JSON.stringify(input)}`
    const { conf, faults } = parseConf(input)
    if (writeConf(conf) !== input) t.fail(`changed, ${where}`)
    const lines = input.split('\n').length
    if (faults.some(({ line }) => line < 1 || line > lines)) t.fail(`no such line, ${where}`)
    refusalsOf(conf, [3, 1, 1])
    const set = parseConf(writeConf(withOption(conf, 'global', 'free_running', '1'))).conf
    if (valueIn(set, 'global', 'free_running') !== '1') t.fail(`not set, ${where}`)
  }
  t.pass('5000 texts')
})

t.test('any words are split or refused, and survive being quoted', async (t) => {
  const random = new SeededRandom(SEED)
  for (let run = 0; run < 5000; run++) {
    const input = mutate(random, '-a "b c" \'d\' \\e')
    const split = splitWords(input)
    if (!split.ok) continue
    const again = splitWords(split.words.map(quoteWord).join(' '))
    if (!again.ok || JSON.stringify(again.words) !== JSON.stringify(split.words)) {
      t.fail(`seed ${SEED} run ${run}: ${JSON.stringify(input)}`)
    }
  }
  t.pass('5000 lines')
})
