/**
 * From facts to sentences: what is broken, where, and whether the clock is why.
 *
 *   facts ─► rules (rules/*.ts: small, pure, blind to each other) ─► findings ─► precedence ─► diagnoses
 *
 * Causes come first and carry what they explain; a consequence is not told a second time.
 */
import { DIAGNOSES, type DiagnosisCode, type Severity } from './diagnoses.ts'
import type { DnsFacts } from './facts.ts'
import type { Finding } from './finding.ts'
import { sortCauses } from './precedence.ts'
import * as answers from './rules/answers.ts'
import { openCase, type Rule } from './rules/case.ts'
import * as loss from './rules/loss.ts'
import * as node from './rules/node.ts'
import * as path from './rules/path.ts'
import * as time from './rules/time.ts'
import * as tls from './rules/tls.ts'
import * as transport from './rules/transport.ts'
import * as upstreams from './rules/upstreams.ts'
import * as validation from './rules/validation.ts'

export interface Diagnosis {
  readonly code: DiagnosisCode
  readonly severity: Severity
  /** A server, a forwarding, a file, a zone, the node. */
  readonly subject: string
  /** Labels of all targets that it, or what it explains, was seen at. */
  readonly targets: readonly string[]
  /** One sentence in plain words, with the figures. */
  readonly sentence: string
  readonly evidence: readonly string[]
  /** What the operator does now. */
  readonly next: string
  /** `CODE SUBJECT` of what it makes superfluous. */
  readonly explains: readonly string[]
}

const RULES: readonly Rule[] = [
  time.ownClock,
  validation.validation,
  tls.certificateTimes,
  node.conntrack,
  path.clusterPath,
  path.nodeCache,
  path.nameservers,
  upstreams.deadUpstreams,
  upstreams.disagreement,
  upstreams.zoneSerials,
  transport.reachability,
  transport.truncation,
  tls.tlsSession,
  loss.ednsRefusal,
  loss.largeAnswers,
  loss.lostFragments,
  loss.ipv6Silence,
  loss.pairLoss,
  loss.packetLoss,
  loss.noResolution,
  loss.onlyCached,
  loss.lateAnswers,
  loss.slowAnswers,
  answers.oddAnswers,
  answers.hijack,
  answers.recursion,
  answers.failingAnswers,
  answers.staleness,
  answers.frozenTtls,
  node.resolvConfs,
  node.pages,
]

const nameOf = ({ code, subject }: Finding): string => `${code} ${subject}`

function toDiagnosis(finding: Finding, explained: readonly Finding[]): Diagnosis {
  const { code, subject, sentence, evidence } = finding
  const info = DIAGNOSES[code]
  return {
    code,
    severity: finding.severity ?? info.severity,
    subject,
    targets: [...new Set([finding, ...explained].flatMap(({ about }) => about))],
    sentence,
    evidence,
    next: finding.next ?? info.next,
    explains: [...new Set(explained.map(nameOf))],
  }
}

/** In the order of causes; empty where nothing is wrong. */
export function diagnose(facts: DnsFacts): readonly Diagnosis[] {
  const known = openCase(facts)
  const findings = RULES.flatMap((rule) => rule(known))
  return sortCauses(findings).map(([root, explained]) => toDiagnosis(root, explained))
}
