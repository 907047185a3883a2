/** Fields of a Kubernetes resource as YAML gave them, with a finding for what is not what it must be. */
import type { Finding } from './faults.ts'
import { nearest } from './suggest.ts'

export type Raw = Readonly<Record<string, unknown>>

/** What is found while reading; readers add to it. */
export interface Reading {
  readonly faults: Finding[]
  readonly notices: Finding[]
}

export type Path = readonly (string | number)[]

/** A map with its place, and where its findings go. */
export interface Place {
  readonly map: Raw
  readonly path: Path
  readonly reading: Reading
}

export const isMap = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function fault(
  { path, reading }: Place,
  key: string,
  message: string,
  suggestion?: string,
): void {
  const finding = { path: [...path, key], at: 'value', message } as const
  reading.faults.push(suggestion === undefined ? finding : { ...finding, suggestion })
}

export const missing = ({ path, reading }: Place, key: string): void => {
  reading.faults.push({ path, at: 'value', message: `${key} is missing` })
}

/** Null counts as not written, as it does in Go. */
export function textAt(place: Place, key: string): string | undefined {
  const value = place.map[key] ?? undefined
  if (value === undefined || typeof value === 'string') return value
  const plain = typeof value === 'number' || typeof value === 'boolean'
  fault(place, key, 'expected text', plain ? JSON.stringify(String(value)) : undefined)
  return undefined
}

export function wholeAt(place: Place, key: string, low: number, high: number): number | undefined {
  const value = place.map[key] ?? undefined
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    const number = typeof value === 'string' && /^-?\d+$/.test(value) ? value : undefined
    fault(place, key, 'expected a whole number', number)
    return undefined
  }
  if (value >= low && value <= high) return value
  fault(place, key, `must be from ${low} to ${high}`)
  return undefined
}

export function mapAt(place: Place, key: string): Place | undefined {
  const value = place.map[key] ?? undefined
  if (value === undefined) return undefined
  if (isMap(value)) return { map: value, path: [...place.path, key], reading: place.reading }
  fault(place, key, 'expected a map (key: value)')
  return undefined
}

export function mapsAt(place: Place, key: string): Place[] {
  const { path, reading } = place
  const value = place.map[key] ?? []
  if (!Array.isArray(value)) {
    fault(place, key, 'expected a list')
    return []
  }
  return value.flatMap((map: unknown, index) => {
    const at = [...path, key, index]
    if (isMap(map)) return [{ map, path: at, reading }]
    reading.faults.push({ path: at, at: 'value', message: 'expected a map (key: value)' })
    return []
  })
}

/** What is not among `known`, told of and kept. */
export function unknownOf({ map, path, reading }: Place, known: readonly string[]): Raw {
  const keys = Object.keys(map).filter((key) => !known.includes(key))
  for (const key of keys) {
    const suggestion = nearest(key, known)
    const finding = { path: [...path, key], at: 'key', message: 'unknown key, kept' } as const
    reading.notices.push(suggestion === undefined ? finding : { ...finding, suggestion })
  }
  return Object.fromEntries(keys.map((key) => [key, map[key]]))
}
