/** The facts with what every rule asks of them: who is who, and who is alive. */
import type { DnsFacts, ForwardFacts, Role, TargetFacts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { isLifeless, type Life, lifeOf } from './reach.ts'

export interface Case {
  readonly facts: DnsFacts
  readonly lives: ReadonlyMap<TargetFacts, Life>
  readonly targets: ReadonlyMap<string, TargetFacts>
}

export type Rule = (known: Case) => readonly Finding[]

export const openCase = (facts: DnsFacts): Case => ({
  facts,
  lives: new Map(facts.targets.map((target) => [target, lifeOf(target)])),
  targets: new Map(facts.targets.map((target) => [target.label, target])),
})

export function stateOf({ lives, targets }: Case, label: string): Life['state'] {
  const target = targets.get(label)
  return (target && lives.get(target)?.state) ?? 'unclear'
}

export const isDeadTarget = ({ lives }: Case, target: TargetFacts): boolean => {
  const life = lives.get(target)
  return life !== undefined && isLifeless(life)
}

export const withRole = ({ facts }: Case, ...roles: readonly Role[]): readonly TargetFacts[] =>
  facts.targets.filter((target) => target.roles.some((role) => roles.includes(role)))

/** `10.96.0.10 (cluster)`; an upstream with its place: `10.99.1.100 (first upstream of a.internal)`. */
export function nameOf({ facts }: Case, { label, roles }: TargetFacts): string {
  const forward = facts.forwards.find(({ upstreams }) => upstreams.includes(label))
  if (forward !== undefined) return `${label} (${placeOf(forward, label)})`
  return roles.length === 0 || roles.includes('config') ? label : `${label} (${roles.join(', ')})`
}

const ORDINALS = ['first', 'second', 'third', 'fourth', 'fifth'] as const

export const zonesOf = ({ zones }: Pick<ForwardFacts, 'zones'>): string =>
  zones.every((zone) => zone === '.') ? 'everything' : zones.join(', ')

/** `first upstream of pichuang.internal, sequential` */
export function placeOf(forward: ForwardFacts, label: string): string {
  const { upstreams, policy } = forward
  const of = `upstream of ${zonesOf(forward)}`
  if (upstreams.length === 1) return `only ${of}`
  const index = upstreams.indexOf(label)
  const place = policy === 'sequential' ? `${ORDINALS[index] ?? `${index + 1}th`} ` : ''
  return `${place}${of}, ${policy}`
}
