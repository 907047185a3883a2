/**
 * Performs the actions of the core on the real machine and tells it what came of them.
 *
 * One event is handled at a time: its actions are performed in order, and the events that these
 * lead to wait for their turn. `now` is read once per event, when it is handed over. An exception
 * of the core is a bug and is not caught: the process dies, the clock keeps its last good frequency.
 */
import type { Action, Event, Now } from '../core/machine.ts'
import type { ComparePort } from '../ports/compare.ts'
import type { FilesPort } from '../ports/files.ts'
import type { IdentifyPort } from '../ports/identify.ts'
import type { PulsePort } from '../ports/pulses.ts'
import { Channels } from './channels.ts'
import { Children } from './children.ts'
import { readNow } from './clock.ts'
import type { HardwareStamps } from './hardware-stamps.ts'
import { NameResolver } from './runner-resolve.ts'
import { type Lateness, Timers } from './runner-timers.ts'

export type Note = Extract<Action, { readonly do: 'note' }>

export interface Core {
  handle(event: Event, now: Now): readonly Action[]
}

export interface RunnerOptions {
  readonly compare: ComparePort
  readonly identify: IdentifyPort
  readonly files: FilesPort
  /** Absent: this node has no pulses. */
  readonly pulses?: PulsePort
  readonly log: (note: Note) => void
  readonly now?: () => Now
  readonly resolver?: NameResolver
  /** False: UDP by node:dgram, with the program's own stamps. */
  readonly kernelStamps?: boolean
  /** Absent: no stamps of hardware. */
  readonly hardware?: HardwareStamps
  /** What children write, and how many of their lines were left out; absent: nobody reads it. */
  readonly output?: Output
}

interface Output {
  readonly line: (name: string, text: string) => void
  readonly dropped: (name: string, count: number) => void
}

type Asking = 'resolve' | 'compare' | 'identify' | 'load' | 'store' | 'pulses' | 'emit'

const NO_PULSES = {
  ok: false,
  fault: { code: 'NOT_SUPPORTED', syscall: 'open', errno: '' },
} as const

const UNREAD: Output = { line: () => undefined, dropped: () => undefined }

interface Queued {
  readonly event: Event
  /** Dropped when this is no longer live. */
  readonly link: { readonly live: boolean } | undefined
}

export class Runner {
  readonly #core: Core
  readonly #options: RunnerOptions
  readonly #now: () => Now
  readonly #channels: Channels
  readonly #timers: Timers
  readonly #children: Children
  readonly #resolver: NameResolver
  readonly #queue: Queued[] = []
  readonly #stores = new Set<Promise<void>>()
  #draining = false
  #stopped = false
  /** Nothing but the end of what is being stored counts any more. */
  #stopping = false

