/** `timewarden dns`: target x transport with one mark per cell, then what is wrong and what to do. */
import { formatSeconds } from '../core/format.ts'
import type { Lookup } from '../dns/lookup.ts'
import { MARKS, type Mark } from '../dns/matrix.ts'
import type {
  DiagnosisStatus,
  DnsStatus,
  MatrixCellStatus,
  MatrixRowStatus,
} from '../observe/status-types.ts'
import {
  type Cell,
  type Colour,
  type Column,
  cell,
  type Paint,
  plain,
  printable,
  table,
} from './text.ts'
import { levelColour } from './words.ts'

const COLUMNS: readonly Column[] = [
  { name: 'server' },
  { name: 'role' },
  { name: 'UDP' },
  { name: 'p50', right: true },
  { name: 'TCP' },
  { name: 'p50', right: true },
  { name: 'DoT' },
  { name: 'p50', right: true },
]

const COLOURS: Readonly<Record<Mark, Colour>> = {
  refused: 'red',
  silent: 'red',
  tls: 'red',
  failing: 'red',
  lossy: 'yellow',
  ok: 'green',
  unasked: 'dim',
}

const markCells = ({ mark, p50Seconds }: MatrixCellStatus): Cell[] => [
  cell(mark === 'unasked' ? '-' : mark, COLOURS[mark]),
  cell(formatSeconds(p50Seconds), 'dim'),
]

const matrixRow = ({ target, roles, udp, tcp, dot }: MatrixRowStatus): Cell[] => [
  cell(target),
  cell(roles.join(', '), 'dim'),
  ...[udp, tcp, dot].flatMap(markCells),
]

/** The marks that are shown, each with its meaning. */
function legend(rows: readonly MatrixRowStatus[], paint: Paint): string[] {
  const shown = new Set(rows.flatMap(({ udp, tcp, dot }) => [udp.mark, tcp.mark, dot.mark]))
  return Object.entries(MARKS)
    .filter(([mark]) => mark !== 'unasked' && shown.has(mark as Mark))
    .map(([mark, meaning]) => paint('dim', `  ${mark.padEnd(7)}  ${meaning}`))
}

function diagnosisLines(
  { severity, code, sentence, evidence, next, explains }: DiagnosisStatus,
  paint: Paint,
): string[] {
  const indent = '            '
  const because = explains.length === 0 ? [] : [`explains: ${explains.join(', ')}`]
  return [
    `  ${paint(levelColour(severity), severity.padEnd(8))}  ${printable(sentence)}`,
    ...[...evidence, ...because].map((text) => `${indent}${paint('dim', printable(text))}`),
    `${indent}-> ${printable(next)} ${paint('dim', `[${code}]`)}`,
  ]
}

const NOTHING_WRONG = '  nothing is wrong'

export function renderDns(
  { matrix, diagnoses }: Pick<DnsStatus, 'matrix' | 'diagnoses'>,
  paint: Paint = plain,
): string[] {
  if (matrix.length === 0 && diagnoses.length === 0) return ['  no name server was measured']
  return [
    ...table(COLUMNS, matrix.map(matrixRow), paint),
    ...legend(matrix, paint),
    '',
    ...(diagnoses.length === 0
      ? [paint('green', NOTHING_WRONG)]
      : diagnoses.flatMap((each) => diagnosisLines(each, paint))),
  ]
}

const STEP_COLUMNS: readonly Column[] = [
  { name: '#', right: true },
  { name: 'A and AAAA of' },
  { name: 'answered by' },
  { name: 'waits', right: true },
]

const STATE_WORDS = {
  answers: 'answers',
  refuses: 'refuses: costs nothing',
  silent: 'silent: costs its time-out',
  unknown: 'not measured: taken to answer',
} as const

/** `timewarden dns explain NAME`: what one lookup costs on this node. */
export function renderLookup(name: string, lookup: Lookup, paint: Paint = plain): string[] {
  const { steps, servers, queries, wait } = lookup
  const names = steps.length === 1 ? '1 name' : `up to ${steps.length} names`
  const rows = steps.map((step, index) => [
    cell(String(index + 1)),
    cell(step.name),
    step.answeredBy === undefined ? cell('nobody', 'red') : cell(step.answeredBy),
    step.wait > 0 ? cell(formatSeconds(step.wait), 'red') : cell('-', 'dim'),
  ])
  const pause = wait === 0 ? 'no pause' : `pauses of ${formatSeconds(wait)}`
  return [
    `a lookup of ${printable(name)} tries ${names}: ${queries} queries at most, ${pause}`,
    ...table(STEP_COLUMNS, rows, paint),
    '',
    ...servers.map(({ address, state }) => `  ${printable(address)}  ${STATE_WORDS[state]}`),
    ...(servers.length === 0 ? ['  no nameserver'] : []),
  ]
}
