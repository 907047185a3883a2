/** `timewarden ptp`: each ptp4l with its grandmaster, its ports, and what went wrong there. */
import { formatOffset, formatSeconds, formatSpan } from '../core/format.ts'
import type { Ptp4lPortStatus, SourceStatus } from '../observe/status-types.ts'
import { type Cell, type Colour, type Column, cell, type Paint, plain, table } from './text.ts'

const PORT_COLUMNS: readonly Column[] = [
  { name: 'port', right: true },
  { name: 'interface' },
  { name: 'state' },
  { name: 'for', right: true },
  { name: 'stamps' },
  { name: 'delay by' },
  { name: 'peer delay', right: true },
  { name: 'Announce', right: true },
  { name: 'Sync', right: true },
  { name: 'Delay_Req', right: true },
  { name: 'in/s', right: true },
  { name: 'out/s', right: true },
]
const MASTER_COLUMNS: readonly Column[] = [
  { name: 'port', right: true },
  { name: 'unicast master' },
  { name: 'state' },
  { name: 'identity' },
  { name: 'class', right: true },
  { name: 'accuracy' },
  { name: 'priorities' },
]
const STATE_COLOURS: Readonly<Record<string, Colour>> = {
  SLAVE: 'green',
  MASTER: 'blue',
  GRAND_MASTER: 'blue',
  FAULTY: 'red',
  DISABLED: 'red',
  UNCALIBRATED: 'yellow',
}
/** Members of PORT_SERVICE_STATS_NP that are no faults: the timers by which a port sends. */
const ORDINARY = ['masterAnnounceTimeout', 'masterSyncTimeout', 'qualificationTimeout']

type Values = Readonly<Record<string, unknown>>
const isValues = (value: unknown): value is Values => typeof value === 'object' && value !== null
const at = (value: unknown, ...keys: readonly string[]): unknown =>
  keys.reduce<unknown>((inner, key) => (isValues(inner) ? inner[key] : undefined), value)
const numberAt = (value: unknown, ...keys: readonly string[]): number | null => {
  const found = at(value, ...keys)
  return typeof found === 'number' ? found : null
}
const textAt = (value: unknown, ...keys: readonly string[]): string => {
  const found = at(value, ...keys)
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '-'
}
const listAt = (value: unknown, ...keys: readonly string[]): readonly unknown[] => {
  const found = at(value, ...keys)
  return Array.isArray(found) ? found : []
}

const accuracyWords = (code: number | null): string =>
  code === null ? '-' : `0x${code.toString(16).padStart(2, '0')}`

/** 127: not configured. */
function intervalWords(log: number | null): string {
  if (log === null || log === 127) return '-'
  return log < 0 ? `${2 ** -log}/s` : `${2 ** log} s`
}

