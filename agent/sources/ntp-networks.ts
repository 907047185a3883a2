/**
 * Whether an address is of the node's own networks: loopback, private (RFC 1918, RFC 4193), link-local
 * (RFC 3927, RFC 4291 section 2.5.6) or on a directly connected network. A server there is asked as
 * often as its operator says; any other one belongs to somebody else.
 */

interface Prefix {
  readonly bits: bigint
  readonly width: 32 | 128
  readonly length: number
}

const V4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/

function parseV4(text: string): bigint | undefined {
  const octets = V4.exec(text)?.slice(1).map(Number)
  if (octets === undefined || octets.some((octet) => octet > 255)) return undefined
  return octets.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n)
}

/** Hexadecimal groups of one side of `::`; a dotted tail counts as two. */
function groups(text: string): bigint[] | undefined {
  if (text === '') return []
  const found: bigint[] = []
  for (const part of text.split(':')) {
    const dotted = parseV4(part)
    if (dotted !== undefined) found.push(dotted >> 16n, dotted & 0xffffn)
    else if (/^[\da-f]{1,4}$/i.test(part)) found.push(BigInt(`0x${part}`))
    else return undefined
  }
  return found
}

function parseV6(text: string): bigint | undefined {
  const sides = text.split('::')
  const [head, tail] = [groups(sides[0] ?? ''), groups(sides[1] ?? '')]
  if (head === undefined || tail === undefined || sides.length > 2) return undefined
  const missing = 8 - head.length - tail.length
  if (sides.length === 1 ? missing !== 0 : missing < 1) return undefined
  const all = [...head, ...Array.from({ length: missing }, () => 0n), ...tail]
  return all.reduce((sum, group) => (sum << 16n) | group, 0n)
}

/** `10.0.0.1`, `fe80::1%eth0` or either with `/LENGTH`; undefined: not an address. */
export function parsePrefix(text: string): Prefix | undefined {
  const [address = '', length] = text.split('/')
  const v4 = parseV4(address)
  const bits = v4 ?? parseV6(address.replace(/%[\w.@-]+$/, ''))
  if (bits === undefined) return undefined
  const width = v4 === undefined ? 128 : 32
  return { bits, width, length: length === undefined ? width : Number(length) }
}

const within = (address: Prefix, { bits, width, length }: Prefix): boolean =>
  address.width === width && (address.bits ^ bits) >> BigInt(width - length) === 0n

const OWN = [
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16'],
  ...['::1/128', 'fc00::/7', 'fe80::/10'],
].flatMap((text) => parsePrefix(text) ?? [])

/** True for an address as it comes out of a resolver or a file; zones (`%eth0`) are allowed. */
export const isAddress = (text: string): boolean =>
  !text.includes('/') && parsePrefix(text) !== undefined

/** `connected`: the node's addresses with their prefix lengths, `192.0.2.7/24`. */
export function isOwnNetwork(address: string, connected: readonly string[]): boolean {
  const parsed = parsePrefix(address)
  if (parsed === undefined) return false
  const networks = [...OWN, ...connected.flatMap((text) => parsePrefix(text) ?? [])]
  return networks.some((network) => within(parsed, network))
}

/** The addresses of `connected` that another host can mean: a reference id that is one of them is us. */
export const ownAddresses = (connected: readonly string[]): ReadonlySet<string> =>
  new Set(
    connected
      .map((text) => text.split('/')[0] ?? '')
      .filter((address) => V4.test(address) && !address.startsWith('127.')),
  )
