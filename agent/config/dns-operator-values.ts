/** The fields of the DNS operator's resource, each with a finding where it is not what it must be. */
import { addressFamily, withPort } from '../dns/address.ts'
import { applyOptions } from '../dns/forward-directive.ts'
import type { ForwardPolicy } from '../dns/forwarding-types.ts'
import { parseGoDuration } from '../dns/go-duration.ts'
import { parseUpstream, type Upstream } from '../dns/upstream.ts'
import { isDomainName } from '../dns/zone-key.ts'
import type { DnsForwardPlugin, DnsOperator, DnsServer, DnsTransport } from './dns-operator.ts'
import {
  fault,
  mapAt,
  mapsAt,
  missing,
  type Path,
  type Place,
  type Raw,
  type Reading,
  textAt,
  unknownOf,
  wholeAt,
} from './resource-values.ts'
import type { PlaceOf } from './resources.ts'
import { nearest } from './suggest.ts'

const POLICY = { Random: 'random', RoundRobin: 'round_robin', Sequential: 'sequential' } as const
const MAX_UPSTREAMS = 15
const RESOLV_CONF = '/etc/resolv.conf'
const ZONE = /^[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/

/** One of the words, or undefined; an empty text counts as not written. */
function choiceAt<T extends string>(place: Place, key: string, known: readonly T[]): T | undefined {
  const value = textAt(place, key)
  if (value === undefined || value === '') return undefined
  const found = known.find((each) => each === value)
  if (found === undefined) {
    fault(place, key, `expected one of ${known.join(', ')}`, nearest(value, known))
  }
  return found
}

interface Text {
  readonly value: string
  readonly path: Path
}

/** A list of texts, each with its path. */
function textsAt(place: Place, key: string): Text[] {
  const list = place.map[key] ?? []
  if (!Array.isArray(list)) {
    fault(place, key, 'expected a list')
    return []
  }
  return list.flatMap((value: unknown, index) => {
    const path = [...place.path, key, index]
    if (typeof value === 'string') return [{ value, path }]
    place.reading.faults.push({ path, at: 'value', message: 'expected text' })
    return []
  })
}

const empty = ({ path, reading }: Place, key: string): Place => ({
  ...{ map: {}, path: [...path, key], reading },
})

/** `transportConfig`; what belongs to TLS counts for nothing without it, as in the operator. */
function readTransport(place: Place): DnsTransport {
  const config = mapAt(place, 'transportConfig')
  const none = { tls: false, serverName: undefined, caBundle: undefined }
  if (config === undefined) return none
  unknownOf(config, ['transport', 'tls'])
  const transport = choiceAt(config, 'transport', ['Cleartext', 'TLS'])
  const tls = mapAt(config, 'tls') ?? empty(config, 'tls')
  unknownOf(tls, ['serverName', 'caBundle'])
  const serverName = textAt(tls, 'serverName')
  const bundle = mapAt(tls, 'caBundle')
  const caBundle = bundle === undefined ? undefined : textAt(bundle, 'name')
  if (transport !== 'TLS') return none
  if (serverName === undefined || serverName === '') missing(config, 'tls.serverName')
  else if (!ZONE.test(serverName)) fault(tls, 'serverName', 'expected a domain name in lower case')
  return { tls: true, serverName, caBundle }
}

interface Writing extends DnsTransport {
  readonly placeOf: PlaceOf
}

/** `10.0.0.1` or `10.0.0.1:5353` to an upstream; a finding for anything else. */
function toServer(place: Place, { value, path }: Text, { tls, placeOf }: Writing): Upstream[] {
  const upstream = parseUpstream(`${tls ? 'tls://' : ''}${value}`, placeOf(path))
  if (upstream?.kind === 'server' && !value.includes('%')) return [upstream]
  const message = 'expected an IP address, with or without a port'
  place.reading.faults.push({ path, at: 'value', message })
  return []
}

function checkCount(place: Place, count: number): void {
  if (count > MAX_UPSTREAMS) fault(place, 'upstreams', `more than ${MAX_UPSTREAMS} upstreams`)
}

interface Common {
  readonly transport: DnsTransport
  readonly policy: ForwardPolicy | undefined
  readonly forceTcp: boolean
}

function readCommon(place: Place): Common {
  unknownOf(place, ['upstreams', 'policy', 'transportConfig', 'protocolStrategy'])
  const policy = choiceAt(place, 'policy', ['Random', 'RoundRobin', 'Sequential'])
  return {
    transport: readTransport(place),
    policy: policy === undefined ? undefined : POLICY[policy],
    forceTcp: choiceAt(place, 'protocolStrategy', ['TCP']) === 'TCP',
  }
}

function toPlugin(
  place: Place,
  { transport, forceTcp, policy }: Common,
  usual: ForwardPolicy,
  upstreams: readonly Upstream[],
  placeOf: PlaceOf,
): DnsForwardPlugin {
  const changes = { forceTcp, tlsServerName: transport.serverName }
  return {
    ...transport,
    upstreams: applyOptions(upstreams, changes),
    policy: policy ?? usual,
    forceTcp,
    place: placeOf(place.path),
  }
}

function readForwardPlugin(place: Place, placeOf: PlaceOf): DnsForwardPlugin {
  const common = readCommon(place)
  const texts = textsAt(place, 'upstreams')
  if ((place.map['upstreams'] ?? undefined) === undefined) missing(place, 'upstreams')
  else if (texts.length === 0) fault(place, 'upstreams', 'expected at least one upstream')
  checkCount(place, texts.length)
  const writing = { ...common.transport, placeOf }
  const upstreams = texts.flatMap((text) => toServer(place, text, writing))
  return toPlugin(place, common, 'random', upstreams, placeOf)
}

function readResolver(place: Place, writing: Writing): Upstream[] {
  unknownOf(place, ['type', 'address', 'port'])
  const type = choiceAt(place, 'type', ['SystemResolvConf', 'Network']) ?? 'SystemResolvConf'
  const address = textAt(place, 'address') ?? ''
  const port = wholeAt(place, 'port', 1, 65_535)
  if (type === 'SystemResolvConf') {
    if (writing.tls) fault(place, 'type', 'SystemResolvConf cannot be asked by TLS')
    const upstream = parseUpstream(RESOLV_CONF, writing.placeOf(place.path))
    return upstream === undefined ? [] : [upstream]
  }
  if (address === '') {
    missing(place, 'address')
    return []
  }
  if (addressFamily(address) === undefined) {
    fault(place, 'address', 'expected an IP address')
    return []
  }
  const value = port === undefined ? address : withPort(address, port, 0)
  return toServer(place, { value, path: [...place.path, 'address'] }, writing)
}

/** The same one twice is asked once. */
function unique(upstreams: readonly Upstream[]): Upstream[] {
  const seen = new Map<string, Upstream>()
  for (const upstream of upstreams) {
    const where = upstream.kind === 'server' ? upstream.address : upstream.value
    const key = `${where} ${upstream.port}`
    if (!seen.has(key)) seen.set(key, upstream)
  }
  return [...seen.values()]
}

function readResolvers(place: Place, placeOf: PlaceOf): DnsForwardPlugin {
  const common = readCommon(place)
  const places = mapsAt(place, 'upstreams')
  checkCount(place, places.length)
  const writing = { ...common.transport, placeOf }
  const written = places.flatMap((each) => readResolver(each, writing))
  if (places.length === 0 && common.transport.tls) {
    fault(place, 'transportConfig', 'the servers of resolv.conf cannot be asked by TLS')
  }
  const usual = places.length === 0 ? parseUpstream(RESOLV_CONF, placeOf(place.path)) : undefined
  const upstreams = usual === undefined ? unique(written) : [usual]
  return toPlugin(place, common, 'sequential', upstreams, placeOf)
}

function zoneFault(zone: string, clusterDomain: string): string | undefined {
  if (!isDomainName(zone) || !ZONE.test(zone)) return 'expected a domain name in lower case'
  if (zone === clusterDomain) return "the cluster's own domain cannot be forwarded"
  return undefined
}

function readServer(place: Place, clusterDomain: string, placeOf: PlaceOf): DnsServer {
  unknownOf(place, ['name', 'zones', 'forwardPlugin'])
  const name = textAt(place, 'name') ?? ''
  if (name === '') missing(place, 'name')
  else if (!/^(?=.{1,15}$|.{1,63}$)[a-z\d-]*[a-z][a-z\d-]*$/i.test(name)) {
    fault(place, 'name', 'expected letters, digits and hyphens')
  }
  const texts = textsAt(place, 'zones')
  if (texts.length === 0) missing(place, 'zones')
  const zones = texts.flatMap(({ value, path }) => {
    const message = zoneFault(value, clusterDomain)
    if (message === undefined) return [{ name: value, place: placeOf(path) }]
    place.reading.faults.push({ path, at: 'value', message })
    return []
  })
  const plugin = mapAt(place, 'forwardPlugin')
  if (plugin === undefined) missing(place, 'forwardPlugin')
  return {
    name,
    zones,
    forward: readForwardPlugin(plugin ?? empty(place, 'forwardPlugin'), placeOf),
    place: placeOf(place.path),
  }
}

/** Rounded to seconds; 0 and less are the default, as in the operator. */
function ttlAt(place: Place, key: string, usual: number): number {
  const text = textAt(place, key)
  if (text === undefined || text === '') return usual
  const seconds = parseGoDuration(text)
  if (seconds === undefined) fault(place, key, 'expected a duration such as 30s or 15m')
  const rounded = Math.round(seconds ?? 0)
  return rounded > 0 ? rounded : usual
}

const SPEC = [
  ...['servers', 'upstreamResolvers', 'cache', 'logLevel', 'operatorLogLevel'],
  ...['managementState', 'nodePlacement', 'template'],
]

/** Two servers of the same zone would keep CoreDNS from starting. */
function checkZones(servers: readonly DnsServer[], places: readonly Place[]): void {
  const seen = new Set<string>()
  servers.forEach(({ zones }, index) => {
    const place = places[index]
    for (const { name } of zones) {
      if (seen.has(name) && place !== undefined) fault(place, 'zones', `${name} is served twice`)
      seen.add(name)
    }
  })
}

function readClusterIp(status: Place, placeOf: PlaceOf): DnsOperator['clusterIP'] {
  const address = textAt(status, 'clusterIP') ?? ''
  if (addressFamily(address) !== undefined) {
    return { address, place: placeOf([...status.path, 'clusterIP']) }
  }
  if (address !== '') fault(status, 'clusterIP', 'expected an IP address')
  return undefined
}

/** A resource whose kind is known to be DNS. */
export function readDns(map: Raw, path: Path, reading: Reading, placeOf: PlaceOf): DnsOperator {
  const root: Place = { map, path, reading }
  unknownOf(root, ['apiVersion', 'kind', 'metadata', 'spec', 'status'])
  const metadata = mapAt(root, 'metadata') ?? empty(root, 'metadata')
  const spec = mapAt(root, 'spec') ?? empty(root, 'spec')
  const status = mapAt(root, 'status') ?? empty(root, 'status')
  unknownOf(spec, SPEC)
  const clusterDomain = textAt(status, 'clusterDomain') || 'cluster.local'
  if (!ZONE.test(clusterDomain)) fault(status, 'clusterDomain', 'expected a domain name')
  const places = mapsAt(spec, 'servers')
  const servers = places.map((place) => readServer(place, clusterDomain, placeOf))
  checkZones(servers, places)
  const cache = mapAt(spec, 'cache') ?? empty(spec, 'cache')
  unknownOf(cache, ['positiveTTL', 'negativeTTL'])
  const resolvers = mapAt(spec, 'upstreamResolvers') ?? empty(spec, 'upstreamResolvers')
  return {
    name: textAt(metadata, 'name') ?? '',
    servers,
    upstreamResolvers: readResolvers(resolvers, placeOf),
    cache: {
      positiveTtl: ttlAt(cache, 'positiveTTL', 900),
      negativeTtl: ttlAt(cache, 'negativeTTL', 30),
    },
    logLevel: choiceAt(spec, 'logLevel', ['Normal', 'Debug', 'Trace']) ?? 'Normal',
    clusterIP: readClusterIp(status, placeOf),
    clusterDomain,
    place: placeOf(path),
    source: map,
  }
}
