/**
 * Whom to ask, and why: every server that this node's DNS depends on, each once with all its reasons.
 * Names are never resolved here: an upstream that is a host name is told of and not asked.
 */
import type { DnsTargetConfig } from '../config/types.ts'
import type { Place } from './corefile-faults.ts'
import type { Forward, Forwarding, ForwardTls } from './forwarding-types.ts'
import {
  type NamedResolvConf,
  type NamedServer,
  type Origin,
  type Plan,
  type PlanGroup,
  type PlanInput,
  type PlannedTarget,
  type PlanReason,
  type PlanRole,
  ROLES,
} from './plan-types.ts'
import { type Question, questionsOf } from './question.ts'
import { labelOf, type ServerUpstream, type Upstream, type UpstreamTransport } from './upstream.ts'

export const DNS_PORT = 53
const DOT_PORT = 853
const PLAIN: readonly UpstreamTransport[] = ['udp', 'tcp']

type Wish = Omit<PlannedTarget, 'label' | 'role' | 'reasons' | 'groups'> & {
  readonly reason: PlanReason
  readonly group?: string
}

/** What every server of a zone must answer: for the root its servers, else its own SOA. */
const zoneQuestions = (zones: readonly string[]): Question[] =>
  questionsOf(zones.map((zone) => (zone === '.' ? '.' : `${zone} SOA`)))

const plain = (address: string, port: number, questions: readonly Question[]) => ({
  ...{ address, port, zones: [], transports: PLAIN, tls: undefined, questions },
})

function resolvConfWishes(
  { file, resolvConf }: NamedResolvConf,
  role: 'host' | 'pod',
  questions: readonly Question[],
): Wish[] {
  const who = role === 'host' ? 'this node' : 'pods with cluster DNS'
  const first = resolvConf.nameservers.length === 0
  const assumed = { ...plain('127.0.0.1', DNS_PORT, questions) }
  const text = `${file} names no server, which means this machine`
  if (first) return [{ ...assumed, reason: { role, origin: { file, line: undefined }, text } }]
  return resolvConf.nameservers.map(({ address, line, used }) => ({
    ...plain(address, DNS_PORT, questions),
    reason: {
      role,
      origin: { file, line },
      text: used
        ? `${who} asks it, by ${file}`
        : `${file} names it, but only the first three are asked`,
    },
  }))
}

const fixedWishes = (
  role: PlanRole,
  servers: readonly NamedServer[],
  text: string,
  questions: readonly Question[],
): Wish[] =>
  servers.map(({ address, port, origin }) => ({
    ...plain(address, port, questions),
    reason: { role, origin, text },
  }))

const originOf = ({ file, line }: Place): Origin => ({ file, line })
const groupId = ({ place }: Forward): string => `${place.file}:${place.line}`

const WHY_SKIPPED = {
  name: 'a host name, which CoreDNS resolves when it starts',
  https: 'DNS over HTTPS is not spoken here',
  placeholder: 'a placeholder that nothing here can fill in',
  file: 'a file that was not given',
} as const

const PLACEHOLDERS: Readonly<Record<string, 'upstream' | 'cluster'>> = {
  __PILLAR__UPSTREAM__SERVERS__: 'upstream',
  __PILLAR__CLUSTER__DNS__: 'cluster',
}

interface Resolved {
  readonly address: string
  readonly port: number
  readonly transport: UpstreamTransport
  readonly serverName: string | undefined
  /** After "forwards ZONE to". */
  readonly words: string
}

/** The servers that an upstream stands for: itself, or those of a file or placeholder. */
function resolve(upstream: Upstream, input: PlanInput): readonly Resolved[] {
  const { transport } = upstream
  if (upstream.kind === 'server') return [{ ...pick(upstream), words: 'it' }]
  const filled = upstream.kind === 'placeholder' ? PLACEHOLDERS[upstream.value] : undefined
  const toResolved = (address: string, words: string): Resolved => ({
    ...{ address, port: upstream.port, transport, serverName: undefined, words },
  })
  if (filled === 'cluster') {
    return input.clusterDnsIps.map(({ address }) => toResolved(address, 'the cluster DNS'))
  }
  // CoreDNS and the node-local cache see the file of the node (dnsPolicy: Default)
  const host = input.hostResolvConf
  if ((filled !== 'upstream' && upstream.kind !== 'file') || host === undefined) return []
  const words = `the servers of ${upstream.value}, as this node has it, and so to it`
  return host.resolvConf.nameservers.map(({ address }) => toResolved(address, words))
}

