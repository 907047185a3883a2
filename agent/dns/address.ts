/**
 * IP addresses as text: what is one, and how it is written with a port. Names are never resolved
 * here, since the probe must not depend on the DNS that it probes.
 *
 * IPv6 follows RFC 4291 section 2.2 (one `::`, an IPv4 tail allowed) with the zone of RFC 4007 section
 * 11 (`fe80::1%eth0`). Of IPv4 only the four decimal numbers are taken: inet_aton(3)'s shorter and octal
 * forms mean different things to different programs.
 */
export type AddressFamily = 4 | 6

const OCTET = /^(0|[1-9]\d{0,2})$/
const GROUP = /^[0-9a-f]{1,4}$/i
const ZONE = /^[\w.:-]{1,64}$/

function isIpv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => OCTET.test(part) && Number(part) <= 255)
}

/** 16-bit groups in one side of a `::`, or -1 where that side is malformed. */
function countGroups(text: string, tail: boolean): number {
  if (text === '') return 0
  const groups = text.split(':')
  const last = groups[groups.length - 1] ?? ''
  const dotted = tail && isIpv4(last)
  const plain = dotted ? groups.slice(0, -1) : groups
  return plain.every((group) => GROUP.test(group)) ? plain.length + (dotted ? 2 : 0) : -1
}

function isIpv6(text: string): boolean {
  const [address = '', zone, more] = text.split('%')
  if (more !== undefined || (zone !== undefined && !ZONE.test(zone))) return false
  const sides = address.split('::')
  const [head = '', tail] = sides
  if (tail === undefined) return countGroups(head, true) === 8
  const [left, right] = [countGroups(head, false), countGroups(tail, true)]
  return sides.length === 2 && left >= 0 && right >= 0 && left + right <= 7
}

/** 4 or 6; undefined for anything that is not an IP literal. */
export function addressFamily(text: string): AddressFamily | undefined {
  if (isIpv4(text)) return 4
  return isIpv6(text) ? 6 : undefined
}

/** `10.0.0.10`, `10.0.0.10:5353`, `[fd00::10]:5353`: the port only where it is not the usual one. */
export function withPort(address: string, port: number, usual: number): string {
  if (port === usual) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
