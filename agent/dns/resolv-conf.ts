/**
 * resolv.conf(5), read as glibc reads it (man-pages 6.03 and resolv/res_init.c's documented limits).
 *
 * Text in, everything it says out; a line that is not understood is a fault with its number and text,
 * and never hides the lines around it. Two readings differ from glibc's on purpose and say so with a
 * fault: a carriage return at the end of a line is dropped (glibc takes it for a part of the address),
 * and all nameservers are kept, with `used` on the three that the resolver really asks.
 *
 * Keywords start in the first column; `#` or `;` there makes a comment. Of `search` and `domain` the
 * last one wins; `options` lines add up.
 */
import { addressFamily } from './address.ts'

/** MAXNS, RES_MAXNDOTS, RES_MAXRETRANS, RES_MAXRETRY of glibc's resolv.h. */
const MAX_NAMESERVERS = 3
const MAX_NDOTS = 15
const MAX_TIMEOUT = 30
const MAX_ATTEMPTS = 5

export type ResolvConfFaultCode =
  | 'unknown-keyword'
  | 'missing-value'
  | 'bad-address'
  | 'unused-nameserver'
  | 'duplicate-nameserver'
  | 'unknown-option'
  | 'bad-option-value'
  | 'option-capped'
  | 'comment-as-domain'
  | 'carriage-return'

export interface ResolvConfFault {
  readonly code: ResolvConfFaultCode
  /** From 1. */
  readonly line: number
  readonly text: string
}

export interface Nameserver {
  /** As written, zone included. */
  readonly address: string
  readonly line: number
  /** Among the first three: asked by the resolver of the C library. */
  readonly used: boolean
}

export interface ResolverOptions {
  readonly ndots: number
  /** Seconds. */
  readonly timeout: number
  readonly attempts: number
  readonly rotate: boolean
  readonly useVc: boolean
  readonly edns0: boolean
  readonly trustAd: boolean
  readonly singleRequest: boolean
  readonly singleRequestReopen: boolean
  readonly noAaaa: boolean
  /** Every other option as written, known to a resolver or not. */
  readonly others: readonly string[]
}

export interface ResolvConf {
  readonly nameservers: readonly Nameserver[]
  readonly search: readonly string[]
  /** Of a `domain` line that no later `search` line overrules; empty otherwise. */
  readonly domain: string
  readonly sortlist: readonly string[]
  readonly options: ResolverOptions
  readonly faults: readonly ResolvConfFault[]
}

const DEFAULT_OPTIONS: ResolverOptions = {
  ndots: 1,
  timeout: 5,
  attempts: 2,
  rotate: false,
  useVc: false,
  edns0: false,
  trustAd: false,
  singleRequest: false,
  singleRequestReopen: false,
  noAaaa: false,
  others: [],
}

const FLAGS = {
  rotate: 'rotate',
  'use-vc': 'useVc',
  edns0: 'edns0',
  'trust-ad': 'trustAd',
  'single-request': 'singleRequest',
  'single-request-reopen': 'singleRequestReopen',
  'no-aaaa': 'noAaaa',
} as const satisfies Record<string, keyof ResolverOptions>

const NUMBERS = {
  ndots: MAX_NDOTS,
  timeout: MAX_TIMEOUT,
  attempts: MAX_ATTEMPTS,
} as const satisfies Partial<Record<keyof ResolverOptions, number>>

/** Options that mean something to glibc but nothing to a probe: kept, and no fault. */
const HARMLESS = new Set([
  'debug',
  'inet6',
  'ip6-bytestring',
  'ip6-dotint',
  'no-ip6-dotint',
  'no-check-names',
  'no-reload',
  'no-tld-query',
  'strict-error',
])

const has = <T extends object>(table: T, key: string): key is Extract<keyof T, string> =>
  Object.hasOwn(table, key)

class Reader {
  readonly nameservers: Nameserver[] = []
  readonly faults: ResolvConfFault[] = []
  search: string[] = []
  domain = ''
  sortlist: string[] = []
  options: ResolverOptions = DEFAULT_OPTIONS

  readLine(raw: string, line: number): void {
    const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    if (text !== raw) this.#fault('carriage-return', line, text)
    if (text.trim() === '' || text.startsWith('#') || text.startsWith(';')) return
    const [keyword = '', ...values] = text.split(/[ \t]+/)
    const known = ['nameserver', 'search', 'domain', 'options', 'sortlist'].includes(keyword)
    const given = values.filter((value) => value !== '')
    if (!known) this.#fault('unknown-keyword', line, text)
    else if (given.length === 0) this.#fault('missing-value', line, text)
    else this.#readKeyword(keyword, given, line)
  }

  #readKeyword(keyword: string, values: readonly string[], line: number): void {
    const [first = ''] = values
    switch (keyword) {
      case 'nameserver':
        this.#readNameserver(first, line)
        break
      case 'domain':
        this.domain = first
        this.search = [first]
        break
      case 'search':
        this.#readSearch(values, line)
        break
      case 'sortlist':
        this.sortlist = [...values]
        break
      default:
        for (const value of values) this.#readOption(value, line)
    }
  }

  #readNameserver(value: string, line: number): void {
    const address = value.replace(/[;#].*$/, '')
    if (addressFamily(address) === undefined) {
      this.#fault('bad-address', line, value)
      return
    }
    const used = this.nameservers.length < MAX_NAMESERVERS
    const repeated = this.nameservers.some((other) => other.address === address)
    this.nameservers.push({ address, line, used })
    if (repeated) this.#fault('duplicate-nameserver', line, address)
    if (!used) this.#fault('unused-nameserver', line, address)
  }

  /** The C library knows no comment at the end of this line: its words become domains, also here. */
  #readSearch(values: readonly string[], line: number): void {
    this.domain = ''
    this.search = [...values]
    const comment = values.find((value) => value.startsWith('#') || value.startsWith(';'))
    if (comment !== undefined) this.#fault('comment-as-domain', line, comment)
  }

  #readOption(option: string, line: number): void {
    const colon = option.indexOf(':')
    const name = colon < 0 ? option : option.slice(0, colon)
    if (has(FLAGS, option)) this.options = { ...this.options, [FLAGS[option]]: true }
    else if (has(NUMBERS, name)) this.#readNumber(name, option.slice(name.length + 1), line)
    else {
      this.options = { ...this.options, others: [...this.options.others, option] }
      if (!HARMLESS.has(option)) this.#fault('unknown-option', line, option)
    }
  }

  #readNumber(name: keyof typeof NUMBERS, digits: string, line: number): void {
    if (!/^\d{1,9}$/.test(digits)) {
      this.#fault('bad-option-value', line, `${name}:${digits}`)
      return
    }
    const value = Math.min(Number(digits), NUMBERS[name])
    if (value < Number(digits)) this.#fault('option-capped', line, `${name}:${digits}`)
    this.options = { ...this.options, [name]: value }
  }

  #fault(code: ResolvConfFaultCode, line: number, text: string): void {
    this.faults.push({ code, line, text: text.slice(0, 200) })
  }
}

export function parseResolvConf(text: string): ResolvConf {
  const reader = new Reader()
  text.split('\n').forEach((line, index) => {
    reader.readLine(line, index + 1)
  })
  const { nameservers, search, domain, sortlist, options, faults } = reader
  return { nameservers, search, domain, sortlist, options, faults }
}
