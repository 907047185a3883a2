import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type DnsOperator, loadDnsOperators } from '../../agent/config/dns-operator.ts'
import { forwardingOf, renderCorefile } from '../../agent/config/dns-operator-render.ts'
import { formatFault } from '../../agent/config/faults.ts'
import { forwardersOf, upstreamsFor } from '../../agent/dns/forwarding.ts'
import type { Forwarding } from '../../agent/dns/forwarding-types.ts'
import { CORPUS, forwardLines, parse } from '../dns/corefile-fixture.ts'

const FOLDER = join(import.meta.dirname, '../fixtures/dns-operator')
const read = (name: string) => readFileSync(join(FOLDER, `${name}.yaml`), 'utf8')
const BUNDLES = { 'ca-bundle': 'ca-ca-bundle-1' }

function load(name: string): DnsOperator {
  const loaded = loadDnsOperators(read(name), name)
  const [dns] = loaded.ok ? loaded.resources : []
  if (loaded.ok && dns !== undefined) return dns
  throw new Error(loaded.ok ? 'none' : loaded.faults.map(formatFault).join('\n'))
}

/** Without places and spelling, which differ between the two. */
const plain = (forwarding: Forwarding): unknown =>
  JSON.parse(
    JSON.stringify(forwarding, (key, value: unknown) =>
      key === 'place' || key === 'text' ? undefined : value,
    ),
  )

const faultsOf = (text: string): string[] => {
  const loaded = loadDnsOperators(text, 'f')
  return loaded.ok ? [] : loaded.faults.map(formatFault)
}

const resource = (spec: string) => `apiVersion: operator.openshift.io/v1
kind: DNS
metadata: { name: default }
spec:
${spec}`

t.test('the Corefile is the one that the operator writes', async (t) => {
  t.equal(renderCorefile(load('farms')), CORPUS['openshift-farms'])
  t.matchOnly(renderCorefile(load('default')).split('\n').slice(0, 2), [
    '.:5353 {',
    '    bufsize 1232',
  ])
  const tls = renderCorefile(load('tls'), BUNDLES)
  t.match(
    tls,
    `# corp
corp.example:5353 corp.internal:5353 {
    prometheus 127.0.0.1:9153
    forward . tls://1.1.1.1 tls://2.2.2.2:5353 tls://[2001:db8::1]:853 {
        tls_servername dns.corp.example
        tls /etc/pki/dns.corp.example-ca-ca-bundle-1/ca-bundle.crt
        policy round_robin
    }
    errors
    log . {
        class denial error
    }
    bufsize 1232
    cache 1800 {
        denial 9984 2
    }
}
`,
  )
  t.match(
    tls,
    `    forward . tls://9.8.7.6 tls://[1001:AAAA::2222]:53 {
        tls_servername example.com
        tls
        policy round_robin
    }
`,
  )
  t.match(tls, '    kubernetes ocp.example in-addr.arpa ip6.arpa {\n')
  t.match(
    renderCorefile(load('resolvers')),
    `    forward . /etc/resolv.conf 10.0.0.53:5300 {
        policy random
        force_tcp
    }
`,
  )
})

t.test('resource and Corefile say the same', async (t) => {
  for (const file of readdirSync(FOLDER)) {
    const dns = load(file.replace('.yaml', ''))
    const forwarding = forwardingOf(dns, BUNDLES)
    const corefile = forwardersOf(parse(renderCorefile(dns, BUNDLES)))
    t.same(plain(forwarding), plain(corefile), file)
  }
  const farms = forwardingOf(load('farms'))
  t.same(forwardLines(farms), forwardLines(forwardersOf(parse(CORPUS['openshift-farms'] ?? ''))))
  t.same(forwardLines(farms).slice(0, 3), [
    'pichuang.internal.:5353 random 192.168.77.100, 192.168.77.99:5533',
    'rhtw.private.:5353 random 10.99.1.100, 172.88.2.99:5533',
    'rhglobal.public.:5353 random 10.99.1.100, 172.88.2.99:5533',
  ])
  t.match(upstreamsFor(farms, 'git.rhtw.private')?.forward?.upstreams[1], {
    address: '172.88.2.99',
    port: 5533,
    place: { file: 'farms', line: 23, column: 13 },
  })
})

