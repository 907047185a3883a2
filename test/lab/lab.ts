/**
 * What a scenario has to work with inside the virtual machine: programs, switches of the NICs, the
 * truth, and waiting. Runs in the guest only; its clock is free to be steered.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createWriteStream, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const DEBUG = '/sys/kernel/debug/labnic'
const LOGS = '/tmp/out'

/** True errors in ns, clock minus truth, all of one instant; `at` in seconds since the scenario began. */
export interface Truth {
  readonly at: number
  readonly system: number
  readonly phc0: number
  readonly phc1: number
  /** NaN before `pairs` was set to 2. */
  readonly phc2: number
  readonly phc3: number
}

export interface Program {
  readonly process: ChildProcess
  output(): string
  /** Seconds of CPU time used so far, user and system. */
  cpu(): number
  /** Proportional share of memory, bytes. */
  pss(): number
  stop(signal?: NodeJS.Signals): Promise<void>
}

const mono = (): number => Number(process.hrtime.bigint()) / 1e9

export class Lab {
  readonly seed: number
  readonly #start = mono()
  readonly #running = new Set<Program>()

  constructor(seed: number) {
    this.seed = seed
  }

  say(text: string): void {
    process.stdout.write(`${this.elapsed().toFixed(1).padStart(7)} s  ${text}\n`)
  }

  elapsed(): number {
    return mono() - this.#start
  }

  /** Sleeps on the monotonic clock, which no step of CLOCK_REALTIME moves. */
  async wait(seconds: number): Promise<void> {
    await sleep(seconds * 1000)
  }

  truth(): Truth {
    const told = readFileSync(`${DEBUG}/truth`, 'utf8').trim().split(' ').map(Number)
    const [, system = 0, phc0 = 0, phc1 = 0, phc2 = Number.NaN, phc3 = Number.NaN] = told
    return { at: this.elapsed(), system, phc0, phc1, phc2, phc3 }
  }

  /** The truth once per `period` seconds for `seconds`. */
  async watch(seconds: number, period = 0.25): Promise<Truth[]> {
    const seen: Truth[] = []
    const end = this.elapsed() + seconds
    while (this.elapsed() < end) {
      seen.push(this.truth())
      await this.wait(period)
    }
    return seen
  }

  /** `nic0/delay`, `nic1/stamps_lost`, ... */
  set(name: string, value: number | boolean): void {
    writeFileSync(
      `${DEBUG}/${name}`,
      typeof value === 'boolean' ? (value ? 'Y' : 'N') : String(value),
    )
  }

  /** A figure that a NIC shows: `nic1/perout_start`. */
  get(name: string): bigint {
    return BigInt(readFileSync(`${DEBUG}/${name}`, 'utf8').trim())
  }

  call(command: string, ...args: string[]): string {
    return execFileSync(command, args, { encoding: 'utf8' })
  }

  start(name: string, command: string, ...args: string[]): Program {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const log = createWriteStream(`${LOGS}/${name}.log`)
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        log.write(chunk)
      })
    }
    const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
    const program: Program = {
      process: child,
      output: () => text,
      cpu: () => cpuOf(child.pid),
      pss: () => pssOf(child.pid),
      stop: async (signal = 'SIGTERM') => {
        this.#running.delete(program)
        if (child.exitCode === null && child.signalCode === null) child.kill(signal)
        const hard = setTimeout(() => child.kill('SIGKILL'), 8000)
        await ended
        clearTimeout(hard)
      },
    }
    this.#running.add(program)
    return program
  }

  async stopAll(): Promise<void> {
    for (const program of [...this.#running].reverse()) await program.stop()
  }
}

/** Time on the processor of all threads of today, in seconds (schedstat: ns, not ticks of 10 ms). */
function cpuOf(pid: number | undefined): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const used = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  )
  return used.reduce((sum, ns) => sum + ns, 0) / 1e9
}

function pssOf(pid: number | undefined): number {
  const match = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
  return Number(match?.[1] ?? Number.NaN) * 1024
}
