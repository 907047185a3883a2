/**
 * Names to addresses without dns.lookup: that is getaddrinfo in Node's pool of four threads, where
 * four dead name servers would hold up every file operation of the process for many seconds. The
 * resolver used here asks over the event loop. It knows resolv.conf (read anew for each name, as it
 * may change) but neither search domains nor /etc/hosts; the latter is looked into here.
 *
 * IPv4 addresses come first; each family keeps the order of its answer.
 */
import { Resolver } from 'node:dns'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { PortFault, PortFaultCode } from '../core/errors.ts'

export type Resolution =
  | { readonly ok: true; readonly addresses: readonly string[] }
  | { readonly ok: false; readonly fault: PortFault }

const TIMEOUT_MS = 2_000
const TRIES = 2

const CODES: Readonly<Record<string, PortFaultCode>> = {
  ENOTFOUND: 'NOT_FOUND',
  ENODATA: 'NOT_FOUND',
  ENONAME: 'NOT_FOUND',
  EBADNAME: 'INVALID',
  ETIMEOUT: 'TIMEOUT',
  ECONNREFUSED: 'REFUSED',
  EREFUSED: 'REFUSED',
  ECANCELLED: 'TIMEOUT',
}

const bare = (name: string): string => name.toLowerCase().replace(/\.$/, '')

const familyFirst = (addresses: readonly string[]): string[] => [
  ...addresses.filter((address) => isIP(address) === 4),
  ...addresses.filter((address) => isIP(address) === 6),
]

/** Addresses that the text of /etc/hosts gives to `name`; hosts(5). */
export function hostsAddresses(text: string, name: string): string[] {
  const wanted = bare(name)
  const found = text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    return isIP(address) !== 0 && names.some((each) => bare(each) === wanted) ? [address] : []
  })
  return familyFirst([...new Set(found)])
}

function readHosts(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** What is known without asking anybody: literals, /etc/hosts, localhost (RFC 6761 section 6.3). */
export function knownAddresses(name: string, hosts: string): string[] {
  if (isIP(name) !== 0) return [name]
  const listed = hostsAddresses(hosts, name)
  if (listed.length > 0) return listed
  const host = bare(name)
  return host === 'localhost' || host.endsWith('.localhost') ? ['127.0.0.1', '::1'] : []
}

interface Answer {
  readonly addresses: readonly string[]
  readonly code: string
}

const ask = (resolver: Resolver, family: 4 | 6, name: string): Promise<Answer> =>
  new Promise((done) => {
    const answer = (error: NodeJS.ErrnoException | null, addresses: readonly string[]): void =>
      done({ addresses: error === null ? addresses : [], code: error?.code ?? '' })
    if (family === 4) resolver.resolve4(name, answer)
    else resolver.resolve6(name, answer)
  })

/** Of two refusals the one that is not "there is none of this family" says more. */
const faultOf = (answers: readonly Answer[]): PortFault => {
  const code =
    answers.map((answer) => answer.code).find((each) => each !== 'ENODATA' && each !== '') ??
    'ENODATA'
  return { code: CODES[code] ?? 'UNKNOWN', syscall: 'resolve', errno: code }
}

export class NameResolver {
  readonly #hosts: string
  readonly #servers: readonly string[]
  readonly #running = new Set<Resolver>()

  /** `servers`: instead of those of resolv.conf. */
  constructor(hosts = '/etc/hosts', servers: readonly string[] = []) {
    this.#hosts = hosts
    this.#servers = servers
  }

  async resolve(name: string): Promise<Resolution> {
    const known = knownAddresses(name, readHosts(this.#hosts))
    if (known.length > 0) return { ok: true, addresses: known }
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES })
    if (this.#servers.length > 0) resolver.setServers(this.#servers)
    this.#running.add(resolver)
    const answers = await Promise.all([ask(resolver, 4, name), ask(resolver, 6, name)])
    this.#running.delete(resolver)
    const addresses = answers.flatMap((answer) => answer.addresses)
    return addresses.length > 0 ? { ok: true, addresses } : { ok: false, fault: faultOf(answers) }
  }

  cancel(): void {
    for (const resolver of this.#running) resolver.cancel()
  }
}
