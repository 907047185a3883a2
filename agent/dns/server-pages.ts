/**
 * CoreDNS' own pages, asked for slowly and one at a time: `health`, `ready` and `prometheus` of each
 * server (coredns.io/plugins). A round over all of them takes `period`, each gap is drawn between 3/4 and 5/4
 * of its share: a fleet that was started together drifts apart.
 *
 * What a page says counts until it is asked for again; one that does not answer then says nothing.
 */
import type { Action, Event, Now } from '../core/machine.ts'
import { type Instant, plus, seconds } from '../core/units.ts'
import type { RandomPort } from '../ports/random.ts'
import { withPort } from './address.ts'
import { Complaints } from './complaints.ts'
import { readExposition } from './exposition.ts'
import type { ServerPageFacts } from './facts.ts'
import type { HttpAnswer } from './http-response.ts'
import { type FetchEvent, type Fetched, PageFetch } from './page-fetch.ts'

export interface ServerPageOptions {
  /** That of the target. */
  readonly label: string
  /** IP literal. */
  readonly address: string
  /** 0: not asked; undefined: what the plugin listens on where nobody said otherwise. */
  readonly healthPort?: number
  readonly readyPort?: number
  readonly metricsPort?: number
}

export interface ServerPagesOptions {
  readonly servers: readonly ServerPageOptions[]
  readonly random: RandomPort
  /** Seconds between two readings of one page. */
  readonly period?: number
}

const NEXT = 'pages'
const PERIOD = 60
const TIMEOUT = 5
const JITTER = 0.5
const HTTP_PORT = 80
const MAX_NAMES = 64

const METRICS = {
  panics: 'coredns_panics_total',
  healthcheckBroken: 'coredns_forward_healthcheck_broken_total',
  started: 'process_start_time_seconds',
} as const

const PAGES = {
  health: { path: '/health', port: 8080, option: 'healthPort', limit: 1 << 16 },
  ready: { path: '/ready', port: 8181, option: 'readyPort', limit: 1 << 16 },
  metrics: { path: '/metrics', port: 9153, option: 'metricsPort', limit: 1 << 22 },
} as const
type PageKind = keyof typeof PAGES

/** What is known of one server; undefined: not asked yet, or its page says nothing. */
interface Server {
  health: number | undefined
  ready: number | undefined
  notReady: readonly string[]
  metrics: ReadonlyMap<string, number>
}

interface Task {
  readonly label: string
  readonly kind: PageKind
  readonly address: string
  readonly port: number
  readonly server: Server
}

const blank = (): Server => ({
  ...{ health: undefined, ready: undefined },
  ...{ notReady: [], metrics: new Map() },
})

/** `ready` writes the names of plugins, with commas in between. */
const namesIn = (body: string): string[] =>
  body
    .split(/[,\s]+/)
    .filter((word) => /^[\w-]{1,64}$/.test(word))
    .slice(0, MAX_NAMES)

function tasksOf(servers: readonly (readonly [ServerPageOptions, Server])[]): Task[] {
  const kinds = Object.keys(PAGES) as PageKind[]
  return kinds.flatMap((kind) =>
    servers.flatMap(([options, server]): Task[] => {
      const { label, address } = options
      const port = options[PAGES[kind].option] ?? PAGES[kind].port
      return port === 0 ? [] : [{ label, kind, address, port, server }]
    }),
  )
}

export class ServerPages {
  readonly #random: RandomPort
  readonly #servers: ReadonlyMap<string, Server>
  readonly #tasks: readonly Task[]
  /** Seconds between the beginnings of two requests. */
  readonly #gap: number
  readonly #complaints = new Complaints()
  #running: { readonly task: Task; readonly fetch: PageFetch } | undefined
  #nextAt: Instant<'mono'> | undefined
  #turn = 0

  constructor({ servers, random, period = PERIOD }: ServerPagesOptions) {
    const known = servers.map((each) => [each, blank()] as const)
    this.#random = random
    this.#servers = new Map(known.map(([{ label }, server]) => [label, server]))
    this.#tasks = tasksOf(known)
    this.#gap = period / Math.max(1, this.#tasks.length)
  }

