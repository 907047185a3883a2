/** Set-ups in which nothing is wrong: no diagnosis beyond `info`. */
import { SERVER_NAME } from '../certificates.ts'
import { startDnsmasq, startKnot, startPages, startUnbound } from '../servers.ts'
import { AT } from '../world.ts'
import { corefileOf, nameservers, PLAIN, type SetUp } from './fault.ts'

export const HEALTHY: readonly SetUp[] = [
  {
    id: 'healthy-cluster',
    words: 'validating resolvers with DoT behind a Corefile, service and endpoints',
    peers: 'knot, unbound with DoT, HTTP server',
    setUp: async (world) => {
      await startKnot(world)
      await startUnbound(world, { addresses: [AT.resolver, AT.service], tls: 'good' })
      await startUnbound(world, { addresses: [AT.resolver2] })
      await startPages(world, AT.resolver, {})
      const { ca } = world.material.certificates
      const tls = `tls_servername ${SERVER_NAME}\n        tls ${ca}`
      const corefile = [
        corefileOf('.', [AT.resolver, AT.resolver2], 'policy sequential'),
        corefileOf('alpha.lab', [AT.auth], 'max_fails 3'),
        corefileOf('beta.lab', [`tls://${AT.resolver}`], tls),
      ]
      const dns = { clusterDns: [AT.service], coreDns: [AT.resolver, AT.resolver2] }
      return {
        resolvConf: nameservers(AT.resolver, AT.resolver2),
        corefile: corefile.join('\n'),
        dns,
      }
    },
  },
  {
    id: 'healthy-forwarder',
    words: 'a forwarder that does not validate, before a resolver that does not either',
    peers: 'knot, unbound, dnsmasq',
    setUp: async (world) => {
      await startKnot(world)
      await startUnbound(world, { validates: false })
      await startDnsmasq(world, AT.cache, [`server=${AT.resolver}`])
      return { resolvConf: nameservers(AT.cache) }
    },
  },
  {
    id: 'healthy-ipv4',
    words: 'names without IPv6 addresses, and a long answer that takes TCP',
    peers: 'knot, unbound',
    setUp: async (world) => {
      await startKnot(world)
      await startUnbound(world)
      const names = ['four.plain.lab', 'huge.plain.lab TXT']
      return { resolvConf: nameservers(AT.resolver), dns: { ...PLAIN, names } }
    },
  },
  {
    id: 'healthy-authority',
    words: 'an authoritative server that is asked for its own zones',
    peers: 'knot',
    setUp: async (world) => {
      await startKnot(world)
      return { resolvConf: nameservers(AT.auth) }
    },
  },
]
