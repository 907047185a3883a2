/**
 * Any bytes are a Corefile with its faults inside of the text, and what is written again is read as the
 * same tree; any text is the DNS operator's resource or faults with places. Never an exception.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type LoadedDnsOperators, loadDnsOperators } from '../../agent/config/dns-operator.ts'
import { forwardingOf, renderCorefile } from '../../agent/config/dns-operator-render.ts'
import { type Corefile, writeCorefile } from '../../agent/dns/corefile.ts'
import { severityOf } from '../../agent/dns/corefile-faults.ts'
import { forwardersOf, upstreamsFor } from '../../agent/dns/forwarding.ts'
import { planTargets } from '../../agent/dns/plan.ts'
import { SeededRandom } from '../../agent/sim/random.ts'
import { CORPUS, forwardLines, parse, treeOf } from '../dns/corefile-fixture.ts'

const SEED = process.env['FUZZ_SEED'] ?? '1'
const RESOURCES = join(import.meta.dirname, '../fixtures/dns-operator')

const pick = <T>(random: SeededRandom, list: readonly T[]): T =>
  list[Math.floor(random.uniform() * list.length)] as T

function mutate(random: SeededRandom, text: string, pieces: readonly string[]): string {
  let made = text
  const edits = 1 + Math.floor(random.uniform() * 4)
  for (let edit = 0; edit < edits; edit++) {
    const from = Math.floor(random.uniform() * (made.length + 1))
    const to = random.uniform() < 0.5 ? from : from + Math.floor(random.uniform() * 12)
    made = made.slice(0, from) + pick(random, pieces) + made.slice(to)
  }
  return made
}

const PIECES = [
  ...['\n', '\r', '\r\n', ' ', '\t', '\u0085', '\ufeff', '\u0000', '\ud800', '"', '\\"', '\\', '#'],
  ...[
    '{',
    '}',
    ' { ',
    ' } ',
    '{\n',
    '\n}\n',
    '{}',
    '\n{\n',
    ',',
    ', ',
    ',,',
    '()',
    '(a)',
    '(a) {\n',
  ],
  ...[
    'import a\n',
    'import',
    '\nimport x/*\n',
    'import "',
    '{$PORT}',
    '{$NO}',
    '{%LAST%}',
    '{$',
    '%}',
  ],
  ...[
    'forward . ',
    'tls://',
    '%',
    ':0',
    '[::',
    '10.0.0.0/3 ',
    '/33',
    '.',
    '..',
    'except ',
    'cache 9',
  ],
]
const FILES = { a: 'errors\n', 'x/1': 'a.org {\n import ../a\n}\n', 'x/2': '} {\n"' }

/** Mutated files of the corpus, and now and then nothing but bytes. */
function corefile(random: SeededRandom): string {
  if (random.uniform() > 0.1) return mutate(random, pick(random, Object.values(CORPUS)), PIECES)
  const length = Math.floor(random.uniform() * 200)
  const bytes = Array.from({ length }, () => Math.floor(random.uniform() * 256))
  return Buffer.from(bytes).toString('latin1')
}

function outside({ faults }: Pick<Corefile, 'faults'>, input: string): string | undefined {
  const lines = input.split('\n')
  const wrong = faults.find(({ file, line, column }) => {
    const text = lines[line - 1]
    return file === 'Corefile' && (text === undefined || column < 1 || column > text.length + 1)
  })
  return wrong === undefined ? undefined : JSON.stringify(wrong)
}

t.test('any text is a tree that is read again as it was written', async (t) => {
  const random = new SeededRandom(SEED)
  const runs = 6000
  let sound = 0
  for (let run = 0; run < runs; run++) {
    const input = corefile(random)
    const where = `seed ${SEED} run ${run}: ${JSON.stringify(input)}`
    const tree = parse(input, FILES)
    const forwarding = forwardersOf(tree)
    if (!forwarding.faults.some((fault) => severityOf(fault) === 'error')) sound++
    const wrong = outside(forwarding, input)
    if (wrong !== undefined) t.fail(`${wrong}, ${where}`)
    const again = parse(writeCorefile(tree), FILES)
    if (JSON.stringify(treeOf(again)) !== JSON.stringify(treeOf(tree))) t.fail(`changed, ${where}`)
    upstreamsFor(forwarding, 'a.example.org')
    const servers = { clusterDnsIps: [], nodeCacheIps: [], coreDnsEndpoints: [] }
    const config = { names: ['.'], targets: [] }
    planTargets({ hostResolvConf: undefined, ...servers, forwarding: [forwarding], config })
  }
  t.ok(sound > runs / 20 && sound < runs, `${sound} of ${runs} had no error`)
})

const YAML = [
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
    '#',
    '&a ',
    '*a',
    '~',
    '1e999',
    '\u0000',
    '\t',
  ],
  ...[
    '---\n',
    'spec:',
    'servers:',
    'zones:',
    'TLS',
    'Network',
    '10.0.0.1:99',
    '::1',
    'port: 0',
    '5s',
  ],
]

/** What is wrong with what was loaded. */
function judge(loaded: LoadedDnsOperators, input: string): string | undefined {
  const told = loaded.ok ? loaded.notices : loaded.faults
  if (!loaded.ok && told.length === 0) return 'no fault'
  const lines = input.split('\n').length
  const wrong = told.find(({ line, column }) => line < 1 || line > lines + 1 || column < 1)
  if (wrong !== undefined) return JSON.stringify(wrong)
  const different = (loaded.ok ? loaded.resources : []).find((dns) => {
    const rendered = forwardersOf(parse(renderCorefile(dns)))
    return forwardLines(rendered).join() !== forwardLines(forwardingOf(dns)).join()
  })
  return different === undefined ? undefined : renderCorefile(different)
}

t.test('any text is resources or faults, and what is rendered says the same', async (t) => {
  const random = new SeededRandom(SEED)
  const corpus = readdirSync(RESOURCES).map((name) => readFileSync(join(RESOURCES, name), 'utf8'))
  const runs = 1500
  let valid = 0
  for (let run = 0; run < runs; run++) {
    const input = mutate(random, pick(random, corpus), YAML)
    const loaded = loadDnsOperators(input, 'f')
    if (loaded.ok) valid++
    const wrong = judge(loaded, input)
    if (wrong !== undefined) t.fail(`${wrong}, seed ${SEED} run ${run}: ${JSON.stringify(input)}`)
  }
  t.ok(valid > runs / 20 && valid < runs, `${valid} of ${runs} were valid`)
})
