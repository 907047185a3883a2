/** The one list of metrics: what is not here is not exported. A new metric is one entry. */
import { AGENT_METRICS, PROCESS_METRICS } from './agent-metrics.ts'
import { CHILD_METRICS } from './child-metrics.ts'
import { CLOCK_METRICS } from './clock-metrics.ts'
import { DNS_METRICS } from './dns-metrics.ts'
import { PTP_CLOCK_METRICS } from './ptp-clock-metrics.ts'
import { PTP_METRICS } from './ptp-metrics.ts'
import { PTP_PORT_METRICS } from './ptp-port-metrics.ts'
import type { MetricDefinition } from './series.ts'
import { SOURCE_METRICS } from './source-metrics.ts'

const PREFIX = 'timewarden_'

const prefixed = (definition: MetricDefinition): MetricDefinition => ({
  ...definition,
  name: `${PREFIX}${definition.name}`,
})

export const METRICS: readonly MetricDefinition[] = [
  ...[CLOCK_METRICS, SOURCE_METRICS].flat().map(prefixed),
  ...[PTP_METRICS, PTP_CLOCK_METRICS, PTP_PORT_METRICS, CHILD_METRICS].flat().map(prefixed),
  ...[DNS_METRICS, AGENT_METRICS].flat().map(prefixed),
  ...PROCESS_METRICS,
]
