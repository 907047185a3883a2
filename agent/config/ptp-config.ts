/**
 * PtpConfig resources (ptp.openshift.io/v1) as YAML text in, typed values or all their faults out, each
 * with its place. Never throws. One text may hold several documents, lists of resources, and resources
 * of other kinds, which are only named. Unknown keys are kept and told of: a newer operator has more.
 *
 * Source: api/v1/ptpconfig_types.go and ptpconfig_webhook.go of k8snetworkplumbingwg/ptp-operator.
 */
import { type Document, LineCounter, parseAllDocuments } from 'yaml'
import { type ConfigFault, type Finding, formatPath } from './faults.ts'
import type { Version } from './linuxptp-version.ts'
import { offsetOf } from './locate.ts'
import { confFindings, refusalFindings } from './ptp-config-texts.ts'
import { isMap, type Raw, type Reading, readSpec } from './ptp-config-values.ts'

export interface PtpConfig {
  /** `metadata.name`; with a profile's name it is unique in a cluster. */
  readonly name: string
  readonly namespace: string | undefined
  readonly profiles: readonly PtpProfile[]
  readonly recommend: readonly PtpRecommend[]
  /** The whole resource as it was written: labels, status and every unknown key. */
  readonly source: Raw
}

export interface PtpProfile {
  readonly name: string
  /** Of an ordinary clock; a boundary clock names its ports in `ptp4lConf`. */
  readonly interface: string | undefined
  /** Command-line tails. Undefined: not written; empty: the program is not to run. */
  readonly options: Readonly<Partial<Record<PtpProgram, string>>>
  /** Texts of configuration files. */
  readonly conf: Readonly<Partial<Record<PtpProgram, string>>>
  readonly scheduling: PtpScheduling | undefined
  readonly threshold: PtpClockThreshold | undefined
  readonly settings: Readonly<Record<string, string>>
  /** Options of the operator's plugins, by name; nobody here looks into them. */
  readonly plugins: Readonly<Record<string, unknown>>
  /** Keys that are not known here. */
  readonly unknown: Raw
}

export type PtpProgram = 'ptp4l' | 'phc2sys' | 'ts2phc' | 'synce4l' | 'chronyd'

export interface PtpScheduling {
  readonly policy: 'SCHED_OTHER' | 'SCHED_FIFO'
  /** 1 to 65; undefined with SCHED_OTHER. */
  readonly priority: number | undefined
}

/** Seconds and nanoseconds, as the resource has them. */
export interface PtpClockThreshold {
  readonly holdOverTimeout: number
  readonly maxOffsetThreshold: number
  readonly minOffsetThreshold: number
  /** How long a program may be away, in seconds. */
  readonly processDowntime: Readonly<Record<string, number>>
  readonly unknown: Raw
}

export interface PtpRecommend {
  readonly profile: string
  /** The lowest wins. */
  readonly priority: number
  /** One that fits is enough; none at all fits no node. */
  readonly match: readonly PtpMatch[]
  readonly unknown: Raw
}

export interface PtpMatch {
  readonly nodeName: string | undefined
  /** The key of a label; its value does not matter. */
  readonly nodeLabel: string | undefined
}

export type LoadedPtpConfigs =
  | {
      readonly ok: true
      readonly configs: readonly PtpConfig[]
      /** What is kept but looks odd: unknown keys, resources of other kinds. */
      readonly notices: readonly ConfigFault[]
    }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

const API_VERSION = 'ptp.openshift.io/v1'
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

const wholeFile = (file: string, message: string): LoadedPtpConfigs => ({
  ok: false,
  faults: [{ file, line: 1, column: 1, path: '', message }],
})

type Path = readonly (string | number)[]

/** `PtpConfigList` and `List` hold resources; they may even hold each other. */
function itemsOf(value: unknown, path: Path): { value: unknown; path: Path }[] {
  if (!isMap(value) || !Array.isArray(value['items']) || path.length > 4) return [{ value, path }]
  return value['items'].flatMap((item, index) => itemsOf(item, [...path, 'items', index]))
}

function readResource(value: unknown, path: Path, reading: Reading): PtpConfig | undefined {
  if (!isMap(value)) {
    reading.faults.push({ path, at: 'value', message: 'expected a resource (a map)' })
    return undefined
  }
  if (value['kind'] !== 'PtpConfig') return otherKind(value, path, reading)
  if (value['apiVersion'] !== API_VERSION) {
    const message = `expected ${API_VERSION}`
    reading.faults.push({ path: [...path, 'apiVersion'], at: 'value', message })
  }
  return readSpec(value, path, reading)
}

function otherKind(value: Raw, path: Path, { faults, notices }: Reading): undefined {
  const { kind } = value
  if (typeof kind === 'string' && kind !== '') {
    notices.push({ path: [...path, 'kind'], at: 'value', message: `${kind} is passed over` })
  } else faults.push({ path: [...path, 'kind'], at: 'value', message: 'kind is missing' })
  return undefined
}

interface Read {
  readonly configs: readonly PtpConfig[]
  readonly faults: readonly ConfigFault[]
  readonly notices: readonly ConfigFault[]
}

function readDocument(source: Source): Read {
  const { document } = source
  if (document.errors.length > 0) return { configs: [], faults: syntaxFaults(source), notices: [] }
  const whole: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
  if (whole === null || whole === undefined) return { configs: [], faults: [], notices: [] }
  const reading: Reading = { faults: [], notices: [] }
  const configs = itemsOf(whole, []).flatMap(({ value, path }) => {
    const config = readResource(value, path, reading)
    return config === undefined ? [] : [config]
  })
  const inTexts = confFindings(document, whole)
  return {
    configs,
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

function readAll(text: string, file: string): LoadedPtpConfigs {
  const read = parse(text, file).map(readDocument)
  const faults = inOrder(read.flatMap((each) => each.faults))
  const configs = read.flatMap((each) => each.configs)
  if (faults.length > 0) return { ok: false, faults }
  if (configs.length === 0) return wholeFile(file, 'no PtpConfig in it')
  return { ok: true, configs, notices: inOrder(read.flatMap((each) => each.notices)) }
}

/** All resources of a text, or all its faults; `file` names it in them. */
export function loadPtpConfigs(text: string, file: string): LoadedPtpConfigs {
  if (text.length > MAX_LENGTH) return wholeFile(file, `longer than ${MAX_LENGTH} characters`)
  try {
    return readAll(text, file)
  } catch (error) {
    // the YAML library throws on excessive aliases, and the stack ends with absurd nesting
    return wholeFile(file, error instanceof Error ? error.message : 'not readable')
  }
}

/**
 * Of a text that `loadPtpConfigs` took: what a ptp4l of that release refuses in the profiles that are to run
 * (`RESOURCE/PROFILE`), each with its place.
 */
export function refusalFaults(
  text: string,
  file: string,
  names: ReadonlySet<string>,
  version: Version,
): ConfigFault[] {
  return parse(text, file).flatMap((source) => {
    const whole: unknown = source.document.toJS({ maxAliasCount: MAX_ALIASES })
    return itemsOf(whole, [])
      .flatMap((item) => refusalFindings(source.document, item, names, version))
      .map((finding) => locate(source, finding))
  })
}
