/**
 * The validator's issues in an operator's words, with what to write instead where that can be guessed.
 * Unknown keys are left to shape.ts, which finds all of them.
 */
import type * as v from 'valibot'
import { DURATION_EXPECTED, suggestDuration } from './duration.ts'
import type { ConfigPath, Finding } from './faults.ts'
import { nearest } from './suggest.ts'

type Issue = v.BaseIssue<unknown>

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  strict_object: 'a map (key: value)',
  record: 'a map (key: value)',
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

const pathOf = ({ path }: Issue): ConfigPath =>
  path?.map(({ key }) => (typeof key === 'number' ? key : String(key))) ?? []

/** Words that YAML 1.1 took for booleans, and quoted ones. */
function suggestBoolean(input: unknown): string | undefined {
  if (typeof input !== 'string') return undefined
  if (/^(yes|on|true|1|y)$/i.test(input)) return 'true'
  return /^(no|off|false|0|n)$/i.test(input) ? 'false' : undefined
}

function suggestNumber(input: unknown): string | undefined {
  if (typeof input !== 'string' || input.trim() === '') return undefined
  return Number.isFinite(Number(input)) ? String(Number(input)) : undefined
}

const optionsOf = ({ expected }: Issue): string[] =>
  [...(expected ?? '').matchAll(/"([^"]*)"/g)].map(([, option = '']) => option)

function suggestionFor(issue: Issue): string | undefined {
  const { type, input, message } = issue
  if (message === DURATION_EXPECTED) return suggestDuration(input)
  if (type === 'boolean') return suggestBoolean(input)
  if (type === 'number') return suggestNumber(input)
  if (type === 'picklist') return nearest(String(input), optionsOf(issue))
  if (issue.path?.[0].key === 'listen' && typeof input === 'number') return `127.0.0.1:${input}`
  return undefined
}

function messageFor(issue: Issue): string {
  const { type, input, requirement, message } = issue
  if (type === 'picklist') {
    return `expected one of ${optionsOf(issue).join(', ')}, got ${describeValue(input)}`
  }
  const kind = KINDS[type]
  if (kind !== undefined) return `expected ${kind}, got ${describeValue(input)}`
  if (type === 'integer') return `expected a whole number, got ${describeValue(input)}`
  if (type === 'min_value' && /^Invalid/.test(message)) return `must be at least ${requirement}`
  if (type === 'max_value' && /^Invalid/.test(message)) return `must be at most ${requirement}`
  return typeof input === 'object' ? message : `${message}, got ${describeValue(input)}`
}

function missingKey(issue: Issue): boolean {
  const last = issue.path?.at(-1)
  return issue.type === 'strict_object' && last?.origin === 'key' && issue.expected !== 'never'
}

/** Found by shape.ts already: unknown keys, and keys of the clocks. */
const isShapes = (issue: Issue): boolean =>
  issue.path?.at(-1)?.origin === 'key' && !missingKey(issue)

function toFinding(issue: Issue): Finding {
  const path = pathOf(issue)
  if (missingKey(issue)) {
    return { path: path.slice(0, -1), at: 'value', message: `${path.at(-1)} is missing` }
  }
  // a limit of a duration is checked on seconds: the number is not what was written
  const ranged = issue.type === 'min_value' || issue.type === 'max_value'
  const message = ranged && !/^Invalid/.test(issue.message) ? issue.message : messageFor(issue)
  const suggestion = suggestionFor(issue)
  return suggestion === undefined
    ? { path, at: 'value', message }
    : { path, at: 'value', message, suggestion }
}

export const explain = (issues: readonly Issue[]): Finding[] =>
  issues.filter((issue) => !isShapes(issue)).map(toFinding)
