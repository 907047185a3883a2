/** Files of the node, and what CoreDNS says of itself. */
import { type Pages, startKnot, startPages, startUnbound } from '../servers.ts'
import { AT } from '../world.ts'
import { type Fault, KNOT_UNBOUND, nameservers, type SetUp, startBoth } from './fault.ts'

const told =
  (pages: Pages): SetUp['setUp'] =>
  async (world) => {
    await startBoth(world)
    await startPages(world, AT.resolver, pages)
    return { resolvConf: nameservers(AT.resolver), dns: { coreDns: [AT.resolver] } }
  }

export const NODE_FAULTS: readonly Fault[] = [
  {
    id: 'resolv-conf-missing',
    words: 'there is no resolv.conf',
    peers: KNOT_UNBOUND,
    expected: 'resolv-conf-missing',
    setUp: async (world) => {
      await startBoth(world)
      return { dns: { targets: [{ server: AT.resolver, names: ['www.alpha.lab'] }] } }
    },
  },
  {
    id: 'four-nameservers',
    words: 'resolv.conf names four nameservers',
    peers: KNOT_UNBOUND,
    expected: 'resolv-conf-ignored',
    setUp: async (world) => {
      await startKnot(world)
      const addresses = [AT.resolver, AT.resolver2, AT.resolver3, AT.service]
      await startUnbound(world, { addresses })
      return { resolvConf: nameservers(...addresses) }
    },
  },
  {
    id: 'search-walk',
    words: 'six search domains and ndots 5',
    peers: KNOT_UNBOUND,
    expected: 'search-amplification',
    setUp: async (world) => {
      await startBoth(world)
      const domains = ['a', 'b', 'c', 'd', 'e', 'f'].map((label) => `${label}.lab`)
      const options = `search ${domains.join(' ')}\noptions ndots:5\n`
      return { resolvConf: `${nameservers(AT.resolver)}${options}` }
    },
  },
  {
    id: 'coredns-not-ready',
    words: 'CoreDNS says 503 on /ready: it waits for `kubernetes`',
    peers: 'knot, unbound, HTTP server',
    expected: 'coredns-not-ready',
    setUp: told({ ready: 503 }),
  },
  {
    id: 'coredns-panics',
    words: 'CoreDNS counts three panics',
    peers: 'knot, unbound, HTTP server',
    expected: 'coredns-panics',
    setUp: told({ panics: 3 }),
  },
]
