/** The configuration files inside a PtpConfig: their faults, each with its line in the YAML text. */
import { type CST, type Document, isScalar } from 'yaml'
import type { Version } from './linuxptp-version.ts'
import { refusalsOf } from './ptp4l-check.ts'
import { GLOBAL, interfacesOf, parseConf } from './ptp4l-conf.ts'
import { isMap } from './resource-values.ts'
import type { PlacedFinding } from './resources.ts'
import { splitWords } from './shell-words.ts'

type Path = readonly (string | number)[]

/** Where line `line` of a text stands; undefined where YAML folded or escaped it. */
function lineOffset(document: Document, path: Path, line: number): number | undefined {
  const node = document.getIn(path, true)
  if (!isScalar(node) || node.type !== 'BLOCK_LITERAL') return undefined
  const token = node.srcToken
  if (token?.type !== 'block-scalar') return undefined
  const start = (node.range?.[0] ?? 0) + headerLength(token.props)
  const lines = token.source.split('\n')
  const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0)
  return start + before + (/^ */.exec(lines[line - 1] ?? '')?.[0].length ?? 0)
}

/** Of `|` and what follows it, line break included; an anchor or tag before it is not within the range. */
const headerLength = (props: readonly CST.Token[]): number =>
  props
    .slice(props.findIndex(({ type }) => type === 'block-scalar-header'))
    .reduce((sum, token) => sum + ('source' in token ? token.source.length : 0), 0)

function place(document: Document, path: Path, line: number, message: string): PlacedFinding {
  const offset = lineOffset(document, path, line)
  const finding = { path, at: 'value' } as const
  return offset === undefined
    ? { ...finding, message: `line ${line}: ${message}` }
    : { ...finding, message, offset }
}

function confFaults(document: Document, path: Path, text: unknown): PlacedFinding[] {
  if (typeof text !== 'string') return []
  return parseConf(text).faults.map(({ line, message }) => place(document, path, line, message))
}

/** `interface` is for an ordinary clock: another port beside it would be a boundary clock. */
function portFaults(document: Document, path: Path, port: unknown, text: unknown) {
  if (typeof port !== 'string' || port.trim() === '' || typeof text !== 'string') return []
  const { conf } = parseConf(text)
  const others = interfacesOf(conf).filter((name) => name !== port.trim() && name !== GLOBAL)
  return others.map((name) => {
    const line = conf.sections.find((section) => section.name === name)?.line ?? 1
    return place(document, path, line, `[${name}] stands beside interface: ${port.trim()}`)
  })
}

function optionFaults(path: Path, text: unknown): PlacedFinding[] {
  const split = splitWords(typeof text === 'string' ? text : '')
  return split.ok ? [] : [{ path, at: 'value', message: split.message }]
}

function profileFindings(document: Document, profile: unknown, path: Path): PlacedFinding[] {
  if (!isMap(profile)) return []
  const texts = ['ptp4lConf', 'ts2phcConf', 'phc2sysConf', 'synce4lConf']
  const words = ['ptp4lOpts', 'phc2sysOpts', 'ts2phcOpts', 'synce4lOpts', 'chronydOpts']
  const conf = [...path, 'ptp4lConf']
  return [
    ...texts.flatMap((key) => confFaults(document, [...path, key], profile[key])),
    ...portFaults(document, conf, profile['interface'], profile['ptp4lConf']),
    ...words.flatMap((key) => optionFaults([...path, key], profile[key])),
  ]
}

/** Of one resource: the lines of `ptp4lConf` that a ptp4l of that release refuses, in profiles so named. */
export function refusalFindings(
  document: Document,
  { value, path }: { readonly value: unknown; readonly path: Path },
  names: ReadonlySet<string>,
  version: Version,
): PlacedFinding[] {
  if (!isMap(value) || !isMap(value['metadata']) || !isMap(value['spec'])) return []
  const { metadata, spec } = value
  const profiles = Array.isArray(spec['profile']) ? spec['profile'] : []
  return profiles.flatMap((profile: unknown, index) => {
    if (!isMap(profile) || !names.has(`${metadata['name']}/${profile['name']}`)) return []
    const text = profile['ptp4lConf']
    const { conf } = parseConf(typeof text === 'string' ? text : '')
    const at = [...path, 'spec', 'profile', index, 'ptp4lConf']
    return refusalsOf(conf, version).map(({ line, message }) => place(document, at, line, message))
  })
}

/** Of a document that holds one PtpConfig or lists of them. */
export function confFindings(document: Document, value: unknown, path: Path = []): PlacedFinding[] {
  if (!isMap(value)) return []
  const items = Array.isArray(value['items']) && path.length <= 4 ? value['items'] : []
  const spec = value['kind'] === 'PtpConfig' && isMap(value['spec']) ? value['spec'] : {}
  const profiles = Array.isArray(spec['profile']) ? spec['profile'] : []
  return [
    ...items.flatMap((item, index) => confFindings(document, item, [...path, 'items', index])),
    ...profiles.flatMap((profile, index) =>
      profileFindings(document, profile, [...path, 'spec', 'profile', index]),
    ),
  ]
}
