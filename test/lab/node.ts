/** A node under test: waits for its lock, and watches truth and /status side by side. */
import type { Status } from '../../agent/observe/status-types.ts'
import { type Agent, clockOf } from './agent.ts'
import type { Lab, Truth } from './lab.ts'
import type { Check } from './scenario.ts'

export interface Watched {
  readonly readings: readonly Truth[]
  /** Longest time in seconds for which the truth was outside of the published bound. */
  readonly wrongFor: number
  readonly states: readonly string[]
  readonly steps: number
}

const PERIOD = 0.25
/** The truth is read after the status: the clock moves in between. */
const SLACK = 1000

class Watch {
  readonly readings: Truth[] = []
  readonly states: string[] = []
  wrongFor = 0
  steps = 0
  #wrongSince: number | undefined

  see(truth: Truth, status: Status | undefined): void {
    this.readings.push(truth)
    if (status === undefined) return
    const system = clockOf(status, 'system')
    const bound = system.errorBoundSeconds
    const wrong = bound !== null && Math.abs(truth.system) > bound * 1e9 + SLACK
    this.#wrongSince = wrong ? (this.#wrongSince ?? truth.at) : undefined
    const since = this.#wrongSince
    if (since !== undefined) this.wrongFor = Math.max(this.wrongFor, truth.at - since + PERIOD)
    if (this.states.at(-1) !== system.state) this.states.push(system.state)
    this.steps = Object.values(system.steps).reduce((sum, count) => sum + count, 0)
  }
}

/** `seconds` of looking 4 times a second; `system` only. */
export async function watchNode(lab: Lab, agent: Agent, seconds: number): Promise<Watched> {
  const from = lab.elapsed()
  const watch = new Watch()
  let told = from
  while (lab.elapsed() < from + seconds) {
    const status = await agent.status().catch(() => undefined)
    const truth = lab.truth()
    watch.see(truth, status)
    if (lab.elapsed() > told + 10) {
      told = lab.elapsed()
      lab.say(`system ${truth.system} ns, PHC 1 ${truth.phc1} ns, ${watch.states.at(-1)}`)
    }
    await lab.wait(PERIOD)
  }
  return watch
}

/** What every scenario promises. `wrongFor`: how long the world may be ahead of the readings, s. */
export const checksOf = (
  { wrongFor, states, steps }: Watched,
  limits: { readonly steps: number; readonly wrongFor?: number },
): Check[] => [
  {
    name: 'longest time outside of the published bound',
    value: wrongFor,
    limit: limits.wrongFor ?? 0,
    unit: 's',
  },
  { name: 'steps', value: steps, limit: limits.steps, unit: '' },
  {
    name: 'not locked at the end',
    value: states.at(-1) === 'locked' ? 0 : 1,
    limit: 0,
    unit: '',
  },
]

/** Seconds until the agent says so. */
export async function untilLocked(lab: Lab, agent: Agent, limit = 90): Promise<number> {
  const from = lab.elapsed()
  for (;;) {
    const status = await agent.status().catch(() => undefined)
    if (status !== undefined && clockOf(status, 'system').state === 'locked') break
    if (lab.elapsed() > from + limit) throw new Error(`not locked within ${limit} s`)
    await lab.wait(PERIOD)
  }
  lab.say('the agent says locked')
  return lab.elapsed() - from
}

/** ppb by which `clock` runs away from the truth over these readings. */
export function slopeOf(readings: readonly Truth[]): number {
  const [first, last] = [readings[0], readings.at(-1)]
  if (first === undefined || last === undefined || first === last) return Number.NaN
  return (last.system - first.system) / (last.at - first.at)
}
