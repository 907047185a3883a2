/**
 * Socket addresses as bytes.
 *
 *   sockaddr_in   16  0 u16 family, 2 u16 port (network order), 4 address
 *   sockaddr_in6  28  0 u16 family, 2 u16 port, 4 u32 flow, 8 address, 24 u32 scope (host order)
 *   sockaddr_un       0 u16 family, 2 path up to 108 bytes; a first byte 0 means the abstract name
 *                     space, the family alone asks bind(2) for a name of the kernel's choice
 */
import { readFileSync } from 'node:fs'
import { isIPv4, isIPv6 } from 'node:net'

export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10
const PATH_MAX = 108

export interface SocketAddress {
  readonly family: number
  readonly bytes: Uint8Array
}

function ipv4(address: string, port: number): SocketAddress {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, AF_INET, true)
  view.setUint16(2, port)
  bytes.set(address.split('.').map(Number), 4)
  return { family: AF_INET, bytes }
}

/** Groups of one side of `::`; a dotted tail counts for two. */
const groupsOf = (side: string): number[] =>
  side === ''
    ? []
    : side.split(':').flatMap((group) => {
        if (!group.includes('.')) return [Number.parseInt(group, 16)]
        const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
        return [a * 256 + b, c * 256 + d]
      })

/** Index of an interface by name or number; 0 when there is none such. */
function scopeOf(zone: string): number {
  if (/^\d+$/.test(zone)) return Number(zone)
  try {
    return Number(readFileSync(`/sys/class/net/${zone}/ifindex`, 'utf8')) || 0
  } catch {
    return 0
  }
}

function ipv6(address: string, port: number): SocketAddress {
  const [host = '', zone = ''] = address.split('%')
  const [head = '', tail] = host.split('::')
  const left = groupsOf(head)
  const right = groupsOf(tail ?? '')
  const gap = tail === undefined ? 0 : 8 - left.length - right.length
  const bytes = new Uint8Array(28)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, AF_INET6, true)
  view.setUint16(2, port)
  const groups = [...left, ...new Array<number>(gap).fill(0), ...right]
  for (const [index, group] of groups.entries()) view.setUint16(8 + 2 * index, group)
  if (zone !== '') view.setUint32(24, scopeOf(zone), true)
  return { family: AF_INET6, bytes }
}

/** Undefined when `address` is no IP literal (`fe80::1%eth0` is one) or `port` no port. */
export function inetAddress(address: string, port: number): SocketAddress | undefined {
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) return undefined
  if (isIPv4(address)) return ipv4(address, port)
  return isIPv6(address) && !address.includes('/') ? ipv6(address, port) : undefined
}

/** The bytes of the address alone, in hexadecimal: equal for equal addresses, however they are written. */
export function keyOf(bytes: Uint8Array): string {
  const v4 = (bytes[0] ?? 0) === AF_INET
  return Buffer.from(v4 ? bytes.subarray(4, 8) : bytes.subarray(8, 24)).toString('hex')
}

/** The key of an IP literal; undefined when it is none. */
export function addressKey(address: string): string | undefined {
  const remote = inetAddress(address, 0)
  return remote && keyOf(remote.bytes)
}

/** `@name` is abstract; an empty path asks for a name. Undefined when it is too long. */
export function unixAddress(path: string): SocketAddress | undefined {
  const name = new TextEncoder().encode(path)
  const abstract = path.startsWith('@')
  if (name.length + (abstract ? 0 : 1) > PATH_MAX) return undefined
  const length = path === '' ? 2 : 2 + name.length + (abstract ? 0 : 1)
  const bytes = new Uint8Array(length)
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true)
  bytes.set(name, 2)
  if (abstract) bytes[2] = 0
  return { family: AF_UNIX, bytes }
}
