/**
 * The programs that a simulated agent may start, each known by its socket. One that is not installed is not
 * to be had; what an installed one dies of is told as the kernel tells it.
 */
import type { PortFault } from '../core/errors.ts'
import type { Action, Event } from '../core/machine.ts'

export interface Program {
  /** Its socket. */
  readonly address: string
  /** From now on it runs when it is restarted, and says when it ends, with its last lines. */
  adopt(whenDead: (last: readonly string[]) => void): void
  restart(): void
  kill(): void
}

export interface ChildrenOptions {
  readonly after: (ns: number, run: () => void) => void
  readonly deliver: (event: Event) => void
}

/** From fork to the first instruction. */
const SPAWN_NS = 2e6
const FIRST_PID = 1000
const NOT_THERE: PortFault = { code: 'NOT_FOUND', syscall: 'spawn', errno: 'ENOENT' }

export class Children {
  readonly #options: ChildrenOptions
  readonly #programs = new Map<string, Program>()
  /** Key of a child to the program that it is. */
  readonly #running = new Map<string, Program>()
  #pid = FIRST_PID

  constructor(options: ChildrenOptions) {
    this.#options = options
  }

  install(program: Program): void {
    this.#programs.set(program.address, program)
    program.adopt((last) => this.#died(program, last))
  }

  spawn({ key, socket }: Extract<Action, { readonly do: 'spawn' }>): void {
    const { after, deliver } = this.#options
    const program = this.#programs.get(socket)
    if (program === undefined) {
      after(SPAWN_NS, () => deliver({ on: 'failed', what: 'spawn', key, fault: NOT_THERE }))
      return
    }
    const pid = this.#pid++
    this.#running.set(key, program)
    after(SPAWN_NS, () => {
      deliver({ on: 'spawned', key, pid })
      program.restart()
    })
  }

  kill(key: string): void {
    this.#running.get(key)?.kill()
  }

  #died(program: Program, last: readonly string[]): void {
    for (const [key, running] of this.#running) {
      if (running !== program) continue
      this.#running.delete(key)
      const said = last.length > 0
      const exit = { code: said ? 255 : undefined, signal: said ? '' : 'SIGKILL', last }
      this.#options.deliver({ on: 'exited', key, exit })
    }
  }
}
