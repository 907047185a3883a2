/**
 * The programs that the agent started: `spawn` and `kill` in; `spawned`, `exited` and `failed` out, and what
 * they write to whoever keeps the log.
 *
 * A child must not outlive an agent that is killed: `setpriv --pdeathsig` asks the kernel to end it then
 * (prctl(2), PR_SET_PDEATHSIG), which a parent cannot ask for another process. Everything after it is an
 * exec, so the process that Node knows is the program itself. Without setpriv it goes on without that.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, lstatSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { portFault } from '../../native/errno.ts'
import type { PortFault } from '../core/errors.ts'
import type { Action, ChildExit, Event, Now } from '../core/machine.ts'
import type { Nanos } from '../core/units.ts'
import { ChildOutput } from './child-output.ts'

type SpawnAction = Extract<Action, { readonly do: 'spawn' }>

export interface ChildrenOptions {
  readonly now: () => Now
  readonly deliver: (event: Event) => void
  /** Something is missing here, and the agent goes on without it. */
  readonly degraded: (detail: string) => void
  readonly line: (name: string, text: string) => void
  readonly dropped: (name: string, count: number) => void
  /** Where programs are looked for; absent: PATH. */
  readonly path?: string
}

interface Running {
  readonly process: ChildProcess
  readonly ended: Promise<void>
  hard: NodeJS.Timeout | undefined
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** Pipes that somebody else still holds are not waited for longer than that after the end, ms. */
const LAST_WORDS = 500

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Only a socket: a path that was mistaken for one costs nobody a file. */
function removeStale(path: string): void {
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path)
  } catch {
    // gone already, or the program says itself why it cannot be replaced
  }
}

function spawnFault(error: unknown): PortFault {
  const { errno, syscall } = error as NodeJS.ErrnoException
  if (typeof errno !== 'number') throw error
  return portFault(syscall ?? 'spawn', -errno)
}

export class Children {
  readonly #options: ChildrenOptions
  readonly #path: string
  readonly #running = new Map<string, Running>()
  #guard: readonly string[] | undefined

  constructor(options: ChildrenOptions) {
    this.#options = options
    this.#path = options.path ?? process.env['PATH'] ?? PATH
  }

  spawn({ key, name, command, socket }: SpawnAction): void {
    removeStale(socket)
    const [program = '', ...args] = [...this.#guarded(), ...command]
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: '/',
      // nothing of ours: neither the service manager's socket nor what a library would obey
      env: { PATH: this.#path, LC_ALL: 'C' },
    })
    const ended = new Promise<void>((resolve) => {
      this.#watch(key, name, child, resolve)
    })
    this.#running.set(key, { process: child, ended, hard: undefined })
  }

  kill(key: string, grace: Nanos): void {
    const running = this.#running.get(key)
    if (running === undefined) return
    running.process.kill('SIGTERM')
    running.hard ??= setTimeout(() => running.process.kill('SIGKILL'), grace / 1e6)
  }

  /** Resolves when none is left. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ ended }) => ended))
  }

  #watch(key: string, name: string, child: ChildProcess, done: () => void): void {
    const { deliver, now, line, dropped } = this.#options
    const output = new ChildOutput({
      now: () => now().mono,
      line: (text) => line(name, text),
      dropped: (count) => dropped(name, count),
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', output.stream())
    }
    const finish = (event: Event): void => {
      if (this.#running.get(key)?.process !== child) return
      clearTimeout(this.#running.get(key)?.hard)
      this.#running.delete(key)
      deliver(event)
      done()
    }
    child.on('spawn', () => deliver({ on: 'spawned', key, pid: child.pid ?? 0 }))
    child.on('error', (error) => {
      // a signal that could not be sent is an error, too
      if (child.pid !== undefined) return
      finish({ on: 'failed', what: 'spawn', key, fault: spawnFault(error) })
    })
    child.on('exit', () => {
      setTimeout(() => {
        child.stdout?.destroy()
        child.stderr?.destroy()
      }, LAST_WORDS).unref()
    })
    child.on('close', (code, signal) => {
      output.end()
      const exit: ChildExit = { code: code ?? undefined, signal: signal ?? '', last: output.last }
      finish({ on: 'exited', key, exit })
    })
  }

  /** Looked for at the first start: an agent without children does not miss it. */
  #guarded(): readonly string[] {
    this.#guard ??= this.#findGuard()
    return this.#guard
  }

  #findGuard(): readonly string[] {
    const file = this.#path
      .split(':')
      .map((folder) => join(folder, 'setpriv'))
      .find(isExecutable)
    if (file !== undefined) return [file, '--pdeathsig', 'TERM', '--']
    this.#options.degraded('no setpriv: a program that the agent started would outlive its death')
    return []
  }
}
