/**
 * Stands between the agent and those who look at it: every event passes through, so the last one is
 * known (liveness), and a snapshot is made at most once per second, whoever asks how often. What is
 * worth a note is worth a new one: a bound that has just become wider is not shown a second late.
 */
import type { Action, Event, Machine, Now } from '../core/machine.ts'
import { type Instant, since, toSeconds } from '../core/units.ts'
import type { ProcessView } from '../observe/process-view.ts'
import type { Snapshot } from '../observe/snapshot.ts'
import type { SnapshotProvider } from '../serve/provider.ts'

const SNAPSHOT_SECONDS = 1

export interface Kept extends Machine {
  snapshot(now: Now): Snapshot
}

export interface KeeperOptions {
  readonly agent: Kept
  readonly now: () => Now
  readonly process: () => ProcessView | undefined
}

export class Keeper implements Machine, SnapshotProvider {
  readonly #options: KeeperOptions
  #lastEventAt: Instant<'mono'>
  #snapshot: Snapshot | undefined

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#lastEventAt = options.now().mono
  }

  handle(event: Event, now: Now): readonly Action[] {
    const actions = this.#options.agent.handle(event, now)
    this.#lastEventAt = now.mono
    if (actions.some((action) => action.do === 'note')) this.#snapshot = undefined
    return actions
  }

  snapshot(): Snapshot {
    const now = this.#options.now()
    const old = this.#snapshot
    if (old !== undefined && toSeconds(since(now.mono, old.mono)) < SNAPSHOT_SECONDS) return old
    this.#snapshot = this.#options.agent.snapshot(now)
    return this.#snapshot
  }

  /** Something changed without an event. */
  forget(): void {
    this.#snapshot = undefined
  }

  process(): ProcessView | undefined {
    return this.#options.process()
  }

  heartbeatAge(): number {
    return toSeconds(since(this.#options.now().mono, this.#lastEventAt))
  }
}