  constructor(core: Core, options: RunnerOptions) {
    this.#core = core
    this.#options = options
    this.#now = options.now ?? readNow
    this.#resolver = options.resolver ?? new NameResolver()
    this.#timers = new Timers({
      now: () => this.#now().mono,
      fire: (key) => this.#deliver({ on: 'timer', key }),
    })
    const reported = new Set<string>()
    const degraded = (detail: string): void => {
      if (reported.has(detail)) return
      reported.add(detail)
      options.log({ do: 'note', code: 'degraded', detail, subject: 'agent' })
    }
    this.#children = new Children({
      ...{ now: this.#now, degraded, ...(options.output ?? UNREAD) },
      deliver: (event) => this.#deliver(event),
    })
    this.#channels = new Channels({
      now: this.#now,
      deliver: (event, link) => this.#deliver(event, link),
      degraded,
      kernelStamps: options.kernelStamps ?? true,
      hardware: options.hardware,
    })
  }

  /** How late timers were; total and maximum since the start. */
  get lateness(): Lateness {
    return this.#timers.lateness
  }

  start(): void {
    this.#deliver({ on: 'start' })
  }

  /** What is wanted of its own accord: another configuration is put in force. */
  act(make: (now: Now) => readonly Action[]): void {
    this.#exclusively(() => {
      for (const action of make(this.#now())) this.#perform(action)
      this.#drain()
    })
  }

  /**
   * Tells the core, does what it still wants, and ends everything; files are written and children have
   * ended when it resolves.
   */
  async stop(): Promise<void> {
    if (this.#stopping) return
    this.#deliver({ on: 'stop' })
    this.#stopping = true
    this.#queue.length = 0
    this.#timers.clear()
    this.#resolver.cancel()
    this.#channels.closeAll()
    await Promise.all([...this.#stores, this.#children.ended()])
    this.#stopped = true
  }

  #deliver(event: Event, link?: { readonly live: boolean }): void {
    if (this.#stopped || (this.#stopping && !isLast(event))) return
    this.#queue.push({ event, link })
    if (!this.#draining) this.#exclusively(() => this.#drain())
  }

  /** What actions lead to waits in the queue until all of them are done. */
  #exclusively(work: () => void): void {
    this.#draining = true
    try {
      work()
    } finally {
      this.#draining = false
    }
    this.#timers.arm()
  }

  #drain(): void {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (next.link?.live === false) continue
      for (const action of this.#core.handle(next.event, this.#now())) this.#perform(action)
    }
  }

  #perform(action: Action): void {
    switch (action.do) {
      case 'timer':
        this.#timers.set(action.key, action.at)
        break
      case 'cancel':
        this.#timers.cancel(action.key)
        break
      case 'open':
        this.#channels.open(action)
        break
      case 'send':
        this.#channels.send(action.channel, action.data, action.token)
        break
      case 'close':
        this.#channels.close(action.channel)
        break
      case 'spawn':
        this.#children.spawn(action)
        break
      case 'kill':
        this.#children.kill(action.key, action.grace)
        break
      case 'note':
        this.#options.log(action)
        break
      case 'sample':
      case 'upstream':
        // consumed inside the core; a machine that runs by itself has nobody to tell
        break
      default:
        this.#ask(action)
    }
  }

  /** The actions that have an answer under the same key. */
  #ask(action: Extract<Action, { readonly do: Asking }>): void {
    switch (action.do) {
      case 'pulses':
        this.#pulses(action)
        break
      case 'emit':
        this.#emit(action)
        break
      case 'compare':
        this.#compare(action.key, action)
        break
      case 'identify':
        this.#identify(action.key, action.interface)
        break
      case 'resolve':
        this.#later(this.#resolve(action.key, action.name))
        break
      case 'load':
        this.#later(this.#load(action.key, action.file))
        break
      case 'store': {
        const stored = this.#store(action.key, action.file, action.text)
        this.#stores.add(stored)
        this.#later(stored.finally(() => this.#stores.delete(stored)))
        break
      }
    }
  }

  /** A port returns its failures; what it throws, and what the core throws, ends the process. */
  #later(work: Promise<void>): void {
    work.catch((error: unknown) => {
      setImmediate(() => {
        throw error
      })
    })
  }

  #compare(key: string, { clock, readings }: Extract<Action, { readonly do: 'compare' }>): void {
    const result = this.#options.compare.compare(clock, readings)
    this.#deliver(
      result.ok
        ? { on: 'compared', key, comparison: result.comparison }
        : { on: 'failed', what: 'compare', key, fault: result.fault },
    )
  }

  #pulses({ key, input }: Extract<Action, { readonly do: 'pulses' }>): void {
    const result = this.#options.pulses?.read(input) ?? NO_PULSES
    this.#deliver(
      result.ok
        ? { on: 'pulses', key, stamps: result.stamps }
        : { on: 'failed', what: 'pulses', key, fault: result.fault },
    )
  }

  #emit({ key, clock, output, again }: Extract<Action, { readonly do: 'emit' }>): void {
    const result = this.#options.pulses?.emit(clock, output, again) ?? NO_PULSES
    this.#deliver(
      result.ok
        ? { on: 'emitted', key, fresh: result.fresh }
        : { on: 'failed', what: 'emit', key, fault: result.fault },
    )
  }

  #identify(key: string, networkInterface: string): void {
    const result = this.#options.identify.identify(networkInterface)
    this.#deliver(
      result.ok
        ? { on: 'identified', key, phcIndex: result.phcIndex }
        : { on: 'failed', what: 'identify', key, fault: result.fault },
    )
  }

  async #resolve(key: string, name: string): Promise<void> {
    const result = await this.#resolver.resolve(name)
    this.#deliver(
      result.ok
        ? { on: 'resolved', key, addresses: result.addresses }
        : { on: 'failed', what: 'resolve', key, fault: result.fault },
    )
  }

  async #load(key: string, file: string): Promise<void> {
    const result = await this.#options.files.load(file)
    if (!result.ok) {
      this.#deliver({ on: 'failed', what: 'load', key, fault: result.fault })
      return
    }
    const { text, modified } = result
    this.#deliver({ on: 'loaded', key, text, ...(modified !== undefined && { modified }) })
  }

  async #store(key: string, file: string, text: string): Promise<void> {
    const result = await this.#options.files.store(file, text)
    this.#deliver(
      result.ok ? { on: 'stored', key } : { on: 'failed', what: 'store', key, fault: result.fault },
    )
  }
}

/** Counts also while the rest has ended. */
const isLast = (event: Event): boolean =>
  event.on === 'stored' ||
  event.on === 'exited' ||
  (event.on === 'failed' && event.what === 'store')
