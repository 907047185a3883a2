/**
 * What is to happen, in true time; at equal times in the order in which it was asked for. A binary
 * heap. Taking back is lazy: the entry stays and is skipped.
 */
export interface Entry {
  readonly at: bigint
  readonly order: number
  run: (() => void) | undefined
}

const isBefore = (a: Entry, b: Entry): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order)

export class Queue {
  readonly #heap: Entry[] = []
  #order = 0

  add(at: bigint, run: () => void): Entry {
    const entry: Entry = { at, order: this.#order++, run }
    const heap = this.#heap
    let i = heap.length
    heap.push(entry)
    while (i > 0) {
      const parent = (i - 1) >> 1
      const above = heap[parent] as Entry
      if (!isBefore(entry, above)) break
      heap[i] = above
      i = parent
    }
    heap[i] = entry
    return entry
  }

  /** The next entry that was not taken back, if it is due at or before `until`. */
  next(until: bigint): Entry | undefined {
    for (;;) {
      const top = this.#heap[0]
      if (top === undefined || top.at > until) return undefined
      this.#drop()
      if (top.run !== undefined) return top
    }
  }

  #drop(): void {
    const heap = this.#heap
    const last = heap.pop() as Entry
    if (heap.length === 0) return
    let i = 0
    for (;;) {
      const left = 2 * i + 1
      if (left >= heap.length) break
      const right = left + 1
      const smaller =
        right < heap.length && isBefore(heap[right] as Entry, heap[left] as Entry) ? right : left
      if (!isBefore(heap[smaller] as Entry, last)) break
      heap[i] = heap[smaller] as Entry
      i = smaller
    }
    heap[i] = last
  }
}

export function cancel(entry: Entry | undefined): void {
  if (entry !== undefined) entry.run = undefined
}
