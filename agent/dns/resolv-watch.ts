/**
 * A resolv.conf that is read again and again. CoreDNS reads it once, when it starts: whether the file
 * became another one since is told by what was read here, or else by when it was last written.
 */
import type { Now } from '../core/machine.ts'
import type { Instant } from '../core/units.ts'
import type { ResolvConfFacts } from './facts.ts'
import { parseResolvConf, type ResolvConf } from './resolv-conf.ts'

/** Moments in the life of a file, seconds since 1970 UTC. */
export interface FileTimes {
  /** When it was last written; undefined: not known. */
  readonly modified: number | undefined
  /** First reading since which every reading gave the same text. */
  readonly sameSince: number
  /** Last reading that gave another text than now. */
  readonly differedAt: number | undefined
}

/** A process' start is told from the boot time in whole seconds (proc(5), btime). */
const SLACK = 1

/**
 * Whether the file changed after `start`, seconds since 1970 UTC. A file that is written anew with the same
 * text did not change, where that was seen; undefined: not known, or too near to tell.
 */
export function changedSince(
  { modified, sameSince, differedAt }: FileTimes,
  start: number | undefined,
): boolean | undefined {
  if (start === undefined) return undefined
  if (sameSince <= start - SLACK) return false
  if (differedAt !== undefined && differedAt >= start + SLACK) return true
  if (modified === undefined || Math.abs(modified - start) < SLACK) return undefined
  return modified > start
}

const secondsOf = (at: Instant<'utc'>): number => Number(at) / 1e9

interface Reading {
  /** Undefined: there was no such file. */
  readonly text: string | undefined
  readonly at: number
}

export class ResolvWatch {
  readonly path: string
  #parsed: ResolvConf = parseResolvConf('')
  #last: Reading | undefined
  #times: FileTimes | undefined

  constructor(path: string) {
    this.path = path
  }

  /** `text` undefined: there is no such file. */
  read(text: string | undefined, modified: Instant<'utc'> | undefined, now: Now): void {
    const at = secondsOf(now.utc)
    const same = this.#last !== undefined && this.#last.text === text
    if (!same) this.#parsed = parseResolvConf(text ?? '')
    this.#times = {
      modified: modified && secondsOf(modified),
      sameSince: same ? (this.#times?.sameSince ?? at) : at,
      differedAt: same ? this.#times?.differedAt : this.#last?.at,
    }
    this.#last = { text, at }
  }

  /** Undefined: never read. `starts`: of the servers that read this file, seconds since 1970 UTC. */
  facts(starts: readonly number[]): ResolvConfFacts | undefined {
    if (this.#last === undefined || this.#times === undefined) return undefined
    const { nameservers, search, options } = this.#parsed
    const { ndots, timeout, attempts, rotate } = options
    // what changed after one of them changed after the first one
    const first = starts.length === 0 ? undefined : Math.min(...starts)
    const changed = changedSince(this.#times, first)
    return {
      ...{ path: this.path, missing: this.#last.text === undefined },
      ...{ search, ndots, timeout, attempts, rotate },
      nameservers: nameservers.filter(({ used }) => used).map(({ address }) => address),
      ignored: nameservers.filter(({ used }) => !used).map(({ address }) => address),
      ...(changed !== undefined && { changedSince: changed }),
    }
  }
}
