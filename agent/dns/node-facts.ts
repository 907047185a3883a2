/**
 * What this node and its CoreDNS say of themselves, for the diagnosis: the connection tracking and every
 * resolv.conf are read twice a minute, CoreDNS' pages once (server-pages.ts).
 */
import { describeFault, type PortFault } from '../core/errors.ts'
import type { Action, Event, Machine, Now } from '../core/machine.ts'
import { type Instant, plus, seconds } from '../core/units.ts'
import type { RandomPort } from '../ports/random.ts'
import { Complaints } from './complaints.ts'
import {
  CONNTRACK_FILES,
  type ConntrackFile,
  type ConntrackReading,
  conntrackFacts,
  parseConntrackStat,
  parseCount,
} from './conntrack.ts'
import type { ConntrackFacts, DnsFacts } from './facts.ts'
import { ResolvWatch } from './resolv-watch.ts'
import { type ServerPageOptions, ServerPages } from './server-pages.ts'

export interface NodeFactsOptions {
  readonly servers: readonly ServerPageOptions[]
  /** Paths of the files that CoreDNS reads. */
  readonly resolvConfs: readonly string[]
  readonly random: RandomPort
  /** Seconds between two readings of one page. */
  readonly pagePeriod?: number | undefined
}

const FILES = 'files'
const PERIOD = 30
const JITTER = 0.25
const PARSERS = { stat: parseConntrackStat, count: parseCount, limit: parseCount } as const
const CONNTRACK = Object.keys(CONNTRACK_FILES) as ConntrackFile[]

const isConntrack = (key: string): key is ConntrackFile => Object.hasOwn(CONNTRACK_FILES, key)

/** What was asked for under a key; `text` undefined: it is not there. */
interface Loaded {
  readonly key: string
  readonly text: string | undefined
  readonly modified?: Instant<'utc'> | undefined
}

export class NodeFacts implements Machine {
  readonly id = 'dns-node'
  readonly #random: RandomPort
  readonly #pages: ServerPages
  /** By key of the action. */
  readonly #watches: ReadonlyMap<string, ResolvWatch>
  readonly #complaints = new Complaints()
  /** What the files of the connection tracking said in this round. */
  readonly #reading = new Map<ConntrackFile, number | undefined>()
  #conntrack: ConntrackFacts | undefined
  #insertFailed: number | undefined

  constructor({ servers, resolvConfs, random, pagePeriod }: NodeFactsOptions) {
    this.#random = random
    this.#pages = new ServerPages({ servers, random, ...(pagePeriod && { period: pagePeriod }) })
    this.#watches = new Map(
      resolvConfs.map((path, index) => [`resolv${index}`, new ResolvWatch(path)]),
    )
  }

  /** Files that are read outside of the state directory. */
  get paths(): readonly string[] {
    return [...Object.values(CONNTRACK_FILES), ...this.#resolvConfs().map(({ path }) => path)]
  }

  handle(event: Event, now: Now): readonly Action[] {
    switch (event.on) {
      case 'start':
        return [...this.#readFiles(now), ...this.#pages.start(now)]
      case 'stop':
        return [{ do: 'cancel', key: FILES }, ...this.#pages.stop()]
      case 'loaded':
        return this.#loaded(event, now)
      case 'timer':
        return event.key === FILES ? this.#readFiles(now) : this.#pages.handle(event, now)
      case 'failed':
        return event.what === 'load'
          ? this.#failed(event.key, event.fault, now)
          : this.#pages.handle(event, now)
      default:
        return this.#pages.handle(event, now)
    }
  }

  facts(): Pick<DnsFacts, 'conntrack' | 'pages' | 'resolvConfs'> {
    const starts = this.#pages.processStarts
    return {
      conntrack: this.#conntrack,
      pages: this.#pages.facts(),
      resolvConfs: this.#resolvConfs().flatMap((watch) => watch.facts(starts) ?? []),
    }
  }

  #resolvConfs(): readonly ResolvWatch[] {
    return [...this.#watches.values()]
  }

  #readFiles(now: Now): Action[] {
    this.#reading.clear()
    const wait = PERIOD * (1 + JITTER * this.#random.uniform())
    return [
      ...CONNTRACK.map((key): Action => ({ do: 'load', key, file: CONNTRACK_FILES[key] })),
      ...[...this.#watches].map(([key, { path }]): Action => ({ do: 'load', key, file: path })),
      { do: 'timer', key: FILES, at: plus(now.mono, seconds(wait)) },
    ]
  }

  #loaded({ key, text, modified }: Loaded, now: Now): Action[] {
    if (isConntrack(key)) return this.#tracked(key, text)
    const watch = this.#watches.get(key)
    watch?.read(text, modified, now)
    return watch === undefined ? [] : this.#complaints.note(watch.path, undefined)
  }

  /** A file that is not there says so; one that cannot be read says nothing, and is told of. */
  #failed(key: string, fault: PortFault, now: Now): Action[] {
    const path = isConntrack(key) ? CONNTRACK_FILES[key] : this.#watches.get(key)?.path
    if (path === undefined) return []
    const missing = fault.code === 'NOT_FOUND'
    const gone = missing || isConntrack(key) ? this.#loaded({ key, text: undefined }, now) : []
    return missing ? gone : this.#complaints.note(path, describeFault(fault))
  }

  #tracked(key: ConntrackFile, text: string | undefined): Action[] {
    const parsed = text === undefined ? undefined : PARSERS[key](text)
    this.#reading.set(key, parsed?.ok ? parsed.value : undefined)
    if (this.#reading.size === CONNTRACK.length) this.#conntrack = this.#conclude()
    const wrong = parsed?.ok === false ? `line ${parsed.at}: ${parsed.fault}` : undefined
    return this.#complaints.note(CONNTRACK_FILES[key], wrong)
  }

  /** Undefined unless all of them are there. */
  #conclude(): ConntrackFacts | undefined {
    const reading = Object.fromEntries(this.#reading)
    if (!isComplete(reading)) return undefined
    const facts = conntrackFacts(reading, this.#insertFailed)
    this.#insertFailed = facts.insertFailed
    return facts
  }
}

const isComplete = (reading: Partial<ConntrackReading>): reading is ConntrackReading =>
  CONNTRACK.every((key) => reading[key] !== undefined)
