/** Makes each fault, lets the shipped command measure it, and keeps what it was called. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DIAGNOSES, type DiagnosisCode } from '../../../agent/dns/diagnoses.ts'
import type { Diagnosis } from '../../../agent/dns/diagnosis.ts'
import type { Fault, Settings, SetUp } from './catalogue/fault.ts'
import type { Material } from './material.ts'
import { shiftedBy } from './shift.ts'
import { openWorld, type World } from './world.ts'

/** At once; the agent waits more than it works. */
const JOBS = 6
const PATIENCE_MS = 60_000

const USUAL = {
  names: ['www.alpha.lab'],
  timeout: '1s',
  canaries: {
    absent: ['absent.alpha.lab'],
    miss: ['plain.lab'],
    signed: ['www.alpha.lab', 'www.beta.lab', 'www.gamma.lab'],
    large: ['big.alpha.lab TXT'],
  },
} as const

export interface Outcome {
  /** 0 healthy, 1 warning, 2 critical. */
  readonly exitCode: number
  readonly diagnoses: readonly Diagnosis[]
}

function writeSettings(folder: string, settings: Settings): string {
  const put = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }
  const { resolvConf, corefile, operator, dns = {} } = settings
  const config = {
    sources: [],
    dns: {
      ...USUAL,
      resolvConf: resolvConf === undefined ? join(folder, 'none') : put('resolv.conf', resolvConf),
      ...(corefile !== undefined && { corefile: put('Corefile', corefile) }),
      ...(operator !== undefined && { operator: put('operator.yaml', operator) }),
      ...dns,
    },
  }
  return put('timewarden.yaml', JSON.stringify(config)) // JSON is YAML
}

/** `timewarden dns --once` on the node; no agent runs there. Throws where there is no report. */
function measure({ path, material }: World, file: string, clock?: string): Promise<Outcome> {
  const shift = clock === undefined ? [] : ['env', ...shiftedBy(clock)]
  const words = ['dns', '--once', '--json', '--config', file, '--socket', join(path.folder, 'none')]
  const args = ['netns', 'exec', path.a, ...shift, process.execPath, material.agent, ...words]
  return new Promise((resolve, reject) => {
    execFile('ip', args, { timeout: PATIENCE_MS }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : error.code
      const diagnoses = diagnosesOf(stdout)
      if (typeof exitCode === 'number' && diagnoses !== undefined) resolve({ exitCode, diagnoses })
      else reject(new Error(`no report: ${error?.message} ${stderr}`))
    })
  })
}

function diagnosesOf(stdout: string): readonly Diagnosis[] | undefined {
  try {
    return JSON.parse(stdout).diagnoses
  } catch {
    return undefined
  }
}

async function runOne({ setUp, clock }: SetUp, name: string, material: Material): Promise<Outcome> {
  const world = openWorld(name, material)
  try {
    const settings = await setUp(world)
    return await measure(world, writeSettings(world.path.folder, settings), clock)
  } finally {
    await world.close()
  }
}

/** All of them, some at a time, in their order; `done` as each one ends. */
export async function runAll<T extends SetUp>(
  rows: readonly T[],
  material: Material,
  done: (row: T, outcome: Outcome) => void = () => {},
): Promise<ReadonlyMap<T, Outcome>> {
  const ended = new Map<T, Outcome>()
  const waiting = [...rows.entries()]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, row] = next
      const outcome = await runOne(row, `f${index}x`, material)
      ended.set(row, outcome)
      done(row, outcome)
    }
  }
  await Promise.all(Array.from({ length: JOBS }, work))
  return new Map(rows.flatMap((row) => (ended.has(row) ? [[row, ended.get(row)!]] : [])))
}

export const codesOf = ({ diagnoses }: Outcome): DiagnosisCode[] => [
  ...new Set(diagnoses.map(({ code }) => code)),
]

/** What was told and is not true, or not told of this fault. */
export const strangers = ({ expected, beside = [] }: Fault, outcome: Outcome): DiagnosisCode[] =>
  codesOf(outcome).filter((code) => code !== expected && !beside.includes(code))

/** Told by its name, and nothing that is not true. */
export const isNamed = (fault: Fault, outcome: Outcome): boolean =>
  codesOf(outcome).includes(fault.expected) && strangers(fault, outcome).length === 0

/** Worth knowing and no fault: the exit code stays 0. */
export const isNote = ({ expected }: Fault): boolean => DIAGNOSES[expected].severity === 'info'

const cell = (text: string): string => text.replaceAll('|', '\\|')

/** The table in Markdown, one row per fault. */
export function renderTable(outcomes: ReadonlyMap<Fault, Outcome>): string {
  const rows = [...outcomes].map(([fault, outcome]) => {
    const root = outcome.diagnoses.find(({ code }) => code === fault.expected)
    const sentence = root ?? outcome.diagnoses[0]
    const named = codesOf(outcome).join(', ') || 'nothing'
    const mark = isNamed(fault, outcome) ? '' : ' (!)'
    const cells = [fault.words, fault.peers, fault.expected, `${named}${mark}`]
    return `| ${[...cells, sentence?.sentence ?? ''].map(cell).join(' | ')} |`
  })
  const all = [...outcomes].filter(([fault]) => !isNote(fault))
  const named = all.filter(([fault, outcome]) => isNamed(fault, outcome)).length
  const healthy = all.filter(([, { exitCode }]) => exitCode === 0).length
  const notes = outcomes.size - all.length
  return [
    '| fault | made with | expected | named | sentence |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    `${all.length} faults: ${named} named correctly, ${healthy} called healthy; ${notes} more that are notes.`,
  ].join('\n')
}
