/** `forward FROM TO... { options }` of CoreDNS (plugin/forward: setup.go and README). */
import type { Word } from './corefile-reader.ts'
import { type DirectiveReader, keep, placeOf } from './directive.ts'
import {
  FORWARD_DEFAULTS,
  type Forward,
  type ForwardHealthCheck,
  type ForwardTls,
  type KeptOption,
  POLICIES,
} from './forwarding-types.ts'
import { parseUpstream, type Upstream } from './upstream.ts'
import { absoluteName, isDomainName } from './zone-key.ts'

const MAX_UPSTREAMS = 15

type Changes = Partial<Omit<Forward, 'from' | 'upstreams' | 'place'>>

/** Lists that several lines add to. */
interface Lists {
  readonly except: string[]
  readonly others: KeptOption[]
}
type OptionReader = (option: DirectiveReader, lists: Lists) => Changes

const valuesOf = (words: readonly { readonly value: string }[]) => words.map(({ value }) => value)

/** An option that is malformed changes nothing. */
const present = <K extends keyof Changes>(key: K, value: Changes[K] | undefined): Changes =>
  value === undefined ? {} : ({ [key]: value } as Changes)

const codes =
  (key: 'next' | 'failover'): OptionReader =>
  (option) =>
    present(
      key,
      option.args(1)?.map(({ value }) => value.toUpperCase()),
    )

const flag =
  (key: 'forceTcp' | 'preferUdp'): OptionReader =>
  (option) => {
    option.args(0, 0)
    return { [key]: true }
  }

const duration =
  (key: 'expire' | 'readTimeout'): OptionReader =>
  (option) =>
    present(key, option.durationOf(option.one()))

function readPolicy(option: DirectiveReader): Changes {
  const word = option.one()
  const policy = POLICIES.find((each) => each === word?.value)
  if (word !== undefined && policy === undefined) option.fault('bad-policy', word)
  return present('policy', policy)
}

/** None; CA; CERT KEY; CERT KEY CA. */
function readTls(option: DirectiveReader): Changes {
  const [first, second, third] = valuesOf(option.args(0, 3) ?? [])
  const tls: ForwardTls =
    second === undefined
      ? { cert: undefined, key: undefined, ca: first }
      : { cert: first, key: second, ca: third }
  return { tls }
}

/** The name after `domain`. */
function readDomain(option: DirectiveReader, keyword: Word, name: Word | undefined) {
  if (name === undefined) option.fault('missing-argument', keyword)
  else if (!isDomainName(name.value)) option.fault('bad-zone', name)
  else return absoluteName(name.value)
  return undefined
}

/** `health_check DURATION [no_rec] [domain FQDN]` */
function readHealthCheck(option: DirectiveReader): Changes {
  const [first, ...rest] = option.args(1) ?? []
  const { interval, ...usual } = FORWARD_DEFAULTS.healthCheck
  let { recursionDesired, domain }: Omit<ForwardHealthCheck, 'interval'> = usual
  rest.forEach((word, index) => {
    if (word.value === 'no_rec') recursionDesired = false
    else if (word.value === 'domain') domain = readDomain(option, word, rest[index + 1]) ?? domain
    else if (rest[index - 1]?.value !== 'domain') option.fault('unknown-option', word)
  })
  return {
    healthCheck: { interval: option.durationOf(first) ?? interval, recursionDesired, domain },
  }
}

const kept: OptionReader = (option, { others }) => {
  others.push(keep(option.directive))
  return {}
}

function readExcept(option: DirectiveReader, { except }: Lists): Changes {
  for (const zone of option.zonesOf(option.args(1) ?? [])) except.push(zone)
  return {}
}

const OPTIONS: Readonly<Record<string, OptionReader>> = {
  except: readExcept,
  policy: readPolicy,
  max_fails: (option) => present('maxFails', option.wholeOf(option.one())),
  expire: duration('expire'),
  read_timeout: duration('readTimeout'),
  force_tcp: flag('forceTcp'),
  prefer_udp: flag('preferUdp'),
  tls: readTls,
  tls_servername: (option) => present('tlsServerName', option.one()?.value),
  health_check: readHealthCheck,
  next: codes('next'),
  failover: codes('failover'),
  // these change nothing about who is asked
  max_age: kept,
  max_idle_conns: kept,
  max_concurrent: kept,
  max_connect_attempts: kept,
  doh_method: kept,
  next_on_nodata: kept,
  failfast_all_unhealthy_upstreams: kept,
  source_address: kept,
  resolver: kept,
}

function readOptions(reader: DirectiveReader): Changes {
  const lists: Lists = { except: [], others: [] }
  const changes: Changes = {}
  for (const option of reader.options()) {
    const read = Object.hasOwn(OPTIONS, option.name) ? OPTIONS[option.name] : undefined
    if (read === undefined) option.fault('unknown-option')
    Object.assign(changes, (read ?? kept)(option, lists))
  }
  return { ...changes, ...lists }
}

/** A forward's own choice of transport and name reaches each of its upstreams. */
export function applyOptions(upstreams: readonly Upstream[], changes: Changes): Upstream[] {
  return upstreams.map((upstream) => {
    const { transport: written } = upstream
    const transport = changes.forceTcp === true && written === 'udp' ? 'tcp' : written
    if (upstream.kind !== 'server') return { ...upstream, transport }
    const given = transport === 'dot' ? changes.tlsServerName : undefined
    return { ...upstream, transport, serverName: upstream.serverName ?? given }
  })
}

function checkTls(reader: DirectiveReader, upstreams: readonly Upstream[], changes: Changes): void {
  const encrypted = upstreams.filter(({ transport }) => transport === 'dot')
  const named = encrypted.filter((each) => each.kind === 'server' && each.serverName !== undefined)
  if (changes.tlsServerName !== undefined && named.length > 0) reader.fault('server-name-clash')
  const bare = encrypted.length - named.length
  if (changes.tlsServerName === undefined && bare > 0) reader.fault('no-server-name')
}

function readUpstreams(reader: DirectiveReader): Upstream[] {
  const words = reader.directive.args.slice(1)
  const extra = words[MAX_UPSTREAMS]
  if (extra !== undefined) reader.fault('too-many-upstreams', extra)
  return words.flatMap((word) => {
    const upstream = parseUpstream(word.value, placeOf(word))
    if (upstream === undefined) reader.fault('bad-upstream', word)
    return upstream ?? []
  })
}

/** Undefined where it says nothing that could be used. */
export function readForward(reader: DirectiveReader): Forward | undefined {
  const [from] = reader.args(2) ?? []
  const changes = readOptions(reader)
  if (from === undefined) return undefined
  const [zone, more] = reader.zonesOf([from])
  if (more !== undefined) reader.fault('cidr-first-zone', from)
  const upstreams = readUpstreams(reader)
  checkTls(reader, upstreams, changes)
  if (zone === undefined) return undefined
  return {
    ...FORWARD_DEFAULTS,
    ...changes,
    from: zone,
    upstreams: applyOptions(upstreams, changes),
    place: placeOf(reader.directive.name),
  }
}
