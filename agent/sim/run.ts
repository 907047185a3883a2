/**
 * Runs the real agent in a staged scenario, in virtual time, and keeps the record of truth: what
 * scenario tests and `timewarden simulate` call.
 */
import { Agent } from '../agent.ts'
import type { ClockName } from '../core/sample.ts'
import type { Snapshot } from '../observe/snapshot.ts'
import { type TruthSample, truthSample } from './assess.ts'
import { journalTo } from './journal.ts'
import { type Scenario, type Stage, stage } from './scenario.ts'

export interface RunOptions {
  /** Gets every line of the journal. */
  readonly journal?: (line: string) => void
  /** Simulated seconds between two entries of the record. */
  readonly interval?: number
}

export class Run {
  readonly stage: Stage
  readonly agent: Agent
  readonly #records = new Map<ClockName, TruthSample[]>()
  readonly #intervalNs: number

  constructor(scenario: Scenario, { journal, interval = 1 }: RunOptions = {}) {
    this.stage = stage(scenario)
    const { world } = this.stage
    this.agent = new Agent(scenario.config, world.node, 'sim')
    if (journal !== undefined) world.watch(journalTo(journal))
    this.#intervalNs = interval * 1e9
    world.start(this.agent)
    world.after(this.#intervalNs, () => this.#record())
  }

  forSeconds(seconds: number): this {
    this.stage.world.runFor(seconds)
    return this
  }

  snapshot(): Snapshot {
    return this.agent.snapshot(this.stage.world.now())
  }

  /** Truth beside what the agent published, once per interval. */
  record(clock: ClockName): readonly TruthSample[] {
    return this.#records.get(clock) ?? []
  }

  #record(): void {
    const { world } = this.stage
    world.after(this.#intervalNs, () => this.#record())
    const snapshot = this.snapshot()
    for (const { name } of snapshot.clocks) {
      const error = world.truth(name)
      const sample = truthSample(snapshot, name, { at: world.elapsed, error })
      const list = this.#records.get(name) ?? []
      this.#records.set(name, list)
      if (sample !== undefined) list.push(sample)
    }
  }
}
