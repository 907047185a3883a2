/** Metrics of the ports of a ptp4l: faults, messages, intervals, delays, unicast, CMLDS. */
import { since } from '../core/units.ts'
import type { Ptp4lPortView } from '../sources/source.ts'
import {
  eachOfKind,
  type Labels,
  type MetricDefinition,
  one,
  type Series,
  toSeconds,
} from './series.ts'

type Sets = NonNullable<Ptp4lPortView['dataSets']>
type Value = number | boolean | undefined

const eachPort = (read: (port: Ptp4lPortView, labels: Labels) => readonly Series[]) =>
  eachOfKind('ptp4l', ({ ports }, labels) =>
    ports.flatMap((port) =>
      read(port, { ...labels, port: String(port.number), interface: port.interface }),
    ),
  )

const perPort = (read: (sets: Sets) => Value) =>
  eachPort(({ dataSets = {} }, labels) => one(labels, read(dataSets)))

/** One series for each member of what `read` gives, its name in `label`. */
const each = (label: string, read: (sets: Sets, port: Ptp4lPortView) => Record<string, Value>) =>
  eachPort((port, labels) =>
    Object.entries(read(port.dataSets ?? {}, port)).flatMap(([name, value]) =>
      one({ ...labels, [label]: name }, value),
    ),
  )

/** 0x7f on the wire: not configured, as in unicast. */
const interval = (log: number | undefined): number | undefined =>
  log === undefined || log === 127 ? undefined : 2 ** log

/** All ones: not known (IEEE C37.238). */
const inaccuracy = (value: number | undefined): number | undefined =>
  value === 0xffffffff ? undefined : toSeconds(value)

const UNICAST_STATES = ['WAIT', 'HAVE_ANN', 'NEED_SYDY', 'HAVE_SYDY']

