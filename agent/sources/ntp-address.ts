/**
 * Which address of a name a source asks.
 *
 * A name is resolved at start and again when its server was of no use for 3, 6, 12, 24 ... polls; a
 * failure is retried after 2 s, doubled up to 64 s. A literal is never resolved.
 *
 * A pool is a number of slots, each a source of its own that resolves by itself. All slots order the
 * addresses in the same way, by a hash with a salt they share, and slot i takes the i-th: so they never
 * meet as long as they were told the same addresses, and each node prefers other servers of a pool. A
 * slot whose server is silent goes on to i + n, i + 2n ... of n slots, and meets nobody there either.
 */
import { describeFault, type PortFault } from '../core/errors.ts'
import type { Action, Now } from '../core/machine.ts'
import { type Nanos, nanos, plus, seconds } from '../core/units.ts'

export interface Slot {
  readonly index: number
  readonly count: number
}

const FIRST_RETRY = seconds(2)
const RETRY_DOUBLINGS = 5

/** True for an IPv4 or IPv6 literal: nothing to resolve. A colon cannot be part of a host name. */
export const isAddress = (name: string): boolean =>
  name.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(name)

/** 32-bit FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return value >>> 0
}

const isV6 = (address: string): boolean => address.includes(':')

/**
 * Distinct addresses in the order in which slots take them. The family that the resolver put first
 * stays first: that is the one which this node can reach (RFC 6724).
 */
export function orderAddresses(addresses: readonly string[], salt: number): string[] {
  const distinct = [...new Set(addresses)]
  const firstIsV6 = isV6(distinct[0] ?? '')
  const key = (address: string): number => hash(`${salt}/${address}`)
  const family = (v6: boolean): string[] =>
    distinct.filter((address) => isV6(address) === v6).sort((a, b) => key(a) - key(b))
  return [...family(firstIsV6), ...family(!firstIsV6)]
}

/** The address of a slot; `turn` counts the servers it gave up. Undefined: fewer addresses than slots. */
export const pickAddress = (
  ordered: readonly string[],
  { index, count }: Slot,
  turn: number,
): string | undefined => {
  const own = ordered.filter((_, place) => place % count === index % count)
  return own[turn % Math.max(1, own.length)]
}

/** 2 s, doubled with each failure, up to 64 s. */
export const resolveRetry = (failures: number): Nanos =>
  nanos(FIRST_RETRY * 2 ** Math.min(RETRY_DOUBLINGS, Math.max(0, failures - 1)))

const FRUITLESS_FIRST = 3
const KEY = 'resolve'

/** True for 3, 6, 12, 24 ...: each time twice as patient, so that a dead server costs few queries. */
export const isResolveTime = (fruitless: number): boolean =>
  fruitless >= FRUITLESS_FIRST && Number.isInteger(Math.log2(fruitless / FRUITLESS_FIRST))

export class ServerAddress {
  readonly #name: string
  readonly #slot: Slot
  readonly #salt: number
  #current: string | undefined
  #failures = 0
  #turn = 0
  #trouble = ''

  constructor(name: string, slot: Slot, salt: number) {
    this.#name = name
    this.#slot = slot
    this.#salt = salt
    this.#current = isAddress(name) ? name : undefined
  }

  get current(): string | undefined {
    return this.#current
  }

  /** Why there is no address; empty when there is one. */
  get trouble(): string {
    return this.#trouble
  }

  resolve(): Action[] {
    return [{ do: 'resolve', key: KEY, name: this.#name }]
  }

  /** The server was of no use for so many polls: maybe the name means another one by now. */
  fruitless(polls: number): Action[] {
    if (isAddress(this.#name) || !isResolveTime(polls)) return []
    this.#turn += 1
    return this.resolve()
  }

  resolved(addresses: readonly string[], now: Now): Action[] {
    const picked = pickAddress(orderAddresses(addresses, this.#salt), this.#slot, this.#turn)
    if (picked === undefined) {
      const { length } = addresses
      return this.#retry(
        length === 0 ? 'no address' : `fewer addresses (${length}) than slots`,
        now,
      )
    }
    this.#failures = 0
    this.#trouble = ''
    if (picked === this.#current) return []
    this.#current = picked
    return [{ do: 'note', code: 'resolved', detail: `${this.#name} is ${picked}` }]
  }

  failed(fault: PortFault, now: Now): Action[] {
    return this.#retry(describeFault(fault), now)
  }

  #retry(detail: string, now: Now): Action[] {
    this.#failures += 1
    this.#trouble = `${this.#name}: ${detail}`
    return [
      { do: 'note', code: 'resolve-failed', detail: this.#trouble },
      { do: 'timer', key: KEY, at: plus(now.mono, resolveRetry(this.#failures)) },
    ]
  }
}