const pick = ({ address, port, transport, serverName }: ServerUpstream) => ({
  ...{ address, port, transport, serverName },
})

function tlsOf(transport: UpstreamTransport, serverName: string | undefined, tls?: ForwardTls) {
  return transport === 'dot' ? { serverName, ca: tls?.ca } : undefined
}

const zoneWords = (zones: readonly string[]): string => {
  const [first = '.', second, ...more] = zones.map((zone) => zone.replace(/(?<=.)\.$/, ''))
  if (zones.length === 1 && first === '.') return 'everything else'
  if (second === undefined) return first
  return `${first}, ${second}${more.length === 0 ? '' : ` and ${more.length} more`}`
}

/** `udp` falls back to TCP when truncated, so both must work; the others are what they say. */
const transportsOf = (transport: UpstreamTransport): readonly UpstreamTransport[] =>
  transport === 'udp' ? PLAIN : [transport]

function upstreamWishes(forward: Forward, zones: readonly string[], input: PlanInput): Wish[] {
  const group = groupId(forward)
  return forward.upstreams.flatMap((upstream) =>
    resolve(upstream, input).map(({ address, port, transport, serverName, words }): Wish => {
      const text = `CoreDNS forwards ${zoneWords(zones)} to ${words} (${forward.policy})`
      return {
        ...{ address, port, zones, group, questions: zoneQuestions(zones) },
        transports: transportsOf(transport),
        tls: tlsOf(transport, serverName, forward.tls),
        reason: { role: 'upstream', origin: originOf(upstream.place), text },
      }
    }),
  )
}

/** Every forward once, with all the zones that reach it. */
function forwardsOf(forwarding: readonly Forwarding[]): Map<Forward, string[]> {
  const found = new Map<Forward, string[]>()
  for (const { forward, zone } of forwarding.flatMap(({ zones }) => zones)) {
    const zones = found.get(forward)
    if (zones === undefined) found.set(forward, [zone])
    else if (!zones.includes(zone)) zones.push(zone)
  }
  return found
}

/** The cluster's own suffix, as the first `kubernetes` says. */
function clusterName(forwarding: readonly Forwarding[]): string {
  const zones = forwarding.flatMap(({ blocks }) =>
    blocks.flatMap(({ kubernetes }) => kubernetes.flatMap((each) => each.zones)),
  )
  const own = zones.find((zone) => zone !== '.' && !zone.endsWith('.arpa.'))
  return `kubernetes.default.svc.${own ?? 'cluster.local.'}`
}

function allWishes(input: PlanInput, forwards: ReadonlyMap<Forward, readonly string[]>): Wish[] {
  const { hostResolvConf, podResolvConf, config } = input
  const names = questionsOf(config.names)
  const cluster = [...names, ...questionsOf([clusterName(input.forwarding)])]
  return [
    ...(hostResolvConf === undefined ? [] : resolvConfWishes(hostResolvConf, 'host', names)),
    ...(podResolvConf === undefined ? [] : resolvConfWishes(podResolvConf, 'pod', cluster)),
    ...fixedWishes('node-cache', input.nodeCacheIps, 'it is the node-local cache', cluster),
    ...fixedWishes('cluster', input.clusterDnsIps, 'it is the cluster DNS service', cluster),
    ...fixedWishes(
      'coredns',
      input.coreDnsEndpoints,
      'it is a CoreDNS behind the service',
      cluster,
    ),
    ...[...forwards].flatMap(([forward, zones]) => upstreamWishes(forward, zones, input)),
    ...config.targets.flatMap(configWishes),
  ]
}

