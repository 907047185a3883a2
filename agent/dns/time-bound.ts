/**
 * What signatures and certificates say of the time: the coarse interval in which UTC must lie.
 *
 * Each signer (a zone, a certificate's subject) has one vote: its newest window, since caches hold old ones.
 * UTC lies where more than half of the windows meet (RFC 5905 section 11.2.1 does the same with servers); from the
 * first such moment to the last, so a minority may lie. It is a bound, never a source of time: who forges
 * answers for several names at once can move it, and who only replays them can widen it.
 */
import type { Validity } from '../core/tls.ts'

export interface TimeBound {
  /** Seconds since 1970 UTC. */
  readonly from: number
  readonly until: number
  /** Signers whose window reaches into it. */
  readonly agreeing: readonly string[]
  /** All signers. */
  readonly signers: number
}

/** The newest window of each signer. */
function votesOf(windows: readonly Validity[]): Validity[] {
  const newest = new Map<string, Validity>()
  for (const window of windows) {
    const known = newest.get(window.by)
    if (window.from > window.until) continue
    if (known === undefined || window.from > known.from) newest.set(window.by, window)
  }
  return [...newest.values()]
}

/** Undefined where no majority of the signers agrees on any moment. */
export function timeBound(windows: readonly Validity[]): TimeBound | undefined {
  const votes = votesOf(windows)
  const covered = (moment: number): boolean =>
    votes.filter(({ from, until }) => from <= moment && moment <= until).length * 2 > votes.length
  // a stretch that a majority covers begins where a window begins, and ends where one ends
  const starts = votes.map(({ from }) => from).filter(covered)
  const ends = votes.map(({ until }) => until).filter(covered)
  if (starts.length === 0 || ends.length === 0) return undefined
  const from = Math.min(...starts)
  const until = Math.max(...ends)
  const agreeing = votes.filter((vote) => vote.from <= until && vote.until >= from)
  return { from, until, agreeing: agreeing.map(({ by }) => by), signers: votes.length }
}
