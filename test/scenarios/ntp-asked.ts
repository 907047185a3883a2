/** Nodes with many or distant NTP servers, and a record of whom the agent asked when. */
import type { NtpSourceConfig } from '../../agent/config/types.ts'
import { clockConfig, ntpConfig, simConfig } from '../../agent/sim/plain-config.ts'
import type { Run } from '../../agent/sim/run.ts'
import type { NamedNtpServer, Scenario } from '../../agent/sim/scenario.ts'

export interface Asked {
  /** True seconds since the world began. */
  readonly at: number
  readonly source: string
  readonly address: string
}

/** Every NTP request from now on. */
export function requestsOf(run: Run): readonly Asked[] {
  const asked: Asked[] = []
  const { world } = run.stage
  world.watch((_event, _now, actions) => {
    for (const action of actions) {
      if (action.do !== 'open' || action.transport !== 'udp' || action.port !== 123) continue
      const [source = ''] = action.channel.split('|')
      asked.push({ at: world.elapsed, source, address: action.address })
    }
  })
  return asked
}

/** `prefix.1` ... with a name `ntp-1` ... each. */
export const servers = (
  count: number,
  prefix: string,
  more: Partial<NamedNtpServer> = {},
): NamedNtpServer[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `ntp-${i + 1}`,
    address: `${prefix}.${i + 1}`,
    link: { delayNs: 100_000, jitterNs: 10_000 },
    ...more,
  }))

/** A clock 12 ms and 18 ppm off that asks these servers by these names. */
export const clientNode = (
  seed: string,
  ntp: readonly NamedNtpServer[],
  sources: readonly (Partial<NtpSourceConfig> & { readonly name: string })[],
  more: Partial<Scenario> = {},
): Scenario => ({
  seed,
  config: simConfig({
    clocks: { system: clockConfig({ mode: 'drive' }) },
    sources: sources.map((source) => ntpConfig(source)),
  }),
  system: { offset: 0.012, frequencyPpb: 18_000, wanderPpb: 1 },
  ntp,
  ...more,
})
