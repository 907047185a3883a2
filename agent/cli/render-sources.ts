/** `timewarden sources`: one line per source, and a legend that explains every column. */
import { formatOffset, formatSeconds, formatSpan } from '../core/format.ts'
import type { SourceStatus, StampedStatus, Status } from '../observe/status-types.ts'
import { VERDICTS } from '../select/verdict.ts'
import { type Cell, type Column, cell, type Paint, plain, printable, table } from './text.ts'
import { verdictColour } from './words.ts'

const COLUMNS: readonly Column[] = [
  { name: 'source' },
  { name: 'clock' },
  { name: 'verdict' },
  { name: 'reach', right: true },
  { name: 'poll', right: true },
  { name: 'age', right: true },
  { name: 'offset', right: true },
  { name: '± bound', right: true },
  { name: 'str', right: true },
  { name: 'why' },
]

const row = (source: SourceStatus): Cell[] => [
  cell(source.id),
  cell(source.clock ?? '-'),
  cell(source.verdict, verdictColour(source.verdict)),
  cell(source.reach.toString(8).padStart(3, '0')),
  cell(formatSpan(source.pollSeconds)),
  cell(formatSpan(source.sampleAgeSeconds)),
  cell(formatOffset(source.offsetSeconds)),
  cell(formatSeconds(source.rootDistanceSeconds)),
  cell(source.stratum === null ? '-' : String(source.stratum)),
  cell(source.trouble === '' ? source.why : source.trouble, 'dim'),
]

export function renderSources(sources: readonly SourceStatus[], paint: Paint = plain): string[] {
  return sources.length === 0
    ? ['  no source: nothing is measured']
    : table(COLUMNS, sources.map(row), paint)
}

const isNtp = ({ detail }: SourceStatus): boolean => detail.kind === 'ntp'

/** Values that switch nothing on are left out: an operator looks for what is different. */
const optionWords = (options: unknown): string =>
  Object.entries((options ?? {}) as Record<string, unknown>)
    .filter(([, value]) => value !== false && value !== 0)
    .map(([key, value]) => (value === true ? key : `${key} ${String(value)}`))
    .join(', ')

/** Kinds of the last stamps; a request that was not answered yet has none. */
const stampWords = (stamped: StampedStatus | undefined): string =>
  stamped?.tx.last == null || stamped.rx.last === null
    ? ''
    : `stamps: requests by ${stamped.tx.last}, answers by ${stamped.rx.last}`

/** Of each NTP source: the options in force, and what was refused of its answers. */
export function renderNtpDetails(sources: readonly SourceStatus[], paint: Paint = plain): string[] {
  const ntp = sources.filter(isNtp)
  const width = Math.max(0, ...ntp.map(({ id }) => id.length))
  return ntp.flatMap(({ id, detail }) => {
    const refused = optionWords(detail['refused'])
    const stamps = stampWords(detail['stamped'] as StampedStatus | undefined)
    const { authentication = 'none' } = detail
    const keyed = authentication === 'none' ? '' : `${printable(String(authentication))}, `
    return [
      `  ${printable(id).padEnd(width)}  ${keyed}${optionWords(detail['options'])}`,
      ...(stamps === '' ? [] : [paint('dim', `  ${' '.repeat(width)}  ${stamps}`)]),
      ...(refused === '' ? [] : [paint('dim', `  ${' '.repeat(width)}  refused: ${refused}`)]),
    ]
  })
}

const LEGEND = [
  'reach    last eight polls in octal, newest in the lowest bit: 377 is all answered, 000 none',
  'offset   clock minus source at the last measurement, + when the clock is ahead',
  '± bound  the farthest that the measured offset may be from the truth',
  'verdict, from worst to best:',
]

export function renderSourcesScreen({ sources }: Status, paint: Paint = plain): string[] {
  const width = Math.max(...Object.keys(VERDICTS).map((name) => name.length))
  const verdicts = Object.entries(VERDICTS).map(
    ([name, meaning]) => `    ${name.padEnd(width)}  ${meaning}`,
  )
  const legend = [...LEGEND.map((line) => `  ${line}`), ...verdicts]
  const ntp = renderNtpDetails(sources, paint)
  return [
    ...renderSources(sources, paint),
    ...(ntp.length === 0 ? [] : ['', '  NTP options in force (durations in seconds):', ...ntp]),
    '',
    ...legend.map((line) => paint('dim', line)),
  ]
}
