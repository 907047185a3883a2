/** `timewarden dns targets`: the plan of the DNS probe, one line per reason. */
import type { Origin, Plan, PlannedTarget } from '../dns/plan-types.ts'
import { type Cell, type Column, cell, type Paint, plain, printable, table } from './text.ts'

const COLUMNS: readonly Column[] = [
  { name: 'server' },
  { name: 'role' },
  { name: 'by' },
  { name: 'asked for' },
  { name: 'why' },
]

const where = ({ file, line }: Origin): string => (line === undefined ? file : `${file}:${line}`)

/** `. NS, rhtw.private. SOA +3` */
function questionWords({ questions }: PlannedTarget): string {
  const words = questions.map(({ name, type }) => `${name} ${type}`)
  const more = words.length - 2
  return `${words.slice(0, 2).join(', ')}${more > 0 ? ` +${more}` : ''}`
}

const rowsOf = (target: PlannedTarget): Cell[][] =>
  target.reasons.map(({ text, origin }, index) => [
    cell(index === 0 ? target.label : '', 'bold'),
    cell(index === 0 ? target.role : ''),
    cell(index === 0 ? target.transports.join(' ') : ''),
    cell(index === 0 ? questionWords(target) : ''),
    cell(`${text} [${where(origin)}]`, 'dim'),
  ])

const groupLine = ({ id, zones, policy, members }: Plan['groups'][number]): string =>
  `${zones.join(', ')}: ${members.join(', ') || 'nobody that could be asked'}; ${policy} [${id}]`

export function renderPlan({ targets, groups, skipped }: Plan, paint: Paint = plain): string[] {
  const rows = targets.flatMap(rowsOf)
  return [
    ...(rows.length === 0 ? ['  no name server'] : table(COLUMNS, rows, paint)),
    ...(groups.length === 0 ? [] : ['', '  must agree:']),
    ...groups.map((group) => `    ${printable(groupLine(group))}`),
    ...(skipped.length === 0 ? [] : ['', '  not asked:']),
    ...skipped.map(
      ({ text, why, origin }) => `    ${printable(`${text}: ${why} [${where(origin)}]`)}`,
    ),
  ]
}
