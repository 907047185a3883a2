/** Nodes that scenarios start from: a clock 12 ms and 18 ppm off, on a good local network. */
import type { SourceConfig } from '../../agent/config/types.ts'
import { demoScenario } from '../../agent/sim/demo-world.ts'
import { clockConfig, ntpConfig, simConfig } from '../../agent/sim/plain-config.ts'
import type { Deed, Happening, NamedNtpServer, Scenario } from '../../agent/sim/scenario.ts'

export const SEEDS = ['1', '2', '3'] as const

export const at = (seconds: number, ...deeds: Deed[]): Happening => ({
  at: seconds,
  say: '',
  deeds,
})

const LINK = { delayNs: 100_000, jitterNs: 10_000 }

const SERVERS: readonly NamedNtpServer[] = ['a', 'b', 'c', 'd'].map((letter, i) => ({
  name: `ntp-${letter}`,
  address: `10.0.0.${i + 1}`,
  link: LINK,
}))

/** `lies`: error of each server in ns; as many servers as there are entries. */
export function ntpNode(
  seed: string,
  lies: readonly number[],
  more: Partial<Scenario> = {},
): Scenario {
  const ntp = SERVERS.slice(0, lies.length).map((server, i) => ({
    ...server,
    errorNs: lies[i] ?? 0,
  }))
  const sources: SourceConfig[] = ntp.map(({ name }) => ntpConfig({ name, minpoll: 3, maxpoll: 4 }))
  return {
    seed,
    config: simConfig({ clocks: { system: clockConfig({ mode: 'drive' }) }, sources }),
    system: { offset: 0.012, frequencyPpb: 18_000, wanderPpb: 1 },
    ntp,
    ...more,
  }
}

/** The node of the demo, with a timeline of its own. */
export const ptpNode = (seed: string, timeline: readonly Happening[] = []): Scenario => {
  const { period: _, ...scenario } = demoScenario(seed)
  return { ...scenario, timeline }
}
