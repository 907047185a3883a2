/** Transports, TLS, and what is lost, late or slow. */
import { type CertificateKind, SERVER_NAME } from '../certificates.ts'
import { startDnsmasq, startKnot, startLiar, startUnbound } from '../servers.ts'
import { AT, type World } from '../world.ts'
import {
  type Fault,
  KNOT_UNBOUND,
  lying,
  nameservers,
  PLAIN,
  type SetUp,
  startBoth,
} from './fault.ts'

const RELAY = 'knot, unbound, relay'

/** All is there and a firewall before it. */
const filtered =
  (way: 'in' | 'out', rule: string, dns: Readonly<Record<string, unknown>> = {}): SetUp['setUp'] =>
  async (world) => {
    await startBoth(world)
    world.filter(way, rule)
    return { resolvConf: nameservers(AT.resolver), dns }
  }

const withTls = (world: World, server: string) => ({
  ...{ server, names: ['www.alpha.lab'], transports: ['udp', 'tcp', 'dot'] },
  ...{ serverName: SERVER_NAME, ca: world.material.certificates.ca },
})

/** The resolver offers DNS over TLS with this certificate. */
const certified =
  (kind: CertificateKind): SetUp['setUp'] =>
  async (world) => {
    await startKnot(world)
    await startUnbound(world, { tls: kind })
    return { resolvConf: nameservers(AT.resolver), dns: { targets: [withTls(world, AT.resolver)] } }
  }

const certificateRow = (
  kind: CertificateKind,
  words: string,
  expected: Fault['expected'],
): Fault => ({
  ...{ id: `dot-${kind}`, words, peers: 'knot, unbound with DoT', expected },
  setUp: certified(kind),
})

const TRANSPORT_FAULTS: readonly Fault[] = [
  {
    id: 'udp-blocked',
    words: 'a firewall drops UDP to port 53',
    peers: `${KNOT_UNBOUND}, nftables`,
    expected: 'udp-blocked',
    setUp: filtered('in', 'udp dport 53 drop'),
  },
  {
    id: 'tcp-blocked',
    words: 'a firewall drops TCP to port 53',
    peers: `${KNOT_UNBOUND}, nftables`,
    expected: 'tcp-blocked',
    setUp: filtered('in', 'tcp dport 53 drop'),
  },
  {
    id: 'tcp-refused',
    words: 'a firewall resets TCP to port 53',
    peers: `${KNOT_UNBOUND}, nftables`,
    expected: 'tcp-blocked',
    setUp: filtered('in', 'tcp dport 53 reject with tcp reset'),
  },
  {
    id: 'truncated-without-tcp',
    words: 'an answer of 3 kB is truncated, and TCP is dropped',
    peers: `${KNOT_UNBOUND}, nftables`,
    expected: 'truncated-without-tcp',
    setUp: filtered('in', 'tcp dport 53 drop', { names: ['www.alpha.lab', 'huge.alpha.lab TXT'] }),
  },
  {
    id: 'dot-refused',
    words: 'the server does not offer DNS over TLS',
    peers: KNOT_UNBOUND,
    expected: 'dot-blocked',
    setUp: async (world) => {
      await startBoth(world)
      const dns = { targets: [withTls(world, AT.resolver)] }
      return { resolvConf: nameservers(AT.resolver), dns }
    },
  },
  {
    id: 'dot-dropped',
    words: 'a firewall drops TCP to port 853',
    peers: 'knot, unbound with DoT, nftables',
    expected: 'dot-blocked',
    setUp: async (world) => {
      world.filter('in', 'tcp dport 853 drop')
      return certified('good')(world)
    },
  },
  {
    id: 'dot-plain',
    words: 'plain TCP on port 853',
    peers: 'knot',
    expected: 'dot-not-tls',
    setUp: async (world) => {
      await startKnot(world, { plainOn853: true })
      await startUnbound(world)
      const dns = { targets: [withTls(world, AT.auth)] }
      return { resolvConf: nameservers(AT.resolver), dns }
    },
  },
  certificateRow('expired', 'the certificate ended 30 days ago', 'dot-expired'),
  certificateRow('future', 'the certificate begins in 30 days', 'dot-not-yet-valid'),
  certificateRow('foreign', 'the certificate is of a CA that is not trusted', 'dot-untrusted'),
  certificateRow('other', 'the certificate is for another name', 'dot-name'),
]

const LOSS_FAULTS: readonly Fault[] = [
  {
    id: 'edns-formerr',
    words: 'FORMERR for every question with EDNS',
    peers: RELAY,
    expected: 'edns-refused',
    setUp: lying('formerr-edns'),
  },
  {
    id: 'edns-dropped',
    words: 'datagrams with EDNS are dropped',
    peers: RELAY,
    expected: 'edns-refused',
    setUp: lying('drop-edns'),
  },
  {
    id: 'large-dropped',
    words: 'a firewall drops datagrams beyond 600 bytes on their way back',
    peers: `${KNOT_UNBOUND}, nftables`,
    expected: 'large-answers-lost',
    setUp: filtered('out', 'udp sport 53 udp length > 600 drop'),
  },
  {
    id: 'aaaa-dropped',
    words: 'questions for IPv6 addresses are dropped',
    peers: RELAY,
    expected: 'ipv6-silent',
    setUp: lying('drop-aaaa'),
  },
  {
    id: 'conntrack-race',
    words: 'of two datagrams from one port the second one is lost',
    peers: RELAY,
    expected: 'pair-loss',
    setUp: lying('drop-second'),
  },
  {
    id: 'loss-40',
    words: '40 % of the datagrams to the server are lost',
    peers: RELAY,
    expected: 'packet-loss',
    setUp: lying('lose-40'),
  },
  {
    id: 'only-cached',
    words: 'what the cache asks is gone; it answers what it still has',
    peers: 'knot, dnsmasq',
    expected: 'only-cached',
    setUp: async (world) => {
      const knot = await startKnot(world)
      await startDnsmasq(world, AT.cache, [`server=${AT.auth}`])
      for (const type of ['A', 'AAAA']) {
        world.path.call(world.path.a, 'dig', [`@${AT.cache}`, 'www.plain.lab', type])
      }
      await knot.stop()
      return { resolvConf: nameservers(AT.cache), dns: PLAIN }
    },
  },
  {
    id: 'late',
    words: 'answers come 1.5 s after the question, 0.5 s too late',
    peers: RELAY,
    expected: 'late-answers',
    setUp: lying('late'),
  },
  {
    id: 'slow',
    words: 'the cluster DNS takes 0.7 s for a name in its cache',
    peers: RELAY,
    expected: 'slow',
    setUp: async (world) => {
      await startBoth(world)
      await startLiar(world, 'slow', AT.service)
      return { resolvConf: nameservers(AT.resolver), dns: { clusterDns: [AT.service] } }
    },
  },
]

export const WAY_FAULTS: readonly Fault[] = [...TRANSPORT_FAULTS, ...LOSS_FAULTS]
