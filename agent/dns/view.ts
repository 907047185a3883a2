import type { DnsReport } from './report.ts'

/** What the DNS probe says of itself; cumulative counts since start. */
export const DNS_RESULTS = [
  'noerror',
  'nodata',
  'nxdomain',
  'servfail',
  'refused',
  'formerr',
  'notimp',
  'other_rcode',
  'truncated',
  'timeout',
  'conn_refused',
  'unreachable',
  'tls_error',
  'malformed',
  'mismatch',
  'late',
] as const
export type DnsResult = (typeof DNS_RESULTS)[number]

/** Upper edges in seconds; one edge stands at exactly 5 s, glibc's retry time. */
export const DNS_BUCKETS = [
  0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.25, 0.5, 1, 2, 5, 10,
] as const

export interface DnsTargetView {
  /** Server address with port when it is not 53. */
  readonly target: string
  readonly transport: 'udp' | 'tcp' | 'dot'
  /** Role of the server (facts.ts). */
  readonly origin: string
  readonly results: Readonly<Record<DnsResult, number>>
  /** Counts per bucket (not cumulative), one longer than DNS_BUCKETS for +Inf. */
  readonly buckets: readonly number[]
  readonly durationSum: number
  readonly lastResult: DnsResult | undefined
  readonly lastName: string
  readonly lastSeconds: number | undefined
  readonly lastAgeSeconds: number | undefined
  /** Consecutive probes that failed. */
  readonly failures: number
}

export interface DnsView {
  readonly enabled: boolean
  readonly targets: readonly DnsTargetView[]
  readonly nameservers: readonly string[]
  readonly search: readonly string[]
  readonly ndots: number
  /** Absent: the probe has no facts for a diagnosis. */
  readonly report?: DnsReport
}
