/** Metrics of the DNS probe. Every result is there from the start, so that a first failure is a rate. */
import { DIAGNOSIS_CODES } from '../dns/diagnoses.ts'
import type { Measures } from '../dns/measures.ts'
import { DNS_BUCKETS, DNS_RESULTS, type DnsTargetView } from '../dns/view.ts'
import { type Labels, type MetricDefinition, type MetricView, one, type Series } from './series.ts'

const eachTarget =
  (read: (target: DnsTargetView, labels: Labels) => readonly Series[]) =>
  ({ snapshot }: MetricView): Series[] =>
    snapshot.dns.targets.flatMap((view) =>
      read(view, { target: view.target, transport: view.transport }),
    )

/** The view counts each bucket for itself; Prometheus wants them cumulative, with +Inf last. */
function histogram({ buckets, durationSum }: DnsTargetView, labels: Labels): Series[] {
  const edges = [...DNS_BUCKETS.map(String), '+Inf']
  let count = 0
  const series: Series[] = edges.map((le, index) => {
    count += buckets[index] ?? 0
    return { labels: { ...labels, le }, value: count, suffix: '_bucket' }
  })
  return [
    ...series,
    { labels, value: durationSum, suffix: '_sum' },
    { labels, value: count, suffix: '_count' },
  ]
}

/** Every code from the start, so that an alert can rely on the series. */
function diagnosisSeries({ snapshot }: MetricView): Series[] {
  const { enabled, report } = snapshot.dns
  if (!enabled) return []
  const found = new Set(report?.diagnoses.map(({ code }) => code))
  return DIAGNOSIS_CODES.flatMap((code) => one({ code }, found.has(code)))
}

const measured =
  (read: (measures: Measures) => readonly Series[]) =>
  ({ snapshot }: MetricView): Series[] => {
    const measures = snapshot.dns.report?.measures
    return measures === undefined ? [] : [...read(measures)]
  }

export const DNS_METRICS: readonly MetricDefinition[] = [
  {
    name: 'dns_upstreams_agree',
    type: 'gauge',
    unit: '',
    help: 'Whether the upstreams of a forwarding give the same response codes.',
    read: measured(({ agreement }) =>
      agreement.flatMap(({ forward, agree }) => one({ forward }, agree)),
    ),
  },
  {
    name: 'dns_lookup_queries',
    type: 'gauge',
    unit: '',
    help: 'Queries that one lookup of an outside name costs by this resolv.conf, A and AAAA together.',
    read: measured(({ amplification }) =>
      amplification.flatMap(({ file, queries }) => one({ file }, queries)),
    ),
  },
  {
    name: 'dns_pair_lost_ratio',
    type: 'gauge',
    unit: 'ratio',
    help: 'Share of the last pairs of A and AAAA that lost an answer, from one socket or from two.',
    read: measured(({ pairs }) =>
      pairs.flatMap(({ target, mode, lost, all }) => one({ target, mode }, lost / all)),
    ),
  },
  {
    name: 'dns_ttl_zero_ratio',
    type: 'gauge',
    unit: 'ratio',
    help: 'Share of the last answers that have TTL 0, as caches give that serve what has expired.',
    read: measured(({ expired }) =>
      expired.flatMap(({ target, zero, all }) => one({ target }, zero / all)),
    ),
  },
  {
    name: 'dns_zone_serial',
    type: 'gauge',
    unit: '',
    help: 'Serial of the zone at this server.',
    read: measured(({ serials }) =>
      serials.flatMap(({ target, zone, serial }) => one({ target, zone }, serial)),
    ),
  },
  {
    name: 'dns_valid_until_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'UTC at which the certificate of a server, or a signature in its answers, expires.',
    read: measured(({ validUntil }) =>
      validUntil.flatMap(({ target, kind, by, until }) => one({ target, kind, by }, until)),
    ),
  },
  {
    name: 'dns_diagnosis',
    type: 'gauge',
    unit: '',
    help: 'Whether the DNS of this node is diagnosed with this, as a cause.',
    read: diagnosisSeries,
  },
  {
    name: 'dns_probe_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time from a DNS query to its answer.',
    read: eachTarget(histogram),
  },
  {
    name: 'dns_probe_results_total',
    type: 'counter',
    unit: '',
    help: 'DNS probes by result.',
    read: eachTarget(({ results }, labels) =>
      DNS_RESULTS.map((result) => ({ labels: { ...labels, result }, value: results[result] })),
    ),
  },
  {
    name: 'dns_probe_consecutive_failures',
    type: 'gauge',
    unit: '',
    help: 'Probes of this server that failed in a row.',
    read: eachTarget(({ failures }, labels) => one(labels, failures)),
  },
  {
    name: 'dns_probe_age_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Time since the last probe of this server ended.',
    read: eachTarget(({ lastAgeSeconds }, labels) => one(labels, lastAgeSeconds)),
  },
]
