/**
 * What a metric is: one entry of a list. `read` turns a snapshot into series; no series means that
 * the metric does not appear, so a series disappears with its source.
 *
 * Conversions of units for Prometheus happen here and nowhere else: base units, seconds and ratios.
 */
import type { Instant } from '../core/units.ts'
import type { ProcessView } from './process-view.ts'
import type { ClockView, Snapshot, SourceReport } from './snapshot.ts'

export type Labels = Readonly<Record<string, string>>

export interface Series {
  readonly labels: Labels
  readonly value: number
  /** Of a histogram. */
  readonly suffix?: '_bucket' | '_sum' | '_count'
}

export interface MetricView {
  readonly snapshot: Snapshot
  readonly process: ProcessView | undefined
}

export interface MetricDefinition {
  /** Without the prefix. */
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  /** Last word of the name (before `_total`); empty for a number of things or a flag. */
  readonly unit: '' | 'seconds' | 'bytes' | 'ratio' | 'ppb' | 'info'
  readonly help: string
  readonly read: (view: MetricView) => readonly Series[]
}

type Value = number | boolean | undefined

export const toSeconds = (ns: number | undefined): number | undefined =>
  ns === undefined ? undefined : ns / 1e9

/** One series, or none where nothing is known. */
export function one(labels: Labels, value: Value): Series[] {
  return value === undefined || Number.isNaN(value) ? [] : [{ labels, value: Number(value) }]
}

/** One series per state, 1 for the present one: a state set as OpenMetrics describes it. */
export const stateSet = (
  labels: Labels,
  label: string,
  states: readonly string[],
  present: string,
): Series[] =>
  states.map((state) => ({
    labels: { ...labels, [label]: state },
    value: state === present ? 1 : 0,
  }))

export const perClock =
  (read: (clock: ClockView) => Value) =>
  ({ snapshot }: MetricView): Series[] =>
    snapshot.clocks.flatMap((clock) => one({ clock: clock.name }, read(clock)))

export const eachClock =
  (read: (clock: ClockView, labels: Labels) => readonly Series[]) =>
  ({ snapshot }: MetricView): Series[] =>
    snapshot.clocks.flatMap((clock) => read(clock, { clock: clock.name }))

export const perSource =
  (read: (source: SourceReport) => Value) =>
  ({ snapshot }: MetricView): Series[] =>
    snapshot.sources.flatMap((source) => one({ source: source.id }, read(source)))

export const eachSource =
  (read: (source: SourceReport, labels: Labels) => readonly Series[]) =>
  ({ snapshot }: MetricView): Series[] =>
    snapshot.sources.flatMap((source) => read(source, { source: source.id }))

type Detail<K> = Extract<SourceReport['detail'], { kind: K }>

/** Of sources of one kind only. */
export const eachOfKind =
  <K extends SourceReport['kind']>(
    kind: K,
    read: (detail: Detail<K>, labels: Labels, now: Instant<'mono'>) => readonly Series[],
  ) =>
  ({ snapshot }: MetricView): Series[] =>
    snapshot.sources.flatMap(({ id, detail }) =>
      detail.kind === kind ? read(detail as Detail<K>, { source: id }, snapshot.mono) : [],
    )

export const perKind = <K extends SourceReport['kind']>(
  kind: K,
  read: (detail: Detail<K>) => Value,
) => eachOfKind(kind, (detail, labels) => one(labels, read(detail)))
