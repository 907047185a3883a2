/** `timewarden dns targets`: the plan of the DNS probe, each server with its reasons. */
import type { Origin, Plan, PlannedTarget } from '../dns/plan-types.ts'
import { type Cell, type Column, cell, type Paint, plain, printable, table } from './text.ts'

const COLUMNS: readonly Column[] = [
  { name: 'server' },
  { name: 'role' },
  { name: 'by' },
  { name: 'asked for' },
]

const where = ({ file, line }: Origin): string => (line === undefined ? file : `${file}:${line}`)

/** `. NS, rhtw.private. SOA +3` */
function questionWords({ questions }: PlannedTarget): string {
  const words = questions.map(({ name, type }) => `${name} ${type}`)
  const more = words.length - 2
  return `${words.slice(0, 2).join(', ')}${more > 0 ? ` +${more}` : ''}`
}

const rowOf = (target: PlannedTarget): Cell[] => [
  cell(target.label, 'bold'),
  cell(target.role),
  cell(target.transports.join(' ')),
  cell(questionWords(target)),
]

const reasonLines = ({ reasons }: PlannedTarget, paint: Paint): string[] =>
  reasons.map(({ text, origin }) => paint('dim', `    ${printable(`${text} [${where(origin)}]`)}`))

/** Each server with its reasons under it. */
function targetLines(targets: readonly PlannedTarget[], paint: Paint): string[] {
  const [head = '', ...rows] = table(COLUMNS, targets.map(rowOf), paint)
  return [
    head,
    ...targets.flatMap((each, index) => [rows[index] ?? '', ...reasonLines(each, paint)]),
  ]
}

const groupLine = ({ id, zones, policy, members }: Plan['groups'][number]): string =>
  `${zones.join(', ')}: ${members.join(', ') || 'nobody that could be asked'}; ${policy} [${id}]`

export function renderPlan({ targets, groups, skipped }: Plan, paint: Paint = plain): string[] {
  return [
    ...(targets.length === 0 ? ['  no name server'] : targetLines(targets, paint)),
    ...(groups.length === 0 ? [] : ['', '  must agree:']),
    ...groups.map((group) => `    ${printable(groupLine(group))}`),
    ...(skipped.length === 0 ? [] : ['', '  not asked:']),
    ...skipped.map(
      ({ text, why, origin }) => `    ${printable(`${text}: ${why} [${where(origin)}]`)}`,
    ),
  ]
}
