/** The lab seen from outside: boots virtual machines, a few at a time, and collects their results. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Check } from './scenario.ts'

const RUN = join(import.meta.dirname, 'run')

export interface Result {
  readonly scenario: string
  readonly title: string
  readonly seed: number
  readonly ok: boolean
  readonly error: string
  readonly checks: readonly Check[]
}

export interface Job {
  readonly scenario: string
  readonly seed: number
  /** Keeps what the virtual machine wrote. */
  readonly folder?: string
}

function call(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  onLine: (l: string) => void,
) {
  return new Promise<string>((resolve) => {
    const child = spawn(RUN, args, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let answer = ''
    child.stdout.on('data', (chunk: Buffer) => {
      answer += chunk.toString()
    })
    let rest = ''
    child.stderr.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.startsWith('lab: ')) onLine(line.slice(5))
    })
    child.on('close', (code) => resolve(code === 2 && answer === '' ? '' : answer))
  })
}

/** JSON has no infinity: what never happened arrives as null. */
function parse(text: string): Result {
  const result = JSON.parse(text) as Result
  const checks = result.checks.map((check) => ({ ...check, value: check.value ?? Infinity }))
  return { ...result, checks }
}

async function runJob({ scenario, seed, folder }: Job): Promise<Result> {
  const label = `${scenario} ${seed}`
  const last: string[] = []
  const say = (line: string): void => {
    last.push(line)
    if (last.length > 40) last.shift()
    process.stderr.write(`${label.padEnd(24)} ${line}\n`)
  }
  const keep = folder === undefined ? {} : { TIMEWARDEN_LAB_OUT: folder }
  const text = await call([scenario, String(seed)], { TIMEWARDEN_LAB_PREPARED: '1', ...keep }, say)
  if (text !== '') return parse(text)
  const failed = { ok: false, error: last.join('\n') || 'no result', checks: [] }
  return { scenario, title: '', seed, ...failed }
}

/** Builds what all need first, then runs the jobs, as many at a time as there are processors. */
export async function runJobs(jobs: readonly Job[]): Promise<Result[]> {
  let missing = ''
  await call(['--prepare'], {}, (line) => {
    missing = line
    process.stderr.write(`${line}\n`)
  })
  for (const { folder } of jobs) if (folder !== undefined) mkdirSync(folder, { recursive: true })
  const waiting = [...jobs]
  const results: Result[] = []
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      results.push(await runJob(job))
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  if (results.every(({ checks }) => checks.length === 0) && missing !== '') throw new Error(missing)
  return results
}

/** What a scenario left in its folder, undefined when there is none. */
export function readTrace<T>(folder: string, name: string): T | undefined {
  const file = join(folder, name)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined
}
