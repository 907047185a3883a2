/**
 * Who forwards which names to whom: what a Corefile and the DNS operator's resource both say. Names are
 * absolute and in lower case; times are in seconds.
 */
import type { CorefileFault, Place } from './corefile-faults.ts'
import type { Upstream } from './upstream.ts'
import type { ZoneKey } from './zone-key.ts'

export const POLICIES = ['random', 'round_robin', 'sequential'] as const
export type ForwardPolicy = (typeof POLICIES)[number]

/** What is kept as it was written. */
export interface KeptOption {
  readonly name: string
  readonly args: readonly string[]
  readonly place: Place
}

/** Files of a TLS client; undefined: not written. */
export interface ForwardTls {
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly ca: string | undefined
}

export interface ForwardHealthCheck {
  readonly interval: number
  readonly recursionDesired: boolean
  readonly domain: string
}

export interface Forward {
  readonly from: string
  readonly upstreams: readonly Upstream[]
  readonly policy: ForwardPolicy
  /** Failed checks until an upstream is down; 0: never. */
  readonly maxFails: number
  readonly readTimeout: number
  /** Until an idle connection is closed. */
  readonly expire: number
  /** Names that are not forwarded, and what is below them. */
  readonly except: readonly string[]
  readonly forceTcp: boolean
  readonly preferUdp: boolean
  readonly tls: ForwardTls | undefined
  readonly tlsServerName: string | undefined
  readonly healthCheck: ForwardHealthCheck
  /** Answers that make the next forward of the block be asked. */
  readonly next: readonly string[]
  /** Answers that make the next upstream be asked. */
  readonly failover: readonly string[]
  /** Everything else, known to CoreDNS or not. */
  readonly others: readonly KeptOption[]
  readonly place: Place
}

export interface CacheSettings {
  /** Longest time an answer is kept. */
  readonly successTtl: number
  /** Longest time a denial is kept. */
  readonly denialTtl: number
  readonly servfailTtl: number
  /** How long expired answers are given while upstreams are silent; undefined: never. */
  readonly serveStale: number | undefined
  /** Queries after which an answer is fetched anew before it expires; 0: never. */
  readonly prefetch: number
  /** Answers keep the TTL of the upstream. */
  readonly keepTtl: boolean
  readonly others: readonly KeptOption[]
  readonly place: Place
}

export interface KubernetesZones {
  readonly zones: readonly string[]
  /** Undefined: names that do not exist are denied. Empty: the next plugin is asked for all zones. */
  readonly fallthrough: readonly string[] | undefined
  readonly place: Place
}

export interface HostsTable {
  readonly file: string | undefined
  readonly entries: readonly { readonly address: string; readonly names: readonly string[] }[]
  readonly fallthrough: readonly string[] | undefined
  readonly place: Place
}

/** Where CoreDNS listens for HTTP. */
export interface Endpoint {
  /** Empty: on every address. */
  readonly address: string
  readonly port: number
  readonly place: Place
}

export interface ServedZone extends ZoneKey {
  readonly place: Place
}

export interface ServerBlock {
  readonly zones: readonly ServedZone[]
  /** In the order in which they are asked. */
  readonly forwards: readonly Forward[]
  readonly cache: CacheSettings | undefined
  readonly kubernetes: readonly KubernetesZones[]
  readonly hosts: readonly HostsTable[]
  /** Addresses or interfaces; empty: all. */
  readonly bind: readonly string[]
  /** Names of all its plugins, in the order of the file. */
  readonly plugins: readonly string[]
  readonly place: Place
}

/** One forward seen from one zone. */
export interface ForwardZone {
  /** What reaches these upstreams: the narrower one of the block's zone and the forward's. */
  readonly zone: string
  readonly port: number
  readonly forward: Forward
  readonly block: ServerBlock
}

export interface Endpoints {
  readonly health: readonly Endpoint[]
  readonly ready: readonly Endpoint[]
  readonly metrics: readonly Endpoint[]
}

export interface Forwarding {
  readonly blocks: readonly ServerBlock[]
  readonly zones: readonly ForwardZone[]
  readonly endpoints: Endpoints
  readonly faults: readonly CorefileFault[]
}

/** What CoreDNS does where nothing is written (plugin/forward, plugin/cache). */
export const FORWARD_DEFAULTS = {
  policy: 'random',
  maxFails: 2,
  readTimeout: 2,
  expire: 10,
  except: [],
  forceTcp: false,
  preferUdp: false,
  tls: undefined,
  tlsServerName: undefined,
  healthCheck: { interval: 0.5, recursionDesired: true, domain: '.' },
  next: [],
  failover: [],
  others: [],
} as const satisfies Omit<Forward, 'from' | 'upstreams' | 'place'>

export const CACHE_DEFAULTS = {
  successTtl: 3600,
  denialTtl: 1800,
  servfailTtl: 5,
  serveStale: undefined,
  prefetch: 0,
  keepTtl: false,
  others: [],
} as const satisfies Omit<CacheSettings, 'place'>
