/** From a path in the configuration to the line and column where it was written. */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node } from 'yaml'
import type { ConfigPath, Finding } from './faults.ts'

interface Step {
  readonly key: unknown
  readonly value: unknown
}

const follow = (document: Document, node: unknown): unknown =>
  isAlias(node) ? node.resolve(document) : node

const keyText = (key: unknown): string => String(isScalar(key) ? key.value : key)

function stepInto(node: unknown, key: string | number): Step | undefined {
  if (isMap(node)) return node.items.find((pair) => keyText(pair.key) === String(key))
  if (!isSeq(node) || typeof key !== 'number') return undefined
  const value = node.items[key]
  return value === undefined ? undefined : { key: value, value }
}

const startOf = (node: unknown): number | undefined =>
  isNode(node) ? (node as Node).range?.[0] : undefined

/**
 * Offset of the key or value at `path`, or of the nearest thing around it that stands in the text: an
 * empty value has no place of its own, and a default none at all.
 */
export function offsetOf(document: Document, { path, at }: Pick<Finding, 'path' | 'at'>): number {
  let offset = startOf(document.contents) ?? 0
  let node: unknown = document.contents
  for (const [index, key] of (path as ConfigPath).entries()) {
    const step = stepInto(follow(document, node), key)
    if (step === undefined) return offset
    const wanted = index === path.length - 1 && at === 'value' && !isEmpty(step.value)
    offset = startOf(wanted ? step.value : step.key) ?? offset
    node = step.value
  }
  return offset
}

const isEmpty = (node: unknown): boolean => isScalar(node) && node.value === null
