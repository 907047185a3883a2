/** Metrics of the clocks. Sign: offset = local - reference, positive when the clock is ahead. */
import { eachClock, type MetricDefinition, one, perClock, stateSet, toSeconds } from './series.ts'
import { CLOCK_STATES } from './snapshot.ts'

const MODES = ['observe', 'follow', 'drive', 'auto']
const LEAPS = ['none', 'insert', 'delete', 'unknown']

export const CLOCK_METRICS: readonly MetricDefinition[] = [
  {
    name: 'clock_offset_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Best estimate of clock minus reference now, positive when the clock is ahead; source is the reference.',
    read: eachClock(({ offset, offsetSource }, labels) =>
      one({ ...labels, source: offsetSource }, toSeconds(offset)),
    ),
  },
  {
    name: 'clock_frequency_ppb',
    type: 'gauge',
    unit: 'ppb',
    help: 'Frequency correction dialled into the clock, positive makes it run faster.',
    read: perClock(({ frequency }) => frequency),
  },
  {
    name: 'clock_state',
    type: 'gauge',
    unit: '',
    help: 'State of the clock, 1 for the present one.',
    read: eachClock(({ state }, labels) => stateSet(labels, 'state', CLOCK_STATES, state)),
  },
  {
    name: 'clock_state_duration_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Time since the clock entered its state.',
    read: perClock(({ stateSeconds }) => stateSeconds),
  },
  {
    name: 'clock_error_bound_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'The farthest the clock may be from true time now.',
    read: perClock(({ bound }) => toSeconds(bound)),
  },
  {
    name: 'clock_error_bound_growth_ppb',
    type: 'gauge',
    unit: 'ppb',
    help: 'How fast the error bound grows without a new measurement.',
    read: perClock(({ boundGrowth }) => boundGrowth),
  },
  {
    name: 'clock_steps_total',
    type: 'counter',
    unit: '',
    help: 'Steps of the clock by reason.',
    read: eachClock(({ steps }, labels) =>
      Object.entries(steps).flatMap(([reason, count]) => one({ ...labels, reason }, count)),
    ),
  },
  {
    name: 'clock_mode',
    type: 'gauge',
    unit: '',
    help: 'What this agent does with the clock, 1 for the present mode.',
    read: eachClock(({ mode }, labels) => stateSet(labels, 'mode', MODES, mode)),
  },
  {
    name: 'clock_adjustable',
    type: 'gauge',
    unit: '',
    help: 'Whether this agent may adjust the clock.',
    read: perClock(({ adjustable }) => adjustable),
  },
  {
    name: 'clock_holdover_remaining_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Time until a clock in holdover passes its limit.',
    read: perClock(({ holdoverLeftSeconds }) => holdoverLeftSeconds),
  },
  {
    name: 'clock_tai_offset_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'TAI minus UTC as the kernel holds it.',
    read: perClock(({ taiOffset }) => taiOffset),
  },
  {
    name: 'clock_leap',
    type: 'gauge',
    unit: '',
    help: 'Leap second announced for the end of the UTC day, 1 for the present one.',
    read: eachClock(({ leap }, labels) => stateSet(labels, 'leap', LEAPS, leap)),
  },
  {
    name: 'clock_kernel_synchronized',
    type: 'gauge',
    unit: '',
    help: 'Whether the kernel tells other programs that the clock is synchronised (STA_UNSYNC clear).',
    read: perClock(({ kernel }) => kernel?.synchronized),
  },
  {
    name: 'clock_kernel_max_error_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Maximum error that the kernel tells other programs.',
    read: perClock(({ kernel }) => toSeconds(kernel?.maxError)),
  },
  {
    name: 'clock_kernel_estimated_error_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Estimated error that the kernel tells other programs.',
    read: perClock(({ kernel }) => toSeconds(kernel?.estimatedError)),
  },
]
