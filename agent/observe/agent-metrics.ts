/**
 * Metrics of the agent itself. `process_*` carry the names that every Prometheus client library uses,
 * so they have no prefix.
 */
import type { ProcessView } from './process-view.ts'
import { type MetricDefinition, type MetricView, one, type Series } from './series.ts'

const ofProcess =
  (read: (process: ProcessView) => number) =>
  ({ process }: MetricView): Series[] =>
    process === undefined ? [] : one({}, read(process))

export const AGENT_METRICS: readonly MetricDefinition[] = [
  {
    name: 'build_info',
    type: 'gauge',
    unit: 'info',
    help: 'Version of the agent.',
    read: ({ snapshot }) => one({ version: snapshot.version }, 1),
  },
  {
    name: 'uptime_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Time since the agent started.',
    read: ({ snapshot }) => one({}, snapshot.uptimeSeconds),
  },
  {
    name: 'notes_total',
    type: 'counter',
    unit: '',
    help: 'Everything that was refused or happened, by name.',
    read: ({ snapshot }) =>
      snapshot.notes.map(({ subject, code, count }) => ({
        labels: { subject, code },
        value: count,
      })),
  },
  {
    name: 'leap_list_expiry_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Unix time until which the list of leap seconds in use is good.',
    read: ({ snapshot: { leapSeconds } }) =>
      one({ origin: leapSeconds.origin }, Number(leapSeconds.expires / 1_000_000_000n)),
  },
  {
    name: 'event_loop_lag_mean_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Mean lateness of the event loop in the last interval: delays corrections, never falsifies a sample.',
    read: ofProcess(({ loopLagMeanSeconds }) => loopLagMeanSeconds),
  },
  {
    name: 'event_loop_lag_max_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Largest lateness of the event loop in the last interval.',
    read: ofProcess(({ loopLagMaxSeconds }) => loopLagMaxSeconds),
  },
  {
    name: 'event_loop_utilization_ratio',
    type: 'gauge',
    unit: 'ratio',
    help: 'Share of time in which the event loop was busy since the start.',
    read: ofProcess(({ loopUtilization }) => loopUtilization),
  },
]

export const PROCESS_METRICS: readonly MetricDefinition[] = [
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    unit: 'seconds',
    help: 'User and system time of the process.',
    read: ofProcess(({ cpuSeconds }) => cpuSeconds),
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Resident memory of the process.',
    read: ofProcess(({ residentBytes }) => residentBytes),
  },
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Start of the process in seconds since 1970.',
    read: ofProcess(({ startUnixSeconds }) => startUnixSeconds),
  },
]
