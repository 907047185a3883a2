/** Can the server be reached, over which transport; and does a truncated answer have a way out. */
import type { CheckFacts, TargetFacts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { addressIn } from '../upstream.ts'
import { type Case, nameOf, type Rule } from './case.ts'
import { endsWith, listed, TRANSPORT_NAMES } from './evidence.ts'
import { isDead, isLifeless, type Life, outlives, type Reach } from './reach.ts'

const reachWords = ({ transport, state, run, connects }: Reach): string => {
  const name = TRANSPORT_NAMES[transport]
  if (state === 'refused') return `${name}: refused ${run} times in a row`
  if (state === 'silent' && connects)
    return `${name}: connects, then ${run} queries without an answer`
  return `${name}: ${run} queries in a row without an answer`
}

function deadServer(known: Case, target: TargetFacts, { state, reaches }: Life): Finding {
  const dead = reaches.filter(isDead)
  const down = state === 'down'
  const transports = listed(dead.map(({ transport }) => TRANSPORT_NAMES[transport]))
  const name = nameOf(known, target)
  return {
    code: down ? 'server-down' : 'server-silent',
    subject: target.label,
    sentence: down
      ? `${name} refuses connections over ${transports}: nothing listens there`
      : `${name} is silent over ${transports}: nothing comes back`,
    evidence: dead.map(reachWords),
    about: [target.label],
  }
}

const BLOCKED = { udp: 'udp-blocked', tcp: 'tcp-blocked', dot: 'dot-blocked' } as const

function blocked(known: Case, target: TargetFacts, dead: Reach, alive: readonly Reach[]): Finding {
  const others = listed(alive.map(({ transport }) => TRANSPORT_NAMES[transport]))
  const how = dead.state === 'refused' ? 'is refused' : 'gets no answer'
  return {
    code: BLOCKED[dead.transport],
    subject: target.label,
    sentence: `${nameOf(known, target)} answers over ${others}, but ${TRANSPORT_NAMES[dead.transport]} ${how}`,
    evidence: [reachWords(dead)],
    about: [target.label],
  }
}

/** Over TLS alone, as a target with a port of its own. */
const isTlsOnly = ({ reaches }: Life): boolean =>
  reaches.every(({ transport }) => transport === 'dot')

/** What still answers at the same address on another port. */
const neighbours = ({ lives }: Case, target: TargetFacts): Reach[] =>
  [...lives].flatMap(([other, { reaches }]) =>
    other !== target && addressIn(other.label) === addressIn(target.label) ? reaches : [],
  )

function lifeless(known: Case, target: TargetFacts, life: Life): Finding {
  const [dead] = life.reaches
  if (dead === undefined || !isTlsOnly(life)) return deadServer(known, target, life)
  const alive = neighbours(known, target).filter((reach) => outlives(reach, dead))
  return alive.length === 0 ? deadServer(known, target, life) : blocked(known, target, dead, alive)
}

export const reachability: Rule = (known) =>
  [...known.lives].flatMap(([target, life]) => {
    if (isLifeless(life)) return [lifeless(known, target, life)]
    return life.reaches.filter(isDead).flatMap((dead) => {
      const alive = life.reaches.filter((reach) => outlives(reach, dead))
      return alive.length === 0 ? [] : [blocked(known, target, dead, alive)]
    })
  })

const truncates = (facts: CheckFacts): boolean =>
  facts.transport === 'udp' && endsWith(facts, 'truncated')

export const truncation: Rule = (known) =>
  [...known.lives].flatMap(([target, { reaches }]) => {
    const cut = target.checks.filter(truncates)
    const tcp = reaches.find(({ transport }) => transport === 'tcp')
    if (cut.length === 0 || tcp === undefined || !isDead(tcp)) return []
    const names = [...new Set(cut.map(({ question }) => question.name))]
    return [
      {
        code: 'truncated-without-tcp' as const,
        subject: target.label,
        sentence: `${nameOf(known, target)} truncates its answer for ${listed(names)} over UDP, and TCP, which would bring the whole, does not get through: the name does not resolve`,
        evidence: [reachWords(tcp), ...names.map((name) => `truncated: ${name}`)],
        about: [target.label],
      },
    ]
  })