/** Plain and over TLS are two servers: each has its port. */
function configWishes(target: DnsTargetConfig, index: number): Wish[] {
  const { server, port, names, transports, tlsPort = DOT_PORT, serverName, ca } = target
  const origin = { file: `dns.targets[${index}]`, line: undefined }
  const reason = { role: 'config', origin, text: 'the configuration names it' } as const
  const open = transports.filter((each) => each !== 'dot')
  const usual = plain(server, port, questionsOf(names))
  return [
    ...(open.length === 0 ? [] : [{ ...usual, transports: open, reason }]),
    ...(open.length === transports.length
      ? []
      : [
          {
            ...{ ...usual, port: tlsPort, transports: ['dot'] as const, reason },
            tls: { serverName, ca },
          },
        ]),
  ]
}

const isDot = ({ transports }: Pick<PlannedTarget, 'transports'>) => transports.includes('dot')

/** The same server asked in another way is another target. */
const keyOf = (wish: Pick<Wish, 'address' | 'port' | 'transports' | 'tls'>): string =>
  [wish.address, wish.port, isDot(wish), wish.tls?.serverName ?? '', wish.tls?.ca ?? ''].join(' ')

function union<T>(lists: readonly (readonly T[])[], key: (item: T) => string): T[] {
  const found = new Map<string, T>()
  for (const item of lists.flat()) if (!found.has(key(item))) found.set(key(item), item)
  return [...found.values()]
}

const self = (text: string): string => text

function toTarget(wishes: readonly Wish[]): PlannedTarget[] {
  const [first] = wishes
  if (first === undefined) return []
  const { address, port, tls } = first
  const reasons = wishes.map(({ reason }) => reason)
  const roles = new Set(reasons.map(({ role }) => role))
  return [
    {
      ...{ address, port, tls },
      label: labelOf(address, port, isDot(first)),
      role: ROLES.find((role) => roles.has(role)) ?? first.reason.role,
      reasons: union([reasons], ({ origin, text }) => `${origin.file}:${origin.line} ${text}`),
      zones: union(
        wishes.map(({ zones }) => zones),
        self,
      ),
      transports: union(
        wishes.map(({ transports }) => transports),
        self,
      ),
      groups: union([wishes.flatMap(({ group }) => (group === undefined ? [] : [group]))], self),
      questions: union(
        wishes.map(({ questions }) => questions),
        (q) => `${q.name} ${q.type}`,
      ),
    },
  ]
}

function merge(wishes: readonly Wish[]): PlannedTarget[] {
  const found = new Map<string, Wish[]>()
  for (const wish of wishes) {
    const known = found.get(keyOf(wish))
    if (known === undefined) found.set(keyOf(wish), [wish])
    else known.push(wish)
  }
  return [...found.values()].flatMap(toTarget)
}

function toGroup(forward: Forward, zones: readonly string[], input: PlanInput): PlanGroup {
  const members = forward.upstreams.flatMap((upstream) =>
    resolve(upstream, input).map(({ address, port, transport }) =>
      labelOf(address, port, transport === 'dot'),
    ),
  )
  const { policy, readTimeout, maxFails } = forward
  const id = groupId(forward)
  return { id, zones, policy, readTimeout, maxFails, members: union([members], self) }
}

/** Every server once, from the node outwards, with the reasons why it is asked. */
export function planTargets(input: PlanInput): Plan {
  const forwards = forwardsOf(input.forwarding)
  const entries = [...forwards]
  const skipped = entries.flatMap(([{ upstreams }]) =>
    upstreams.flatMap((upstream) => {
      if (upstream.kind === 'server' || resolve(upstream, input).length > 0) return []
      const { text, kind, place } = upstream
      return [{ text, why: WHY_SKIPPED[kind], origin: originOf(place) }]
    }),
  )
  return {
    targets: merge(allWishes(input, forwards)),
    groups: entries.map(([forward, zones]) => toGroup(forward, zones, input)),
    skipped,
  }
}
