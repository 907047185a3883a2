/** "Did you mean": the known word nearest to one that is not known. */

/** Optimal string alignment: insertions, deletions, replacements, swapped neighbours. */
export function editDistance(a: string, b: string): number {
  let older: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      const replaced = (last[j - 1] ?? 0) + cost
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? (older[j - 2] ?? 0) + 1
          : Number.POSITIVE_INFINITY
      row.push(Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced, swapped))
    }
    older = last
    last = row
  }
  return last[b.length] ?? 0
}

/** `max_delay`, `MaxDelay` and `max-delay` are one word to a reader. */
const plain = (word: string): string => word.toLowerCase().replace(/[-_ ]/g, '')

/** Words of other programs' configuration files for the same thing. */
const SYNONYMS: Readonly<Record<string, string>> = {
  domainnumber: 'domain',
  udsaddress: 'socket',
  maxslewrate: 'maxSlewPpm',
  makestep: 'step',
  address: 'server',
  interleaved: 'xleave',
  burst: 'iburst',
  peer: 'server',
}

const MAX_WORD = 64

export function nearest(word: string, known: readonly string[]): string | undefined {
  const written = plain(word)
  if (written === '' || word.length > MAX_WORD) return undefined
  const synonym = known.find((candidate) => candidate === SYNONYMS[written])
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(written, plain(candidate)) }))
    .sort((a, b) => a.distance - b.distance)
  const [best] = ranked
  const limit = Math.max(1, Math.floor(written.length / 3))
  if (best !== undefined && best.distance <= limit) return best.candidate
  const begun = known.find((candidate) => isBegun(written, plain(candidate)))
  return synonym ?? begun
}

/** One of the two is the beginning of the other: `statedir`, `warning`. */
const isBegun = (a: string, b: string): boolean =>
  Math.min(a.length, b.length) > 2 && (a.startsWith(b) || b.startsWith(a))
