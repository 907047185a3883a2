/** Metrics of ptp4l as it tells them through its management socket. */
import { eachOfKind, type MetricDefinition, one, perKind, stateSet, toSeconds } from './series.ts'

/** IEEE 1588-2019 table 20, in the spelling of linuxptp; GRAND_MASTER is linuxptp's own. */
const PORT_STATES = [
  'INITIALIZING',
  'FAULTY',
  'DISABLED',
  'LISTENING',
  'PRE_MASTER',
  'MASTER',
  'PASSIVE',
  'UNCALIBRATED',
  'SLAVE',
  'GRAND_MASTER',
]

export const PTP_METRICS: readonly MetricDefinition[] = [
  {
    name: 'ptp_port_state',
    type: 'gauge',
    unit: '',
    help: 'State of a ptp4l port, 1 for the present one.',
    read: eachOfKind('ptp4l', ({ ports }, labels) =>
      ports.flatMap((port) =>
        stateSet(
          { ...labels, port: String(port.number), interface: port.interface },
          'state',
          PORT_STATES,
          port.state,
        ),
      ),
    ),
  },
  {
    name: 'ptp_grandmaster_info',
    type: 'gauge',
    unit: 'info',
    help: 'Identity of the grandmaster that ptp4l follows.',
    read: eachOfKind('ptp4l', ({ grandmaster }, labels) =>
      grandmaster === '' ? [] : one({ ...labels, grandmaster }, 1),
    ),
  },
  {
    name: 'ptp_domain',
    type: 'gauge',
    unit: '',
    help: 'PTP domain number that is asked for.',
    read: perKind('ptp4l', ({ domain }) => domain),
  },
  {
    name: 'ptp_subscribed',
    type: 'gauge',
    unit: '',
    help: 'Whether ptp4l notifies us of each Sync; 0 means that it is polled.',
    read: perKind('ptp4l', ({ subscribed }) => subscribed),
  },
  {
    name: 'ptp_clock_class',
    type: 'gauge',
    unit: '',
    help: 'clockClass of the grandmaster (IEEE 1588-2019 clause 7.6.2.5): 6 locked, 7 holdover.',
    read: perKind('ptp4l', ({ clockClass }) => clockClass),
  },
  {
    name: 'ptp_clock_accuracy',
    type: 'gauge',
    unit: '',
    help: 'clockAccuracy of the grandmaster (IEEE 1588-2019 table 5), 33 (0x21) is 100 ns.',
    read: perKind('ptp4l', ({ clockAccuracy }) => clockAccuracy),
  },
  {
    name: 'ptp_steps_removed',
    type: 'gauge',
    unit: '',
    help: 'Boundary clocks between the grandmaster and this node, plus one.',
    read: perKind('ptp4l', ({ stepsRemoved }) => stepsRemoved),
  },
  {
    name: 'ptp_mean_path_delay_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Mean path delay that ptp4l measures.',
    read: perKind('ptp4l', ({ meanPathDelay }) => toSeconds(meanPathDelay)),
  },
  {
    name: 'ptp_synchronized',
    type: 'gauge',
    unit: '',
    help: 'Whether what ptp4l steers may be believed: fresh, receiving, within its limit.',
    read: perKind('ptp4l', ({ upstream }) => upstream?.synchronized),
  },
  {
    name: 'ptp_utc_offset_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'TAI minus UTC as the grandmaster announces it.',
    read: perKind('ptp4l', ({ upstream }) => upstream?.utcOffset),
  },
  {
    name: 'ptp_utc_offset_valid',
    type: 'gauge',
    unit: '',
    help: 'Whether the grandmaster vouches for its UTC offset.',
    read: perKind('ptp4l', ({ upstream }) => upstream?.utcOffsetValid),
  },
]
