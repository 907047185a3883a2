/**
 * One program that the agent keeps running: its configuration is written, its socket looked at, then it is
 * started, and started again with back-off whenever it ends.
 *
 *   start ─► store ─► open socket ─► nobody there ─► spawn ─► up ─► exited ─► back-off ─► store ...
 *                         └ somebody answers: foreign, looked at again after the back-off
 *
 * Nothing is read from it for data: what it measures is asked of it by its source, through its socket.
 */
import type { ChildConfig } from '../config/types.ts'
import { describeFault, type PortFault } from '../core/errors.ts'
import type { Action, ChildExit, Event, Machine, Now } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import { type Instant, mono, type Nanos, nanos, plus, seconds, toSeconds } from '../core/units.ts'
import { BackOff } from './back-off.ts'
import type { ChildState, ChildView } from './view.ts'

const CONFIG = 'config'
const PROBE = 'probe'
const PROGRAM = 'program'
const AGAIN = 'again'
const GRACE = seconds(3)
const NEVER = nanos(0)

/** The cause stands in one of its last lines, and not always in the very last one. */
const LAST_LINES = 3

/** `exit code 255` or `SIGKILL`, and what it said last, without `ptp4l[5.250]: ` and its tag. */
function describeExit({ code, signal, last }: ChildExit): string {
  const how = code === undefined ? signal : `exit code ${code}`
  const said = last
    .slice(-LAST_LINES)
    .map((line) => line.replace(/^[\w-]+\[[\d.]+\]: (\[[\w.]+\] )?/, ''))
  return said.length === 0 ? how : `${how}: ${said.join('; ')}`
}

export class Child implements Machine {
  readonly id: string
  readonly #config: ChildConfig
  readonly #backOff = new BackOff()
  #state: ChildState = 'starting'
  #since: Instant<'mono'> = mono(0n)
  #pid: number | undefined
  #starts = 0
  #lastExit: ChildExit | undefined
  #trouble = ''
  #wait: Nanos = NEVER
  #stopped = false

  constructor(config: ChildConfig) {
    this.id = `child:${config.name}`
    this.#config = config
  }

  view(): ChildView {
    const { name, command, socket } = this.#config
    return {
      ...{ name, command, socket, state: this.#state, pid: this.#pid, since: this.#since },
      restarts: Math.max(0, this.#starts - 1),
      lastExit: this.#lastExit,
      trouble: this.#trouble,
      backOffSeconds: toSeconds(this.#wait),
    }
  }

  handle(event: Event, now: Now): readonly Action[] {
    if (event.on === 'exited') return this.#exited(event.exit, now)
    if (this.#stopped) return []
    switch (event.on) {
      case 'start':
      case 'timer':
        return this.#begin(now)
      case 'stop':
        return this.#stop(now)
      case 'stored':
        return [this.#probe()]
      case 'opened':
        return [{ do: 'close', channel: PROBE }, ...this.#foreign(now)]
      case 'spawned':
        return this.#spawned(event.pid, now)
      case 'failed':
        return this.#failed(event.what, event.fault, now)
      default:
        return []
    }
  }

  #enter(state: ChildState, now: Now): void {
    if (state !== this.#state) this.#since = now.mono
    this.#state = state
  }

  #begin(now: Now): readonly Action[] {
    if (this.#state !== 'foreign') this.#enter('starting', now)
    const { file, text } = this.#config
    return [{ do: 'store', key: CONFIG, file, text }]
  }

  /** Connecting tells whether somebody holds the socket; nothing is sent. */
  #probe(): Action {
    const { socket: address } = this.#config
    return { do: 'open', channel: PROBE, transport: 'unix', address, port: 0, stamps: false }
  }

  #foreign(now: Now): readonly Action[] {
    const why = `another program answers on ${this.#config.socket}`
    const known = this.#state === 'foreign'
    this.#enter('foreign', now)
    return [...(known ? [] : [note('child-foreign', why)]), ...this.#later(why, undefined, now)]
  }

  #spawned(pid: number, now: Now): readonly Action[] {
    this.#pid = pid
    this.#enter('up', now)
    this.#trouble = ''
    this.#wait = NEVER
    this.#starts += 1
    const { command } = this.#config
    return [note('child-started', `process ${pid}: ${command.join(' ')}`)]
  }

  #failed(what: string, fault: PortFault, now: Now): readonly Action[] {
    const { name, command, socket } = this.#config
    if (what === 'open') {
      const nobody = fault.code === 'REFUSED' || fault.code === 'NOT_FOUND'
      if (nobody) return [{ do: 'spawn', key: PROGRAM, name, command, socket }]
    }
    const why = describeFault(fault)
    const known = this.#trouble === why
    this.#enter('back-off', now)
    return [...(known ? [] : [note('child-failed', why)]), ...this.#later(why, undefined, now)]
  }

  #exited(exit: ChildExit, now: Now): readonly Action[] {
    // of the child whose place this one takes
    if (this.#pid === undefined) return []
    const startedAt = this.#state === 'up' ? this.#since : undefined
    this.#pid = undefined
    this.#lastExit = exit
    if (this.#stopped) return []
    const why = describeExit(exit)
    this.#enter('back-off', now)
    return [note('child-exited', why), ...this.#later(why, startedAt, now)]
  }

  #later(why: string, startedAt: Instant<'mono'> | undefined, now: Now): readonly Action[] {
    this.#trouble = why
    this.#wait = this.#backOff.wait(startedAt, now.mono)
    return [{ do: 'timer', key: AGAIN, at: plus(now.mono, this.#wait) }]
  }

  #stop(now: Now): readonly Action[] {
    this.#stopped = true
    this.#wait = NEVER
    this.#enter('stopped', now)
    return [
      { do: 'cancel', key: AGAIN },
      { do: 'close', channel: PROBE },
      { do: 'kill', key: PROGRAM, grace: GRACE },
    ]
  }
}

const note = (code: NoteCode, detail: string): Action => ({ do: 'note', code, detail })
