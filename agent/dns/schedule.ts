/**
 * Whom to ask next, so that servers are not burdened and faults are seen soon.
 *
 *   follow-ups   what an answer, or its absence, makes worth asking, not before a given moment
 *   round        all base probes, the servers taking turns, and one extra of each server; again and again
 *
 * Each target has a token bucket. One that left DEAD queries in a row unanswered over a transport is asked
 * over it only the basic questions and ever more seldom, up to once in BACK_OFF_MAX seconds.
 */
import { elapsed, type Instant, plus, seconds, toSeconds } from '../core/units.ts'
import type { Probe, Probes } from './checks.ts'
import type { PlannedTarget } from './plan-types.ts'

/** As many as a diagnosis needs (rules/evidence.ts). */
const DEAD = 4
const BACK_OFF_MIN = 5
const BACK_OFF_MAX = 60
/** Tokens that an idle target saves. */
const BURST = 4
/** Between the two answers of `again`: more than the TTL's own unit. */
const AGAIN = seconds(3)
/** A follow-up that waits longer than this has lost its point. */
const STALE = 30

export interface ScheduleOptions {
  readonly targets: readonly { readonly target: PlannedTarget; readonly probes: Probes }[]
  /** Queries per second to one target. */
  readonly rate: number
  /** So many rounds, and in each all extras; undefined: for ever, and one extra of each server. */
  readonly rounds?: number | undefined
}

interface FollowUp {
  readonly probe: Probe
  readonly from: Instant<'mono'>
}

interface Bucket {
  tokens: number
  at: Instant<'mono'>
}

interface Silence {
  run: number
  until: Instant<'mono'>
}

/** A pair is two queries. */
export const costOf = ({ check }: Probe): number => (check === 'pair' || check === 'split' ? 2 : 1)

const reachKey = ({ target, transport }: Probe): string => `${target.label} ${transport}`

const sameProbe = (a: Probe, b: Probe): boolean =>
  a.target === b.target &&
  a.transport === b.transport &&
  a.check === b.check &&
  a.question.name === b.question.name &&
  a.question.type === b.question.type

/** The servers taking turns: the first of each, then the second of each. */
function interleave(lists: readonly (readonly Probe[])[]): Probe[] {
  const longest = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, turn) =>
    lists.flatMap((list) => list.slice(turn, turn + 1)),
  ).flat()
}

export class Schedule {
  readonly #options: ScheduleOptions
  readonly #base: readonly Probe[]
  readonly #buckets = new Map<PlannedTarget, Bucket>()
  readonly #silences = new Map<string, Silence>()
  #queue: Probe[] = []
  #followUps: readonly FollowUp[] = []
  #rounds = 0

  constructor(options: ScheduleOptions) {
    this.#options = options
    this.#base = interleave(options.targets.map(({ probes }) => probes.base))
  }

  /** Rounds that were begun. */
  get rounds(): number {
    return this.#rounds
  }

  /** Nothing will be asked any more. */
  get exhausted(): boolean {
    const { rounds = Number.POSITIVE_INFINITY } = this.#options
    return this.#rounds >= rounds && this.#queue.length === 0 && this.#followUps.length === 0
  }

  get empty(): boolean {
    return this.#base.length === 0
  }

  /** Undefined: nobody may be asked now. */
  next(now: Instant<'mono'>): Probe | undefined {
    const due = this.#dueFollowUp(now)
    if (due !== undefined) return due
    // one round at most is looked through, so that a node of dead servers alone does not spin
    for (let left = this.#queue.length + this.#base.length + 1; left > 0; left -= 1) {
      if (this.#queue.length === 0) this.#begin()
      const probe = this.#queue.shift()
      if (probe === undefined) return undefined
      if (this.#isSilenced(probe, now)) continue
      if (this.#take(probe, now)) return this.#withSequel(probe, now)
      this.#queue.push(probe)
    }
    return undefined
  }

  /** Asked ahead of the round, once however often it is wished for. */
  follow(probe: Probe, from: Instant<'mono'>): void {
    if (this.#followUps.some((waiting) => sameProbe(waiting.probe, probe))) return
    this.#followUps = [...this.#followUps, { probe, from }]
  }

  /** Somebody is there, or nobody answered. */
  heard(probe: Probe, answered: boolean, now: Instant<'mono'>): void {
    const key = reachKey(probe)
    if (answered) {
      this.#silences.delete(key)
      return
    }
    const run = (this.#silences.get(key)?.run ?? 0) + 1
    const wait = run < DEAD ? 0 : Math.min(BACK_OFF_MAX, BACK_OFF_MIN * 2 ** (run - DEAD))
    this.#silences.set(key, { run, until: plus(now, seconds(wait)) })
  }

  isDead(probe: Probe): boolean {
    return (this.#silences.get(reachKey(probe))?.run ?? 0) >= DEAD
  }

  /** Worth asking at once again: it was silent, and too seldom to call it dead. */
  isDoubtful(probe: Probe): boolean {
    const run = this.#silences.get(reachKey(probe))?.run ?? 0
    return run > 0 && run < DEAD
  }

  /** Whether a TTL falls shows in two answers some seconds apart. */
  #withSequel(probe: Probe, now: Instant<'mono'>): Probe {
    if (probe.check !== 'again') return probe
    this.follow(probe, plus(now, AGAIN))
    return { ...probe, check: 'exists' }
  }

  #begin(): void {
    const turn = this.#rounds
    const { targets, rounds } = this.#options
    if (rounds !== undefined && turn >= rounds) return
    this.#rounds += 1
    const extras = targets.map(({ probes }) => {
      const { length } = probes.extras
      const place = turn % Math.max(1, length)
      return rounds !== undefined ? probes.extras : probes.extras.slice(place, place + 1)
    })
    this.#queue = [...this.#base, ...interleave(extras)]
  }

  #dueFollowUp(now: Instant<'mono'>): Probe | undefined {
    this.#followUps = this.#followUps.filter(({ from }) => toSeconds(elapsed(now, from)) < STALE)
    const due = this.#followUps.find(({ probe, from }) => from <= now && this.#take(probe, now))
    if (due !== undefined) this.#followUps = this.#followUps.filter((other) => other !== due)
    return due?.probe
  }

  #isSilenced(probe: Probe, now: Instant<'mono'>): boolean {
    const silence = this.#silences.get(reachKey(probe))
    if (silence === undefined || silence.run < DEAD) return false
    return now < silence.until || probe.check !== 'exists'
  }

  #take(probe: Probe, now: Instant<'mono'>): boolean {
    const { rate } = this.#options
    const bucket = this.#buckets.get(probe.target) ?? { tokens: BURST, at: now }
    this.#buckets.set(probe.target, bucket)
    bucket.tokens = Math.min(BURST, bucket.tokens + toSeconds(elapsed(now, bucket.at)) * rate)
    bucket.at = now
    const cost = costOf(probe)
    if (bucket.tokens < cost) return false
    bucket.tokens -= cost
    return true
  }
}
