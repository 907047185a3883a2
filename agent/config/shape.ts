/**
 * Walks a value along the schema and finds every key that nobody knows, and every list that stands where
 * a map must be. The validator stops at the first unknown key of a map, takes a list for an object and
 * passes over `constructor` and `__proto__`; an operator wants to hear of all of them at once.
 */
import type { ConfigPath, Finding } from './faults.ts'
import { CLOCK_KEY, CLOCK_KEY_EXPECTED } from './schema-parts.ts'
import { nearest } from './suggest.ts'

/** The part of a schema of any kind that says how values nest. */
export interface SchemaShape {
  readonly type: string
  readonly entries?: Readonly<Record<string, SchemaShape>>
  readonly wrapped?: SchemaShape
  readonly item?: SchemaShape
  readonly value?: SchemaShape
}

type Walk = (schema: SchemaShape, value: unknown, path: ConfigPath) => Finding[]

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const listForMap = (path: ConfigPath): Finding[] => [
  { path, at: 'value', message: 'expected a map (key: value), got a list' },
]

function unknownKey(path: ConfigPath, key: string, known: readonly string[]): Finding {
  const suggestion = nearest(key, known)
  const message = `unknown key ${JSON.stringify(key)}`
  const where = { path: [...path, key], at: 'key' } as const
  return suggestion === undefined
    ? { ...where, message: `${message}; known here: ${known.join(', ')}` }
    : { ...where, message, suggestion }
}

const walkEntries: Walk = ({ entries = {} }, value, path) => {
  if (Array.isArray(value)) return listForMap(path)
  if (!isMap(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const schema = Object.hasOwn(entries, key) ? entries[key] : undefined
    if (schema === undefined) return [unknownKey(path, key, Object.keys(entries))]
    return walkShape(schema, inner, [...path, key])
  })
}

/** Of the maps with free keys only that of the clocks has a rule for them. */
function clockKey(path: ConfigPath, key: string): Finding[] {
  if (path[0] !== 'clocks' || CLOCK_KEY.test(key)) return []
  const device = /^(\/dev\/ptp\d+|ptp\d+|[a-z]\w+\d\w*|[\da-f]{4}:[\da-f]{2}:[\da-f]{2}\.\d)$/i
  const suggestion = nearest(key, ['system']) ?? (device.test(key) ? `phc:${key}` : undefined)
  const finding = { path: [...path, key], at: 'key', message: CLOCK_KEY_EXPECTED } as const
  return suggestion === undefined ? [finding] : [{ ...finding, suggestion }]
}

const walkRecord: Walk = ({ value: schema }, value, path) => {
  if (Array.isArray(value)) return listForMap(path)
  if (!isMap(value) || schema === undefined) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    ...clockKey(path, key),
    ...walkShape(schema, inner, [...path, key]),
  ])
}

const walkItems: Walk = ({ item }, value, path) =>
  item === undefined || !Array.isArray(value)
    ? []
    : value.flatMap((inner, index) => walkShape(item, inner, [...path, index]))

export const walkShape: Walk = (schema, value, path) => {
  switch (schema.type) {
    case 'optional':
      return schema.wrapped === undefined ? [] : walkShape(schema.wrapped, value, path)
    case 'strict_object':
      return walkEntries(schema, value, path)
    case 'record':
      return walkRecord(schema, value, path)
    case 'array':
      return walkItems(schema, value, path)
    default:
      return []
  }
}
