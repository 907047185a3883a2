/**
 * Whether a target can be reached, over one transport and at all, from what was lost since its last answer.
 *
 * What was already lost while other questions were answered says nothing of the way: a resolver whose upstream
 * is dead still answers for its own zones.
 *
 * A TLS session that fails is an answer of a kind: somebody is there. A transport that was last asked
 * before another one fell silent says nothing about the time after.
 */
import type { Instant } from '../../core/units.ts'
import type { Attempt, CheckFacts, TargetFacts, Transport } from '../facts.ts'
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

const came = ({ result }: Pick<Attempt, 'result'>): boolean =>
  isAnswered(result) || result === 'tls_error'

const extreme = (
  instants: readonly Instant<'mono'>[],
  isBetter: (a: Instant<'mono'>, b: Instant<'mono'>) => boolean,
): Instant<'mono'> | undefined =>
  instants.reduce<Instant<'mono'> | undefined>(
    (best, at) => (best === undefined || isBetter(at, best) ? at : best),
    undefined,
  )

/** Lost since the last answer, and what of it tells of the way. */
function lossesOf(checks: readonly CheckFacts[], lastAnswer: Instant<'mono'> | undefined) {
  const isSince = ({ at }: Attempt): boolean => lastAnswer === undefined || at > lastAnswer
  const lost = checks.flatMap(({ recent }) => recent.filter(isSince))
  // what was lost before that answer, too, is lost for what is asked
  const telling = checks.filter(({ recent }) => {
    const before = recent.findLast((attempt) => !isSince(attempt))
    return lastAnswer === undefined || (before !== undefined && came(before))
  })
  const basic = checks.some(({ check }) => check === 'exists')
  const basicLost = telling.some(({ check, recent }) => check === 'exists' && recent.some(isSince))
  const run = telling.reduce((sum, { recent }) => sum + recent.filter(isSince).length, 0)
  return { lost, silent: run >= SILENT_RUN && (basicLost || !basic) }
}

export function reachOf(target: TargetFacts, transport: Transport): Reach {
  const checks = target.checks.filter((facts) => facts.transport === transport)
  const lastAnswer = extreme(
    checks.flatMap(({ recent }) => recent.findLast(came)?.at ?? []),
    (a, b) => a > b,
  )
  const { lost, silent } = lossesOf(checks, lastAnswer)
  const firstLoss = extreme(
    lost.map(({ at }) => at),
    (a, b) => a < b,
  )
  const refused = lost.filter(({ result }) => result !== 'timeout').length
  const state = (): Reach['state'] => {
    if (checks.every(({ recent }) => recent.length === 0)) return 'untested'
    if (refused >= RUN && refused * 2 > lost.length) return 'refused'
    if (silent) return 'silent'
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