/** `syncTimeout` to `sync timeout`. */
const spaced = (name: string): string => name.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`)

const rateOf = (port: Ptp4lPortStatus, way: 'received' | 'sent'): string => {
  const rates = Object.values(port.traffic?.[way] ?? {}).flatMap(({ perSecond }) => perSecond ?? [])
  return rates.length === 0 ? '-' : rates.reduce((sum, rate) => sum + rate, 0).toFixed(1)
}

/** An age that may be longer than we watched stands behind a `>`. */
const ageWords = ({ stateSeconds, stateEntered }: Ptp4lPortStatus): string =>
  `${stateEntered ? '' : '>'}${formatSpan(stateSeconds)}`

function portRow(port: Ptp4lPortStatus): Cell[] {
  const set = port.dataSets['PORT_DATA_SET']
  const mechanism = textAt(set, 'delayMechanism')
  const peer = mechanism === 'E2E' ? null : numberAt(set, 'peerMeanPathDelaySeconds')
  const request = mechanism === 'E2E' ? 'logMinDelayReqInterval' : 'logMinPdelayReqInterval'
  return [
    cell(String(port.number)),
    cell(port.interface || '-'),
    cell(port.state || '-', STATE_COLOURS[port.state]),
    cell(ageWords(port)),
    cell(port.stamping ?? '-'),
    cell(mechanism),
    cell(formatSeconds(peer)),
    cell(intervalWords(numberAt(set, 'logAnnounceInterval'))),
    cell(intervalWords(numberAt(set, 'logSyncInterval'))),
    cell(intervalWords(numberAt(set, request))),
    cell(rateOf(port, 'received')),
    cell(rateOf(port, 'sent')),
  ]
}

/** `port 1: became FAULTY 2, sync timeout 3`; nothing for a port without faults. */
function faultLine({ number, faulted, dataSets }: Ptp4lPortStatus): string[] {
  const stats = Object.entries(at(dataSets, 'PORT_SERVICE_STATS_NP') ?? {})
  const counts = stats.filter(
    ([name, value]) => typeof value === 'number' && value > 0 && !ORDINARY.includes(name),
  )
  const words = [
    ...(faulted === 0 ? [] : [`became FAULTY ${faulted}`]),
    ...counts.map(([name, value]) => `${spaced(name)} ${String(value)}`),
  ]
  return words.length === 0 ? [] : [`port ${number}: ${words.join(', ')}`]
}

const masterRow = (number: number, master: unknown): Cell[] => [
  cell(String(number)),
  cell(`${at(master, 'selected') === true ? '*' : ' '}${textAt(master, 'address')}`),
  cell(textAt(master, 'state')),
  cell(textAt(master, 'portIdentity', 'clock')),
  cell(textAt(master, 'clockQuality', 'clockClass')),
  cell(accuracyWords(numberAt(master, 'clockQuality', 'clockAccuracy'))),
  cell(`${textAt(master, 'priority1')}, ${textAt(master, 'priority2')}`),
]

const linkLine = ({ number, dataSets }: Ptp4lPortStatus): string[] => {
  const link = dataSets['CMLDS_INFO_NP']
  if (link === undefined) return []
  const delay = formatSeconds(numberAt(link, 'meanLinkDelaySeconds'))
  return [`port ${number}: CMLDS link delay ${delay}, asCapable ${String(at(link, 'asCapable'))}`]
}

const headLine = ({ id, detail, clock }: SourceStatus, paint: Paint): string => {
  const restarts = numberAt(detail, 'restarts') ?? 0
  const words = [
    `domain ${textAt(detail, 'domain')}`,
    `clock ${clock ?? 'unknown'}`,
    at(detail, 'subscribed') === true ? 'subscribed' : 'polled',
    ...(restarts === 0 ? [] : [`restarts ${restarts}`]),
  ]
  return `${paint('bold', cell(id).text)}  ${words.join(', ')}`
}

function grandmasterLines({ detail, offsetSeconds }: SourceStatus): string[] {
  const parent = at(detail, 'dataSets', 'PARENT_DATA_SET')
  const grandmaster = textAt(detail, 'grandmaster') || 'none yet'
  const time = at(detail, 'dataSets', 'TIME_PROPERTIES_DATA_SET')
  const priorities = [1, 2].map((n) => textAt(parent, `grandmasterPriority${n}`)).join(', ')
  const quality = `class ${textAt(detail, 'clockClass')}, accuracy ${accuracyWords(numberAt(detail, 'clockAccuracy'))}`
  const utc = `TAI - UTC ${textAt(time, 'currentUtcOffset')} s`
  const valid = at(time, 'flags', 'currentUtcOffsetValid') === true ? '' : ' (not vouched for)'
  const delay = formatSeconds(numberAt(detail, 'meanPathDelaySeconds'))
  return [
    `grandmaster ${cell(grandmaster).text}, ${quality}, priorities ${priorities}`,
    `steps removed ${textAt(detail, 'stepsRemoved')}, path delay ${delay}, offset ${formatOffset(offsetSeconds)}`,
    ...(time === undefined ? [] : [`time source ${textAt(time, 'timeSource')}, ${utc}${valid}`]),
  ]
}

function renderInstance(source: SourceStatus, paint: Paint): string[] {
  const { detail, trouble } = source
  const ports = listAt(detail, 'ports') as readonly Ptp4lPortStatus[]
  const masters = ports.flatMap(({ number, dataSets }) =>
    listAt(dataSets, 'UNICAST_MASTER_TABLE_NP', 'masters').map((each) => masterRow(number, each)),
  )
  const refused = Object.keys(at(detail, 'refusedDataSets') ?? {})
  const indent = (line: string): string => `  ${line}`
  return [
    headLine(source, paint),
    ...(trouble === '' ? [] : [indent(paint('yellow', cell(trouble).text))]),
    ...grandmasterLines(source).map(indent),
    ...(ports.length === 0 ? [] : table(PORT_COLUMNS, ports.map(portRow), paint)),
    ...(masters.length === 0 ? [] : table(MASTER_COLUMNS, masters, paint)),
    ...ports.flatMap(linkLine).map(indent),
    ...ports.flatMap(faultLine).map((line) => indent(paint('yellow', line))),
    ...(refused.length === 0 ? [] : [indent(paint('dim', `not given: ${refused.join(', ')}`))]),
  ]
}

/** `sources` of kind ptp4l; one block each. */
export function renderPtp(sources: readonly SourceStatus[], paint: Paint = plain): string[] {
  if (sources.length === 0) return ['no ptp4l is watched']
  return sources.flatMap((source, index) => [
    ...(index === 0 ? [] : ['']),
    ...renderInstance(source, paint),
  ])
}
