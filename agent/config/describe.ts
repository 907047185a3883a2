/** What a configuration amounts to, one line per thing, for `check-config` and the log at start. */

import { withPort } from '../dns/address.ts'
import { DNS_PORT } from '../dns/plan.ts'
import { formatDuration as time } from './duration.ts'
import { quoteWord } from './shell-words.ts'
import type {
  ClockConfig,
  Config,
  DnsConfig,
  NtpSourceConfig,
  PpsSourceConfig,
  SourceConfig,
} from './types.ts'

const NTP_PORT = 123

function describeClock(name: string, clock: ClockConfig): string {
  const { mode, servo, step, holdover, maxSlewPpm, lockThreshold } = clock
  if (mode === 'observe' || mode === 'follow') return `clock ${name}: ${mode}`
  const boot = step.boot === 0 ? 'never steps at start' : `steps beyond ${time(step.boot)} at start`
  return (
    `clock ${name}: drive with ${servo}, ${boot}, slews with at most ${maxSlewPpm} ppm, ` +
    `locked within ${time(lockThreshold)}, holds over for ${time(holdover.seconds)} or up to ${time(holdover.bound)}`
  )
}

const NTP_FLAGS = [
  ...(['iburst', 'burst', 'xleave', 'copy', 'aggressive'] as const),
  ...(['noselect', 'prefer', 'trust', 'require'] as const),
]
/** Told where they are not what everybody has. */
const NTP_NUMBERS = {
  ...{ key: undefined, presend: undefined, minStratum: 0, maxDelayRatio: 0, maxDelayDevRatio: 10 },
  ...{ minSamples: 6, maxSamples: 0, maxUnreach: 8, filter: 1 },
} as const

function describeNtp(source: NtpSourceConfig): string {
  const { name, pool, port, minpoll, maxpoll, maxSources } = source
  const what = pool ? `pool ${name}, up to ${maxSources} servers` : `server ${name}`
  const where = port === NTP_PORT ? '' : ` port ${port}`
  const flags = NTP_FLAGS.filter((flag) => source[flag]).map((flag) => `, ${flag}`)
  const numbers = Object.entries(NTP_NUMBERS).flatMap(([key, usual]) => {
    const value = source[key as keyof typeof NTP_NUMBERS]
    return value === usual ? [] : [`, ${key} ${value}`]
  })
  const options = [...flags, ...numbers].join('')
  return `source ntp: ${what}${where}, polls every 2^${minpoll} s, 2^${maxpoll} s at most${options}`
}

function describePps({
  device,
  clock = '',
  channel,
  edge,
  delay,
  second,
}: PpsSourceConfig): string {
  const where = device ?? `${clock} channel ${channel}`
  const late = delay === 0 ? '' : `, late by ${time(delay)}`
  const which = second === 'known' ? '' : ', the second as the system clock has it'
  return `source pps: ${where}, ${edge} edge${edge === 'both' ? 's' : ''}${late}${which}`
}

const describeOutputs = (name: string, { outputs = [], kernelPps }: ClockConfig): string[] => [
  ...outputs.map(
    ({ channel, period, phase }) =>
      `clock ${name}: puts out pulses every ${time(period)} at channel ${channel}` +
      (phase === 0 ? '' : `, ${time(phase)} after the second`),
  ),
  ...(kernelPps === true ? [`clock ${name}: its seconds are PPS events of the kernel`] : []),
]

function describeSource(source: SourceConfig, assumed: boolean): string {
  switch (source.type) {
    case 'ntp':
      return describeNtp(source)
    case 'ptp4l': {
      const guess = assumed ? ' (assumed: the socket does not tell)' : ''
      return `source ptp4l: ${source.socket}, domain ${source.domain}${guess}`
    }
    case 'pps':
      return describePps(source)
    case 'chrony':
      return `source chrony: ${withPort(source.address, source.port, 323)}, every ${time(source.poll)}`
  }
}

function describeDns(dns: DnsConfig): string[] {
  if (!dns.enabled) return ['dns: off']
  return [
    `dns: nameservers of ${dns.resolvConf} asked for ${dns.names.join(', ')}; ` +
      `at most ${dns.maxRate}/s, time-out ${time(dns.timeout)}`,
    ...[dns.corefile, dns.operator].flatMap((file) =>
      file === undefined ? [] : [`dns: whom ${file} forwards to, by \`timewarden dns targets\``],
    ),
    ...dns.targets.map(
      ({ server, port, names, transports }) =>
        `dns: ${withPort(server, port, DNS_PORT)} asked for ${names.join(', ')} over ${transports.join(' and ')}`,
    ),
  ]
}

export function describeConfig(config: Config): string[] {
  const { clocks, sources, discover, dns, listen, socket, keyFile, stateDirectory, leapSeconds } =
    config
  const { hardwareTimestamps = 'auto', children = [] } = config
  const named = Object.entries(clocks).flatMap(([name, clock]) => [
    describeClock(name, clock),
    ...describeOutputs(name, clock),
  ])
  const system = 'system' in clocks ? [] : ['clock system: observe']
  const found = discover === true && sources.length === 0
  return [
    ...system,
    ...named,
    ...(found ? ['sources: what is found on the node at start'] : []),
    ...sources.map((source) => describeSource(source, discover === true)),
    ...children.map(({ name, command }) => `child ${name}: ${command.map(quoteWord).join(' ')}`),
    ...describeDns(dns),
    `leap seconds: mode ${leapSeconds.mode}, ${leapSeconds.list === '' ? 'the list inside' : leapSeconds.list}`,
    ...(hardwareTimestamps === 'auto' ? [] : [`hardware time stamps: ${hardwareTimestamps}`]),
    `http: ${listen === '' ? 'off' : listen}`,
    `socket: ${socket === '' ? 'off' : socket}`,
    ...(keyFile === undefined ? [] : [`keys: ${keyFile}`]),
    `state: ${stateDirectory}`,
  ]
}
