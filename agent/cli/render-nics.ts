/** `timewarden nics`: NICs with a bond's members under it, PHCs, and what to know of them; 100 columns. */
import type { NicsView, NicView, PhcView } from '../observe/nics-view.ts'
import { type Cell, type Column, cell, type Paint, plain, printable, table } from './text.ts'

const NIC_COLUMNS: readonly Column[] = [
  { name: 'interface' },
  { name: 'link' },
  { name: 'driver' },
  { name: 'PCI address' },
  { name: 'PHC' },
  { name: 'PTP' },
  { name: 'why, or what it stamps' },
]
const PHC_COLUMNS: readonly Column[] = [
  { name: 'PHC' },
  { name: 'name' },
  { name: 'max ppb', right: true },
  { name: 'pins', right: true },
  { name: 'extts', right: true },
  { name: 'perout', right: true },
  { name: 'PPS' },
  { name: 'vclocks', right: true },
  { name: 'NICs' },
]

const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, width - 1)}…`

/** `up 25G`, `up 2.5G`, `up 100M` */
function linkWords({ operstate, speedMbps }: NicView): string {
  const state = operstate === 'lowerlayerdown' ? 'down' : operstate
  if (speedMbps === null) return cut(state, 9)
  const speed = speedMbps < 1000 ? `${speedMbps}M` : `${speedMbps / 1000}G`
  return cut(`${state} ${speed}`, 9)
}

/** Which packets are stamped on receipt, and whether requests can go without a Follow_Up. */
function stampWords({ rxFilters, txTypes }: NicView): string {
  const ptp = rxFilters.some((filter) => filter.startsWith('ptpv2'))
  const received = rxFilters.includes('all') ? 'all packets' : ptp ? 'PTP packets' : 'some packets'
  return txTypes.includes('onestep-sync') ? `${received}, one-step` : received
}

function nicRow(nic: NicView, depth: number): Cell[] {
  const { capable, why } = nic.ptp
  return [
    cell(`${'  '.repeat(depth)}${nic.name}`),
    cell(linkWords(nic)),
    cell(cut(nic.driver, 12) || '-'),
    cell(nic.pci || '-'),
    cell(nic.phcIndex === null ? '-' : `ptp${nic.phcIndex}`),
    capable ? cell('yes', 'green') : cell('no', 'dim'),
    cell(cut(capable ? stampWords(nic) : why, 26), 'dim'),
  ]
}

/** Members follow their bond or bridge, deeper by one; a master that is not shown has none. */
function nicRows(nics: readonly NicView[]): Cell[][] {
  const names = new Set(nics.map(({ name }) => name))
  const below = (master: string, depth: number): Cell[][] =>
    nics
      .filter((nic) => (names.has(nic.master) ? nic.master : '') === master)
      .flatMap((nic) => [nicRow(nic, depth), ...below(nic.name, depth + 1)])
  return below('', 0)
}

const numberWords = (value: number | null): string => (value === null ? '-' : String(value))

/** `ens1f0, ens1f1 +6` */
function nameWords(names: readonly string[], width: number): string {
  if (names.length === 0) return '-'
  const all = names.join(', ')
  if (all.length <= width) return all
  const first = names[0] ?? ''
  return names.length === 1 ? cut(first, width) : `${first} +${names.length - 1}`
}

const phcRow = (phc: PhcView): Cell[] => [
  cell(`ptp${phc.index}`),
  cell(cut(phc.clockName, 22)),
  cell(numberWords(phc.maxAdjustmentPpb)),
  cell(numberWords(phc.programmablePins)),
  cell(numberWords(phc.externalTimestamps)),
  cell(numberWords(phc.periodicOutputs)),
  cell(phc.pps === null ? '-' : phc.pps ? 'yes' : 'no'),
  cell(numberWords(phc.virtualClocks)),
  cell(nameWords(phc.interfaces, 19)),
]

const bondNote = ({ name, bond }: NicView): string[] => {
  if (bond === null) return []
  const active = bond.active === '' ? '' : `, active member ${bond.active}`
  return [`${name}: ${bond.mode}${active}`]
}

const notesOf = ({ nics, phcs }: NicsView): string[] => [
  ...nics.flatMap(bondNote),
  ...phcs.flatMap(({ index, notes }) => notes.map((note) => `ptp${index} ${note}`)),
]

const HIDDEN: Readonly<Record<string, readonly [one: string, many: string]>> = {
  'virtual-function': ['virtual function', 'virtual functions'],
  representor: ['switch representor', 'switch representors'],
  vlan: ['VLAN', 'VLANs'],
  loopback: ['loopback', 'loopbacks'],
  bridge: ['bridge', 'bridges'],
  bond: ['bond', 'bonds'],
  virtual: ['software interface', 'software interfaces'],
}

function hiddenLine(hidden: NicsView['hidden']): string[] {
  const parts = Object.entries(hidden).map(([kind, count]) => {
    const [one, many] = HIDDEN[kind] ?? [kind, `${kind}s`]
    return `${count} ${count === 1 ? one : many}`
  })
  return parts.length === 0 ? [] : [cut(`more with --all: ${parts.join(', ')}`, 98)]
}

export function renderNics(view: NicsView, paint: Paint = plain): string[] {
  const { nics, phcs, hidden } = view
  const notes = notesOf(view).map((note) => `  ${cut(printable(note), 98)}`)
  return [
    ...(nics.length === 0 ? ['  no NIC'] : table(NIC_COLUMNS, nicRows(nics), paint)),
    '',
    ...(phcs.length === 0 ? ['  no PHC'] : table(PHC_COLUMNS, phcs.map(phcRow), paint)),
    ...(notes.length === 0 ? [] : ['', ...notes]),
    ...hiddenLine(hidden).flatMap((text) => ['', paint('dim', `  ${text}`)]),
  ]
}
