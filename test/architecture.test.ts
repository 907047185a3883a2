/**
 * The import matrix of ARCHITECTURE.md, as a test: who may know whom. `types` means that only
 * `import type` is allowed. Also the few rules that a grep can hold: who reads clocks, who talks to
 * the FFI, the logger and the metrics library, and the size of files.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'

interface Rule {
  /** Areas whose values may be imported. */
  readonly values: readonly string[]
  /** Areas of which only types may be imported. */
  readonly types: readonly string[]
  /** Packages, and `node:` for Node's own modules. */
  readonly packages?: readonly string[]
}

const STAGES = ['sources', 'select', 'servo', 'clock', 'dns', 'supervise', 'observe']
const EVERYTHING = [
  ...STAGES,
  ...['core', 'ports', 'config', 'agent', 'serve', 'sim', 'runtime', 'native', 'cli'],
]

const MATRIX: Readonly<Record<string, Rule>> = {
  core: { values: [], types: [] },
  ports: { values: ['core'], types: [] },
  sources: { values: ['core'], types: ['ports', 'config', 'select'] },
  dns: { values: ['core'], types: ['ports', 'config'], packages: ['dns-packet'] },
  supervise: { values: ['core'], types: ['config'] },
  select: { values: ['core'], types: ['config'] },
  servo: { values: ['core'], types: ['select', 'config'] },
  clock: { values: ['core', 'ports'], types: ['servo', 'select', 'config', 'observe'] },
  observe: {
    values: ['core', 'select', 'dns'],
    types: [...STAGES, 'config', 'ports'],
    packages: ['prom-client'],
  },
  config: { values: [...STAGES, 'core', 'ports'], types: [], packages: ['valibot', 'yaml'] },
  agent: { values: [...STAGES, 'core', 'ports', 'config'], types: [] },
  sim: {
    values: ['agent', 'ports', 'core', 'config', 'sources'],
    types: ['observe', 'dns'],
    packages: ['dns-packet'],
  },
  serve: { values: ['observe', 'core'], types: [] },
  runtime: {
    values: ['ports', 'core', 'native'],
    types: ['serve', 'config', 'observe'],
    packages: ['node:', 'pino'],
  },
  native: { values: ['core', 'native'], types: [], packages: ['node:', 'koffi'] },
  cli: { values: EVERYTHING, types: [], packages: ['node:'] },
}

/** Folders of which some areas may import only these files, and why. */
const NARROW: Readonly<Record<string, readonly RegExp[]>> = {
  // simulated peers speak wire bytes; a second codec would be the same code twice
  'sim>sources': [/packet\.ts$/, /management[a-z-]*\.ts$/],
}

const OWNERS: Readonly<Record<string, string>> = {
  koffi: 'native/libc.ts',
  pino: 'agent/runtime/log.ts',
  'prom-client': 'agent/observe/metrics.ts',
  'dns-packet': 'agent/dns/message.ts',
}

const root = normalize(join(import.meta.dirname, '..'))

const sourceFiles = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))

const files = [...sourceFiles('agent'), ...sourceFiles('native')]

/** `agent/sources/ntp.ts` is of area `sources`; files directly in agent/ are of area `agent`. */
function areaOf(file: string): string {
  if (file === 'agent/main.ts') return 'cli'
  const [top = '', second = ''] = file.split('/')
  if (top === 'native') return 'native'
  return second.endsWith('.ts') ? 'agent' : second
}

interface Import {
  readonly from: string
  readonly typeOnly: boolean
}

function importsOf(text: string): Import[] {
  const found: Import[] = []
  for (const match of text.matchAll(
    /^(?:import|export)\s+(type\s)?([^'"=;]*?)\sfrom\s+['"]([^'"]+)['"]/gm,
  )) {
    const [, typeKeyword, clause = '', from = ''] = match
    const names = /\{([^}]*)\}/.exec(clause)?.[1]?.split(',') ?? []
    const marked = names.filter((name) => name.trim() !== '')
    const allMarked = marked.length > 0 && marked.every((name) => name.trim().startsWith('type '))
    found.push({ from, typeOnly: typeKeyword !== undefined || allMarked })
  }
  for (const match of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) {
    found.push({ from: match[1] ?? '', typeOnly: false })
  }
  return found
}

function violation(file: string, { from, typeOnly }: Import): string | undefined {
  const area = areaOf(file)
  const rule = MATRIX[area]
  if (rule === undefined) return `${file} is in no known area`
  if (!from.startsWith('.')) {
    const allowed = (rule.packages ?? []).some((name) =>
      name.endsWith(':') ? from.startsWith(name) : from === name,
    )
    return allowed ? undefined : `${file} imports the package ${from}`
  }
  const target = join(dirname(file), from)
  const other = areaOf(target)
  if (other === area) return undefined
  const allowed = rule.values.includes(other) || (typeOnly && rule.types.includes(other))
  if (!allowed) return `${file} imports ${typeOnly ? 'types of ' : ''}${target}`
  const narrow = NARROW[`${area}>${other}`]
  if (narrow !== undefined && !narrow.some((pattern) => pattern.test(target))) {
    return `${file} imports ${target}, which is not among the files open to ${area}`
  }
  return undefined
}

t.test('every import obeys the matrix', async (t) => {
  const violations = files.flatMap((file) =>
    importsOf(readFileSync(join(root, file), 'utf8'))
      .map((found) => violation(file, found))
      .filter((text) => text !== undefined),
  )
  t.same(violations, [])
  t.ok(files.length > 20, 'the sources were found')
})

t.test('a forbidden import would be noticed', async (t) => {
  const found = importsOf(
    `import { a } from '../runtime/x.ts'\nimport type { B } from '../agent.ts'`,
  )
  t.same(
    found.map((each) => violation('agent/servo/pi.ts', each)),
    [
      'agent/servo/pi.ts imports agent/runtime/x.ts',
      'agent/servo/pi.ts imports types of agent/agent.ts',
    ],
  )
})

t.test('each of these packages has one importer', async (t) => {
  for (const [name, owner] of Object.entries(OWNERS)) {
    const importers = files.filter((file) =>
      importsOf(readFileSync(join(root, file), 'utf8')).some((found) => found.from === name),
    )
    // the simulated resolver speaks DNS, too
    const others = importers.filter((file) => file !== owner && !file.startsWith('agent/sim/'))
    t.same(others, [], `${name} belongs to ${owner}`)
  }
})

t.test(
  'nothing outside runtime, native and the CLI reads a clock or draws a random number',
  async (t) => {
    const forbidden = /Date\.now|new Date\(\)|performance\.now|hrtime|Math\.random|process\.env/
    const offenders = files.filter(
      (file) =>
        !/^(agent\/runtime|agent\/cli|native)\//.test(file) &&
        file !== 'agent/main.ts' &&
        forbidden.test(
          readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''),
        ),
    )
    t.same(offenders, [])
  },
)

t.test('nothing in the pure core waits', async (t) => {
  const pure = files.filter((file) =>
    ['core', 'sources', 'select', 'servo', 'clock', 'dns', 'supervise', 'agent', 'sim'].includes(
      areaOf(file),
    ),
  )
  const offenders = pure.filter((file) =>
    /\basync\b|\bawait\b|\bPromise\b|setTimeout|setInterval/.test(
      readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''),
    ),
  )
  t.same(offenders, [])
})

t.test('a file is one concept: none is longer than 350 lines', async (t) => {
  const long = files.filter(
    (file) => readFileSync(join(root, file), 'utf8').split('\n').length > 351,
  )
  t.same(long, [])
})
