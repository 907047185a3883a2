/** Metrics that every source has. Sign: offset = local - reference, positive when we are ahead. */
import { VERDICT_ORDER } from '../select/verdict.ts'
import type { OptionValues } from '../sources/source.ts'
import {
  eachOfKind,
  eachSource,
  type MetricDefinition,
  one,
  perKind,
  perSource,
  stateSet,
  toSeconds,
} from './series.ts'

/** Share of the last eight polls that were answered. */
function reachability(reach: number): number {
  let answered = 0
  for (let rest = reach & 0xff; rest !== 0; rest >>= 1) answered += rest & 1
  return answered / 8
}

const COMMON: readonly MetricDefinition[] = [
  {
    name: 'source_info',
    type: 'gauge',
    unit: 'info',
    help: 'What the source is and which clock it measures.',
    read: eachSource(({ kind, clock = '', address }, labels) =>
      one({ ...labels, kind, clock, address }, 1),
    ),
  },
  {
    name: 'source_reference_info',
    type: 'gauge',
    unit: 'info',
    help: 'What the source calls its own reference.',
    read: eachSource(({ reference }, labels) =>
      reference === '' ? [] : one({ ...labels, reference }, 1),
    ),
  },
  {
    name: 'source_stamps_info',
    type: 'gauge',
    unit: 'info',
    help: 'Who took the time stamps of the last measurement: hardware, kernel or a daemon.',
    read: eachSource(({ stamps }, labels) =>
      stamps === undefined ? [] : one({ ...labels, stamps }, 1),
    ),
  },
  {
    name: 'source_offset_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Clock minus source at the last measurement, positive when the clock is ahead.',
    read: perSource(({ offset }) => toSeconds(offset)),
  },
  {
    name: 'source_delay_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Round trip (NTP), mean path delay (PTP) or length of the read-out (PHC).',
    read: perSource(({ delay }) => toSeconds(delay)),
  },
  {
    name: 'source_root_distance_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'The farthest the measured offset may be from the truth.',
    read: perSource(({ rootDistance }) => toSeconds(rootDistance)),
  },
  {
    name: 'source_sample_age_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Time since the last valid measurement.',
    read: perSource(({ ageSeconds }) => ageSeconds),
  },
  {
    name: 'source_reachability_ratio',
    type: 'gauge',
    unit: 'ratio',
    help: 'Share of the last eight polls that were answered.',
    read: perSource(({ reach }) => reachability(reach)),
  },
  {
    name: 'source_poll_interval_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Time between polls at present.',
    read: perSource(({ pollSeconds }) => pollSeconds),
  },
  {
    name: 'source_stratum',
    type: 'gauge',
    unit: '',
    help: 'Stratum of the source, 0 outside of the hierarchy of NTP.',
    read: perSource(({ stratum }) => stratum),
  },
  {
    name: 'source_verdict',
    type: 'gauge',
    unit: '',
    help: 'Verdict of the selection on the source, 1 for the present one.',
    read: eachSource(({ verdict }, labels) => stateSet(labels, 'verdict', VERDICT_ORDER, verdict)),
  },
]

/** Flags that are on, in one label: a series per option and source would be hundreds. */
const flagsOf = (options: OptionValues): string =>
  Object.keys(options)
    .filter((key) => options[key] === true)
    .join(' ')

const DIRECTIONS = ['tx', 'rx'] as const

const NTP: readonly MetricDefinition[] = [
  {
    name: 'ntp_options_info',
    type: 'gauge',
    unit: 'info',
    help: 'Options in force: poll exponents towards the server at hand, the flags that are on, the key.',
    read: eachOfKind('ntp', ({ options, authentication = 'none' }, labels) =>
      options === undefined
        ? []
        : one(
            {
              ...labels,
              minpoll: String(options['minpoll']),
              maxpoll: String(options['maxpoll']),
              flags: flagsOf(options),
              authentication,
            },
            1,
          ),
    ),
  },
  {
    name: 'ntp_requests_total',
    type: 'counter',
    unit: '',
    help: 'Requests sent to an NTP server.',
    read: perKind('ntp', ({ sent }) => sent),
  },
  {
    name: 'ntp_responses_total',
    type: 'counter',
    unit: '',
    help: 'Packets received from an NTP server.',
    read: perKind('ntp', ({ received }) => received),
  },
  {
    name: 'ntp_valid_responses_total',
    type: 'counter',
    unit: '',
    help: 'Answers of an NTP server that passed every check.',
    read: perKind('ntp', ({ good }) => good),
  },
  {
    name: 'ntp_stamps_total',
    type: 'counter',
    unit: '',
    help: 'Our stamps on requests (tx) and answers (rx) of completed exchanges, by who took them.',
    read: eachOfKind('ntp', ({ stamped }, labels) =>
      DIRECTIONS.flatMap((direction) =>
        Object.entries(stamped?.[direction].counts ?? {}).flatMap(([kind, count]) =>
          one({ ...labels, direction, kind }, count),
        ),
      ),
    ),
  },
  {
    name: 'ntp_interleaved',
    type: 'gauge',
    unit: '',
    help: 'Whether the exchange is interleaved, with transmit stamps of the server.',
    read: perKind('ntp', ({ mode }) => mode === 'interleaved'),
  },
]

const CHRONY: readonly MetricDefinition[] = [
  {
    name: 'chrony_frequency_ppb',
    type: 'gauge',
    unit: 'ppb',
    help: 'Frequency correction that chronyd applies.',
    read: perKind('chrony', ({ frequency }) => frequency),
  },
  {
    name: 'chrony_skew_ppb',
    type: 'gauge',
    unit: 'ppb',
    help: 'Uncertainty of that frequency, as chronyd estimates it.',
    read: perKind('chrony', ({ skew }) => skew),
  },
]

const PHC: readonly MetricDefinition[] = [
  {
    name: 'phc_method_info',
    type: 'gauge',
    unit: 'info',
    help: 'How the PHC is read against the system clock.',
    read: eachOfKind('phc', ({ method }, labels) =>
      method === '' ? [] : one({ ...labels, method }, 1),
    ),
  },
]

const PPS: readonly MetricDefinition[] = [
  {
    name: 'pps_pulses_total',
    type: 'counter',
    unit: '',
    help: 'Pulses of a PPS source that were stamped.',
    read: perKind('pps', ({ pulses }) => pulses),
  },
  {
    name: 'pps_missed_total',
    type: 'counter',
    unit: '',
    help: 'Seconds without a pulse between two with one.',
    read: perKind('pps', ({ missed }) => missed),
  },
  {
    name: 'pps_second_known',
    type: 'gauge',
    unit: '',
    help: 'Whether it is known which second a pulse marks: 1 also where the operator vouches for it.',
    read: perKind('pps', ({ second }) => second !== 'unknown'),
  },
]

export const SOURCE_METRICS: readonly MetricDefinition[] = [
  ...[...COMMON, ...NTP, ...CHRONY],
  ...[...PHC, ...PPS],
]
