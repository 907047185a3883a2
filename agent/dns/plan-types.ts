/** What is asked for, and why: the plan of the DNS probe. */
import type { DnsConfig } from '../config/types.ts'
import type { Forwarding, ForwardPolicy } from './forwarding-types.ts'
import type { Question } from './question.ts'
import type { ResolvConf } from './resolv-conf.ts'
import type { UpstreamTransport } from './upstream.ts'

/** From the node outwards; a server of several roles is named after the first. */
export const ROLES = [
  ...(['host', 'pod', 'node-cache', 'cluster', 'coredns', 'upstream', 'config'] as const),
] as const
export type PlanRole = (typeof ROLES)[number]

/** A file with the line, or a field of the configuration, that says that a server is asked. */
export interface Origin {
  readonly file: string
  readonly line: number | undefined
}

export interface PlanReason {
  readonly role: PlanRole
  readonly origin: Origin
  /** One sentence. */
  readonly text: string
}

/** Servers that must agree, and in which order they are asked. */
export interface PlanGroup {
  /** `FILE:LINE` of the forward. */
  readonly id: string
  readonly zones: readonly string[]
  readonly policy: ForwardPolicy
  /** What an upstream that is silent costs each query, seconds. */
  readonly readTimeout: number
  /** Failed checks until CoreDNS takes an upstream out; 0: never. */
  readonly maxFails: number
  /** Labels, in the order of the forward. */
  readonly members: readonly string[]
}

export interface PlannedTarget {
  readonly label: string
  readonly address: string
  readonly port: number
  readonly role: PlanRole
  readonly reasons: readonly PlanReason[]
  /** Zones for which it is asked by CoreDNS; empty where it is asked for anything. */
  readonly zones: readonly string[]
  readonly transports: readonly UpstreamTransport[]
  /** Only with `dot`. */
  readonly tls:
    | { readonly serverName: string | undefined; readonly ca: string | undefined }
    | undefined
  /** Ids of the groups that it is in. */
  readonly groups: readonly string[]
  readonly questions: readonly Question[]
}

export interface Plan {
  readonly targets: readonly PlannedTarget[]
  readonly groups: readonly PlanGroup[]
  /** What is forwarded to and cannot be asked, with the reason. */
  readonly skipped: readonly {
    readonly text: string
    readonly why: string
    readonly origin: Origin
  }[]
}

/** A resolv.conf, and what it is called. */
export interface NamedResolvConf {
  readonly file: string
  readonly resolvConf: ResolvConf
}

/** A server that somebody named outright. */
export interface NamedServer {
  readonly address: string
  readonly port: number
  readonly origin: Origin
}

export interface PlanInput {
  readonly hostResolvConf: NamedResolvConf | undefined
  readonly podResolvConf?: NamedResolvConf | undefined
  readonly clusterDnsIps: readonly NamedServer[]
  readonly nodeCacheIps: readonly NamedServer[]
  readonly coreDnsEndpoints: readonly NamedServer[]
  /** Of each Corefile or resource. */
  readonly forwarding: readonly Forwarding[]
  readonly config: Pick<DnsConfig, 'names' | 'targets'>
}
