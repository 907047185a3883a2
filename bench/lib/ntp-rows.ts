/** The scenarios A to G, and the agent in one of them. */
import { boundViolations } from '../../agent/sim/assess.ts'
import { clockConfig, ntpConfig, simConfig } from '../../agent/sim/plain-config.ts'
import { Run } from '../../agent/sim/run.ts'
import type { Scenario } from '../../agent/sim/scenario.ts'

export interface Row {
  readonly name: string
  readonly title: string
  /** Constant delay each way and mean of the exponential part, ns. */
  readonly delayNs: number
  readonly jitterNs: number
  /** Step of the frequency per second, ppb. */
  readonly wanderPpb: number
  readonly minpoll: number
  readonly maxpoll: number
  /** Seconds, and how many of them do not count. */
  readonly length: number
  readonly skip: number
  /** Normal noise of each of our stamps, ns; chronyd's figures are without any. */
  readonly stampNoiseNs?: number
  /** chronyd's true RMS in the same world, ns. */
  readonly chronyd: number
}

const lan = { delayNs: 100_000, jitterNs: 10_000, wanderPpb: 1 }
const wan = { delayNs: 10e6, jitterNs: 1e6, wanderPpb: 1 }
const defaults = { minpoll: 6, maxpoll: 10, length: 60_000, skip: 12_000 }

export const ROWS: readonly Row[] = [
  {
    ...{ name: 'A', title: 'hardware-like, poll 0', chronyd: 39.5 },
    ...{ delayNs: 10_000, jitterNs: 100, wanderPpb: 1 },
    ...{ minpoll: 0, maxpoll: 0, length: 6000, skip: 1000 },
  },
  {
    ...{ name: 'B', title: 'LAN, poll 3', chronyd: 1750, ...lan },
    ...{ minpoll: 3, maxpoll: 3, length: 20_000, skip: 4000 },
  },
  { name: 'C', title: 'LAN, default polls', chronyd: 24_000, ...lan, ...defaults },
  { name: 'D', title: 'WAN, default polls', chronyd: 500_000, ...wan, ...defaults },
  {
    ...{ name: 'E', title: 'WAN, poll 6', chronyd: 104_000, ...wan, ...defaults },
    maxpoll: 6,
  },
  {
    ...{ name: 'F', title: 'LAN, bad crystal', chronyd: 4250, ...lan, wanderPpb: 10 },
    ...{ minpoll: 3, maxpoll: 3, length: 20_000, skip: 4000 },
  },
  {
    ...{ name: 'G', title: 'reference clock, 100 ns', chronyd: 75 },
    ...{ delayNs: 10_000, jitterNs: 0, wanderPpb: 1, stampNoiseNs: 141.4 },
    ...{ minpoll: 0, maxpoll: 0, length: 6000, skip: 1000 },
  },
]

export interface RowResult {
  /** True error once a second, ns. */
  readonly errors: readonly number[]
  readonly violations: number
  /** Requests per second, on average. */
  readonly rate: number
}

export function scenarioOf(row: Row, seed: string): Scenario {
  const { delayNs, jitterNs, wanderPpb, minpoll, maxpoll, stampNoiseNs = 0 } = row
  const source = ntpConfig({ name: 'server', minpoll, maxpoll, iburst: true })
  return {
    seed,
    config: simConfig({ clocks: { system: clockConfig({ mode: 'drive' }) }, sources: [source] }),
    system: { offset: 0.01, frequencyPpb: 5000, wanderPpb },
    ntp: [{ name: 'server', address: '10.0.0.1', noiseNs: 0, link: { delayNs, jitterNs } }],
    stampNoiseNs,
  }
}

export function runRow(row: Row, seed: string): RowResult {
  const run = new Run(scenarioOf(row, seed)).forSeconds(row.length)
  const record = run.record('system').filter(({ at }) => at > row.skip)
  const [source] = run.snapshot().sources
  const sent = source?.detail.kind === 'ntp' ? source.detail.sent : Number.NaN
  return {
    errors: record.map(({ error }) => error),
    violations: boundViolations(run.record('system')).length,
    rate: sent / row.length,
  }
}
