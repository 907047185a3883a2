/** The part `dns` of the configuration file: every key, its meaning, range and default. */
import * as v from 'valibot'
import { parseQuestion } from '../dns/question.ts'
import { parseUpstream } from '../dns/upstream.ts'
import { absolute, address, duration, flag, integer, number } from './schema-parts.ts'
import type { DnsConfig, DnsEndpointConfig } from './types.ts'

const port = (description: string) => integer(1, 65_535, description)

const question = v.pipe(
  v.string(),
  v.check((value) => parseQuestion(value).ok, 'expected a name, or a name and a record type'),
  v.description('NAME or NAME TYPE; without a type A, for the root (.) NS.'),
)

const names = v.pipe(v.array(question), v.minLength(1, 'expected at least one name'))

export const targetSchema = v.strictObject({
  server: address('Address of the server.', ': the probe must not need the DNS that it probes'),
  port: v.optional(port('Port, UDP and TCP.'), 53),
  names: v.optional(v.pipe(names, v.description('Names that must exist there.')), ['.']),
  transports: v.optional(
    v.pipe(
      v.array(v.picklist(['udp', 'tcp', 'dot'])),
      v.minLength(1, 'expected udp, tcp or dot'),
      v.description('How to ask; dot is DNS over TLS.'),
    ),
    ['udp', 'tcp'],
  ),
  tlsPort: v.optional(port('Port of DNS over TLS.'), 853),
  serverName: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[\w.-]{1,253}$/, 'expected a host name'),
      v.description('Name in its certificate; without it the name is not checked.'),
    ),
  ),
  ca: v.optional(absolute('PEM file of the CAs that are trusted; without it the usual ones.')),
})

const asked = (description: string) =>
  v.optional(v.pipe(v.array(question), v.description(description)))

/** An empty list: this is not asked. */
const canariesSchema = v.pipe(
  v.strictObject({
    absent: asked(
      'Names that must not exist; an answer is a lie. Default timewarden-absent.invalid.',
    ),
    miss: asked('Zones below which fresh names are asked, which no cache has. Default invalid.'),
    signed: asked(
      'Names with signatures. Default the root, com and org, where names has the root.',
    ),
    large: asked(
      'Names with answers beyond 512 bytes. Default . DNSKEY, where names has the root.',
    ),
  }),
  v.description('What the probe asks of its own accord, beside the names that must exist.'),
)

const addresses = (description: string) =>
  v.pipe(v.array(address('One of them.')), v.description(description))

const NOWHERE = { file: '', line: 1, column: 1 }

/** `10.128.0.5`, `10.128.0.5:5353`, `[fd01::5]:5353` */
const endpoint = v.pipe(
  v.string(),
  v.check(
    (value) => parseUpstream(value, NOWHERE)?.kind === 'server' && !value.includes('//'),
    'expected an IP address, with or without a port',
  ),
  v.description('ADDRESS or ADDRESS:PORT.'),
  v.transform((value): DnsEndpointConfig => {
    const upstream = parseUpstream(value, NOWHERE)
    const { address: host, port: at } =
      upstream?.kind === 'server' ? upstream : { address: value, port: 53 }
    return { address: host, port: at }
  }),
)

export const dnsSchema = v.pipe(
  v.strictObject({
    enabled: v.optional(flag('Probe at all.'), true),
    resolvConf: v.optional(absolute('Its nameservers are probed.'), '/etc/resolv.conf'),
    podResolvConf: v.optional(
      absolute('The resolv.conf of a pod with cluster DNS: its nameservers are probed.'),
    ),
    corefile: v.optional(absolute('A Corefile: whom CoreDNS forwards to is probed.')),
    operator: v.optional(
      absolute("A file with the DNS operator's resource (operator.openshift.io/v1): the same."),
    ),
    clusterDns: v.optional(addresses('Addresses of the cluster DNS service.'), []),
    nodeCache: v.optional(addresses('Addresses of the node-local DNS cache.'), []),
    coreDns: v.optional(
      v.pipe(v.array(endpoint), v.description('CoreDNS itself, past its service.')),
      [],
    ),
    targets: v.optional(v.pipe(v.array(targetSchema), v.description('Further servers.')), []),
    names: v.optional(
      v.pipe(names, v.description('Names asked of every nameserver of resolv.conf.')),
      ['.'], // the name that every resolver must answer, wherever it stands
    ),
    canaries: v.optional(canariesSchema, {}),
    maxRate: v.optional(number(0.001, 100, 'Queries per second of this node, all together.'), 1),
    maxRatePerTarget: v.optional(number(0.001, 100, 'Queries per second to one server.'), 1),
    timeout: v.optional(duration(0.01, 30, 'An answer after this is late.'), '5s'),
  }),
  v.description('The DNS probe.'),
  v.transform((dns): DnsConfig => dns),
)
