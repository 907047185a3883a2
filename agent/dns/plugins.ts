/** The plugins of CoreDNS, other than forward, that say who answers what, and where it listens. */
import { addressFamily } from './address.ts'
import { type DirectiveReader, keep, placeOf } from './directive.ts'
import {
  CACHE_DEFAULTS,
  type CacheSettings,
  type Endpoint,
  type HostsTable,
  type KeptOption,
  type KubernetesZones,
} from './forwarding-types.ts'
import { isDomainName } from './zone-key.ts'

type CacheChanges = Partial<Omit<CacheSettings, 'place'>>

const SERVE_STALE = 3600

function readTtl(option: DirectiveReader, key: 'successTtl' | 'denialTtl'): CacheChanges {
  const [capacity, ttl, minimum] = option.args(1, 3) ?? []
  option.wholeOf(capacity)
  option.wholeOf(minimum)
  const seconds = option.wholeOf(ttl, 1)
  return seconds === undefined ? {} : { [key]: seconds }
}

const CACHE_OPTIONS: Readonly<Record<string, (option: DirectiveReader) => CacheChanges>> = {
  success: (option) => readTtl(option, 'successTtl'),
  denial: (option) => readTtl(option, 'denialTtl'),
  prefetch: (option) => {
    const [amount, duration] = option.args(1, 3) ?? []
    option.durationOf(duration)
    return { prefetch: option.wholeOf(amount) ?? 0 }
  },
  serve_stale: (option) => {
    const [duration] = option.args(0, 2) ?? []
    return { serveStale: duration === undefined ? SERVE_STALE : option.durationOf(duration) }
  },
  servfail: (option) => {
    const seconds = option.durationOf(option.one())
    return seconds === undefined ? {} : { servfailTtl: seconds }
  },
  keepttl: () => ({ keepTtl: true }),
}

/** `cache [TTL] [ZONES...] { ... }` */
export function readCache(reader: DirectiveReader): CacheSettings {
  const [first] = reader.directive.args
  const ttl = /^\d+$/.test(first?.value ?? '') ? reader.wholeOf(first, 1) : undefined
  const changes: CacheChanges = ttl === undefined ? {} : { successTtl: ttl, denialTtl: ttl }
  const others: KeptOption[] = []
  for (const option of reader.options()) {
    const read = Object.hasOwn(CACHE_OPTIONS, option.name) ? CACHE_OPTIONS[option.name] : undefined
    if (read !== undefined) Object.assign(changes, read(option))
    else others.push(keep(option.directive))
    if (read === undefined && option.name !== 'disable') option.fault('unknown-option')
  }
  return { ...CACHE_DEFAULTS, ...changes, others, place: placeOf(reader.directive.name) }
}

/** Zones of a `fallthrough` line: none written means all. */
function readFallthrough(reader: DirectiveReader): readonly string[] | undefined {
  const option = reader.options().find(({ name }) => name === 'fallthrough')
  return option?.zonesOf(option.directive.args)
}

/** `kubernetes [ZONES...] { ... }`; without zones those of the block. */
export function readKubernetes(
  reader: DirectiveReader,
  served: readonly string[],
): KubernetesZones {
  const written = reader.zonesOf(reader.directive.args)
  return {
    zones: written.length > 0 ? written : served,
    fallthrough: readFallthrough(reader),
    place: placeOf(reader.directive.name),
  }
}

const HOSTS_OPTIONS = new Set(['ttl', 'no_reverse', 'reload', 'fallthrough'])

/** `hosts [FILE [ZONES...]] { ADDRESS NAMES... }` */
export function readHosts(reader: DirectiveReader): HostsTable {
  const entries = reader.options().flatMap((line) => {
    if (HOSTS_OPTIONS.has(line.name)) return []
    if (addressFamily(line.name) === undefined) line.fault('bad-address')
    else if (line.directive.args.length === 0) line.fault('missing-argument')
    const names = line.directive.args.map(({ value }) => value.toLowerCase())
    return [{ address: line.name, names }]
  })
  return {
    file: reader.directive.args[0]?.value,
    entries,
    fallthrough: readFallthrough(reader),
    place: placeOf(reader.directive.name),
  }
}

/** `bind ADDRESS|INTERFACE... { except ... }` */
export const readBind = (reader: DirectiveReader): string[] =>
  (reader.args(1) ?? []).map(({ value }) => value)

const LISTEN = { health: ':8080', ready: ':8181', prometheus: 'localhost:9153' } as const

/** `:8080`, `127.0.0.1:9153`, `localhost:9153`, `[::1]:8181`; the part before the port may be empty. */
export function splitListen(text: string): { address: string; port: number } | undefined {
  const [, inside, plain = '', digits = ''] =
    /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? []
  const address = inside ?? plain
  const port = Number(digits)
  const known = address === '' || addressFamily(address) !== undefined || isDomainName(address)
  return digits !== '' && port <= 65_535 && known ? { address, port } : undefined
}

/** `health [ADDRESS]`, `ready [ADDRESS]`, `prometheus [ADDRESS]` */
export function readEndpoint(
  reader: DirectiveReader,
  plugin: keyof typeof LISTEN,
): Endpoint | undefined {
  const [word] = reader.directive.args
  const place = placeOf(reader.directive.name)
  const listen = splitListen(word?.value ?? LISTEN[plugin])
  if (listen !== undefined) return { ...listen, place }
  reader.fault('bad-address', word)
  return undefined
}
