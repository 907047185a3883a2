/**
 * Whether a target can be reached, over one transport and at all, from what was lost since its last answer.
 *
 * A TLS session that fails is an answer of a kind: somebody is there. A transport that was last asked
 * before another one fell silent says nothing about the time after.
 */
import type { Instant } from '../../core/units.ts'
import type { TargetFacts, Transport } from '../facts.ts'
import { isAnswered, RUN, SILENT_RUN } from './evidence.ts'

const TRANSPORTS: readonly Transport[] = ['udp', 'tcp', 'dot']

export interface Reach {
  readonly transport: Transport
  /** `unclear`: too few attempts to say. */
  readonly state: 'untested' | 'unclear' | 'alive' | 'refused' | 'silent'
  /** Attempts without an answer since the last answer. */
  readonly run: number
  readonly lastAnswer: Instant<'mono'> | undefined
  readonly firstLoss: Instant<'mono'> | undefined
  /** The TCP handshake was answered and nothing else. */
  readonly connects: boolean
}

const came = ({ result }: { result: Parameters<typeof isAnswered>[0] }): boolean =>
  isAnswered(result) || result === 'tls_error'

export function reachOf(target: TargetFacts, transport: Transport): Reach {
  const checks = target.checks.filter((facts) => facts.transport === transport)
  const answers = checks.flatMap(({ recent }) => recent.findLast(came)?.at ?? [])
  const lastAnswer = answers.reduce<Instant<'mono'> | undefined>(
    (newest, at) => (newest === undefined || at > newest ? at : newest),
    undefined,
  )
  const isSince = ({ at }: { at: Instant<'mono'> }) => lastAnswer === undefined || at > lastAnswer
  const lost = checks.flatMap(({ recent }) => recent.filter(isSince))
  const firstLoss = lost.reduce<Instant<'mono'> | undefined>(
    (oldest, { at }) => (oldest === undefined || at < oldest ? at : oldest),
    undefined,
  )
  const basic = checks.filter(({ check }) => check === 'exists')
  const basicLost = basic.length === 0 || basic.some(({ recent }) => recent.some(isSince))
  const refused = lost.filter(({ result }) => result !== 'timeout').length
  const state = (): Reach['state'] => {
    if (checks.every(({ recent }) => recent.length === 0)) return 'untested'
    if (refused >= RUN && refused * 2 > lost.length) return 'refused'
    if (lost.length >= SILENT_RUN && basicLost) return 'silent'
    return lastAnswer === undefined ? 'unclear' : 'alive'
  }
  const connects = lost.length > 0 && lost.every(({ phases }) => phases?.connect !== undefined)
  return { transport, state: state(), run: lost.length, lastAnswer, firstLoss, connects }
}

export const isDead = ({ state }: Pick<Reach, 'state'>): boolean =>
  state === 'refused' || state === 'silent'

/** It answered after the other one stopped. */
export const outlives = (alive: Reach, dead: Reach): boolean =>
  alive.state === 'alive' &&
  alive.lastAnswer !== undefined &&
  dead.firstLoss !== undefined &&
  alive.lastAnswer > dead.firstLoss

export interface Life {
  readonly state: 'alive' | 'down' | 'silent' | 'unclear'
  readonly reaches: readonly Reach[]
}

export function lifeOf(target: TargetFacts): Life {
  const reaches = TRANSPORTS.map((transport) => reachOf(target, transport)).filter(
    ({ state }) => state !== 'untested',
  )
  const dead = reaches.filter(isDead)
  if (dead.length === 0) {
    const alive = reaches.some(({ state }) => state === 'alive')
    return { state: alive ? 'alive' : 'unclear', reaches }
  }
  if (reaches.some((reach) => dead.some((other) => outlives(reach, other)))) {
    return { state: 'alive', reaches }
  }
  const down = dead.some(({ state }) => state === 'refused')
  return { state: down ? 'down' : 'silent', reaches }
}

export const isLifeless = ({ state }: Life): boolean => state === 'down' || state === 'silent'
