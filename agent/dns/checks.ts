/**
 * What is asked of each target, and how: the targets of the plan times the checks of CHECKS (facts.ts).
 *
 *   base    every question that must be answered, over every transport: asked in every round
 *   extras  everything else: one per target and round, in turn
 *
 * An upstream that is asked for its own zones only is asked nothing outside of them. Names that stand for
 * the Internet (signed zones, a large answer of the root) are asked only where the root is among the names.
 */
import type { CanariesConfig } from '../config/types.ts'
import type { Check, Transport } from './facts.ts'
import { type Ask, USUAL_EDNS } from './message.ts'
import type { PlannedTarget } from './plan-types.ts'
import { type Question, questionsOf } from './question.ts'
import { trimmed } from './zone-key.ts'

export interface Probe {
  readonly target: PlannedTarget
  readonly transport: Transport
  readonly check: Check
  /** What the record is kept under; of `miss` the zone, of `pair` and `split` the A question. */
  readonly question: Question
}

export interface Probes {
  readonly base: readonly Probe[]
  readonly extras: readonly Probe[]
}

/** RFC 6761 section 6.4: it is never there. A name of our own, so that logs tell who asks. */
const ABSENT = 'timewarden-absent.invalid'
/** A resolver asks nobody for it, a forwarder everybody: no name of anybody leaks either way. */
const MISS_ZONE = 'invalid'
/** Signers that are independent of each other. */
const SIGNED = ['. SOA', 'com SOA', 'org SOA'] as const
/** Some 1100 bytes with its signature. */
const LARGE = ['. DNSKEY'] as const
const IDENTITY: Question = { name: 'hostname.bind', type: 'TXT' }

const isRoot = ({ name }: Question): boolean => name === '.'

/** Asked for its own zones alone. */
const isNarrow = ({ zones }: PlannedTarget): boolean => zones.length > 0 && !zones.includes('.')

/** Questions of the checks that any transport can carry. */
function wide(target: PlannedTarget, canaries: CanariesConfig): readonly [Check, Question][] {
  const root = target.questions.some(isRoot)
  const narrow = isNarrow(target)
  const { absent = narrow ? [] : [ABSENT], signed = root ? SIGNED : [] } = canaries
  const { miss = narrow ? target.zones.map(trimmed) : [MISS_ZONE] } = canaries
  const [first] = target.questions
  const zones = narrow ? target.zones.map((zone) => `${trimmed(zone)} SOA`) : []
  const each = (check: Check, names: readonly string[]): [Check, Question][] =>
    questionsOf(names).map((question) => [check, question])
  return [
    ...each('absent', absent),
    ...each('miss', miss),
    ...each('signed', signed),
    ...each('serial', zones),
    ['identity', IDENTITY],
    ...(first === undefined ? [] : [['again', first] as [Check, Question]]),
  ]
}

/** Those that show what datagrams suffer. */
function ofDatagrams(first: Question | undefined): readonly [Check, Question][] {
  if (first === undefined) return []
  const { name } = first
  return [
    ['plain', first],
    ['aaaa', { name, type: 'AAAA' }],
    ['pair', { name, type: 'A' }],
    ['split', { name, type: 'A' }],
  ]
}

export function probesOf(target: PlannedTarget, canaries: CanariesConfig): Probes {
  const { transports, questions } = target
  const [usual = 'udp'] = transports
  const { large = questions.some(isRoot) ? LARGE : [] } = canaries
  const base = questions.flatMap((question) =>
    transports.map((transport): Probe => ({ target, transport, question, check: 'exists' })),
  )
  const extras = [
    ...[...wide(target, canaries), ...(usual === 'udp' ? ofDatagrams(questions[0]) : [])].map(
      ([check, question]): Probe => ({ target, transport: usual, check, question }),
    ),
    ...(usual === 'udp' ? questionsOf(large) : []).map(
      (question): Probe => ({ target, transport: 'udp', check: 'wide', question }),
    ),
    ...questionsOf(large).flatMap((question) =>
      transports.map((transport): Probe => ({ target, transport, check: 'large', question })),
    ),
  ]
  return { base, extras }
}

/** What servers offered before 2020; beyond the MTU it takes fragments. */
const WIDE = 4096
const DNSSEC = { ...USUAL_EDNS, dnssec: true }

/** `fresh`: a label that nobody asked for yet. Two asks: `pair` and `split`. */
export function asksOf({ check, question }: Probe, fresh: string): readonly [Ask, Ask?] {
  const usual: Ask = { question, edns: USUAL_EDNS, checkingDisabled: false }
  switch (check) {
    case 'miss':
      return [{ ...usual, question: { name: below(fresh, question.name), type: 'A' } }]
    case 'plain':
      return [{ ...usual, edns: undefined }]
    case 'pair':
    case 'split':
      return [usual, { ...usual, question: { ...question, type: 'AAAA' } }]
    case 'identity':
      return [{ ...usual, class: 'CH', edns: { ...USUAL_EDNS, nsid: true } }]
    case 'wide':
      return [{ ...usual, edns: { ...DNSSEC, payload: WIDE } }]
    case 'large':
    case 'signed':
      return [{ ...usual, edns: DNSSEC }]
    case 'unchecked':
      return [{ ...usual, edns: DNSSEC, checkingDisabled: true }]
    default:
      return [usual]
  }
}

const below = (label: string, zone: string): string => (zone === '.' ? label : `${label}.${zone}`)
