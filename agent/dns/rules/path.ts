/** From the node to CoreDNS: cache of the node, service address, endpoints; and the nameservers asked. */
import { formatSeconds } from '../../core/format.ts'
import type { ResolvConfFacts, TargetFacts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { attemptsPerLookup, MAX_NAMESERVERS } from '../lookup.ts'
import { type Case, isDeadTarget, type Rule, stateOf, withRole } from './case.ts'
import { listed } from './evidence.ts'

const labelsOf = (targets: readonly TargetFacts[]): string[] => targets.map(({ label }) => label)

/** Alive for certain; too few attempts are not enough. */
const isAlive = ({ lives }: Case, target: TargetFacts): boolean =>
  lives.get(target)?.state === 'alive'

export const clusterPath: Rule = (known) => {
  const services = withRole(known, 'cluster')
  const endpoints = withRole(known, 'coredns')
  const deadServices = services.filter((target) => isDeadTarget(known, target))
  const dead = endpoints.filter((target) => isDeadTarget(known, target))
  const alive = endpoints.filter((target) => isAlive(known, target))
  const found: Finding[] = []
  if (deadServices.length > 0 && alive.length > 0) {
    found.push(brokenService(labelsOf(deadServices), labelsOf(alive)))
  }
  const serviceGone = deadServices.length > 0 && deadServices.length === services.length
  const allDead = dead.length === endpoints.length
  if (allDead && (serviceGone || (services.length === 0 && dead.length > 0))) {
    found.push(clusterDown(labelsOf(deadServices), labelsOf(dead)))
  } else if (dead.length > 0) {
    found.push(deadReplicas(labelsOf(dead), endpoints.length))
  }
  return found
}

function brokenService(services: readonly string[], alive: readonly string[]): Finding {
  const endpoints = alive.length === 1 ? 'endpoint' : `${alive.length} endpoints`
  return {
    code: 'service-broken',
    subject: listed(services),
    sentence: `the service address ${listed(services)} is dead, its ${endpoints} ${listed(alive)} ${alive.length === 1 ? 'answers' : 'answer'}: the way through kube-proxy or conntrack is broken`,
    evidence: alive.map((label) => `${label} answers`),
    about: services,
  }
}

function clusterDown(services: readonly string[], dead: readonly string[]): Finding {
  const tried = [...services, ...dead]
  return {
    code: 'cluster-dns-down',
    subject: listed(services.length > 0 ? services : dead),
    sentence: `the DNS of the cluster does not answer this node: ${listed(tried)} ${tried.length === 1 ? 'is' : 'are'} dead`,
    evidence: dead.map((label) => `endpoint ${label} is dead`),
    about: tried,
  }
}

function deadReplicas(dead: readonly string[], all: number): Finding {
  return {
    code: 'replica-down',
    subject: listed(dead),
    sentence: `${dead.length} of ${all} endpoints of CoreDNS ${dead.length === 1 ? 'does' : 'do'} not answer (${listed(dead)}): about ${dead.length} in ${all} queries to the service is lost`,
    evidence: dead.map((label) => `endpoint ${label} is dead`),
    about: dead,
  }
}

export const nodeCache: Rule = (known) =>
  withRole(known, 'node-cache')
    .filter((target) => isDeadTarget(known, target))
    .map(({ label }) => ({
      code: 'node-cache-dead',
      subject: label,
      sentence: `the DNS cache of this node (${label}) does not answer: every pod that asks it has no DNS`,
      evidence: [stateOf(known, label) === 'down' ? 'it refuses' : 'it is silent'],
      about: [label],
    }))

/** A nameserver that is silent costs its time-out; one that refuses, next to nothing. */
function firstDead(known: Case, conf: ResolvConfFacts, dead: readonly string[]): Finding {
  const asked = conf.nameservers.slice(0, MAX_NAMESERVERS)
  const silent = (label: string) => stateOf(known, label) === 'silent'
  const leading = conf.rotate
    ? dead
    : asked.slice(
        0,
        asked.findIndex((each) => !dead.includes(each)),
      )
  const seconds = leading.filter(silent).length * conf.timeout
  const cost = seconds === 0 ? 'a refused attempt' : formatSeconds(seconds)
  const many = leading.length > 1
  const first = many ? `the first ${leading.length} nameservers` : 'the first nameserver'
  const sentence = conf.rotate
    ? `${listed(dead)} of ${conf.path} ${dead.length === 1 ? 'is' : 'are'} dead: ${dead.length} in ${asked.length} lookups (rotate) costs ${seconds === 0 ? cost : formatSeconds(conf.timeout)} more`
    : `${first} of ${conf.path} (${listed(leading)}) ${many ? 'are' : 'is'} dead: each lookup costs ${cost} more`
  return {
    code: 'first-nameserver-dead',
    subject: conf.path,
    sentence,
    evidence: [`timeout ${conf.timeout} s, attempts ${conf.attempts}`, ...asked],
    about: dead,
  }
}

export const nameservers: Rule = (known) =>
  known.facts.resolvConfs.flatMap((conf): Finding[] => {
    const asked = conf.nameservers.slice(0, MAX_NAMESERVERS)
    const dead = asked.filter((label) => ['down', 'silent'].includes(stateOf(known, label)))
    const [first = ''] = asked
    if (dead.length === 0) return []
    if (dead.length < asked.length) {
      return conf.rotate || dead.includes(first) ? [firstDead(known, conf, dead)] : []
    }
    const seconds = attemptsPerLookup(conf) * conf.timeout
    const silent = dead.some((label) => stateOf(known, label) === 'silent')
    const cost = silent ? `fails after up to ${formatSeconds(seconds)}` : 'fails at once'
    const which = dead.length === 1 ? 'the only nameserver' : `all ${dead.length} nameservers`
    return [
      {
        code: 'all-nameservers-dead',
        subject: conf.path,
        sentence: `${which} of ${conf.path} (${listed(dead)}) ${dead.length === 1 ? 'is' : 'are'} dead: each lookup ${cost}`,
        evidence: [`timeout ${conf.timeout} s, attempts ${conf.attempts}`],
        about: dead,
      },
    ]
  })
