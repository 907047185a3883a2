/** Forwardings: dead upstreams and what they cost by the policy, and upstreams that disagree. */
import { formatSeconds } from '../../core/format.ts'
import { agreementsOf, type Camp, serialSpreads } from '../agreement.ts'
import type { ForwardFacts, Role } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { type Case, isDeadTarget, placeOf, type Rule, stateOf, zonesOf } from './case.ts'
import { listed } from './evidence.ts'

/** Targets that may ask an upstream, and pass on that it is dead. */
const ASKERS: readonly Role[] = ['cluster', 'coredns', 'node-cache', 'host', 'pod']

const askersOf = ({ facts }: Case, forward: ForwardFacts): string[] =>
  facts.targets
    .filter(({ roles, label }) => {
      return roles.some((role) => ASKERS.includes(role)) && !forward.upstreams.includes(label)
    })
    .map(({ label }) => label)

const deadOf = (known: Case, { upstreams }: ForwardFacts): string[] =>
  upstreams.filter((label) => {
    const target = known.targets.get(label)
    return target !== undefined && isDeadTarget(known, target)
  })

/** How long it goes on: CoreDNS takes an upstream out after `max_fails` failed health checks. */
const lasting = ({ maxFails }: ForwardFacts): string =>
  maxFails === 0
    ? ', always: health checks are off (max_fails 0)'
    : `, until CoreDNS takes it out (after ${maxFails} failed health checks)`

/** What a dead upstream costs: by the policy, how many queries meet it, and for how long they wait. */
function costOf(known: Case, forward: ForwardFacts, label: string): string {
  const { policy, upstreams, readTimeout } = forward
  const place = upstreams.indexOf(label)
  const before = upstreams.slice(0, place)
  const price = stateOf(known, label) === 'down' ? 'a refused attempt' : formatSeconds(readTimeout)
  const below = zonesOf(forward) === 'everything' ? 'each query' : 'each query below it'
  if (policy === 'sequential') {
    const dead = new Set(deadOf(known, forward))
    return before.every((other) => dead.has(other))
      ? `${below} costs ${price}${lasting(forward)}`
      : 'no query waits for it as long as those before it answer, but the spare is gone'
  }
  const share = `1 in ${upstreams.length} queries`
  return `${share} meets it and costs ${price}${lasting(forward)}`
}

const STATE_WORDS = { down: 'refuses connections', silent: 'is silent' } as const

function deadUpstream(known: Case, forward: ForwardFacts, label: string): Finding {
  const how = stateOf(known, label) === 'down' ? 'down' : 'silent'
  return {
    code: 'upstream-dead',
    subject: label,
    sentence: `${label} (${placeOf(forward, label)}) ${STATE_WORDS[how]}: ${costOf(known, forward, label)}`,
    evidence: [forward.place, `policy ${forward.policy}`],
    about: [label],
    starved: askersOf(known, forward),
    zones: forward.zones,
  }
}

const brokenHealth = ({ facts }: Case): string[] =>
  facts.pages.flatMap(({ label, healthcheckBroken = 0 }) =>
    healthcheckBroken > 0
      ? [`${label} found all its upstreams dead ${healthcheckBroken} times`]
      : [],
  )

export const deadUpstreams: Rule = (known) =>
  known.facts.forwards.flatMap((forward): Finding[] => {
    const dead = deadOf(known, forward)
    if (dead.length === 0) return []
    const one = dead.map((label) => deadUpstream(known, forward, label))
    if (dead.length < forward.upstreams.length) return one
    const zones = zonesOf(forward)
    const which =
      dead.length === 1
        ? `the only upstream of ${zones}`
        : `all ${dead.length} upstreams of ${zones}`
    const effect =
      zones === 'everything'
        ? 'names from outside resolve only as long as the cache has them'
        : `names below ${zones} resolve only as long as the cache has them`
    return [
      ...one,
      {
        code: 'all-upstreams-dead',
        subject: forward.id,
        sentence: `${which} (${listed(dead)}) ${dead.length === 1 ? 'does' : 'do'} not answer: ${effect}`,
        evidence: [forward.place, ...brokenHealth(known)],
        about: dead,
        starved: askersOf(known, forward),
        zones: forward.zones,
      },
    ]
  })

const campWords = ({ upstreams, result }: Camp): string =>
  `${listed(upstreams)} ${upstreams.length === 1 ? 'says' : 'say'} ${result.toUpperCase()}`

/** Those outside the largest camp; of two camps of one size nobody knows which one is right. */
function dissenters([largest, ...others]: readonly Camp[]): string[] {
  const tie = others.some(({ upstreams }) => upstreams.length === largest?.upstreams.length)
  const outside = others.flatMap(({ upstreams }) => upstreams)
  return tie ? [...(largest?.upstreams ?? []), ...outside] : outside
}

export const disagreement: Rule = (known) =>
  agreementsOf(known.facts).flatMap(({ forward, question, camps, records }): Finding[] => {
    const asked = `${question.name} ${question.type}`
    const subject = `${forward.id} ${asked}`
    const names = [question.name]
    const evidence = [forward.place, `policy ${forward.policy}`]
    if (camps.length > 1) {
      const sentence = `upstreams of ${zonesOf(forward)} disagree on ${asked}: ${camps.map(campWords).join('; ')}`
      const about = dissenters(camps)
      return [{ code: 'upstream-disagreement', subject, sentence, evidence, about, names }]
    }
    if (records.length < 2) return []
    const sides = records.map(({ upstreams }) => listed(upstreams)).join(' / ')
    const sentence = `upstreams of ${zonesOf(forward)} give different records for ${asked}: ${sides}`
    const about = dissenters(records)
    return [{ code: 'upstream-records-differ', subject, sentence, evidence, about, names }]
  })

export const zoneSerials: Rule = ({ facts }) =>
  serialSpreads(facts).map(({ zone, newest, ahead, behind }) => {
    const late = behind.map(({ label, serial }) => `${label} (${serial})`)
    return {
      code: 'serial-spread' as const,
      subject: zone,
      sentence: `${listed(late)} ${late.length === 1 ? 'lags' : 'lag'} behind in zone ${zone}: ${listed(ahead)} ${ahead.length === 1 ? 'has' : 'have'} serial ${newest}`,
      evidence: behind.map(({ label, serial }) => `${label}: serial ${serial}`),
      about: behind.map(({ label }) => label),
      names: [zone],
    }
  })
