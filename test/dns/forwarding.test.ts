import t from 'tap'
import { blockFor, forwardersOf, upstreamsFor } from '../../agent/dns/forwarding.ts'
import { parseGoDuration } from '../../agent/dns/go-duration.ts'
import { reverseZones } from '../../agent/dns/reverse.ts'
import { CORPUS, parse } from './corefile-fixture.ts'

const load = (name: string) => forwardersOf(parse(CORPUS[name] ?? ''))
const firstForward = (name: string) => load(name).zones[0]?.forward

t.test('what is not written is as CoreDNS has it', async (t) => {
  const { zones } = forwardersOf(parse('. {\n  forward . 10.0.0.1\n  cache\n}'))
  t.match(zones[0], {
    forward: {
      policy: 'random',
      maxFails: 2,
      readTimeout: 2,
      expire: 10,
      except: [],
      tls: undefined,
      healthCheck: { interval: 0.5, recursionDesired: true, domain: '.' },
      upstreams: [{ kind: 'server', address: '10.0.0.1', port: 53, transport: 'udp' }],
    },
    block: { cache: { successTtl: 3600, denialTtl: 1800, serveStale: undefined, prefetch: 0 } },
  })
})

t.test('options of a forward', async (t) => {
  t.match(firstForward('several-zones'), { maxFails: 0, readTimeout: 0.75, policy: 'round_robin' })
  t.match(firstForward('dot-quad9'), {
    tls: { cert: undefined, key: undefined, ca: '/etc/pki/quad9.crt' },
    tlsServerName: 'dns.quad9.net',
    expire: 20,
    healthCheck: { interval: 5 },
    upstreams: [
      { transport: 'dot', port: 853 },
      { transport: 'dot', port: 8853 },
    ],
  })
  t.match(firstForward('health-domain'), {
    healthCheck: { interval: 2, recursionDesired: false, domain: 'health.example.org.' },
    preferUdp: true,
    others: [{ name: 'max_idle_conns', args: ['4'] }, { name: 'failfast_all_unhealthy_upstreams' }],
  })
  t.match(load('split-horizon').zones[3]?.forward, {
    except: ['internal.', '10.in-addr.arpa.'],
    next: ['NXDOMAIN'],
    failover: ['SERVFAIL', 'REFUSED'],
  })
})

t.test('cache, hosts, bind and where CoreDNS listens', async (t) => {
  t.match(load('serve-stale').blocks[0]?.cache, {
    successTtl: 1800,
    denialTtl: 60,
    servfailTtl: 10,
    serveStale: 3600,
    prefetch: 10,
    keepTtl: true,
  })
  t.match(load('kubeadm').blocks[0]?.cache, { successTtl: 30, denialTtl: 30 })
  t.same(
    load('hosts-inline').blocks[0]?.hosts.map(({ place: _place, ...rest }) => rest),
    [
      {
        file: '/etc/coredns/hosts',
        entries: [
          { address: '10.0.0.1', names: ['a.example.org', 'a2.example.org'] },
          { address: 'fd00::1', names: ['a.example.org'] },
        ],
        fallthrough: [],
      },
    ],
  )
  const { blocks, endpoints } = load('health-domain')
  t.same(blocks[0]?.bind, ['127.0.0.1', '::1'])
  t.match(endpoints, {
    health: [{ address: 'localhost', port: 8091 }],
    ready: [{ address: '::1', port: 8191 }],
    metrics: [{ address: 'localhost', port: 9153, place: { line: 11, column: 5 } }],
  })
})

t.test('the longest zone answers, at the port that is asked', async (t) => {
  const stubs = load('stub-domains')
  const zoneOf = (name: string, port?: number) => blockFor(stubs, name, port)?.zones[0]?.zones[0]
  t.equal(zoneOf('a.Corp.example.com'), 'corp.example.com.')
  t.equal(zoneOf('corp.example.com.'), 'corp.example.com.')
  t.equal(zoneOf('xcorp.example.com'), '.')
  t.equal(zoneOf('a.consul', 53), 'consul.')
  t.equal(zoneOf('a.consul', 5353), undefined)
  t.equal(blockFor(load('several-zones'), 'example.com', 53), undefined)
})

t.test('who is asked for a name', async (t) => {
  const asked = (name: string, fixture: string) =>
    upstreamsFor(load(fixture), name)?.forward?.upstreams.map(({ text }) => text)
  t.same(asked('db.example.com', 'split-horizon'), ['10.0.0.53'])
  t.same(asked('www.example.com', 'split-horizon'), ['1.1.1.1'], 'exempt from the first')
  t.same(asked('a.public.example.com', 'split-horizon'), ['1.1.1.1'])
  t.same(asked('x.lab.internal', 'split-horizon'), ['10.0.1.53'])
  t.same(asked('x.internal', 'split-horizon'), ['10.0.2.53'])
  t.same(asked('4.3.2.10.in-addr.arpa', 'split-horizon'), ['9.9.9.9'])
  t.same(asked('example.org', 'kubeadm'), ['/etc/resolv.conf'])
  t.equal(asked('a.b.svc.cluster.local', 'kubeadm'), undefined, 'the cluster answers itself')
  t.same(asked('1.0.0.10.in-addr.arpa', 'kubeadm'), ['/etc/resolv.conf'], 'it falls through')
  t.equal(upstreamsFor(load('several-zones'), 'elsewhere.org'), undefined)
})

t.test('networks are reverse zones', async (t) => {
  t.same(reverseZones('10.0.0.0/8'), ['10.in-addr.arpa.'])
  t.same(reverseZones('10.1.2.3/32'), ['3.2.1.10.in-addr.arpa.'])
  t.same(reverseZones('10.3.7.0/15'), ['2.10.in-addr.arpa.', '3.10.in-addr.arpa.'])
  t.same(reverseZones('0.0.0.0/0'), ['in-addr.arpa.'])
  t.equal(reverseZones('10.0.0.0/1')?.length, 128)
  t.same(reverseZones('2001:db8:1::/47'), [
    '0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.',
    '1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.',
  ])
  t.same(reverseZones('::ffff:10.0.0.1/128')?.[0]?.slice(0, 16), '1.0.0.0.0.0.a.0.')
  for (const text of ['10.0.0.0', '10.0.0.0/33', 'fd00::/129', 'a.org/8', '10.0/8']) {
    t.equal(reverseZones(text), undefined, text)
  }
})

t.test('durations as Go writes them', async (t) => {
  const table = { '0': 0, '5s': 5, '1m30s': 90, '1.5h': 5400, '.5s': 0.5, '-2s': -2, '10us': 1e-5 }
  for (const [text, seconds] of Object.entries(table)) t.equal(parseGoDuration(text), seconds, text)
  for (const text of ['', '5', 's', '5 s', '5d', '1e3s', '5s ']) {
    t.equal(parseGoDuration(text), undefined, text)
  }
})