  start(now: Now): readonly Action[] {
    if (this.#tasks.length === 0) return []
    return [this.#timer(plus(now.mono, seconds(this.#gap * this.#random.uniform())))]
  }

  stop(): readonly Action[] {
    const channel = this.#running?.fetch.channel
    this.#running = undefined
    if (channel === undefined) return [{ do: 'cancel', key: NEXT }]
    return [
      { do: 'cancel', key: NEXT },
      { do: 'cancel', key: channel },
      { do: 'close', channel },
    ]
  }

  handle(event: Event, now: Now): readonly Action[] {
    switch (event.on) {
      case 'timer':
        return event.key === NEXT ? this.#next(now) : this.#deliver(event.key, event, now)
      case 'failed':
        return this.#deliver(event.key, event, now)
      case 'opened':
      case 'received':
      case 'closed':
        return this.#deliver(event.channel, event, now)
      default:
        return []
    }
  }

  facts(): readonly ServerPageFacts[] {
    return [...this.#servers].map(([label, { metrics, health, ready, notReady }]) => ({
      ...{ label, health, ready, notReady },
      panics: metrics.get(METRICS.panics),
      healthcheckBroken: metrics.get(METRICS.healthcheckBroken),
    }))
  }

  /** When the servers that tell it were started, seconds since 1970 UTC. */
  get processStarts(): readonly number[] {
    return [...this.#servers.values()].flatMap(({ metrics }) => metrics.get(METRICS.started) ?? [])
  }

  #timer(at: Instant<'mono'>): Action {
    return { do: 'timer', key: NEXT, at }
  }

  #next(now: Now): readonly Action[] {
    const task = this.#tasks[this.#turn % this.#tasks.length]
    if (task === undefined || this.#running !== undefined) return []
    const { path, limit } = PAGES[task.kind]
    const { address, port } = task
    const channel = `page${this.#turn}`
    const fetch = new PageFetch(channel, { address, port, path, limit, timeout: TIMEOUT })
    this.#turn += 1
    this.#running = { task, fetch }
    const share = 1 + JITTER * (this.#random.uniform() - 0.5)
    this.#nextAt = plus(now.mono, seconds(this.#gap * share))
    return fetch.start(now)
  }

  #deliver(channel: string, event: FetchEvent, now: Now): readonly Action[] {
    if (this.#running?.fetch.channel !== channel) return []
    const { task, fetch } = this.#running
    const { actions, fetched } = fetch.handle(event)
    if (fetched === undefined) return actions
    this.#running = undefined
    const at = this.#nextAt === undefined || this.#nextAt < now.mono ? now.mono : this.#nextAt
    return [...actions, ...this.#fetched(task, fetched), this.#timer(at)]
  }

  /** That nobody answers is a fact, and no complaint. */
  #fetched(task: Task, fetched: Fetched): readonly Action[] {
    const answer = 'ok' in fetched && fetched.ok ? fetched.value : undefined
    const refused = 'fault' in fetched ? `${fetched.fault} at byte ${fetched.at}` : undefined
    const wrong = task.kind === 'metrics' ? keepMetrics(task, answer) : keepStatus(task, answer)
    const where = `${withPort(task.address, task.port, HTTP_PORT)}${PAGES[task.kind].path}`
    return this.#complaints.note(where, refused ?? wrong, `dns:${task.label}`)
  }
}

function keepStatus({ kind, server }: Task, answer: HttpAnswer | undefined): undefined {
  const status = answer?.status ?? 0
  if (kind === 'health') {
    server.health = status
    return
  }
  server.ready = status
  server.notReady = status === 503 ? namesIn(answer?.body ?? '') : []
}

/** What is not understood, in words. */
function keepMetrics({ server }: Task, answer: HttpAnswer | undefined): string | undefined {
  server.metrics = new Map()
  if (answer === undefined) return undefined
  if (answer.status !== 200) return `HTTP ${answer.status}`
  const { sums, faults } = readExposition(answer.body, Object.values(METRICS))
  server.metrics = sums
  const [first] = faults
  return first && `line ${first.line}: ${first.code}: ${first.text}`
}
