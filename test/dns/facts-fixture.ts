/** Small builders of facts: a healthy node, and one thing wrong with it. */
import { mono } from '../../agent/core/units.ts'
import type { DiagnosisCode } from '../../agent/dns/diagnoses.ts'
import { type Diagnosis, diagnose } from '../../agent/dns/diagnosis.ts'
import type {
  Attempt,
  Check,
  CheckFacts,
  DnsFacts,
  ForwardFacts,
  ResolvConfFacts,
  Role,
  ServerPageFacts,
  TargetFacts,
  Transport,
} from '../../agent/dns/facts.ts'
import type { Question } from '../../agent/dns/question.ts'
import type { DnsResult } from '../../agent/dns/view.ts'

const SECOND = 1_000_000_000n
/** 2026-06-01 00:00 UTC. */
export const NOW = 1_780_272_000
export const DAY = 86_400
const ROUNDS = 8

const NAMES: Readonly<Record<Check, Question>> = {
  exists: { name: 'kubernetes.default.svc.cluster.local', type: 'A' },
  absent: { name: 'no-such-name.invalid', type: 'A' },
  miss: { name: 'x1.pichuang.internal', type: 'A' },
  aaaa: { name: 'kubernetes.default.svc.cluster.local', type: 'AAAA' },
  large: { name: 'large.pichuang.internal', type: 'TXT' },
  wide: { name: 'large.pichuang.internal', type: 'TXT' },
  plain: { name: 'kubernetes.default.svc.cluster.local', type: 'A' },
  pair: { name: 'kubernetes.default.svc.cluster.local', type: 'A' },
  split: { name: 'kubernetes.default.svc.cluster.local', type: 'A' },
  identity: { name: 'hostname.bind', type: 'TXT' },
  serial: { name: 'pichuang.internal', type: 'SOA' },
  signed: { name: 'signed.example', type: 'A' },
  unchecked: { name: 'signed.example', type: 'A' },
  again: { name: 'kubernetes.default.svc.cluster.local', type: 'A' },
}

export const attempt = (result: DnsResult, more: Partial<Attempt> = {}): Attempt => ({
  at: mono(0n),
  result,
  ...more,
})

/** What a healthy server answers to a check. */
export function goodAttempt(check: Check): Partial<Attempt> & { result: DnsResult } {
  const flags = { authoritative: false, recursion: true, authentic: false, edns: true }
  const good = { result: 'noerror', seconds: 0.001, flags, ttl: 30, digest: 'a' } as const
  switch (check) {
    case 'absent':
      return { ...good, result: 'nxdomain' }
    case 'aaaa':
      return { ...good, result: 'nodata' }
    case 'pair':
    case 'split':
      return { ...good, second: 'nodata' }
    case 'again':
      return { ...good, ttl: 27 }
    case 'serial':
      return { ...good, serial: 2026060100, flags: { ...flags, authoritative: true } }
    default:
      return good
  }
}

/**
 * A check of `attempts`, oldest first; by default ROUNDS good ones. Of all checks the last attempts are of
 * the last round, so that a fault of three rounds is three attempts everywhere.
 */
export function check(
  name: Check,
  attempts: readonly (DnsResult | Partial<Attempt>)[] = [],
  { transport = 'udp', question = NAMES[name] }: Partial<CheckFacts> = {},
): CheckFacts {
  // seconds after the name was asked first
  const turn = name === 'again' ? 1n : BigInt(Object.keys(NAMES).indexOf(name))
  const offset = transport === 'udp' ? 0n : transport === 'tcp' ? 100n : 200n
  const missing = Math.max(0, ROUNDS - attempts.length)
  const all = [...new Array(missing).fill({}), ...attempts] as (DnsResult | Partial<Attempt>)[]
  const recent = all.map((each, round): Attempt => {
    const { result: asked, ...given } = typeof each === 'string' ? { result: each } : each
    // what did not come back has no figures
    const good = asked === undefined || asked === 'noerror'
    const { result, ...base } = good ? goodAttempt(name) : { result: asked }
    const at = mono((BigInt(round) * 60n + turn * 3n) * SECOND + offset)
    return { at, ...base, ...given, result: asked ?? result }
  })
  return { check: name, transport, question, recent }
}

