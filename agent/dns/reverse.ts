/**
 * Networks as the zones that hold their reverse names (in-addr.arpa, RFC 1035 section 3.5; ip6.arpa,
 * RFC 3596 section 2.5). A prefix that ends inside of a label gives every zone of the next whole label,
 * as CoreDNS does (plugin/pkg/cidr).
 */
import { addressFamily } from './address.ts'

/** Bits of an address in labels of 8 (IPv4) or 4 (IPv6), the first one first. */
function digitsOf(address: string): number[] | undefined {
  const family = addressFamily(address)
  if (family === undefined || address.includes('%')) return undefined
  if (family === 4) return address.split('.').map(Number)
  return groupsOf(address).flatMap((group) => [12, 8, 4, 0].map((shift) => (group >> shift) & 15))
}

/** The eight numbers of a well-formed IPv6 address. */
function groupsOf(address: string): number[] {
  const sides = address.split('::').map((side) => side.split(':').flatMap(toGroups))
  const [head = [], tail] = sides
  if (tail === undefined) return head
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => 0)
  return [...head, ...zeros, ...tail]
}

function toGroups(text: string): number[] {
  if (text === '') return []
  if (!text.includes('.')) return [Number.parseInt(text, 16)]
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return [a * 256 + b, c * 256 + d]
}

/** Zones with the dot at the end, of `10.0.0.0/8` or `2001:db8::/32`; undefined for anything else. */
export function reverseZones(cidr: string): string[] | undefined {
  const [, address = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(cidr) ?? []
  const digits = digitsOf(address)
  if (digits === undefined) return undefined
  const size = digits.length === 4 ? 8 : 4
  const length = Number(prefix)
  if (length > digits.length * size) return undefined
  const labels = Math.ceil(length / size)
  const free = labels * size - length
  const kept = digits.slice(0, labels)
  const last = kept.pop()
  const suffix = size === 8 ? 'in-addr.arpa.' : 'ip6.arpa.'
  if (last === undefined) return [suffix]
  const first = (last >> free) << free
  const name = (digit: number) => digit.toString(size === 8 ? 10 : 16)
  return Array.from({ length: 2 ** free }, (_, index) =>
    [...[...kept, first + index].reverse().map(name), suffix].join('.'),
  )
}
