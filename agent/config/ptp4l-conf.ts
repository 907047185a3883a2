/**
 * The text of a linuxptp configuration file in, its sections and options out, and back again byte for
 * byte: comments, order, blank lines and unknown options are kept. Never throws; a line that ptp4l
 * would refuse is a fault with its number. The same format serves ptp4l, phc2sys, ts2phc and synce4l.
 *
 * Source: config.c of linuxptp; ptp4l(8), "FILE OPTIONS".
 */

export interface ConfOption {
  readonly name: string
  readonly value: string
  /** From 1, in the text that was parsed; 0 for one that was added. */
  readonly line: number
}

/** One line as written; `option` is absent for comments, blank lines and what could not be read. */
interface ConfLine {
  readonly text: string
  readonly option?: ConfOption
}

export interface ConfSection {
  /** `global`, an interface, `unicast_master_table`, `nmea`, `<synce1>`, ... */
  readonly name: string
  /** From 1; 0 for one that was added. */
  readonly line: number
  readonly header: string
  readonly lines: readonly ConfLine[]
}

export interface Conf {
  /** Lines before the first section. */
  readonly preamble: readonly string[]
  readonly sections: readonly ConfSection[]
}

export interface ConfNotice {
  /** From 1. */
  readonly line: number
  readonly message: string
}

export interface ParsedConf {
  readonly conf: Conf
  readonly faults: readonly ConfNotice[]
}

export const GLOBAL = 'global'
export const MASTER_TABLE = 'unicast_master_table'

/** ptp4l reads lines into a buffer of 1024 bytes. */
const MAX_LINE = 1022
/** What C's isspace takes for white space. */
const SPACE = /[ \t\v\f\r]+/

const trim = (text: string): string => text.replace(/^[ \t\v\f\r]+|[ \t\v\f\r]+$/g, '')

function readHeader(text: string): { name: string; fault?: string } {
  const [, inside, after = ''] = /^\[([^\]]*)\](.*)$/.exec(text) ?? []
  if (inside === undefined) return { name: trim(text.slice(1)), fault: 'the section has no ]' }
  const name = trim(inside)
  if (name === '') return { name, fault: 'the section has no name' }
  if (SPACE.test(name)) return { name, fault: 'white space in the name of a section' }
  return after === '' ? { name } : { name, fault: 'words after the name of a section' }
}

function readOption(text: string, line: number): ConfOption | undefined {
  const space = SPACE.exec(text)
  if (space === null) return undefined
  return { name: text.slice(0, space.index), value: trim(text.slice(space.index)), line }
}

const isText = (text: string): boolean => text !== '' && !text.startsWith('#')

type OpenSection = ConfSection & { readonly lines: ConfLine[] }

/** A section with its header, or what is wrong with that. */
function openSection(written: string, line: number, faults: ConfNotice[]): OpenSection {
  const { name, fault } = readHeader(trim(written))
  if (fault !== undefined) faults.push({ line, message: fault })
  return { name: sectionName(name), line, header: written, lines: [] }
}

function readLine(written: string, line: number, faults: ConfNotice[]): ConfLine {
  const content = trim(written)
  if (!isText(content)) return { text: written }
  const option = readOption(content, line)
  if (option !== undefined) return { text: written, option }
  faults.push({ line, message: `${content} has no value` })
  return { text: written }
}

export function parseConf(text: string): ParsedConf {
  const preamble: string[] = []
  const sections: OpenSection[] = []
  const faults: ConfNotice[] = []
  for (const [index, written] of text.split('\n').entries()) {
    const line = index + 1
    const content = trim(written)
    const section = sections.at(-1)
    if (written.length > MAX_LINE) faults.push({ line, message: 'the line is too long for ptp4l' })
    if (content.startsWith('[')) sections.push(openSection(written, line, faults))
    else if (section !== undefined) section.lines.push(readLine(written, line, faults))
    else {
      if (isText(content)) faults.push({ line, message: `${content} is in no section` })
      preamble.push(written)
    }
  }
  return { conf: { preamble, sections }, faults }
}

/** ptp4l does not mind the case of these two. */
function sectionName(name: string): string {
  const lower = name.toLowerCase()
  return lower === GLOBAL || lower === MASTER_TABLE ? lower : name
}

/** What was parsed and not changed is written as it was. */
export const writeConf = ({ preamble, sections }: Conf): string =>
  [...preamble, ...sections.flatMap(linesOf)].join('\n')

const linesOf = ({ header, lines }: ConfSection): string[] => [
  header,
  ...lines.map(({ text }) => text),
]

export const optionsOf = ({ lines }: ConfSection): ConfOption[] =>
  lines.flatMap(({ option }) => (option === undefined ? [] : [option]))

/** The value in force: ptp4l takes the last one. */
export const valueIn = ({ sections }: Conf, section: string, name: string): string | undefined =>
  sections
    .filter((each) => each.name === section)
    .flatMap(optionsOf)
    .findLast((option) => option.name === name)?.value

/** Sections that name a port, each once, in the order of the file. */
export const interfacesOf = ({ sections }: Conf): string[] => [
  ...new Set(
    sections
      .map(({ name }) => name)
      .filter((name) => name !== GLOBAL && name !== MASTER_TABLE && !/^(nmea$|[<{])/.test(name)),
  ),
]

const written = (name: string, value: string): ConfLine => ({
  text: `${name} ${value}`,
  option: { name, value, line: 0 },
})

/** Before trailing blank lines, so that sections stay apart. */
function append(lines: readonly ConfLine[], line: ConfLine): ConfLine[] {
  const end = lines.findLastIndex(({ text }) => trim(text) !== '') + 1
  return [...lines.slice(0, end), line, ...lines.slice(end)]
}

function addSection({ preamble, sections }: Conf, name: string): Conf {
  const section = { name, line: 0, header: `[${name}]`, lines: [] }
  // global first, where a reader looks for it
  return name === GLOBAL
    ? { preamble, sections: [section, ...sections] }
    : { preamble, sections: [...endLine(sections), section] }
}

/** The last line of a text may be the empty one behind its last line break. */
const endLine = (sections: readonly ConfSection[]): ConfSection[] =>
  sections.map((section, index) => {
    const last = index === sections.length - 1 && section.lines.at(-1)?.text === ''
    return last ? { ...section, lines: section.lines.slice(0, -1) } : section
  })

export const withSection = (conf: Conf, name: string): Conf =>
  conf.sections.some((section) => section.name === name) ? conf : addSection(conf, name)

/** Every occurrence of the option in that section takes the value; one is added where none was. */
export function withOption(conf: Conf, section: string, name: string, value: string): Conf {
  const { preamble, sections } = withSection(conf, section)
  const there = valueIn({ preamble, sections }, section, name) !== undefined
  const first = sections.findIndex((each) => each.name === section)
  const changed = sections.map((each, index): ConfSection => {
    if (each.name !== section) return each
    if (!there) {
      return index === first ? { ...each, lines: append(each.lines, written(name, value)) } : each
    }
    const lines = each.lines.map((line) =>
      line.option?.name === name ? written(name, value) : line,
    )
    return { ...each, lines }
  })
  return { preamble, sections: changed }
}