export const PTP_PORT_METRICS: readonly MetricDefinition[] = [
  {
    name: 'ptp_port_state_age_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'How long a port has been in its state, or at least since it was first seen in it.',
    read: eachOfKind('ptp4l', ({ ports }, labels, now) =>
      ports.flatMap(({ number, interface: name, since: entered }) =>
        one({ ...labels, port: String(number), interface: name }, since(now, entered) / 1e9),
      ),
    ),
  },
  {
    name: 'ptp_port_faults_total',
    type: 'counter',
    unit: '',
    help: 'Faults of a port by cause: became FAULTY (as seen), time-outs and mismatches as ptp4l counts them.',
    read: each('cause', ({ PORT_SERVICE_STATS_NP: stats }, { faulted }) => ({
      faulty: faulted,
      'announce-timeout': stats?.announceTimeout,
      'sync-timeout': stats?.syncTimeout,
      'delay-timeout': stats?.delayTimeout,
      'unicast-service-timeout': stats?.unicastServiceTimeout,
      'unicast-request-timeout': stats?.unicastRequestTimeout,
      'sync-mismatch': stats?.syncMismatch,
      'followup-mismatch': stats?.followupMismatch,
    })),
  },
  {
    name: 'ptp_port_timer_expiries_total',
    type: 'counter',
    unit: '',
    help: 'Expiries of the timers by which a port sends and qualifies: ordinary work.',
    read: each('timer', ({ PORT_SERVICE_STATS_NP: stats }) => ({
      'master-announce': stats?.masterAnnounceTimeout,
      'master-sync': stats?.masterSyncTimeout,
      qualification: stats?.qualificationTimeout,
    })),
  },
  {
    name: 'ptp_port_messages_total',
    type: 'counter',
    unit: '',
    help: 'PTP messages of a port by type.',
    read: eachPort(({ traffic }, labels) =>
      (['received', 'sent'] as const).flatMap((direction) =>
        Object.entries(traffic?.[direction] ?? {}).flatMap(([type, { count }]) =>
          one({ ...labels, direction, type }, count),
        ),
      ),
    ),
  },
  {
    name: 'ptp_port_interval_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Intervals between messages as the port has them configured.',
    read: each('message', ({ PORT_DATA_SET: port }) => ({
      announce: interval(port?.logAnnounceInterval),
      sync: interval(port?.logSyncInterval),
      'delay-request': interval(port?.logMinDelayReqInterval),
      'peer-delay-request': interval(port?.logMinPdelayReqInterval),
    })),
  },
  {
    name: 'ptp_port_announce_receipt_timeout',
    type: 'gauge',
    unit: '',
    help: 'Announce intervals without a message after which a port gives its transmitter up.',
    read: perPort(({ PORT_DATA_SET: port }) => port?.announceReceiptTimeout),
  },
  {
    name: 'ptp_port_peer_delay_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'peerMeanPathDelay, where the port measures by peer delay.',
    read: perPort(({ PORT_DATA_SET: port }) =>
      port === undefined || port.delayMechanism === 'E2E' || port.delayMechanism === 'NONE'
        ? undefined
        : toSeconds(port.peerMeanPathDelay),
    ),
  },
  {
    name: 'ptp_port_as_capable',
    type: 'gauge',
    unit: '',
    help: 'Whether the neighbour answers as IEEE 802.1AS asks (always 1 outside its profile).',
    read: perPort(({ PORT_DATA_SET_NP: port }) => port?.asCapable),
  },
  {
    name: 'ptp_port_neighbor_delay_limit_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'neighborPropDelayThresh: a link with more delay is not taken for 802.1AS capable.',
    read: perPort(({ PORT_DATA_SET_NP: port }) => toSeconds(port?.neighborPropDelayThresh)),
  },
  {
    name: 'ptp_port_master_only',
    type: 'gauge',
    unit: '',
    help: 'Whether the port never listens to a time transmitter.',
    read: perPort(({ MASTER_ONLY: port }) => port?.flags.masterOnly),
  },
  {
    name: 'ptp_port_correction_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Configured latencies and asymmetry of a port (PORT_CORRECTIONS_NP).',
    read: each('correction', ({ PORT_CORRECTIONS_NP: port }) => ({
      'egress-latency': toSeconds(port?.egressLatency),
      'ingress-latency': toSeconds(port?.ingressLatency),
      'delay-asymmetry': toSeconds(port?.delayAsymmetry),
    })),
  },
  {
    name: 'ptp_port_inaccuracy_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Inaccuracies by the power profile (IEEE C37.238), where known.',
    read: each('of', ({ POWER_PROFILE_SETTINGS_NP: set }) => ({
      grandmaster: inaccuracy(set?.grandmasterTimeInaccuracy),
      network: inaccuracy(set?.networkTimeInaccuracy),
      total: inaccuracy(set?.totalTimeInaccuracy),
    })),
  },
  {
    name: 'ptp_unicast_masters',
    type: 'gauge',
    unit: '',
    help: 'Entries of the unicast master table by state.',
    read: each('state', ({ UNICAST_MASTER_TABLE_NP: table }) =>
      table === undefined || table.masters.length === 0
        ? {}
        : Object.fromEntries(
            UNICAST_STATES.map((state) => [
              state,
              table.masters.filter((each) => each.state === state).length,
            ]),
          ),
    ),
  },
  {
    name: 'ptp_cmlds_link_delay_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'meanLinkDelay of the common mean link delay service.',
    read: perPort(({ CMLDS_INFO_NP: link }) => toSeconds(link?.meanLinkDelay)),
  },
  {
    name: 'ptp_cmlds_neighbor_rate_ppb',
    type: 'gauge',
    unit: 'ppb',
    help: 'Rate of the neighbour against this port, by the common mean link delay service.',
    read: perPort(({ CMLDS_INFO_NP: link }) => link?.neighborRateRatio),
  },
  {
    name: 'ptp_cmlds_as_capable',
    type: 'gauge',
    unit: '',
    help: 'Whether the common mean link delay service takes the link for 802.1AS capable.',
    read: perPort(({ CMLDS_INFO_NP: link }) => link?.asCapable),
  },
]
