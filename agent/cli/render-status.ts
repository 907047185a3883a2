/**
 * `timewarden status` as a screen for three in the morning: first what the clock is worth, then what is
 * wrong and what to do next, then the rest.
 */
import { formatOffset, formatSeconds, formatSpan } from '../core/format.ts'
import type {
  ChildStatus,
  ClockStatus,
  DnsTargetStatus,
  EventStatus,
  Status,
} from '../observe/status-types.ts'
import { renderSources } from './render-sources.ts'
import { type Cell, type Column, cell, type Paint, plain, printable, table } from './text.ts'
import { childColour, formatFrequency, levelColour, stateColour } from './words.ts'

const LAST_EVENTS = 8

const CLOCK_COLUMNS: readonly Column[] = [
  { name: 'clock' },
  { name: 'state' },
  { name: 'mode' },
  { name: 'offset', right: true },
  { name: '± bound', right: true },
  { name: 'frequency', right: true },
  { name: 'why' },
]

const clockRow = (clock: ClockStatus): Cell[] => [
  cell(clock.name),
  cell(clock.state, stateColour(clock.state)),
  cell(clock.mode),
  cell(formatOffset(clock.offsetSeconds)),
  cell(formatSeconds(clock.errorBoundSeconds)),
  cell(formatFrequency(clock.frequencyPpb)),
  cell(clock.reason, 'dim'),
]

const CHILD_COLUMNS: readonly Column[] = [
  { name: 'child' },
  { name: 'state' },
  { name: 'since', right: true },
  { name: 'process', right: true },
  { name: 'restarts', right: true },
  { name: 'why' },
]

const childRow = (child: ChildStatus): Cell[] => [
  cell(child.name),
  cell(child.state, childColour(child.state)),
  cell(formatSpan(child.stateSeconds)),
  cell(child.pid === null ? '-' : String(child.pid)),
  cell(String(child.restarts)),
  cell(child.trouble, 'dim'),
]

const childLines = ({ children }: Status, paint: Paint): string[] =>
  children.length === 0 ? [] : table(CHILD_COLUMNS, children.map(childRow), paint)

const DNS_COLUMNS: readonly Column[] = [
  { name: 'server' },
  { name: 'over' },
  { name: 'last result' },
  { name: 'last', right: true },
  { name: 'mean', right: true },
  { name: 'probes', right: true },
  { name: 'failed in a row', right: true },
]

const dnsRow = (target: DnsTargetStatus): Cell[] => [
  cell(target.target),
  cell(target.transport),
  cell(target.lastResult ?? '-', target.consecutiveFailures > 0 ? 'red' : 'green'),
  cell(formatSeconds(target.lastSeconds)),
  cell(formatSeconds(target.meanSeconds)),
  cell(String(target.probes)),
  cell(String(target.consecutiveFailures)),
]

const SEVERITY_LEVEL: Readonly<Record<string, string>> = { warning: 'warning', error: 'critical' }

const EVENT_COLUMNS: readonly Column[] = [
  { name: 'time (UTC)' },
  { name: 'subject' },
  { name: 'event' },
  { name: 'detail' },
]

const eventRow = (event: EventStatus): Cell[] => [
  cell(event.time.slice(0, 19).replace('T', ' '), 'dim'),
  cell(event.subject),
  cell(event.code, levelColour(SEVERITY_LEVEL[event.severity] ?? '')),
  cell(event.repeats > 1 ? `${event.detail} (${event.repeats} times)` : event.detail),
]

function problems(status: Status, paint: Paint): string[] {
  if (status.problems.length === 0) return []
  const lines = status.problems.flatMap(({ level, text, next }) => [
    `  ${paint(levelColour(level), level.padEnd(8))}  ${printable(text)}`,
    `            ${paint('dim', `-> ${printable(next)}`)}`,
  ])
  return ['', ...lines]
}

const block = (title: string, lines: readonly string[], paint: Paint): string[] =>
  lines.length === 0 ? [] : ['', paint('bold', title), ...lines]

function dnsLines({ dns }: Status, paint: Paint): string[] {
  if (!dns.enabled) return []
  if (dns.targets.length === 0) return ['  no name server to probe']
  return table(DNS_COLUMNS, dns.targets.map(dnsRow), paint)
}

const eventLines = ({ events }: Status, paint: Paint): string[] =>
  events.length === 0
    ? []
    : table(EVENT_COLUMNS, events.slice(-LAST_EVENTS).reverse().map(eventRow), paint)

export function renderStatus(status: Status, paint: Paint = plain): string[] {
  const level = paint(levelColour(status.level), status.level.toUpperCase())
  const config = status.explicitConfig ? '' : ', no configuration: observing what was found'
  return [
    `${level}: ${paint('bold', printable(status.sentence))}`,
    paint(
      'dim',
      `${printable(status.hostname)}, timewarden ${status.version}, up ${formatSpan(status.uptimeSeconds)}${config}`,
    ),
    ...problems(status, paint),
    ...block('Clocks', table(CLOCK_COLUMNS, status.clocks.map(clockRow), paint), paint),
    ...block('Sources', renderSources(status.sources, paint), paint),
    ...block('Children', childLines(status, paint), paint),
    ...block('DNS', dnsLines(status, paint), paint),
    ...block('Last events', eventLines(status, paint), paint),
  ]
}
