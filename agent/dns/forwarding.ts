/**
 * A Corefile as who forwards which names to whom. Which block answers a name is CoreDNS's rule: the
 * longest zone wins; inside of a block the first forward that the name fits and does not exempt.
 */
import type { Corefile, CorefileBlock } from './corefile.ts'
import { type CorefileFault, corefileFault } from './corefile-faults.ts'
import { DirectiveReader } from './directive.ts'
import { readForward } from './forward-directive.ts'
import type {
  CacheSettings,
  Endpoint,
  Forward,
  Forwarding,
  ForwardZone,
  HostsTable,
  KubernetesZones,
  ServedZone,
  ServerBlock,
} from './forwarding-types.ts'
import { readBind, readCache, readEndpoint, readHosts, readKubernetes } from './plugins.ts'
import { absoluteName, isWithin, parseZoneKey } from './zone-key.ts'

/** A network in a key may be 128 zones, and each forward of a block is seen from each. */
const MAX_ZONES = 10_000
const MAX_ROUTES = 20_000
/** Addresses of a block that are looked at for doubles. */
const MAX_BIND = 32

interface Found {
  zones: number
  readonly health: Endpoint[]
  readonly ready: Endpoint[]
  readonly metrics: Endpoint[]
  readonly faults: CorefileFault[]
}

function readZones({ keys }: CorefileBlock, found: Found): ServedZone[] {
  return keys.flatMap((key): ServedZone[] => {
    const { file, line, column } = key
    const parsed = parseZoneKey(key.value)
    if (!parsed.ok) found.faults.push(corefileFault(parsed.fault, key, key.value))
    if (!parsed.ok || found.zones > MAX_ZONES) return []
    found.zones += parsed.value.zones.length
    if (found.zones > MAX_ZONES) found.faults.push(corefileFault('too-many-zones', key, key.value))
    return [{ ...parsed.value, place: { file, line, column } }]
  })
}

const ENDPOINTS = { health: 'health', ready: 'ready', prometheus: 'metrics' } as const

/** What one block says, filled in line by line. */
class BlockReader {
  readonly forwards: Forward[] = []
  readonly kubernetes: KubernetesZones[] = []
  readonly hosts: HostsTable[] = []
  readonly bind: string[] = []
  cache: CacheSettings | undefined
  readonly #served: readonly string[]
  readonly #found: Found

  constructor(served: readonly string[], found: Found) {
    this.#served = served
    this.#found = found
  }

  read(reader: DirectiveReader): void {
    const { name } = reader
    if (name === 'forward') this.#readForward(reader)
    else if (name === 'cache') this.#readCache(reader)
    else if (name === 'kubernetes') this.kubernetes.push(readKubernetes(reader, this.#served))
    else if (name === 'hosts') this.hosts.push(readHosts(reader))
    else if (name === 'bind') this.bind.push(...readBind(reader))
    else if (name === 'health' || name === 'ready' || name === 'prometheus') {
      const endpoint = readEndpoint(reader, name)
      if (endpoint !== undefined) this.#found[ENDPOINTS[name]].push(endpoint)
    }
  }

  #readForward(reader: DirectiveReader): void {
    const forward = readForward(reader)
    if (forward !== undefined) this.forwards.push(forward)
  }

  #readCache(reader: DirectiveReader): void {
    if (this.cache !== undefined) reader.fault('repeated-plugin')
    else this.cache = readCache(reader)
  }
}

function readBlock(block: CorefileBlock, found: Found): ServerBlock {
  const zones = readZones(block, found)
  const served = zones.flatMap((key) => key.zones)
  const reader = new BlockReader(served, found)
  for (const directive of block.directives)
    reader.read(new DirectiveReader(directive, found.faults))
  const { forwards, cache, kubernetes, hosts, bind } = reader
  const plugins = block.directives.map(({ name }) => name.value)
  return { zones, forwards, cache, kubernetes, hosts, bind, plugins, place: block.place }
}

