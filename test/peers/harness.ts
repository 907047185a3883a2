/**
 * Real daemons in network namespaces of our own: a pair of namespaces joined by veth, programs run in
 * them, everything ended and removed afterwards. All of them share this machine's one clock, so the
 * true offset between any two is zero; nothing here ever steers it (`chronyd -x`, `free_running 1`).
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { accessSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Set in CI: a missing peer is a failure there, never a skip. */
const REQUIRED = process.env['TIMEWARDEN_REQUIRE_PEERS'] === '1'

/** Where packages are unpacked that cannot be installed beside each other (chrony and ntpsec). */
const UNPACKED = process.env['TIMEWARDEN_PEERS_PATH']?.split(':') ?? []
const PATHS = [
  ...UNPACKED,
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
  '/usr/local/sbin',
  '/usr/local/bin',
]

/** Full path of a program; undefined where it is not installed. */
export const find = (program: string): string | undefined =>
  PATHS.map((folder) => join(folder, program)).find((file) => {
    try {
      accessSync(file)
      return true
    } catch {
      return false
    }
  })

/**
 * What keeps this test from running, as the options for `t.test`: `{}` when all is there. Under
 * TIMEWARDEN_REQUIRE_PEERS=1 it throws instead of skipping.
 */
export function needs(...programs: string[]): { skip?: string } {
  const missing = programs.filter((program) => find(program) === undefined)
  const reasons = missing.map((program) => `${program} is not installed`)
  if (programs.includes('ip') && process.getuid?.() !== 0) {
    reasons.push('network namespaces need root')
  }
  if (reasons.length === 0) return {}
  if (REQUIRED) throw new Error(`a peer is missing: ${reasons.join(', ')}`)
  return { skip: reasons.join(', ') }
}

const ip = (...args: string[]): void => {
  execFileSync('ip', args, { stdio: 'pipe' })
}

export interface Program {
  readonly process: ChildProcess
  /** Standard output and error so far. */
  output(): string
  /** Resolves when the output matches; rejects with the output after `seconds`. */
  saw(pattern: RegExp, seconds?: number): Promise<RegExpExecArray>
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Resolves when it has ended: its exit code, null after a signal. */
  ended(): Promise<number | null>
}

export interface Path {
  /** Namespace names; the addresses of their ends. */
  readonly a: string
  readonly b: string
  readonly addressA: string
  readonly addressB: string
  readonly interfaceA: string
  readonly interfaceB: string
  /** A scratch folder that goes with the path. */
  readonly folder: string
  run(namespace: string, command: string, args: readonly string[]): Program
  /** One command to its end; its output. */
  call(namespace: string, command: string, args: readonly string[]): string
  /** An HTTP request from within a namespace. */
  get(namespace: string, url: string): { readonly status: number; readonly body: string }
  close(): Promise<void>
}

function watch(child: ChildProcess): Program {
  let text = ''
  const listeners = new Set<() => void>()
  const more = (chunk: Buffer): void => {
    text += chunk.toString()
    for (const listener of listeners) listener()
  }
  child.stdout?.on('data', more)
  child.stderr?.on('data', more)
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => resolve())
    child.on('error', (error) => {
      text += String(error)
      resolve()
    })
  })
  return {
    process: child,
    ended: async () => {
      await ended
      return child.exitCode
    },
    output: () => text,
    saw: (pattern, seconds = 20) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const match = pattern.exec(text)
          if (match === null) return
          finish()
          resolve(match)
        }
        const timer = setTimeout(() => {
          finish()
          reject(new Error(`${pattern} was not seen within ${seconds} s in:\n${text.slice(-4000)}`))
        }, seconds * 1000)
        const finish = (): void => {
          clearTimeout(timer)
          listeners.delete(check)
        }
        listeners.add(check)
        check()
      }),
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      const hard = setTimeout(() => child.kill('SIGKILL'), 3000)
      await ended
      clearTimeout(hard)
    },
  }
}

const FETCH = `fetch(process.argv[1]).then(async (answer) =>
  console.log(JSON.stringify({ status: answer.status, body: await answer.text() })))`

/** Two namespaces, 10.99.0.1 and 10.99.0.2, joined by veth. The name makes parallel tests distinct. */
export function openPath(name: string): Path {
  const id = `${name}${process.pid % 10_000}`
  const a = `tw-${id}-a`
  const b = `tw-${id}-b`
  const interfaceA = `v${id}a`.slice(0, 15)
  const interfaceB = `v${id}b`.slice(0, 15)
  for (const namespace of [a, b]) {
    ip('netns', 'add', namespace)
    ip('-n', namespace, 'link', 'set', 'lo', 'up')
  }
  ip('link', 'add', interfaceA, 'netns', a, 'type', 'veth', 'peer', 'name', interfaceB, 'netns', b)
  ip('-n', a, 'addr', 'add', '10.99.0.1/24', 'dev', interfaceA)
  ip('-n', b, 'addr', 'add', '10.99.0.2/24', 'dev', interfaceB)
  ip('-n', a, 'link', 'set', interfaceA, 'up')
  ip('-n', b, 'link', 'set', interfaceB, 'up')
  const folder = mkdtempSync(join(tmpdir(), 'timewarden-peers-'))
  const running: Program[] = []
  /** Also where an exception or a time-out ends us before `close`. */
  const abandon = (): void => {
    for (const program of running) program.process.kill('SIGKILL')
    for (const namespace of [a, b]) ip('netns', 'del', namespace)
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', abandon)
  return {
    a,
    b,
    addressA: '10.99.0.1',
    addressB: '10.99.0.2',
    interfaceA,
    interfaceB,
    folder,
    run: (namespace, command, args) => {
      const child = spawn('ip', ['netns', 'exec', namespace, command, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const program = watch(child)
      running.push(program)
      return program
    },
    call: (namespace, command, args) =>
      execFileSync('ip', ['netns', 'exec', namespace, command, ...args], { encoding: 'utf8' }),
    get: (namespace, url) =>
      JSON.parse(
        execFileSync('ip', ['netns', 'exec', namespace, process.execPath, '-e', FETCH, url], {
          encoding: 'utf8',
          maxBuffer: 1 << 24,
        }),
      ),
    close: async () => {
      process.off('exit', abandon)
      for (const program of running.reverse()) await program.stop()
      for (const namespace of [a, b]) ip('netns', 'del', namespace)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Node with the loader that runs TypeScript sources, for children in a namespace. */
export const nodeArgs = (script: string, ...args: string[]): string[] => [
  '--import=@tapjs/typescript/import',
  script,
  ...args,
]
