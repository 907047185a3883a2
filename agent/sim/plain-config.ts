/** Configurations for simulated nodes, with every default filled in. */
import type {
  ClockConfig,
  Config,
  DnsConfig,
  NtpSourceConfig,
  Ptp4lSourceConfig,
} from '../config/types.ts'

const CLOCK: ClockConfig = {
  mode: 'drive',
  servo: 'pi',
  maxSlewPpm: 500,
  step: { boot: 0.001, foreign: 0.001, panic: 0 },
  lockThreshold: 0.001,
  rate: 1,
  holdover: { seconds: 14_400, bound: 0.01 },
}

export const clockConfig = (clock: Partial<ClockConfig> = {}): ClockConfig => ({
  ...CLOCK,
  ...clock,
})

export const ntpConfig = (
  source: Partial<NtpSourceConfig> & { readonly name: string },
): NtpSourceConfig => ({
  type: 'ntp',
  pool: false,
  maxSources: 4,
  port: 123,
  minpoll: 4,
  maxpoll: 6,
  iburst: true,
  xleave: false,
  noselect: false,
  prefer: false,
  trust: false,
  require: false,
  maxDelay: 3,
  offset: 0,
  ...source,
})

export const ptp4lConfig = (source: Partial<Ptp4lSourceConfig> = {}): Ptp4lSourceConfig => ({
  type: 'ptp4l',
  socket: '/var/run/ptp4l',
  domain: 24,
  poll: 1,
  freeRunning: false,
  ...source,
})

const DNS: DnsConfig = {
  enabled: false,
  resolvConf: '/etc/resolv.conf',
  targets: [],
  names: [],
  maxRate: 1,
  timeout: 2,
}

export const simConfig = ({
  dns,
  ...config
}: Partial<Omit<Config, 'dns'>> & { readonly dns?: Partial<DnsConfig> }): Config => ({
  clocks: { system: CLOCK },
  sources: [],
  listen: '',
  socket: '',
  stateDirectory: '/var/lib/timewarden',
  logLevel: 'info',
  explicit: true,
  ...config,
  dns: { ...DNS, ...dns },
})
