/** What is answered: forged, broken, refused, missing, old. */

import type { LieName } from '../lies.ts'
import { startDnsmasq, startKnot, startUnbound } from '../servers.ts'
import { AT } from '../world.ts'
import { type Fault, KNOT_UNBOUND, lying, nameservers, PLAIN, startBoth } from './fault.ts'

/** The servers have no route to it. */
const ELSEWHERE = '192.0.2.1'

const lie = (name: LieName, words: string, expected: Fault['expected']): Fault => ({
  ...{ id: name, words, peers: 'knot, unbound, lying server', expected },
  setUp: lying(name),
})

const FORGED: readonly Fault[] = [
  lie('wrong-id', 'answers over UDP have another id', 'wrong-answers'),
  lie('wrong-question', 'answers over UDP are for another question', 'wrong-answers'),
  lie('garbage', 'what comes back over UDP is text', 'malformed'),
  lie('empty', 'what comes back over UDP has no bytes', 'malformed'),
  lie('cut-short', 'the last five bytes of each answer are missing', 'malformed'),
  lie('hijack', 'NXDOMAIN becomes an address', 'nxdomain-hijack'),
  {
    id: 'wildcard',
    words: 'the resolver has an address for every name',
    peers: 'dnsmasq',
    expected: 'nxdomain-hijack',
    setUp: async (world) => {
      await startDnsmasq(world, AT.cache, ['address=/#/192.0.2.99', 'address=/#/2001:db8::99'])
      return { resolvConf: nameservers(AT.cache), dns: PLAIN }
    },
  },
]

const REFUSED: readonly Fault[] = [
  {
    id: 'no-recursion',
    words: 'resolv.conf names an authoritative server that has other zones',
    peers: 'knot',
    expected: 'no-recursion',
    setUp: async (world) => {
      await startKnot(world, { without: ['.', 'alpha.lab', 'plain.lab'] })
      return { resolvConf: nameservers(AT.auth), dns: PLAIN }
    },
  },
  lie('servfail', 'SERVFAIL for everything', 'servfail'),
  {
    id: 'upstream-unreachable',
    words: 'there is no route to what the resolver asks: SERVFAIL',
    peers: 'unbound',
    expected: 'servfail',
    setUp: async (world) => {
      await startUnbound(world, { upstream: ELSEWHERE })
      return { resolvConf: nameservers(AT.resolver), dns: PLAIN }
    },
  },
  {
    id: 'forwarder-empty',
    words: 'a forwarder that has nobody to ask: REFUSED',
    peers: 'dnsmasq',
    expected: 'refused',
    setUp: async (world) => {
      await startDnsmasq(world, AT.cache, [])
      return { resolvConf: nameservers(AT.cache), dns: PLAIN }
    },
  },
  {
    id: 'access-list',
    words: 'the access list of the resolver leaves this node out: REFUSED, recursion not available',
    peers: 'unbound',
    expected: 'no-recursion',
    setUp: async (world) => {
      await startUnbound(world, { lines: ['  access-control: 10.99.0.1/32 refuse'] })
      return { resolvConf: nameservers(AT.resolver), dns: PLAIN }
    },
  },
  lie('refused', 'REFUSED for everything', 'refused'),
  {
    id: 'zone-refused',
    words: 'the resolver refuses one zone by its rules',
    peers: KNOT_UNBOUND,
    expected: 'refused',
    setUp: async (world) => {
      await startKnot(world)
      await startUnbound(world, { lines: ['  local-zone: "plain.lab." refuse'] })
      return { resolvConf: nameservers(AT.resolver), dns: PLAIN }
    },
  },
  lie('notimp', 'NOTIMP for everything', 'not-implemented'),
  lie('formerr', 'FORMERR for everything, with EDNS and without', 'not-implemented'),
]

const MISSING: readonly Fault[] = [
  {
    id: 'name-missing',
    words: 'a name that must exist is not in its zone',
    peers: KNOT_UNBOUND,
    expected: 'name-missing',
    setUp: async (world) => {
      await startBoth(world)
      const dns = { names: ['www.alpha.lab', 'gone.alpha.lab'] }
      return { resolvConf: nameservers(AT.resolver), dns }
    },
  },
  {
    id: 'nodata',
    words: 'a name that must have an IPv6 address has none',
    peers: KNOT_UNBOUND,
    expected: 'nodata',
    setUp: async (world) => {
      await startBoth(world)
      const dns = { names: ['www.alpha.lab', 'four.alpha.lab AAAA'] }
      return { resolvConf: nameservers(AT.resolver), dns }
    },
  },
  {
    id: 'served-expired',
    words: 'the upstream is gone and the cache serves what has expired',
    peers: KNOT_UNBOUND,
    expected: 'stale-answers',
    // fresh names fail for the same reason
    beside: ['only-cached'],
    setUp: async (world) => {
      const knot = await startKnot(world)
      await startKnot(world, { address: AT.auth2 })
      const lines = ['serve-expired: yes', 'serve-expired-reply-ttl: 0', 'cache-max-ttl: 1']
      await startUnbound(world, { lines: lines.map((line) => `  ${line}`) })
      for (const type of ['A', 'AAAA']) {
        world.path.call(world.path.a, 'dig', [`@${AT.resolver}`, 'www.plain.lab', type])
      }
      await knot.stop()
      const targets = [{ server: AT.auth2, names: ['www.plain.lab'] }]
      return { resolvConf: nameservers(AT.resolver), dns: { ...PLAIN, targets } }
    },
  },
  lie('zero-ttl', 'after some answers all have TTL 0', 'stale-answers'),
  lie('frozen-ttl', 'the TTL of every answer is 120 s, always', 'ttl-frozen'),
]

export const ANSWER_FAULTS: readonly Fault[] = [...FORGED, ...REFUSED, ...MISSING]