export const times = <T>(count: number, item: T): T[] => new Array<T>(count).fill(item)

/** The same for all checks given by name: healthy ones. */
const CHECKS: readonly Check[] = [
  'exists',
  'absent',
  'miss',
  'aaaa',
  'large',
  'wide',
  'plain',
  'pair',
  'split',
  'again',
]
const STREAMED: readonly Check[] = ['exists', 'large']

export const healthyChecks = (): CheckFacts[] => [
  ...CHECKS.map((name) => check(name)),
  ...STREAMED.map((name) => check(name, [], { transport: 'tcp' })),
]

/** `changes` take the place of the healthy check of the same name and transport, or are added. */
export function target(
  label: string,
  roles: readonly Role[],
  changes: readonly CheckFacts[] = [],
  more: Partial<TargetFacts> = {},
): TargetFacts {
  const same = (a: CheckFacts, b: CheckFacts) =>
    a.check === b.check && a.transport === b.transport && a.question.name === b.question.name
  const kept = healthyChecks().filter((each) => !changes.some((change) => same(each, change)))
  return {
    label,
    roles,
    zones: ['.'],
    groups: [],
    timeout: 2,
    checks: [...kept, ...changes],
    ...more,
  }
}

/** All checks of these transports end with `count` attempts of this result. */
export const failing = (
  result: DnsResult,
  count = 3,
  transports: readonly Transport[] = ['udp', 'tcp', 'dot'],
): CheckFacts[] =>
  healthyChecks()
    .filter(({ transport }) => transports.includes(transport))
    .map(({ check: name, transport }) => check(name, times(count, result), { transport }))

export const silent = (label: string, roles: readonly Role[]): TargetFacts =>
  target(label, roles, failing('timeout'))

export const forward = (
  upstreams: readonly string[],
  more: Partial<ForwardFacts> = {},
): ForwardFacts => ({
  id: 'Corefile:3',
  place: 'Corefile:3',
  zones: ['pichuang.internal'],
  upstreams,
  policy: 'sequential',
  readTimeout: 2,
  maxFails: 2,
  ...more,
})

export const resolvConf = (more: Partial<ResolvConfFacts> = {}): ResolvConfFacts => ({
  path: '/etc/resolv.conf',
  missing: false,
  nameservers: ['10.96.0.10'],
  search: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
  ndots: 5,
  timeout: 5,
  attempts: 2,
  rotate: false,
  ignored: [],
  ...more,
})

export const page = (more: Partial<ServerPageFacts> = {}): ServerPageFacts => ({
  label: '10.244.0.2',
  health: 200,
  ready: 200,
  notReady: [],
  panics: 0,
  healthcheckBroken: 0,
  ...more,
})

export const facts = (more: Partial<DnsFacts> = {}): DnsFacts => ({
  at: mono(600n * SECOND),
  targets: [target('10.96.0.10', ['cluster', 'pod'])],
  forwards: [],
  resolvConfs: [resolvConf()],
  pages: [page()],
  conntrack: { entries: 1000, limit: 262_144, insertFailed: 12, insertFailedMore: 0 },
  clock: { synchronized: true, now: NOW, bound: 0.001 },
  ...more,
})

/** One upstream-like server beside nothing else, with these checks changed. */
export const server = (...changes: readonly CheckFacts[]): DnsFacts =>
  facts({ targets: [target('10.0.0.1', ['config'], changes)] })

export const codesOf = (known: DnsFacts): DiagnosisCode[] => diagnose(known).map(({ code }) => code)

export function only(known: DnsFacts): Diagnosis {
  const [first, ...more] = diagnose(known)
  if (first === undefined || more.length > 0) {
    throw new Error(`one diagnosis expected: ${JSON.stringify([first, ...more], null, 1)}`)
  }
  return first
}
