/**
 * What the DNS operator makes of its resource: the Corefile as text, and the same as the model that
 * Corefiles give, with the places of the resource (openshift/cluster-dns-operator:
 * pkg/operator/controller/controller_dns_configmap.go, and the files of its testdata).
 */

import { forwardZones } from '../dns/forwarding.ts'
import {
  CACHE_DEFAULTS,
  type Endpoint,
  FORWARD_DEFAULTS,
  type Forward,
  type Forwarding,
  type ServerBlock,
} from '../dns/forwarding-types.ts'
import { splitListen } from '../dns/plugins.ts'
import type { Upstream } from '../dns/upstream.ts'
import { absoluteName } from '../dns/zone-key.ts'
import type { DnsForwardPlugin, DnsOperator, DnsServer } from './dns-operator.ts'

/** The Service maps 53 to it. */
const POD_PORT = 5353
const METRICS = '127.0.0.1:9153'
const REVERSE = ['in-addr.arpa', 'ip6.arpa']

/** Directory under /etc/pki for the ConfigMap of a CA bundle; one that is not here is not rendered. */
export type CaBundles = Readonly<Record<string, string>>

const caPath = ({ serverName, caBundle }: DnsForwardPlugin, bundles: CaBundles) => {
  const known = caBundle !== undefined && Object.hasOwn(bundles, caBundle)
  return known ? `/etc/pki/${serverName}-${bundles[caBundle]}/ca-bundle.crt` : undefined
}

const CLASSES = { Normal: 'class error', Debug: 'class denial error', Trace: 'class all' } as const

/** Addresses go in upper case into `.:5353`, as the operator writes them. */
function forwardLines(plugin: DnsForwardPlugin, upper: boolean, bundles: CaBundles): string[] {
  const { upstreams, policy, forceTcp, tls, serverName } = plugin
  const write = ({ kind, text }: Upstream): string =>
    upper && kind === 'server' ? text.replace(/[^/]*$/, (host) => host.toUpperCase()) : text
  const ca = caPath(plugin, bundles)
  return [
    `    forward . ${upstreams.map(write).join(' ')} {`,
    ...(tls ? [`        tls_servername ${serverName}`, `        tls${ca ? ` ${ca}` : ''}`] : []),
    `        policy ${policy}`,
    ...(forceTcp ? ['        force_tcp'] : []),
    '    }',
  ]
}

const logLines = ({ logLevel }: DnsOperator): string[] => [
  ...['    errors', '    log . {', `        ${CLASSES[logLevel]}`, '    }'],
]

const cacheLines = ({ cache }: DnsOperator): string[] => [
  `    cache ${cache.positiveTtl} {`,
  `        denial 9984 ${cache.negativeTtl}`,
  '    }',
]

const serverLines = (dns: DnsOperator, server: DnsServer, bundles: CaBundles): string[] => [
  `# ${server.name}`,
  `${server.zones.map(({ name }) => `${name}:${POD_PORT}`).join(' ')} {`,
  `    prometheus ${METRICS}`,
  ...forwardLines(server.forward, false, bundles),
  ...logLines(dns),
  '    bufsize 1232',
  ...cacheLines(dns),
  '}',
]

/** The Corefile as text. */
export function renderCorefile(dns: DnsOperator, bundles: CaBundles = {}): string {
  const lines = [
    ...dns.servers.flatMap((server) => serverLines(dns, server, bundles)),
    `.:${POD_PORT} {`,
    '    bufsize 1232',
    ...logLines(dns),
    ...['    health {', '        lameduck 20s', '    }', '    ready'],
    `    kubernetes ${[dns.clusterDomain, ...REVERSE].join(' ')} {`,
    '        pods insecure',
    `        fallthrough ${REVERSE.join(' ')}`,
    '    }',
    `    prometheus ${METRICS}`,
    ...forwardLines(dns.upstreamResolvers, true, bundles),
    ...cacheLines(dns),
    ...['    reload', '}', `hostname.bind:${POD_PORT} {`, '    chaos', '}'],
  ]
  return `${lines.join('\n')}\n`
}

function toForward(plugin: DnsForwardPlugin, bundles: CaBundles): Forward {
  const { upstreams, policy, forceTcp, tls, serverName, place } = plugin
  const ca = caPath(plugin, bundles)
  return {
    ...FORWARD_DEFAULTS,
    ...{ from: '.', upstreams, policy, forceTcp, place },
    tls: tls ? { cert: undefined, key: undefined, ca } : undefined,
    tlsServerName: tls ? serverName : undefined,
  }
}

type BlockParts = Pick<ServerBlock, 'forwards' | 'kubernetes' | 'plugins'>

function toBlock(
  zones: DnsServer['zones'],
  place: ServerBlock['place'],
  cache: ServerBlock['cache'],
  parts: BlockParts,
): ServerBlock {
  const served = zones.map((zone) => ({
    zones: [absoluteName(zone.name)],
    scheme: 'dns' as const,
    port: POD_PORT,
    place: zone.place,
  }))
  return { zones: served, cache, hosts: [], bind: [], place, ...parts }
}

/** The same as of the rendered Corefile, with places in the resource. */
export function forwardingOf(dns: DnsOperator, bundles: CaBundles = {}): Forwarding {
  const { place, cache: ttl, servers, upstreamResolvers, clusterDomain } = dns
  const [successTtl, denialTtl] = [ttl.positiveTtl, ttl.negativeTtl]
  const cache = { ...CACHE_DEFAULTS, successTtl, denialTtl, place }
  const kubernetes = {
    zones: [clusterDomain, ...REVERSE].map(absoluteName),
    fallthrough: REVERSE.map(absoluteName),
    place,
  }
  const blocks = [
    ...servers.map((server) =>
      toBlock(server.zones, server.place, cache, {
        forwards: [toForward(server.forward, bundles)],
        kubernetes: [],
        plugins: ['prometheus', 'forward', 'errors', 'log', 'bufsize', 'cache'],
      }),
    ),
    toBlock([{ name: '.', place }], place, cache, {
      forwards: [toForward(upstreamResolvers, bundles)],
      kubernetes: [kubernetes],
      plugins: [
        ...['bufsize', 'errors', 'log', 'health', 'ready', 'kubernetes', 'prometheus'],
        ...['forward', 'cache', 'reload'],
      ],
    }),
    toBlock([{ name: 'hostname.bind', place }], place, undefined, {
      ...{ forwards: [], kubernetes: [], plugins: ['chaos'] },
    }),
  ]
  const listen = (text: string): Endpoint[] => {
    const split = splitListen(text)
    return split === undefined ? [] : [{ ...split, place }]
  }
  const metrics = [...servers, dns].flatMap(() => listen(METRICS))
  const endpoints = { health: listen(':8080'), ready: listen(':8181'), metrics }
  return { blocks, zones: forwardZones(blocks), endpoints, faults: [] }
}
