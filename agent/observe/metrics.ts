/**
 * A snapshot as Prometheus text exposition, and the only importer of prom-client.
 *
 * Each rendering starts from an empty registry, so nothing of a source that is gone stays behind. The
 * library's own Gauge and Counter keep state and its Histogram cannot be set from counts; a registry
 * asks no more of a metric than `get`, so a plain object answers in their place.
 */
import { type Metric, Registry } from 'prom-client'
import { METRICS } from './catalogue.ts'
import type { MetricDefinition, MetricView, Series } from './series.ts'

export const CONTENT_TYPE: string = Registry.PROMETHEUS_CONTENT_TYPE

const keyOf = ({ labels, suffix }: Series): string => JSON.stringify([suffix, labels])

/** The same series twice would make the whole scrape fail; the first one counts. */
function withoutDoubles(series: readonly Series[]): readonly Series[] {
  const seen = new Map<string, Series>()
  for (const each of series) {
    const key = keyOf(each)
    if (!seen.has(key)) seen.set(key, each)
  }
  return [...seen.values()]
}

function asMetric({ name, help, type }: MetricDefinition, series: readonly Series[]): Metric {
  const values = withoutDoubles(series).map(({ labels, value, suffix }) => ({
    labels,
    value,
    ...(suffix !== undefined && { metricName: `${name}${suffix}` }),
  }))
  const get = () => Promise.resolve({ name, help, type, values, aggregator: 'sum' })
  return { name, help, get } as unknown as Metric
}

export function renderMetrics(
  view: MetricView,
  definitions: readonly MetricDefinition[] = METRICS,
): Promise<string> {
  const registry = new Registry()
  for (const definition of definitions) {
    const series = definition.read(view)
    if (series.length > 0) registry.registerMetric(asMetric(definition, series))
  }
  return registry.metrics()
}
