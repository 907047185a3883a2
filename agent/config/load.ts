/**
 * Text of a configuration file in, a configuration or all its faults out, each with its place. Never
 * throws: a file is as hostile as a packet.
 *
 * Broken YAML is reported alone, since what stands behind it has no reliable shape. Otherwise the faults
 * of schema, unknown keys and checks come together, in the order of the file. An empty file is a valid one.
 */
import * as v from 'valibot'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { checkConfig, checkKeyIds } from './checks.ts'
import { explain } from './explain.ts'
import { type ConfigFault, type Finding, formatPath } from './faults.ts'
import { offsetOf } from './locate.ts'
import { configSchema } from './schema.ts'
import { walkShape } from './shape.ts'
import type { Config } from './types.ts'

export type Loaded =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

/** No configuration is longer; a parser's worst cases are. */
const MAX_LENGTH = 1_000_000
/** Aliases may be used, but not to blow up the document. */
const MAX_ALIASES = 50

interface Text {
  readonly document: Document
  readonly value: unknown
  readonly lines: LineCounter
}

function locate(file: string, { document, lines }: Text, finding: Finding): ConfigFault {
  const { line, col } = lines.linePos(offsetOf(document, finding))
  const { message, suggestion } = finding
  const fault = { file, line, column: col, path: formatPath(finding.path), message }
  return suggestion === undefined ? fault : { ...fault, suggestion }
}

/** An empty document is an empty map. */
function read(text: string): Text {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error', // no warnings to stderr
  })
  const value = document.errors.length > 0 ? null : document.toJS({ maxAliasCount: MAX_ALIASES })
  return { document, value: value ?? {}, lines }
}

function syntaxFaults(file: string, { document, lines }: Text): ConfigFault[] {
  return document.errors.map(({ message, pos: [start] }) => {
    const { line, col } = lines.linePos(start)
    return { file, line: Math.max(1, line), column: Math.max(1, col), path: '', message }
  })
}

const wholeFile = (file: string, message: string): Loaded => ({
  ok: false,
  faults: [{ file, line: 1, column: 1, path: '', message }],
})

function unique(faults: readonly ConfigFault[]): ConfigFault[] {
  const places = new Map(
    faults.map((fault) => [`${fault.line}:${fault.column}:${fault.message}`, fault]),
  )
  return [...places.values()].sort((a, b) => a.line - b.line || a.column - b.column)
}

function validate(file: string, text: Text): Loaded {
  if (text.document.errors.length > 0) return { ok: false, faults: syntaxFaults(file, text) }
  const result = v.safeParse(configSchema, text.value)
  const findings = [
    ...explain(result.issues ?? []),
    ...walkShape(configSchema, text.value, []),
    ...checkConfig(text.value),
  ]
  if (result.success && findings.length === 0) return { ok: true, config: result.output }
  return { ok: false, faults: unique(findings.map((finding) => locate(file, text, finding))) }
}

export function loadConfig(text: string, file: string): Loaded {
  if (text.length > MAX_LENGTH) return wholeFile(file, `longer than ${MAX_LENGTH} characters`)
  try {
    return validate(file, read(text))
  } catch (error) {
    // the YAML library throws on excessive aliases, and the stack ends with absurd nesting
    return wholeFile(file, error instanceof Error ? error.message : 'not readable')
  }
}

/** Of a text that `loadConfig` took: what was found later, each with its place. */
export function placeFindings(
  text: string,
  file: string,
  findings: readonly Finding[],
): ConfigFault[] {
  const document = read(text)
  return findings.map((finding) => locate(file, document, finding))
}

/** The sources whose key is none of `ids`, each with its place. */
export const keyIdFaults = (text: string, file: string, ids: readonly number[]): ConfigFault[] =>
  placeFindings(text, file, checkKeyIds(read(text).value, ids))
