/**
 * Where a `forward` sends to: the TO words (coredns: plugin/pkg/parse/host.go, plugin/forward/README).
 * An address is one with or without a port and scheme; an absolute path is a file like resolv.conf; a
 * name is resolved by CoreDNS when it starts, and not by us.
 */
import { addressFamily, withPort } from './address.ts'
import type { Place } from './corefile-faults.ts'
import { isDomainName, parsePort } from './zone-key.ts'

export type UpstreamTransport = 'udp' | 'tcp' | 'dot'

/** One that can be asked. */
export interface ServerUpstream {
  readonly kind: 'server'
  readonly address: string
  readonly port: number
  /** `udp`: with TCP for what is truncated. */
  readonly transport: UpstreamTransport
  /** Name in the certificate; undefined: none is checked. */
  readonly serverName: string | undefined
  readonly text: string
  readonly place: Place
}

/** One that must be looked up elsewhere first, or that is not spoken here. */
export interface OtherUpstream {
  /**
   * `file`: nameservers of a file like resolv.conf. `name`: a host name. `placeholder`: what the
   * node-local cache fills in itself. `https`: DNS over HTTPS.
   */
  readonly kind: 'file' | 'name' | 'placeholder' | 'https'
  /** The path, the name, the placeholder, or all that was written. */
  readonly value: string
  readonly port: number
  readonly transport: UpstreamTransport
  readonly text: string
  readonly place: Place
}

export type Upstream = ServerUpstream | OtherUpstream

interface HostPort {
  readonly host: string
  readonly port: number | undefined
}

/** `host`, `host:port`, `[v6]`, `[v6]:port`, a plain IPv6 address; undefined for a port that is none. */
function splitHostPort(text: string): HostPort | undefined {
  const [, inside, after] = /^\[([^\]]*)\](?::(.*))?$/s.exec(text) ?? []
  const colons = text.split(':').length - 1
  const zoned = /^([^:]*)%(.*)$/s.test(text)
  if (inside === undefined && (colons === 0 || (colons > 1 && !zoned))) {
    return splitNamedV6(text) ?? { host: text, port: undefined }
  }
  const cut = text.lastIndexOf(':')
  const host = inside ?? text.slice(0, cut)
  const digits = inside === undefined ? text.slice(cut + 1) : after
  if (digits === undefined) return { host, port: undefined }
  const port = parsePort(digits)
  return port === undefined ? undefined : { host, port }
}

/** `2620:fe::fe%dns.quad9.net:853`: the port stands after the name. */
function splitNamedV6(text: string): HostPort | undefined {
  const [, host = '', digits = ''] = /^([^%]*%[^%:]*):(\d+)$/s.exec(text) ?? []
  const port = parsePort(digits)
  return port === undefined ? undefined : { host, port }
}

/** A path is the longest thing that it may be. */
const MAX_TEXT = 4096

type Usual = Omit<OtherUpstream, 'kind' | 'value'>

const SCHEMES: Readonly<Record<string, Pick<Usual, 'transport' | 'port'>>> = {
  dns: { transport: 'udp', port: 53 },
  tls: { transport: 'dot', port: 853 },
  https: { transport: 'tcp', port: 443 },
}

/** What is written in place of an address, by its form alone. */
function otherKind(rest: string): OtherUpstream['kind'] | undefined {
  if (/^__PILLAR__\w+__$/.test(rest)) return 'placeholder'
  return /^\.{0,2}\//.test(rest) ? 'file' : undefined
}

function parseHost(rest: string, usual: Usual): Upstream | undefined {
  const split = splitHostPort(rest)
  if (split === undefined) return undefined
  const { transport } = usual
  const port = split.port ?? usual.port
  const [address = '', name, more] = split.host.split('%')
  if (addressFamily(address) !== undefined && more === undefined) {
    // a zone of RFC 4007 and the name of a certificate are written alike; tls:// takes it for the name
    const serverName = transport === 'dot' ? name : undefined
    const zone = transport === 'dot' || name === undefined ? '' : `%${name}`
    const whole = `${address.toLowerCase()}${zone}`
    return { ...usual, kind: 'server', address: whole, port, serverName }
  }
  return isHostName(split.host) ? { ...usual, kind: 'name', value: split.host, port } : undefined
}

/** Undefined for what CoreDNS would refuse, too. */
export function parseUpstream(text: string, place: Place): Upstream | undefined {
  if (text.length > MAX_TEXT) return undefined
  const [, written, rest = ''] = /^(?:([a-z\d]+):\/\/)?(.*)$/is.exec(text) ?? []
  const scheme = (written ?? 'dns').toLowerCase()
  const known = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined
  if (known === undefined) return undefined
  const usual: Usual = { ...known, text, place }
  const kind = scheme === 'https' ? 'https' : otherKind(rest)
  return kind === undefined ? parseHost(rest, usual) : { ...usual, kind, value: rest }
}

/** Not four numbers that are no address. */
const isHostName = (text: string): boolean =>
  isDomainName(text) && /^[\w.-]+$/.test(text) && !/^[\d.]+$/.test(text)

/** `10.0.0.10`, `10.0.0.10:5353`, `tls://9.9.9.9`: how a server is called in tables. */
export const labelOf = (address: string, port: number, dot: boolean): string =>
  dot ? `tls://${withPort(address, port, 853)}` : withPort(address, port, 53)

/** The address in a label. */
export function addressIn(label: string): string | undefined {
  const upstream = parseUpstream(label, { file: '', line: 1, column: 1 })
  return upstream?.kind === 'server' ? upstream.address : undefined
}
