/** Configurations for simulated nodes: the defaults of the schema, and what the scenario wants. */
import { defaultClock, emptyConfig, toSources } from '../config/defaults.ts'
import type {
  ClockConfig,
  Config,
  DnsConfig,
  NtpSourceConfig,
  PpsSourceConfig,
  Ptp4lSourceConfig,
} from '../config/types.ts'

export const clockConfig = (clock: Partial<ClockConfig> = {}): ClockConfig => ({
  ...defaultClock('drive'),
  ...clock,
})

const first = <T extends { readonly type: string }>(
  sources: readonly { readonly type: string }[],
): T => sources[0] as T

export const ntpConfig = (
  source: Partial<NtpSourceConfig> & { readonly name: string },
): NtpSourceConfig => ({
  ...first<NtpSourceConfig>(toSources([{ ntp: { server: source.name } }])),
  ...source,
})

export const ptp4lConfig = (source: Partial<Ptp4lSourceConfig> = {}): Ptp4lSourceConfig => ({
  ...first<Ptp4lSourceConfig>(toSources([{ ptp4l: {} }])),
  ...source,
})

/** `device` or `clock` has to be among them. */
export const ppsConfig = (source: Partial<PpsSourceConfig>): PpsSourceConfig => ({
  ...first<PpsSourceConfig>(toSources([{ pps: { device: '/dev/pps0' } }])),
  ...(source.clock !== undefined && { device: undefined }),
  ...source,
})

/** Without endpoints and without a DNS probe, unless the scenario has them. */
export function simConfig({
  dns = { enabled: false },
  ...config
}: Partial<Omit<Config, 'dns'>> & { readonly dns?: Partial<DnsConfig> }): Config {
  const empty = emptyConfig()
  return { ...empty, listen: '', socket: '', ...config, dns: { ...empty.dns, ...dns } }
}
