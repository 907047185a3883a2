/** Rules about the node, its way to CoreDNS and the forwardings; and what hides what. */
import t from 'tap'
import type { DiagnosisCode } from '../../agent/dns/diagnoses.ts'
import { diagnose } from '../../agent/dns/diagnosis.ts'
import type { DnsFacts, TargetFacts } from '../../agent/dns/facts.ts'
import {
  check,
  codesOf,
  facts,
  failing,
  forward,
  only,
  page,
  resolvConf,
  silent,
  target,
  times,
} from './facts-fixture.ts'

const cluster = target('10.96.0.10', ['cluster', 'pod'])
const clusterSilent = silent('10.96.0.10', ['cluster', 'pod'])
const endpoint = (n: number) => target(`10.244.0.${n}`, ['coredns'])
const endpointSilent = (n: number) => silent(`10.244.0.${n}`, ['coredns'])
const upstream = (n: number, ...changes: Parameters<typeof target>[2][]) =>
  target(`10.99.1.${n}`, ['upstream'], changes[0] ?? [])
const upstreamSilent = (n: number) => silent(`10.99.1.${n}`, ['upstream'])
const upstreamDown = (n: number) => target(`10.99.1.${n}`, ['upstream'], failing('conn_refused'))
const host = (label: string) => target(label, ['host'])
const forwarded = (
  upstreams: readonly TargetFacts[],
  more: Parameters<typeof forward>[1] = {},
  others: readonly TargetFacts[] = [cluster],
): DnsFacts =>
  facts({
    targets: [...others, ...upstreams],
    forwards: [
      forward(
        upstreams.map(({ label }) => label),
        more,
      ),
    ],
  })
const hosts = (targets: readonly TargetFacts[], more = {}) =>
  facts({
    targets: [cluster, ...targets],
    resolvConfs: [
      resolvConf({ nameservers: targets.map(({ label }) => label), search: [], ...more }),
    ],
  })
const conf = (more: Parameters<typeof resolvConf>[0]) => facts({ resolvConfs: [resolvConf(more)] })
const conntrack = (entries: number) => ({
  entries,
  limit: 100,
  insertFailed: 0,
  insertFailedMore: 3,
})
const serials = (...serials: number[]) =>
  check(
    'serial',
    serials.map((serial) => ({ serial })),
  )