/** The same zone at the same place; a block with `view` may share it (plugin/view). */
function duplicates(blocks: readonly ServerBlock[]): CorefileFault[] {
  const seen = new Set<string>()
  const shared = blocks.filter(({ plugins }) => !plugins.includes('view'))
  return shared.flatMap(({ zones, bind }) =>
    zones.flatMap(({ zones: names, scheme, port, place }) =>
      names.flatMap((name) => {
        const addresses = bind.length === 0 ? [''] : bind.slice(0, MAX_BIND)
        const keys = addresses.map((address) => `${scheme}://${name}:${port} ${address}`)
        const again = keys.some((key) => seen.has(key))
        for (const key of keys) seen.add(key)
        return again ? [corefileFault('duplicate-zone', place, name)] : []
      }),
    ),
  )
}

/** Of a block's zone and a forward's, what reaches the upstreams: undefined where they do not meet. */
function narrower(zone: string, from: string): string | undefined {
  if (isWithin(zone, from)) return zone
  return isWithin(from, zone) ? from : undefined
}

/** Every forward from each zone of its block; of absurdly many the first ones. */
export function forwardZones(blocks: readonly ServerBlock[]): ForwardZone[] {
  const found: ForwardZone[] = []
  for (const block of blocks) {
    for (const forward of block.forwards) {
      if (found.length >= MAX_ROUTES) return found
      for (const each of zonesOfForward(block, forward)) found.push(each)
    }
  }
  return found
}

const zonesOfForward = (block: ServerBlock, forward: Forward): ForwardZone[] =>
  block.zones.flatMap(({ zones, port }) =>
    zones.flatMap((served) => {
      const zone = narrower(served, forward.from)
      return zone === undefined ? [] : [{ zone, port, forward, block }]
    }),
  )

/** All that a Corefile says of forwarding; its own faults come first. */
export function forwardersOf(corefile: Corefile): Forwarding {
  const found: Found = { zones: 0, health: [], ready: [], metrics: [], faults: [] }
  const blocks = corefile.blocks.map((block) => readBlock(block, found))
  const { health, ready, metrics } = found
  return {
    blocks,
    zones: forwardZones(blocks),
    endpoints: { health, ready, metrics },
    faults: [...corefile.faults, ...found.faults, ...duplicates(blocks)],
  }
}

/** The block that answers a name, of those that serve plain DNS at `port` (any without one). */
export function blockFor(
  { blocks }: Pick<Forwarding, 'blocks'>,
  name: string,
  port?: number,
): ServerBlock | undefined {
  const wanted = absoluteName(name)
  const fitting = blocks.flatMap((block) =>
    block.zones
      .filter((key) => key.scheme === 'dns' && (port ?? key.port) === key.port)
      .flatMap(({ zones }) => zones.filter((zone) => isWithin(wanted, zone)))
      .map((zone) => ({ block, zone })),
  )
  const longest = fitting.reduce((length, { zone }) => Math.max(length, zone.length), 0)
  return fitting.find(({ zone }) => zone.length === longest)?.block
}

export interface Route {
  readonly block: ServerBlock
  /** Undefined: nobody is asked, CoreDNS answers itself or refuses. */
  readonly forward: Forward | undefined
  /** The cluster's own names: they are forwarded only where `kubernetes` falls through. */
  readonly kubernetes: KubernetesZones | undefined
}

const fallsThrough = ({ fallthrough }: KubernetesZones, name: string): boolean =>
  fallthrough !== undefined &&
  (fallthrough.length === 0 || fallthrough.some((zone) => isWithin(name, zone)))

/** Whom CoreDNS asks for a name; undefined where no block answers it. */
export function upstreamsFor(
  forwarding: Pick<Forwarding, 'blocks'>,
  name: string,
  port?: number,
): Route | undefined {
  const wanted = absoluteName(name)
  const block = blockFor(forwarding, wanted, port)
  if (block === undefined) return undefined
  const kubernetes = block.kubernetes.find(({ zones }) => zones.some((z) => isWithin(wanted, z)))
  if (kubernetes !== undefined && !fallsThrough(kubernetes, wanted)) {
    return { block, forward: undefined, kubernetes }
  }
  const forward = block.forwards.find(
    ({ from, except }) =>
      isWithin(wanted, from) && !except.some((exempt) => isWithin(wanted, exempt)),
  )
  return { block, forward, kubernetes }
}
