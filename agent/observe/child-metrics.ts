/** Metrics of the programs that the agent keeps running. Labels are names out of the configuration. */
import type { ChildView } from '../supervise/view.ts'
import { type MetricDefinition, type MetricView, one, type Series } from './series.ts'

const perChild =
  (read: (child: ChildView) => number | boolean | undefined) =>
  ({ snapshot }: MetricView): Series[] =>
    snapshot.children.flatMap((child) => one({ child: child.name }, read(child)))

export const CHILD_METRICS: readonly MetricDefinition[] = [
  {
    name: 'child_up',
    type: 'gauge',
    unit: '',
    help: 'Whether a program that the agent keeps running runs.',
    read: perChild(({ state }) => state === 'up'),
  },
  {
    name: 'child_restarts_total',
    type: 'counter',
    unit: '',
    help: 'Starts of a program after the first one.',
    read: perChild(({ restarts }) => restarts),
  },
  {
    name: 'child_last_exit_code',
    type: 'gauge',
    unit: '',
    help: 'Exit code with which a program last ended; -1 after a signal, absent before.',
    read: perChild(({ lastExit }) => lastExit && (lastExit.code ?? -1)),
  },
  {
    name: 'child_back_off_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Present wait before a program is started again; 0 while it runs.',
    read: perChild(({ backOffSeconds }) => backOffSeconds),
  },
]
