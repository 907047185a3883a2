/**
 * The node of `timewarden demo`: a system clock 12 ms and 18 ppm off that the agent drives, a NIC
 * whose PHC a ptp4l disciplines, four NTP servers of which one lies by 80 ms, two name servers. Its
 * day has five minutes: PTP is lost and comes back, then everything is lost and comes back.
 */
import type { Config } from '../config/types.ts'
import type { Node, PhcInfo } from '../ports/node.ts'
import { clockConfig, ntpConfig, ptp4lConfig, simConfig } from './plain-config.ts'
import {
  type Happening,
  type NamedNtpServer,
  type Scenario,
  type Stage,
  stage,
} from './scenario.ts'
import type { World } from './world.ts'

export const DEMO_PERIOD = 300

const PHC: PhcInfo = {
  index: 0,
  device: '/dev/ptp0',
  clockName: 'simulated',
  interfaces: ['eth0'],
  pci: '0000:01:00.0',
  driver: 'sim',
}

const DOMAIN = 24
const SOCKET = '/var/run/ptp4l'
const NAMESERVERS = ['10.96.0.10', '10.96.0.11'] as const
const RESOLV_CONF = `search default.svc.cluster.local svc.cluster.local cluster.local
nameserver ${NAMESERVERS[0]}
nameserver ${NAMESERVERS[1]}
options ndots:5
`
const NAME = 'kubernetes.default.svc.cluster.local'
const ZONE = { [NAME]: ['10.96.0.1'], localhost: ['127.0.0.1', '::1'] }

const LAN = { delayNs: 150_000, jitterNs: 20_000 }
const CAMPUS = { delayNs: 400_000, jitterNs: 60_000 }

const NTP: readonly NamedNtpServer[] = [
  { name: 'ntp-a', address: '10.0.0.1', link: LAN },
  { name: 'ntp-b', address: '10.0.0.2', link: LAN },
  { name: 'ntp-c', address: '10.0.1.3', link: CAMPUS },
  { name: 'ntp-d', address: '10.0.1.4', link: CAMPUS, errorNs: 80_000_000 },
]

const PTP_GONE = { do: 'grandmaster', set: { present: false } } as const
const PTP_BACK = { do: 'grandmaster', set: { present: true } } as const
const NTP_GONE = { do: 'ntp-link', server: 'all', set: { down: true } } as const
const NTP_BACK = { do: 'ntp-link', server: 'all', set: { down: false } } as const

export const DEMO_TIMELINE: readonly Happening[] = [
  { at: 90, say: 'the PTP grandmaster falls silent', deeds: [PTP_GONE] },
  { at: 150, say: 'the PTP grandmaster is back', deeds: [PTP_BACK] },
  { at: 200, say: 'the network is gone: no PTP, no NTP', deeds: [PTP_GONE, NTP_GONE] },
  { at: 240, say: 'the network is back', deeds: [PTP_BACK, NTP_BACK] },
]

const demoConfig = (): Config =>
  simConfig({
    clocks: {
      system: clockConfig({ mode: 'drive', lockThreshold: 0.000_1 }),
      'phc:eth0': clockConfig({ mode: 'follow', lockThreshold: 0.000_001 }),
    },
    sources: [
      ptp4lConfig({ socket: SOCKET, domain: DOMAIN }),
      // every 2 s, so that a lost server is missed within the half minute that it is lost
      ...NTP.map(({ name }) => ntpConfig({ name, minpoll: 1, maxpoll: 1 })),
    ],
    dns: { enabled: true, names: [NAME] },
    listen: '127.0.0.1:9975',
  })

export const demoScenario = (seed: string): Scenario => ({
  seed,
  config: demoConfig(),
  system: { offset: 0.012, frequencyPpb: 18_000, wanderPpb: 1 },
  phcs: [{ name: 'phc:eth0', info: PHC, offset: 0.3, frequencyPpb: -6000, wanderPpb: 0.5 }],
  info: { hostname: 'demo', ptp4lSockets: [SOCKET], resolvConf: RESOLV_CONF },
  ntp: NTP,
  ptp4l: { clock: 'phc:eth0', socket: SOCKET, domain: DOMAIN, interval: 1 / 8 },
  resolvers: NAMESERVERS.map((address) => ({ address, zone: ZONE })),
  timeline: DEMO_TIMELINE,
  period: DEMO_PERIOD,
})

export interface Demo {
  readonly config: Config
  readonly node: Node
  readonly world: World
  readonly stage: Stage
  /** What happens when, repeated every DEMO_PERIOD seconds of the world. */
  readonly timeline: readonly Happening[]
}

export function createDemo(seed: string): Demo {
  const scenario = demoScenario(seed)
  const built = stage(scenario)
  const { world } = built
  return {
    config: scenario.config,
    node: world.node,
    world,
    stage: built,
    timeline: DEMO_TIMELINE,
  }
}
