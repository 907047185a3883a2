/**
 * The path between the node and one peer: a fixed delay, an exponential variable on top of it each
 * way (the queues), loss, and asymmetry. All members may be changed while the world runs.
 */
import type { SeededRandom } from './random.ts'

export interface Link {
  /** One way, ns, before jitter. */
  delayNs: number
  /** Mean of the exponential part, ns, each way. */
  jitterNs: number
  /** Probability that a datagram is lost, each way. */
  loss: number
  /** Delay to the peer minus delay back, ns; half of it is the error of a symmetric estimate. */
  asymmetryNs: number
  /** The path is cut. */
  down: boolean
  /** Who does more to the datagrams than a network does. */
  meddler: Meddler | undefined
}

export type Direction = 'there' | 'back'

/** A datagram that the peer never sent, and when it reaches the node, ns from now. */
export interface Injected {
  readonly data: Uint8Array
  readonly ns: number
}

export interface Meddler {
  /** The node sent a request: what reaches it besides the answer. */
  inject(request: Uint8Array): readonly Injected[]
  /** How late each copy of a datagram becomes, ns; none: it is dropped. */
  pass(way: Direction, data: Uint8Array): readonly number[]
}

/** Without a meddler one copy, in time. */
export const copies = ({ meddler }: Link, way: Direction, data: Uint8Array): readonly number[] =>
  meddler?.pass(way, data) ?? [0]

export const createLink = (link: Partial<Link> = {}): Link => ({
  delayNs: 100_000,
  jitterNs: 10_000,
  loss: 0,
  asymmetryNs: 0,
  down: false,
  meddler: undefined,
  ...link,
})

/** How long a datagram travels, ns; undefined when it is lost. */
export function travel(link: Link, way: Direction, random: SeededRandom): number | undefined {
  // both are drawn always, so that switching loss on does not change later delays
  const lost = random.uniform() < link.loss
  const jitter = random.exponential(link.jitterNs)
  if (link.down || lost) return undefined
  const half = link.asymmetryNs / 2
  return Math.max(0, link.delayNs + (way === 'there' ? half : -half) + jitter)
}
