import t from 'tap'
import { forwardersOf } from '../../agent/dns/forwarding.ts'
import { planTargets } from '../../agent/dns/plan.ts'
import type { PlanInput, PlannedTarget } from '../../agent/dns/plan-types.ts'
import { parseResolvConf } from '../../agent/dns/resolv-conf.ts'
import { CORPUS, parse } from './corefile-fixture.ts'

const forwarding = (text: string) => [forwardersOf(parse(text))]
const resolvConf = (file: string, ...addresses: string[]) => ({
  file,
  resolvConf: parseResolvConf(addresses.map((each) => `nameserver ${each}\n`).join('')),
})
const server = (address: string, port = 53) => ({
  ...{ address, port, origin: { file: 'test', line: undefined } },
})

const input = (more: Partial<PlanInput>): PlanInput => ({
  hostResolvConf: undefined,
  clusterDnsIps: [],
  nodeCacheIps: [],
  coreDnsEndpoints: [],
  forwarding: [],
  config: { names: ['.'], targets: [] },
  ...more,
})

const questionsOf = ({ questions }: PlannedTarget) => questions.map((q) => `${q.name} ${q.type}`)
const textsOf = ({ reasons }: PlannedTarget) =>
  reasons.map(({ text, origin }) => `${text} [${origin.file}:${origin.line ?? ''}]`)

t.test('the servers of a Corefile, each for its zones', async (t) => {
  const host = resolvConf('/etc/resolv.conf', '10.0.0.2')
  const { targets, groups, skipped } = planTargets(
    input({ hostResolvConf: host, forwarding: forwarding(CORPUS['openshift-farms'] ?? '') }),
  )
  t.same(
    targets.map((target) => [target.label, target.role, questionsOf(target).join(', ')]),
    [
      ['10.0.0.2', 'host', '. NS'],
      ['192.168.77.100', 'upstream', 'pichuang.internal SOA'],
      ['192.168.77.99:5533', 'upstream', 'pichuang.internal SOA'],
      ['10.99.1.100', 'upstream', 'rhtw.private SOA, rhglobal.public SOA'],
      ['172.88.2.99:5533', 'upstream', 'rhtw.private SOA, rhglobal.public SOA'],
    ],
  )
  t.same(targets.flatMap(textsOf).slice(0, 3), [
    'this node asks it, by /etc/resolv.conf [/etc/resolv.conf:1]',
    'CoreDNS forwards everything else to the servers of /etc/resolv.conf, as this node has it, and so to it (sequential) [Corefile:46]',
    'CoreDNS forwards pichuang.internal to it (random) [Corefile:4]',
  ])
  t.match(groups, [
    {
      id: 'Corefile:4',
      zones: ['pichuang.internal.'],
      policy: 'random',
      members: ['192.168.77.100', '192.168.77.99:5533'],
    },
    {
      id: 'Corefile:19',
      zones: ['rhtw.private.', 'rhglobal.public.'],
      policy: 'random',
      members: ['10.99.1.100', '172.88.2.99:5533'],
    },
    { id: 'Corefile:46', zones: ['.'], policy: 'sequential', members: ['10.0.0.2'] },
  ])
  t.same(skipped, [])
})

t.test('a server of several roles is one target with all reasons', async (t) => {
  const { targets } = planTargets(
    input({
      hostResolvConf: resolvConf('/etc/resolv.conf', '10.0.0.2'),
      podResolvConf: resolvConf('/pod', '10.96.0.10'),
      clusterDnsIps: [server('10.96.0.10')],
      nodeCacheIps: [server('169.254.20.10')],
      coreDnsEndpoints: [server('10.128.0.5', 5353)],
      forwarding: forwarding('. {\n  kubernetes k8s.example\n  forward . 10.0.0.2\n}'),
      config: {
        names: ['a.example'],
        targets: [{ server: '10.0.0.2', port: 53, names: ['b.example TXT'], transports: ['tcp'] }],
      },
    }),
  )
  t.same(
    targets.map(({ label, role, reasons }) => [label, role, reasons.map((each) => each.role)]),
    [
      ['10.0.0.2', 'host', ['host', 'upstream', 'config']],
      ['10.96.0.10', 'pod', ['pod', 'cluster']],
      ['169.254.20.10', 'node-cache', ['node-cache']],
      ['10.128.0.5:5353', 'coredns', ['coredns']],
    ],
  )
  t.same(targets.map(questionsOf).slice(0, 2), [
    ['a.example A', '. NS', 'b.example TXT'],
    ['a.example A', 'kubernetes.default.svc.k8s.example A'],
  ])
})

t.test(
  'a resolv.conf without servers means this machine; beyond three they are not asked',
  async (t) => {
    const [own] = planTargets(input({ hostResolvConf: resolvConf('r') })).targets
    t.match(own, {
      label: '127.0.0.1',
      reasons: [{ text: 'r names no server, which means this machine' }],
    })
    const many = resolvConf('r', '10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4')
    const { targets } = planTargets(input({ hostResolvConf: many }))
    t.same(targets.slice(2).flatMap(textsOf), [
      'this node asks it, by r [r:3]',
      'r names it, but only the first three are asked [r:4]',
    ])
  },
)

t.test('transports and names of TLS', async (t) => {
  const { targets } = planTargets(
    input({
      forwarding: forwarding(`a.org {
  forward . tls://10.0.0.1 tls://10.0.0.2:53 {
    tls_servername dns.a.org
    tls /ca.crt
  }
}
b.org {
  forward . 10.0.0.2 10.0.0.1 {
    force_tcp
  }
}`),
    }),
  )
  t.same(
    targets.map(({ label, transports, tls }) => [
      label,
      transports.join(' '),
      tls?.serverName,
      tls?.ca,
    ]),
    [
      ['tls://10.0.0.1', 'dot', 'dns.a.org', '/ca.crt'],
      ['tls://10.0.0.2:53', 'dot', 'dns.a.org', '/ca.crt'],
      ['10.0.0.2', 'tcp', undefined, undefined],
      ['10.0.0.1', 'tcp', undefined, undefined],
    ],
  )
})

t.test('what cannot be asked is told of', async (t) => {
  const { targets, skipped } = planTargets(
    input({
      forwarding: forwarding(
        '. {\n  forward . dns.example.org https://1.1.1.1 /etc/resolv.conf\n}',
      ),
    }),
  )
  t.same(targets, [])
  t.same(
    skipped.map(({ text, origin }) => [text, origin.line]),
    [
      ['dns.example.org', 2],
      ['https://1.1.1.1', 2],
      ['/etc/resolv.conf', 2],
    ],
  )
})

t.test('what the node-local cache fills in', async (t) => {
  const { groups, skipped } = planTargets(
    input({
      hostResolvConf: resolvConf('/etc/resolv.conf', '10.0.0.2'),
      clusterDnsIps: [server('10.96.0.10')],
      forwarding: forwarding(CORPUS['node-local-dns'] ?? ''),
    }),
  )
  t.same(
    groups.map(({ members }) => members),
    [['10.96.0.10'], ['10.96.0.10'], ['10.0.0.2']],
  )
  t.same(skipped, [])
})