const NAMED: readonly (readonly [DiagnosisCode, DnsFacts, RegExp])[] = [
  [
    'upstream-dead',
    forwarded([upstreamSilent(100), upstream(101)]),
    /^10\.99\.1\.100 \(first upstream of pichuang\.internal, sequential\) is silent: each query below it costs 2\.00 s, until/,
  ],
  [
    'all-upstreams-dead',
    forwarded([upstreamSilent(100), upstreamDown(101)]),
    /^all 2 upstreams of pichuang\.internal \(10\.99\.1\.100 and 10\.99\.1\.101\) do not answer/,
  ],
  [
    'upstream-disagreement',
    forwarded([
      upstream(100, [check('exists', times(3, 'nxdomain'))]),
      upstream(101),
      upstream(102),
    ]),
    /disagree on kubernetes\S+ A: 10\.99\.1\.101 and 10\.99\.1\.102 say NOERROR; 10\.99\.1\.100 says NXDOMAIN/,
  ],
  [
    'upstream-records-differ',
    forwarded([upstream(100, [check('exists', times(8, { digest: 'b' }))]), upstream(101)]),
    /different records for kubernetes\S+ A: 10\.99\.1\.100 \/ 10\.99\.1\.101/,
  ],
  [
    'serial-spread',
    facts({ targets: [upstream(1, [serials(5, 5, 5)]), upstream(2, [serials(9, 9, 9)])] }),
    /10\.99\.1\.1 \(5\) lags behind in zone pichuang\.internal: 10\.99\.1\.2 has serial 9/,
  ],
  [
    'replica-down',
    facts({ targets: [cluster, endpoint(2), endpointSilent(3)] }),
    /^1 of 2 endpoints of CoreDNS does not answer \(10\.244\.0\.3\): about 1 in 2/,
  ],
  [
    'service-broken',
    facts({ targets: [clusterSilent, endpoint(2), endpoint(3)] }),
    /10\.96\.0\.10 is dead, its 2 endpoints 10\.244\.0\.2 and 10\.244\.0\.3 answer/,
  ],
  [
    'cluster-dns-down',
    facts({ targets: [clusterSilent, endpointSilent(2)] }),
    /10\.96\.0\.10 and 10\.244\.0\.2 are dead/,
  ],
  [
    'node-cache-dead',
    facts({ targets: [cluster, silent('169.254.20.10', ['node-cache'])] }),
    /\(169\.254\.20\.10\) does not answer/,
  ],
  [
    'first-nameserver-dead',
    hosts([silent('10.0.0.1', ['host']), host('10.0.0.2')]),
    /the first nameserver of \/etc\/resolv\.conf \(10\.0\.0\.1\) is dead: each lookup costs 5\.00 s/,
  ],
  [
    'all-nameservers-dead',
    hosts([silent('10.0.0.1', ['host']), silent('10.0.0.2', ['host'])]),
    /all 2 nameservers .* are dead: each lookup fails after up to 20\.0 s/,
  ],
  ['resolv-conf-missing', conf({ missing: true }), /127\.0\.0\.1/],
  ['resolv-conf-drift', conf({ changedSince: true }), /still uses the nameservers of before/],
  ['resolv-conf-ignored', conf({ ignored: ['10.0.0.4'] }), /10\.0\.0\.4 in .* is never asked/],
  ['search-amplification', conf({ search: ['a', 'b', 'c', 'd'] }), /costs 10 queries: 4 search/],
  [
    'coredns-not-ready',
    facts({ pages: [page({ ready: 503, notReady: ['kubernetes'] })] }),
    /not ready \(HTTP 503\): waiting for kubernetes/,
  ],
  ['coredns-panics', facts({ pages: [page({ panics: 2 })] }), /panicked 2 times/],
  ['conntrack-full', facts({ conntrack: conntrack(93) }), /93 of 100 entries \(93 %\): soon/],
]

const NEAR: readonly (readonly [string, DnsFacts])[] = [
  ['all upstreams answer', forwarded([upstream(100), upstream(101)])],
  ['an upstream that nobody asked yet', facts({ forwards: [forward(['10.99.1.1'])] })],
  [
    'one says NXDOMAIN twice, then not',
    forwarded([upstream(100, [check('exists', ['nxdomain', 'nxdomain', {}])]), upstream(101)]),
  ],
  [
    'records that rotate',
    forwarded([
      upstream(100, [check('exists', [{ digest: 'b' }, { digest: 'c' }])]),
      upstream(101, [check('exists', [{ digest: 'c' }, { digest: 'd' }])]),
    ]),
  ],
  [
    'a zone in transfer',
    facts({
      targets: [upstream(1, [serials(5, 5, 9)]), upstream(2, [serials(9, 9, 9)])],
    }),
  ],
  ['a spare nameserver that answers', hosts([host('10.0.0.1'), host('10.0.0.2')])],
  ['three search domains', conf({ search: ['a', 'b', 'c'] })],
  ['four, and few dots needed', conf({ search: ['a', 'b', 'c'], ndots: 1 })],
  ['three nameservers', conf({ nameservers: ['10.96.0.10', '10.96.0.11', '10.96.0.12'] })],
  ['a page that is not there', facts({ pages: [page({ health: 0, ready: 0 })] })],
  [
    'pages that nobody asked',
    facts({
      pages: [page({ health: undefined, ready: undefined, panics: undefined })],
    }),
  ],
  ['89 % of conntrack', facts({ conntrack: conntrack(89) })],
  ['no conntrack', facts({ conntrack: undefined })],
  ['resolv.conf changed: not known', conf({ changedSince: false })],
]

t.test('each fault of the node is named, once, with its figures', async (t) => {
  for (const [code, known, sentence] of NAMED) {
    const found = codesOf(known)
    t.same(found, [code], code)
    if (found.length === 1) t.match(only(known), { sentence }, code)
  }
})

t.test('what nearly is a fault is none', async (t) => {
  for (const [what, known] of NEAR) t.same(codesOf(known), [], what)
})

