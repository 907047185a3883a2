/** The way of a query: nameservers of the node, DNS of the cluster, upstreams. */
import { startKnot, startUnbound } from '../servers.ts'
import { AT, SILENT } from '../world.ts'
import { corefileOf, type Fault, KNOT_UNBOUND, nameservers, PLAIN, startBoth } from './fault.ts'

const [GONE, GONE2, GONE3] = SILENT

const OPERATOR = `apiVersion: operator.openshift.io/v1
kind: DNS
metadata:
  name: default
spec:
  servers:
    - name: corp
      zones: [ alpha.lab ]
      forwardPlugin:
        policy: Random
        upstreams: [ ${AT.auth}, ${GONE} ]
`

const CLUSTER_FAULTS: readonly Fault[] = [
  {
    id: 'cluster-dns-down',
    words: 'the service address and both endpoints of the cluster DNS are silent',
    peers: `${KNOT_UNBOUND}, nobody`,
    expected: 'cluster-dns-down',
    setUp: async (world) => {
      await startBoth(world)
      const dns = { clusterDns: [GONE], coreDns: [GONE2, GONE3] }
      return { resolvConf: nameservers(AT.resolver), dns }
    },
  },
  {
    id: 'service-silent',
    words: 'the service address is silent, its two endpoints answer',
    peers: `${KNOT_UNBOUND}, nobody`,
    expected: 'service-broken',
    setUp: async (world) => {
      await startKnot(world)
      await startUnbound(world, { addresses: [AT.resolver, AT.resolver2] })
      const dns = { clusterDns: [GONE], coreDns: [AT.resolver, AT.resolver2] }
      return { resolvConf: nameservers(AT.resolver), dns }
    },
  },
  {
    id: 'service-refuses',
    words: 'the service address refuses (no rules of kube-proxy), its endpoint answers',
    peers: KNOT_UNBOUND,
    expected: 'service-broken',
    setUp: async (world) => {
      await startBoth(world)
      const dns = { clusterDns: [AT.down], coreDns: [AT.resolver] }
      return { resolvConf: nameservers(AT.resolver), dns }
    },
  },
  {
    id: 'replica-down',
    words: 'one of two endpoints of the cluster DNS refuses',
    peers: KNOT_UNBOUND,
    expected: 'replica-down',
    setUp: async (world) => {
      await startKnot(world)
      await startUnbound(world, { addresses: [AT.resolver, AT.service] })
      const dns = { clusterDns: [AT.service], coreDns: [AT.resolver, AT.down] }
      return { resolvConf: nameservers(AT.resolver), dns }
    },
  },
  {
    id: 'node-cache-dead',
    words: 'the cache of the node is gone, its rules still lead there',
    peers: `${KNOT_UNBOUND}, nobody`,
    expected: 'node-cache-dead',
    setUp: async (world) => {
      await startKnot(world)
      await startUnbound(world, { addresses: [AT.resolver, AT.service] })
      const dns = { nodeCache: [GONE], clusterDns: [AT.service] }
      return { resolvConf: nameservers(AT.resolver), dns }
    },
  },
  {
    id: 'all-nameservers-dead',
    words: 'both nameservers of resolv.conf are silent',
    peers: 'nobody',
    expected: 'all-nameservers-dead',
    setUp: async () => ({ resolvConf: nameservers(GONE, GONE2) }),
  },
  {
    id: 'first-nameserver-dead',
    words: 'the first nameserver of resolv.conf is silent, the second one answers',
    peers: `${KNOT_UNBOUND}, nobody`,
    expected: 'first-nameserver-dead',
    setUp: async (world) => {
      await startBoth(world)
      return { resolvConf: nameservers(GONE, AT.resolver) }
    },
  },
  {
    id: 'server-refuses',
    words: 'nothing listens at a server that the configuration names',
    peers: KNOT_UNBOUND,
    expected: 'server-down',
    setUp: async (world) => {
      await startBoth(world)
      const targets = [{ server: AT.down, names: ['www.alpha.lab'] }]
      return { resolvConf: nameservers(AT.resolver), dns: { targets } }
    },
  },
  {
    id: 'server-silent',
    words: 'a server that the configuration names is switched off',
    peers: `${KNOT_UNBOUND}, nobody`,
    expected: 'server-silent',
    setUp: async (world) => {
      await startBoth(world)
      const targets = [{ server: GONE, names: ['www.alpha.lab'] }]
      return { resolvConf: nameservers(AT.resolver), dns: { targets } }
    },
  },
]

const UPSTREAM_FAULTS: readonly Fault[] = [
  {
    id: 'all-upstreams-dead',
    words: 'both upstreams of the Corefile are silent; its cluster DNS starves',
    peers: `${KNOT_UNBOUND}, nobody`,
    expected: 'all-upstreams-dead',
    setUp: async (world) => {
      await startBoth(world)
      await startUnbound(world, { addresses: [AT.service], upstream: GONE })
      const corefile = corefileOf('.', [GONE, GONE2], 'max_fails 2')
      return { resolvConf: nameservers(AT.resolver), corefile, dns: { clusterDns: [AT.service] } }
    },
  },
  {
    id: 'first-upstream-dead',
    words: 'the first upstream of a zone is silent, policy sequential',
    peers: `${KNOT_UNBOUND}, nobody`,
    expected: 'upstream-dead',
    setUp: async (world) => {
      await startBoth(world)
      const corefile = corefileOf('alpha.lab', [GONE, AT.auth], 'policy sequential')
      return { resolvConf: nameservers(AT.resolver), corefile, dns: { clusterDns: [AT.resolver] } }
    },
  },
  {
    id: 'operator-upstream-dead',
    words: "one of two upstreams of the DNS operator's resource is silent, policy Random",
    peers: `${KNOT_UNBOUND}, nobody`,
    expected: 'upstream-dead',
    setUp: async (world) => {
      await startBoth(world)
      return { resolvConf: nameservers(AT.resolver), operator: OPERATOR }
    },
  },
  {
    id: 'upstreams-disagree',
    words: 'of two upstreams of a zone one does not know it',
    peers: 'knot twice, unbound',
    expected: 'upstream-disagreement',
    setUp: async (world) => {
      await startBoth(world)
      await startKnot(world, { address: AT.auth2, without: ['plain.lab'] })
      const corefile = corefileOf('plain.lab', [AT.auth, AT.auth2], 'policy random')
      return { resolvConf: nameservers(AT.resolver), corefile, dns: PLAIN }
    },
  },
  {
    id: 'zone-lags',
    words: 'of two upstreams of a zone one missed the last transfer',
    peers: 'knot twice, unbound',
    expected: 'serial-spread',
    // the SOA records do differ
    beside: ['upstream-records-differ'],
    setUp: async (world) => {
      await startBoth(world)
      await startKnot(world, { address: AT.auth2, lagging: true })
      const corefile = corefileOf('plain.lab', [AT.auth, AT.auth2], 'policy random')
      return { resolvConf: nameservers(AT.resolver), corefile, dns: PLAIN }
    },
  },
  {
    id: 'resolver-starved',
    words: 'all that the nameserver asks is silent, and it is still there',
    peers: 'unbound, nobody',
    expected: 'no-resolution',
    setUp: async (world) => {
      await startUnbound(world, { upstream: GONE })
      return { resolvConf: nameservers(AT.resolver) }
    },
  },
]

export const PATH_FAULTS: readonly Fault[] = [...CLUSTER_FAULTS, ...UPSTREAM_FAULTS]
