/**
 * Names of zones and the keys of server blocks: `[scheme://]zone[:port]` (coredns: plugin/normalize.go,
 * core/dnsserver/address.go). Zones are in lower case with the dot at the end; the root is `.`.
 */
import { type Decoded, decoded, fault } from '../core/errors.ts'
import { reverseZones } from './reverse.ts'

/** Schemes with their usual ports. */
export const SCHEMES = {
  dns: 53,
  tls: 853,
  quic: 853,
  grpc: 443,
  https: 443,
  https3: 443,
} as const

export type Scheme = keyof typeof SCHEMES

export interface ZoneKey {
  /** More than one only for a network whose prefix ends inside of a label. */
  readonly zones: readonly string[]
  readonly scheme: Scheme
  readonly port: number
}

export type ZoneKeyFault = 'bad-scheme' | 'bad-port' | 'bad-zone'

const MAX_NAME = 255
const MAX_LABEL = 63
/** No key is longer: scheme, name and port. */
const MAX_KEY = 300

/** Absolute and in lower case. */
export function absoluteName(name: string): string {
  const lower = name.toLowerCase()
  return lower.endsWith('.') ? lower : `${lower}.`
}

/** As people write it: without the dot at the end, but for the root. */
export const trimmed = (zone: string): string => zone.replace(/(?<=.)\.$/, '')

/** Any bytes may be in a label; only their number is limited (RFC 2181 section 11). */
export function isDomainName(name: string): boolean {
  if (name === '.') return true
  if (name.length > MAX_NAME) return false
  const labels = name.replace(/\.$/, '').split('.')
  const fits = labels.every((label) => label.length > 0 && label.length <= MAX_LABEL)
  return fits && !/[\s,{}()"]/.test(name)
}

/** A name, or a network as its reverse zones; undefined for neither. */
export function zonesOf(text: string): readonly string[] | undefined {
  if (text.length > MAX_NAME) return undefined
  const reverse = reverseZones(text)
  if (reverse !== undefined) return reverse
  return isDomainName(text) ? [absoluteName(text)] : undefined
}

/** `name` is `zone` or below it; both absolute. */
export const isWithin = (name: string, zone: string): boolean =>
  zone === '.' || name === zone || name.endsWith(`.${zone}`)

/** Port from 1; `:0` would be any free one, where nobody finds it. */
export function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}

export function parseZoneKey(text: string): Decoded<ZoneKey, ZoneKeyFault> {
  if (text.length > MAX_KEY) return fault('bad-zone', 0)
  const [, written, rest = ''] = /^(?:([^:/]*):\/\/)?(.*)$/s.exec(text) ?? []
  const scheme = (written ?? 'dns').toLowerCase()
  if (!Object.hasOwn(SCHEMES, scheme)) return fault('bad-scheme', 0)
  const known = scheme as Scheme
  const [, host = '', digits] = /^(.*?)(?::(\d*))?$/s.exec(rest) ?? []
  const port = digits === undefined ? SCHEMES[known] : parsePort(digits)
  if (port === undefined) return fault('bad-port', text.length - rest.length + host.length + 1)
  const zones = zonesOf(host === '' ? '.' : host)
  if (zones === undefined) return fault('bad-zone', text.length - rest.length)
  return decoded({ zones, scheme: known, port })
}
