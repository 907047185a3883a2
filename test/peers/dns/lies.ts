/**
 * What the liar does to messages, one entry per lie. It stands before an honest server and passes on what
 * it does not spoil, so each fault is the only one there.
 */
import {
  addressFor,
  CLASS_CH,
  classOf,
  errorTo,
  hasEdns,
  RCODES,
  rcodeOf,
  TYPE_AAAA,
  truncated,
  typeOf,
  withTtl,
} from './wire.ts'

export interface Asked {
  readonly query: Buffer
  readonly transport: 'udp' | 'tcp'
  /** Source port of the one who asks. */
  readonly port: number
}

export interface Lie {
  /** Where it lies; elsewhere it is honest. */
  readonly over: 'udp' | 'both'
  /** Undefined: it is not answered. A message: that is the answer, and nobody is asked. Default `pass`. */
  query?(asked: Asked): Buffer | 'pass' | undefined
  /** What is made of the honest answer; undefined: nothing comes. */
  answer?(answer: Buffer, query: Buffer): Buffer | undefined
  /** Milliseconds that an answer is kept back. */
  readonly delay?: number
}

/** After Numerical Recipes: the same losses in every run. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Beyond this a datagram with its headers is a fragment in many tunnels. */
const LARGE = 512
const FROZEN_TTL = 120
const HIJACKER = [192, 0, 2, 99] as const

const refusing =
  (rcode: number): NonNullable<Lie['query']> =>
  ({ query }) =>
    errorTo(query, rcode)

const flipped = (message: Buffer, at: number): Buffer => {
  const wrong = Buffer.from(message)
  wrong[at] = (wrong[at] ?? 0) ^ 0x01
  return wrong
}

/** The race of two datagrams of one flow for one entry in conntrack: the second one is lost. */
function dropSecond(): Lie {
  const ports = new Set<number>()
  return {
    over: 'udp',
    query: ({ port }) => {
      if (ports.has(port)) return undefined
      ports.add(port)
      return 'pass'
    },
  }
}

function lose(share: number): Lie {
  const random = randomOf(7)
  return { over: 'udp', query: () => (random() < share ? undefined : 'pass') }
}

/** Right at first; later what a cache serves that cannot refresh. */
function zeroTtl(honest: number): Lie {
  let answers = 0
  return {
    over: 'both',
    answer: (answer) => {
      answers += 1
      return answers <= honest ? answer : withTtl(answer, 0)
    },
  }
}

/** A lie may remember: each server makes its own. */
export const LIES = {
  honest: () => ({ over: 'both' }),
  'drop-edns': () => ({
    over: 'udp',
    query: ({ query }) => (hasEdns(query) ? undefined : 'pass'),
  }),
  'formerr-edns': () => ({
    over: 'both',
    query: ({ query }) => (hasEdns(query) ? errorTo(query, RCODES.formerr) : 'pass'),
  }),
  'drop-aaaa': () => ({
    over: 'udp',
    query: ({ query }) => (typeOf(query) === TYPE_AAAA ? undefined : 'pass'),
  }),
  'drop-large': () => ({
    over: 'udp',
    answer: (answer) => (answer.length > LARGE ? undefined : answer),
  }),
  'drop-second': dropSecond,
  'lose-40': () => lose(0.4),
  truncate: () => ({ over: 'udp', answer: truncated }),
  'wrong-id': () => ({ over: 'udp', answer: (answer) => flipped(answer, 1) }),
  // the second letter of the name
  'wrong-question': () => ({ over: 'udp', answer: (answer) => flipped(answer, 14) }),
  garbage: () => ({ over: 'udp', query: () => Buffer.from('this is no DNS message') }),
  empty: () => ({ over: 'udp', query: () => Buffer.alloc(0) }),
  'cut-short': () => ({
    over: 'both',
    answer: (answer) => answer.subarray(0, answer.length - 5),
  }),
  late: () => ({ over: 'udp', delay: 1500 }),
  slow: () => ({ over: 'both', delay: 700 }),
  servfail: () => ({ over: 'both', query: refusing(RCODES.servfail) }),
  notimp: () => ({ over: 'both', query: refusing(RCODES.notimp) }),
  formerr: () => ({ over: 'both', query: refusing(RCODES.formerr) }),
  refused: () => ({ over: 'both', query: refusing(RCODES.refused) }),
  'identity-only': () => ({
    over: 'both',
    query: ({ query }) => (classOf(query) === CLASS_CH ? 'pass' : undefined),
  }),
  hijack: () => ({
    over: 'both',
    answer: (answer, query) =>
      rcodeOf(answer) === RCODES.nxdomain ? addressFor(query, HIJACKER) : answer,
  }),
  'frozen-ttl': () => ({ over: 'both', answer: (answer) => withTtl(answer, FROZEN_TTL) }),
  'zero-ttl': () => zeroTtl(20),
} as const satisfies Readonly<Record<string, () => Lie>>

export type LieName = keyof typeof LIES