t.test('what else a resource says', async (t) => {
  t.match(load('farms'), {
    clusterIP: { address: '172.30.0.10', place: { line: 26 } },
    clusterDomain: 'cluster.local',
    cache: { positiveTtl: 900, negativeTtl: 30 },
  })
  t.match(load('default'), { servers: [], upstreamResolvers: { policy: 'sequential' } })
  const loaded = loadDnsOperators(resource('  servrs: []\n  cache: { positiveTtl: 1s }\n'), 'f')
  const notices = loaded.ok ? loaded.notices : []
  t.same(notices.map(formatFault), [
    'f:5:3: spec.servrs: unknown key, kept (did you mean servers?)',
    'f:6:12: spec.cache.positiveTtl: unknown key, kept (did you mean positiveTTL?)',
  ])
  t.match(load('resolvers').source, { spec: { template: { unknown: 'kept' } } })
})

const server = (plugin: string, zones = '[a.example]') =>
  resource(`  servers:
    - name: a
      zones: ${zones}
      forwardPlugin: ${plugin}
`)

const BAD: readonly (readonly [text: string, fault: string])[] = [
  [server('{ upstreams: [a.example.org] }'), '8:36: spec.servers[0].forwardPlugin.upstreams[0]: '],
  [server('{ upstreams: [1.1.1.1:0] }'), '8:36: spec.servers[0].forwardPlugin.upstreams[0]: '],
  [server('{ upstreams: [] }'), '8:35: spec.servers[0].forwardPlugin.upstreams: expected at least'],
  [server('{}'), '8:22: spec.servers[0].forwardPlugin: upstreams is missing'],
  [
    server(`{ upstreams: [${'1.1.1.1, '.repeat(16)}] }`),
    '8:35: spec.servers[0].forwardPlugin.upstreams: more than 15',
  ],
  [
    server('{ upstreams: [1.1.1.1], policy: random }'),
    '8:54: spec.servers[0].forwardPlugin.policy: expected one of Random, RoundRobin, Sequential (did you mean Random?)',
  ],
  [
    server('{ upstreams: [1.1.1.1], protocolStrategy: UDP }'),
    '8:64: spec.servers[0].forwardPlugin.protocolStrategy: expected one of TCP',
  ],
  [
    server('{ upstreams: [1.1.1.1], transportConfig: { transport: TLS } }'),
    '8:63: spec.servers[0].forwardPlugin.transportConfig: tls.serverName is missing',
  ],
  [
    server('{ upstreams: [1.1.1.1] }', '[cluster.local]'),
    "7:15: spec.servers[0].zones[0]: the cluster's own domain",
  ],
  [
    server('{ upstreams: [1.1.1.1] }', '[A.example]'),
    '7:15: spec.servers[0].zones[0]: expected a domain name',
  ],
  [
    server('{ upstreams: [1.1.1.1] }', '[a.example, a.example]'),
    '7:14: spec.servers[0].zones: a.example is served twice',
  ],
  [server('{ upstreams: [1.1.1.1] }', '[]'), '6:7: spec.servers[0]: zones is missing'],
  [
    resource('  upstreamResolvers: { upstreams: [{ type: Network }] }\n'),
    '5:36: spec.upstreamResolvers.upstreams[0]: address is missing',
  ],
  [
    resource('  upstreamResolvers: { upstreams: [{ type: Network, address: a.org }] }\n'),
    '5:62: spec.upstreamResolvers.upstreams[0].address: expected an IP address',
  ],
  [
    resource(
      '  upstreamResolvers: { transportConfig: { transport: TLS, tls: { serverName: a } } }\n',
    ),
    '5:41: spec.upstreamResolvers.transportConfig: the servers of resolv.conf',
  ],
  [
    resource('  cache: { positiveTTL: 5 minutes }\n'),
    '5:25: spec.cache.positiveTTL: expected a duration',
  ],
  [resource('  servers: {}\n'), '5:12: spec.servers: expected a list'],
]

t.test('every fault of a resource has its place', async (t) => {
  for (const [text, fault] of BAD) {
    const faults = faultsOf(text)
    t.equal(faults.length, 1, faults.join('\n'))
    t.ok(faults[0]?.startsWith(`f:${fault}`), faults.join())
  }
})
