/**
 * Which diagnosis makes which superfluous: a server that is dead is not also slow.
 *
 * A finding is explained by another one if the table below says so, if the other covers every target that
 * the finding is about, and every name. The table follows the order of the catalogue (diagnoses.ts), so
 * no two findings explain each other, and who is explained by an explained one goes to the same root.
 */
import { type DiagnosisCode, rankOf } from './diagnoses.ts'
import type { Finding } from './finding.ts'

const DOT = [
  'dot-blocked',
  'dot-not-tls',
  'dot-not-yet-valid',
  'dot-expired',
  'dot-untrusted',
  'dot-name',
] as const
const STREAMS = ['udp-blocked', 'truncated-without-tcp', 'tcp-blocked', ...DOT] as const
const LOSS = [
  'large-answers-lost',
  'fragments-lost',
  'ipv6-silent',
  'pair-loss',
  'packet-loss',
  'only-cached',
  'late-answers',
  'slow',
] as const
const ANSWERS = ['servfail', 'refused', 'not-implemented', 'name-missing', 'nodata'] as const
const DEAD = ['server-down', 'server-silent'] as const
const ALL_OF_A_SERVER: readonly DiagnosisCode[] = [
  ...STREAMS,
  'no-resolution',
  ...LOSS,
  'edns-refused',
  'wrong-answers',
  'malformed',
  'nxdomain-hijack',
  'no-recursion',
  'upstream-disagreement',
  'upstream-records-differ',
  ...ANSWERS,
  'stale-answers',
  'ttl-frozen',
  'serial-spread',
]
/** What those show that ask a dead upstream; one that has a spare only costs time. */
const STARVES: Readonly<Partial<Record<DiagnosisCode, readonly DiagnosisCode[]>>> = {
  'all-upstreams-dead': [
    'no-resolution',
    'only-cached',
    'late-answers',
    'slow',
    'servfail',
    'stale-answers',
  ],
  'upstream-dead': ['late-answers', 'slow'],
}

const EXPLAINS: Readonly<Partial<Record<DiagnosisCode, readonly DiagnosisCode[]>>> = {
  'own-clock-wrong': [
    'resolver-clock-wrong',
    'zone-expired',
    'bogus-zone',
    'dot-not-yet-valid',
    'dot-expired',
  ],
  'conntrack-full': [
    'server-silent',
    'udp-blocked',
    'tcp-blocked',
    'dot-blocked',
    'no-resolution',
    ...LOSS,
  ],
  'resolver-clock-wrong': ['servfail', 'upstream-disagreement', 'dot-not-yet-valid', 'dot-expired'],
  'zone-expired': ['servfail', 'upstream-disagreement'],
  'bogus-zone': ['servfail', 'upstream-disagreement'],
  'cluster-dns-down': [
    'replica-down',
    'all-nameservers-dead',
    'first-nameserver-dead',
    ...DEAD,
    'coredns-not-ready',
    ...ALL_OF_A_SERVER,
  ],
  'node-cache-dead': ['all-nameservers-dead', 'first-nameserver-dead', ...DEAD, ...ALL_OF_A_SERVER],
  'service-broken': ['all-nameservers-dead', 'first-nameserver-dead', ...DEAD, ...ALL_OF_A_SERVER],
  'all-upstreams-dead': ['upstream-dead', ...DEAD, ...ALL_OF_A_SERVER],
  'upstream-dead': [...DEAD, 'dot-blocked'],
  'replica-down': [...DEAD, 'coredns-not-ready', ...ALL_OF_A_SERVER],
  'all-nameservers-dead': ['first-nameserver-dead', ...DEAD],
  'first-nameserver-dead': DEAD,
  'server-down': ALL_OF_A_SERVER,
  'server-silent': ALL_OF_A_SERVER,
  'no-resolution': [...STREAMS, 'edns-refused', ...LOSS, 'servfail'],
  'udp-blocked': ['truncated-without-tcp', 'edns-refused', ...LOSS],
  'truncated-without-tcp': ['tcp-blocked'],
  'edns-refused': [...LOSS, 'not-implemented', 'servfail', 'upstream-disagreement'],
  'packet-loss': ['late-answers', 'slow'],
  'only-cached': ['late-answers', 'servfail'],
  'late-answers': ['slow'],
  'nxdomain-hijack': ['upstream-records-differ'],
  'no-recursion': ['upstream-disagreement', ...ANSWERS],
  'upstream-disagreement': ANSWERS,
}

/** What a dead or starved upstream does to those that ask it. */
const starves = (cause: Finding, finding: Finding): boolean =>
  (cause.starved ?? []).some((label) => finding.about.includes(label)) &&
  finding.about.every((label) => cause.starved?.includes(label) || cause.about.includes(label)) &&
  STARVES[cause.code]?.includes(finding.code) === true

const isBelow = (name: string, zone: string): boolean =>
  zone === '.' || name === zone || name.endsWith(`.${zone}`)

const inZones = ({ zones }: Finding, { names }: Finding): boolean =>
  zones === undefined ||
  names === undefined ||
  names.every((name) => zones.some((zone) => isBelow(name, zone)))

const covers = (cause: Finding, finding: Finding): boolean =>
  cause.nodeWide === true ||
  (finding.about.length > 0 && finding.about.every((label) => cause.about.includes(label)))

const isExplained = (finding: Finding, cause: Finding): boolean => {
  if (rankOf(cause.code) >= rankOf(finding.code)) return false
  if (starves(cause, finding)) return inZones(cause, finding)
  const listed = EXPLAINS[cause.code]?.includes(finding.code) === true
  return listed && covers(cause, finding) && inZones(cause, finding)
}

/** The roots in the order of causes, each with all that it explains, directly or not. */
export function sortCauses(findings: readonly Finding[]): [Finding, Finding[]][] {
  const ordered = [...findings].sort((a, b) => rankOf(a.code) - rankOf(b.code))
  const roots = new Map<Finding, Finding>()
  const explained = new Map<Finding, Finding[]>()
  for (const finding of ordered) {
    const cause = ordered.find((other) => roots.has(other) && isExplained(finding, other))
    const root = (cause && roots.get(cause)) ?? finding
    roots.set(finding, root)
    if (root === finding) explained.set(finding, [])
    else explained.get(root)?.push(finding)
  }
  return [...explained]
}

/** For the tests: the table must follow the order of the catalogue. */
export const explainedBy = (code: DiagnosisCode): readonly DiagnosisCode[] => EXPLAINS[code] ?? []