t.test('what a dead upstream costs depends on the policy', async (t) => {
  const dead = [upstreamSilent(100), upstream(101), upstream(102)]
  const sentence = (known: DnsFacts) => only(known).sentence
  t.match(
    sentence(forwarded(dead, { policy: 'random' })),
    /1 in 3 queries meets it and costs 2\.00 s/,
  )
  t.match(sentence(forwarded(dead, { policy: 'round_robin' })), /1 in 3 queries/)
  t.match(sentence(forwarded(dead, { maxFails: 0 })), /always: health checks are off/)
  t.match(sentence(forwarded([upstream(101), upstreamSilent(100)])), /the spare is gone/)
  t.match(sentence(forwarded([upstreamDown(100), upstream(101)])), /costs a refused attempt/)
  t.match(
    sentence(forwarded(dead, { zones: ['.'] })),
    /upstream of everything, .* each query costs/,
  )
})

t.test('what a dead nameserver costs depends on resolv.conf', async (t) => {
  const one = [silent('10.0.0.1', ['host']), host('10.0.0.2')]
  t.match(only(hosts(one, { rotate: true })).sentence, /1 in 2 lookups \(rotate\) costs 5\.00 s/)
  const refusing = [target('10.0.0.1', ['host'], failing('conn_refused')), host('10.0.0.2')]
  t.match(only(hosts(refusing)).sentence, /costs a refused attempt/)
  const spare = [host('10.0.0.1'), silent('10.0.0.2', ['host'])]
  t.same(codesOf(hosts(spare)), ['server-silent'], 'nobody waits for the second one')
})

t.test('a cause carries what it explains', async (t) => {
  const known = forwarded([upstreamSilent(100), upstreamSilent(101)], {}, [
    target('10.96.0.10', ['cluster'], [check('miss', times(3, 'servfail'))]),
  ])
  t.match(diagnose(known), [
    {
      code: 'all-upstreams-dead',
      explains: [
        'upstream-dead 10.99.1.100',
        'upstream-dead 10.99.1.101',
        'server-silent 10.99.1.100',
        'server-silent 10.99.1.101',
        'only-cached 10.96.0.10',
        'servfail 10.96.0.10',
      ],
    },
  ])
})

t.test('a dead upstream of one zone is not why another zone fails', async (t) => {
  const known = forwarded([upstreamSilent(100)], { zones: ['other.internal'] }, [
    target('10.96.0.10', ['cluster'], [check('miss', times(3, 'servfail'))]),
  ])
  t.same(codesOf(known), ['all-upstreams-dead', 'only-cached'])
})

t.test('a dead upstream with a spare explains time, not failures', async (t) => {
  const slow = check('exists', times(6, { result: 'noerror', seconds: 0.9 } as const))
  const failing = check('miss', times(3, 'servfail'))
  const behind = target('10.96.0.10', ['cluster'], [slow, failing])
  const known = forwarded([upstreamSilent(100), upstream(101)], { zones: ['.'] }, [behind])
  t.same(codesOf(known), ['upstream-dead', 'only-cached'])
})

t.test('a full conntrack is why datagrams are lost', async (t) => {
  const lost = target('10.0.0.1', ['config'], [check('aaaa', times(3, 'timeout'))])
  const full = facts({ targets: [lost], conntrack: conntrack(100) })
  t.match(diagnose(full), [{ code: 'conntrack-full', severity: 'critical' }])
  t.equal(diagnose(full).length, 1)
  const nearly = facts({ targets: [lost], conntrack: conntrack(95) })
  t.same(codesOf(nearly), ['conntrack-full', 'ipv6-silent'])
})

t.test('a broken service is why every lookup of a pod fails', async (t) => {
  const known = facts({ targets: [clusterSilent, endpoint(2)] })
  t.match(diagnose(known), [
    { code: 'service-broken', explains: [/all-nameservers-dead/, /server-silent/] },
  ])
})

t.test('a dead endpoint is not also unready', async (t) => {
  const known = facts({
    targets: [cluster, endpoint(3), endpointSilent(2)],
    pages: [page({ ready: 503 })],
  })
  t.same(codesOf(known), ['replica-down'])
})
