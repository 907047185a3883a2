/** What happened between two discoveries of a node's NICs, by the permanent key; pure. */
import { byName, type Nic } from './nic.ts'

export type NicChange =
  | { readonly kind: 'appeared' | 'vanished'; readonly key: string; readonly name: string }
  /** Same hardware, other name. */
  | { readonly kind: 'renamed'; readonly key: string; readonly from: string; readonly to: string }
  /**
   * Another PHC index, after a driver's reset for one; null: none, or the kernel did not tell. `name` is
   * that of now.
   */
  | {
      readonly kind: 'phc-moved'
      readonly key: string
      readonly name: string
      readonly from: number | null
      readonly to: number | null
    }

const byKey = (nics: readonly Nic[]): ReadonlyMap<string, Nic> =>
  new Map([...nics].sort(byName).map((nic) => [nic.key, nic]))

function changesOf(before: Nic | undefined, { key, name, phcIndex }: Nic): NicChange[] {
  if (before === undefined) return [{ kind: 'appeared', key, name }]
  const changes: NicChange[] = []
  if (before.name !== name) changes.push({ kind: 'renamed', key, from: before.name, to: name })
  if (before.phcIndex !== phcIndex) {
    changes.push({ kind: 'phc-moved', key, name, from: before.phcIndex, to: phcIndex })
  }
  return changes
}

/** First what vanished, then by name of now. Two NICs that swap their names are two renames. */
export function nicChanges(before: readonly Nic[], after: readonly Nic[]): NicChange[] {
  const old = byKey(before)
  const now = byKey(after)
  const vanished = [...old.values()].filter(({ key }) => !now.has(key))
  return [
    ...vanished.map(({ key, name }): NicChange => ({ kind: 'vanished', key, name })),
    ...[...now.values()].flatMap((nic) => changesOf(old.get(nic.key), nic)),
  ]
}

const phcName = (index: number | null): string => (index === null ? 'no PHC' : `ptp${index}`)

/** One sentence for logs and people. */
export function describeNicChange(change: NicChange): string {
  switch (change.kind) {
    case 'appeared':
      return `${change.name} appeared (${change.key})`
    case 'vanished':
      return `${change.name} vanished (${change.key})`
    case 'renamed':
      return `${change.from} is now ${change.to} (${change.key})`
    case 'phc-moved':
      return `${change.name}: from ${phcName(change.from)} to ${phcName(change.to)} (${change.key})`
  }
}
