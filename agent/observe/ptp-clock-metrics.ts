/** Metrics of a ptp4l as a clock: its data sets beyond those that a sample needs. */
import type { SourceDetail } from '../sources/source.ts'
import {
  eachOfKind,
  type Labels,
  type MetricDefinition,
  one,
  perKind,
  type Series,
} from './series.ts'

type Detail = Extract<SourceDetail, { kind: 'ptp4l' }>
type Sets = NonNullable<Detail['dataSets']>
type Value = number | boolean | undefined

const perSets = (read: (sets: Sets) => Value) =>
  perKind('ptp4l', ({ dataSets = {} }) => read(dataSets))

/** One series for each member of `values`, its name in `label`. */
const each = (label: string, values: (sets: Sets) => Readonly<Record<string, Value>>) =>
  eachOfKind('ptp4l', ({ dataSets = {} }, labels: Labels): Series[] =>
    Object.entries(values(dataSets)).flatMap(([name, value]) =>
      one({ ...labels, [label]: name }, value),
    ),
  )

export const PTP_CLOCK_METRICS: readonly MetricDefinition[] = [
  {
    name: 'ptp_restarts_total',
    type: 'counter',
    unit: '',
    help: 'How often ptp4l was found to be another process than before.',
    read: perKind('ptp4l', ({ restarts }) => restarts),
  },
  {
    name: 'ptp_data_set_refused',
    type: 'gauge',
    unit: '',
    help: 'Data sets that this ptp4l does not give: of a later version, or by a read-only socket.',
    read: eachOfKind('ptp4l', ({ refusedDataSets = {} }, labels) =>
      Object.keys(refusedDataSets).flatMap((name) => one({ ...labels, data_set: name }, 1)),
    ),
  },
  {
    name: 'ptp_ports',
    type: 'gauge',
    unit: '',
    help: 'numberPorts of the DEFAULT_DATA_SET.',
    read: perSets(({ DEFAULT_DATA_SET: own }) => own?.numberPorts),
  },
  {
    name: 'ptp_priority',
    type: 'gauge',
    unit: '',
    help: 'priority1 and priority2, of ptp4l itself (own) and of the grandmaster.',
    read: each('which', ({ DEFAULT_DATA_SET: own, PARENT_DATA_SET: parent }) => ({
      'own-1': own?.priority1,
      'own-2': own?.priority2,
      'grandmaster-1': parent?.grandmasterPriority1,
      'grandmaster-2': parent?.grandmasterPriority2,
    })),
  },
  {
    name: 'ptp_own_clock_class',
    type: 'gauge',
    unit: '',
    help: 'clockClass that ptp4l announces when it is grandmaster; 255: it never is.',
    read: perSets(({ DEFAULT_DATA_SET: own }) => own?.clockQuality.clockClass),
  },
  {
    name: 'ptp_own_clock_accuracy',
    type: 'gauge',
    unit: '',
    help: 'clockAccuracy that ptp4l announces when it is grandmaster.',
    read: perSets(({ DEFAULT_DATA_SET: own }) => own?.clockQuality.clockAccuracy),
  },
  {
    name: 'ptp_offset_scaled_log_variance',
    type: 'gauge',
    unit: '',
    help: 'offsetScaledLogVariance of the grandmaster (IEEE 1588-2019 clause 7.6.3.5).',
    read: perSets(
      ({ PARENT_DATA_SET: parent }) => parent?.grandmasterClockQuality.offsetScaledLogVariance,
    ),
  },
  {
    name: 'ptp_grandmaster_present',
    type: 'gauge',
    unit: '',
    help: '0 while ptp4l is grandmaster itself.',
    read: perSets(({ TIME_STATUS_NP: status }) => status?.gmPresent),
  },
  {
    name: 'ptp_rate_offset_ppb',
    type: 'gauge',
    unit: 'ppb',
    help: 'cumulativeScaledRateOffset: rate of the grandmaster against this clock (802.1AS).',
    read: perSets(({ TIME_STATUS_NP: status }) => status?.cumulativeRateOffset),
  },
  {
    name: 'ptp_time_flag',
    type: 'gauge',
    unit: '',
    help: 'Flags of the TIME_PROPERTIES_DATA_SET.',
    read: each('flag', ({ TIME_PROPERTIES_DATA_SET: time }) => ({ ...time?.flags })),
  },
  {
    name: 'ptp_time_source_info',
    type: 'gauge',
    unit: 'info',
    help: 'timeSource of the grandmaster.',
    read: eachOfKind('ptp4l', ({ dataSets = {} }, labels) => {
      const source = dataSets.TIME_PROPERTIES_DATA_SET?.timeSource
      return source === undefined ? [] : one({ ...labels, time_source: source }, 1)
    }),
  },
  {
    name: 'ptp_synchronization_uncertain',
    type: 'gauge',
    unit: '',
    help: 'SYNCHRONIZATION_UNCERTAIN_NP; absent where nobody cares.',
    read: perSets(({ SYNCHRONIZATION_UNCERTAIN_NP: told }) =>
      told === undefined || told.uncertain === 'dont-care' ? undefined : told.uncertain === 'true',
    ),
  },
  {
    name: 'ptp_grandmaster_settings_clock_class',
    type: 'gauge',
    unit: '',
    help: 'clockClass of GRANDMASTER_SETTINGS_NP, as it was set last.',
    read: perSets(({ GRANDMASTER_SETTINGS_NP: set }) => set?.clockQuality.clockClass),
  },
  {
    name: 'ptp_external_grandmaster_steps_removed',
    type: 'gauge',
    unit: '',
    help: 'stepsRemoved of EXTERNAL_GRANDMASTER_PROPERTIES_NP.',
    read: perSets(({ EXTERNAL_GRANDMASTER_PROPERTIES_NP: set }) => set?.stepsRemoved),
  },
  {
    name: 'ptp_alternate_time_offset_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'currentOffset of alternate time offset 0, where that is enabled.',
    read: perSets(({ ALTERNATE_TIME_OFFSET_ENABLE: on, ALTERNATE_TIME_OFFSET_PROPERTIES: set }) =>
      on?.flags.enable ? set?.currentOffset : undefined,
    ),
  },
]
