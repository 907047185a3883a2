/**
 * What is known of the DNS of this node, as plain data: the probe fills it (measurement), `diagnose` reads
 * it (diagnosis.ts). No field is a judgement.
 *
 *   target x transport x check ─► the last attempts, newest last
 *   resolv.conf, forwarding, CoreDNS' own pages, conntrack, our own clock ─► one record each
 */
import { CERTIFICATE_FAULTS, type Validity } from '../core/tls.ts'
import type { Instant } from '../core/units.ts'
import type { Question } from './question.ts'
import type { DnsResult } from './view.ts'

export type { Validity }

export type Transport = 'udp' | 'tcp' | 'dot'

/** Where a target stands on the way of a query: node, cluster, or behind the cluster's DNS. */
export const ROLES = [
  'host',
  'pod',
  'cluster',
  'node-cache',
  'coredns',
  'upstream',
  'config',
] as const
export type Role = (typeof ROLES)[number]

/** What is asked of a target, and why. */
export const CHECKS = {
  exists: 'a name that must exist: what a cache answers',
  absent: 'a name that must not exist: an answer is a lie',
  miss: 'a fresh name below a zone of the operator: no cache has it',
  aaaa: 'the same name as `exists`, IPv6',
  large: 'an answer beyond 512 bytes, EDNS with 1232 bytes',
  wide: 'the question of `large`, EDNS with 4096 bytes: the answer may come in fragments',
  plain: 'the name of `exists` without EDNS',
  pair: 'A and AAAA one right after the other from one socket, as glibc asks',
  split: 'A and AAAA from two sockets: the control of `pair`',
  identity: 'CH TXT hostname.bind and NSID: which replica answers',
  serial: 'SOA of a zone: how old its data is',
  signed: 'a signed name with DO: what its signatures say of the time',
  unchecked: 'the name of `signed` with CD: the same without validation',
  again: 'the name of `exists` once more, seconds later: does its TTL fall',
} as const
export type Check = keyof typeof CHECKS

/** Why a TLS session did not come about, in the order in which it is checked. */
export const TLS_FAULTS = ['handshake', ...CERTIFICATE_FAULTS] as const
export type TlsFault = (typeof TLS_FAULTS)[number]

/** One question and what came of it. Everything beyond `result` only where an answer came. */
export interface Attempt {
  readonly at: Instant<'mono'>
  readonly result: DnsResult
  /** From the query's transmit stamp to the answer's receive stamp. */
  readonly seconds?: number
  /** Of a stream: TCP handshake, TLS handshake, the query itself. */
  readonly phases?: {
    readonly connect?: number
    readonly tls?: number
    readonly query?: number
  }
  readonly bytes?: number
  readonly flags?: {
    readonly authoritative: boolean
    readonly recursion: boolean
    readonly authentic: boolean
    /** An OPT record came back. */
    readonly edns: boolean
  }
  /** Least TTL in the answer section, seconds. */
  readonly ttl?: number
  /** Equal for equal record sets, whatever their order and TTL. */
  readonly digest?: string
  /** Extended DNS errors (RFC 8914), info codes. */
  readonly ede?: readonly number[]
  /** Their texts, where they have one: what a validator says of a time stands there. */
  readonly edeTexts?: readonly string[]
  /** Of a SOA record. */
  readonly serial?: number
  /** hostname.bind or NSID. */
  readonly identity?: string
  readonly signatures?: readonly Validity[]
  readonly tlsFault?: TlsFault
  readonly certificate?: Validity
  /** Of A and AAAA records, where they were asked for (Ask.addresses). */
  readonly addresses?: readonly string[]
  /** `pair` and `split`: result of the AAAA question; `result` is that of the A question. */
  readonly second?: DnsResult
}

export interface CheckFacts {
  readonly check: Check
  readonly transport: Transport
  readonly question: Question
  /** Newest last, at most 32. */
  readonly recent: readonly Attempt[]
}

export interface TargetFacts {
  /** Address, with the port where it is not the usual one. */
  readonly label: string
  readonly roles: readonly Role[]
  /** Zones that it is asked for; `.`: all. */
  readonly zones: readonly string[]
  /** Forward blocks that it is an upstream of (ForwardFacts.id). */
  readonly groups: readonly string[]
  /** Seconds after which an answer is late. */
  readonly timeout: number
  readonly checks: readonly CheckFacts[]
}

/** One `forward` of a Corefile or of the operator's resource. */
export interface ForwardFacts {
  readonly id: string
  /** File and line, for people. */
  readonly place: string
  readonly zones: readonly string[]
  /** Labels of targets, in order. */
  readonly upstreams: readonly string[]
  readonly policy: 'random' | 'round_robin' | 'sequential'
  /** What an upstream that is silent costs each query, seconds. */
  readonly readTimeout: number
  readonly maxFails: number
}

export interface ResolvConfFacts {
  readonly path: string
  readonly missing: boolean
  readonly nameservers: readonly string[]
  readonly search: readonly string[]
  readonly ndots: number
  readonly timeout: number
  readonly attempts: number
  readonly rotate: boolean
  /** Nameservers beyond the third, which a stub never asks. */
  readonly ignored: readonly string[]
  /** The file changed after CoreDNS (which reads it once) was started; undefined: not known. */
  readonly changedSince?: boolean
}

/** What CoreDNS says of itself. */
export interface ServerPageFacts {
  readonly label: string
  /** HTTP status; 0: no answer. */
  readonly health: number | undefined
  readonly ready: number | undefined
  /** Names of plugins that are not ready. */
  readonly notReady: readonly string[]
  readonly panics: number | undefined
  readonly healthcheckBroken: number | undefined
}

/** Counters of the kernel's connection tracking; undefined where it is not loaded. */
export interface ConntrackFacts {
  readonly entries: number
  readonly limit: number
  readonly insertFailed: number
  /** Since the previous reading. */
  readonly insertFailedMore: number
}

export interface OwnClockFacts {
  /** Locked, or in holdover within its limit. */
  readonly synchronized: boolean
  /** UTC, seconds since 1970. */
  readonly now: number
  /** Seconds that it may be wrong by; undefined: not known. */
  readonly bound: number | undefined
}

export interface DnsFacts {
  readonly at: Instant<'mono'>
  readonly targets: readonly TargetFacts[]
  readonly forwards: readonly ForwardFacts[]
  readonly resolvConfs: readonly ResolvConfFacts[]
  readonly pages: readonly ServerPageFacts[]
  readonly conntrack: ConntrackFacts | undefined
  readonly clock: OwnClockFacts
}
