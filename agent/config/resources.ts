/**
 * Kubernetes resources of one kind as YAML text in, what their reader makes of them or all their faults
 * out, each with its place. Never throws. One text may hold several documents, lists of resources, and
 * resources of other kinds, which are only named.
 */
import { type Document, LineCounter, parseAllDocuments } from 'yaml'
import { type ConfigFault, type Finding, formatPath } from './faults.ts'
import { offsetOf } from './locate.ts'
import { isMap, type Path, type Raw, type Reading } from './resource-values.ts'

/** Line and column of a value, from 1. */
export type PlaceOf = (path: Path) => {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface ResourceKind<T> {
  readonly kind: string
  readonly apiVersion: string
  readonly read: (map: Raw, path: Path, reading: Reading, placeOf: PlaceOf) => T
  /** What else is to be found in a whole document. */
  readonly findings?: (document: Document, whole: unknown) => readonly PlacedFinding[]
}

export type LoadedResources<T> =
  | {
      readonly ok: true
      readonly resources: readonly T[]
      /** What is kept but looks odd: unknown keys, resources of other kinds. */
      readonly notices: readonly ConfigFault[]
    }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

/** As etcd: no resource is longer. */
const MAX_LENGTH = 1_500_000
const MAX_ALIASES = 50

interface Source {
  readonly file: string
  readonly lines: LineCounter
  readonly document: Document
}

function locate({ file, lines, document }: Source, finding: PlacedFinding): ConfigFault {
  const { line, col } = lines.linePos(finding.offset ?? offsetOf(document, finding))
  const { message, suggestion } = finding
  const place = { line: Math.max(1, line), column: Math.max(1, col) }
  const fault = { file, ...place, path: formatPath(finding.path), message }
  return suggestion === undefined ? fault : { ...fault, suggestion }
}

/** A finding inside of a text has an offset of its own. */
export interface PlacedFinding extends Finding {
  readonly offset?: number
}

function syntaxFaults({ file, lines, document }: Source): ConfigFault[] {
  return document.errors.map(({ message, pos: [start] }) => {
    const { line, col } = lines.linePos(start)
    return { file, line: Math.max(1, line), column: Math.max(1, col), path: '', message }
  })
}

const wholeFile = (file: string, message: string): LoadedResources<never> => ({
  ok: false,
  faults: [{ file, line: 1, column: 1, path: '', message }],
})

export interface Item {
  readonly value: unknown
  readonly path: Path
}

/** `PtpConfigList` and `List` hold resources; they may even hold each other. */
function itemsOf(value: unknown, path: Path): Item[] {
  if (!isMap(value) || !Array.isArray(value['items']) || path.length > 4) return [{ value, path }]
  return value['items'].flatMap((item, index) => itemsOf(item, [...path, 'items', index]))
}

function readResource<T>(
  { value, path }: Item,
  { kind, apiVersion, read }: ResourceKind<T>,
  reading: Reading,
  placeOf: PlaceOf,
): T | undefined {
  if (!isMap(value)) {
    reading.faults.push({ path, at: 'value', message: 'expected a resource (a map)' })
    return undefined
  }
  if (value['kind'] !== kind) return otherKind(value, path, reading)
  if (value['apiVersion'] !== apiVersion) {
    const message = `expected ${apiVersion}`
    reading.faults.push({ path: [...path, 'apiVersion'], at: 'value', message })
  }
  return read(value, path, reading, placeOf)
}

function otherKind(value: Raw, path: Path, { faults, notices }: Reading): undefined {
  const { kind } = value
  if (typeof kind === 'string' && kind !== '') {
    notices.push({ path: [...path, 'kind'], at: 'value', message: `${kind} is passed over` })
  } else faults.push({ path: [...path, 'kind'], at: 'value', message: 'kind is missing' })
  return undefined
}

interface Read<T> {
  readonly resources: readonly T[]
  readonly faults: readonly ConfigFault[]
  readonly notices: readonly ConfigFault[]
}

function readDocument<T>(source: Source, kind: ResourceKind<T>): Read<T> {
  const { file, lines, document } = source
  const none = { resources: [], faults: [], notices: [] }
  if (document.errors.length > 0) return { ...none, faults: syntaxFaults(source) }
  const whole: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
  if (whole === null || whole === undefined) return none
  const reading: Reading = { faults: [], notices: [] }
  const placeOf: PlaceOf = (path) => {
    const { line, col } = lines.linePos(offsetOf(document, { path, at: 'value' }))
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const resources = itemsOf(whole, []).flatMap((item) => {
    const resource = readResource(item, kind, reading, placeOf)
    return resource === undefined ? [] : [resource]
  })
  const inTexts = kind.findings?.(document, whole) ?? []
  return {
    resources,
    faults: [...reading.faults, ...inTexts].map((finding) => locate(source, finding)),
    notices: reading.notices.map((finding) => locate(source, finding)),
  }
}

const inOrder = (faults: readonly ConfigFault[]): ConfigFault[] =>
  [...faults].sort((a, b) => a.line - b.line || a.column - b.column)

function parse(text: string, file: string): Source[] {
  const lines = new LineCounter()
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error', // no warnings to stderr
    keepSourceTokens: true, // for the lines of texts inside
  })
  return parsed.map((document) => ({ file, lines, document }))
}

function readAll<T>(text: string, file: string, kind: ResourceKind<T>): LoadedResources<T> {
  const read = parse(text, file).map((source) => readDocument(source, kind))
  const faults = inOrder(read.flatMap((each) => each.faults))
  const resources = read.flatMap((each) => each.resources)
  if (faults.length > 0) return { ok: false, faults }
  if (resources.length === 0) return wholeFile(file, `no ${kind.kind} in it`)
  return { ok: true, resources, notices: inOrder(read.flatMap((each) => each.notices)) }
}

/** All resources of a kind in a text, or all faults; `file` names it in them. */
export function loadResources<T>(
  text: string,
  file: string,
  kind: ResourceKind<T>,
): LoadedResources<T> {
  if (text.length > MAX_LENGTH) return wholeFile(file, `longer than ${MAX_LENGTH} characters`)
  try {
    return readAll(text, file, kind)
  } catch (error) {
    // the YAML library throws on excessive aliases, and the stack ends with absurd nesting
    return wholeFile(file, error instanceof Error ? error.message : 'not readable')
  }
}

/** Of a text that `loadResources` took: what else there is to say of each resource. */
export const furtherFaults = (
  text: string,
  file: string,
  findings: (document: Document, item: Item) => readonly PlacedFinding[],
): ConfigFault[] =>
  parse(text, file).flatMap((source) =>
    itemsOf(source.document.toJS({ maxAliasCount: MAX_ALIASES }), [])
      .flatMap((item) => findings(source.document, item))
      .map((finding) => locate(source, finding)),
  )
