/**
 * Which address of a name a source asks.
 *
 * A name is resolved at start; a failure is retried after 2 s, doubled up to 64 s, and meanwhile the last
 * good addresses that are kept on disk serve. It is resolved again when its server is lost: after 3
 * fruitless polls where it never answered, after 8 where it did, then after twice as many; at most one
 * server is replaced in 5 minutes. A server that refuses us is replaced at once. A literal is never
 * resolved.
 *
 * A pool is a number of slots, each a source of its own that resolves by itself. What a slot gets is
 * handed out by the book that all sources share (`ntp-book.ts`), so no two ever meet. All order the
 * addresses by a hash with a salt of this node, so that each node prefers other servers of a pool.
 */
import { describeFault, type PortFault } from '../core/errors.ts'
import type { Action, Now } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import { elapsed, type Instant, type Nanos, nanos, plus, seconds } from '../core/units.ts'
import { ADDRESS_FILE, type AddressBook } from './ntp-book.ts'
import { isAddress, parsePrefix } from './ntp-networks.ts'

const FIRST_RETRY = seconds(2)
/** Up to 64 s where nobody answered, up to 17 min where all that were named are taken. */
const RETRY_DOUBLINGS = 5
const WANT_DOUBLINGS = 9
/** Between two replacements of the server of one source. */
export const REPLACE_INTERVAL = seconds(300)
const FRUITLESS_NEW = 3
const FRUITLESS_KNOWN = 8
const RESOLVE = 'resolve'
const ADDRESSES = 'addresses'

/** 32-bit FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return value >>> 0
}

const isV6 = (address: string): boolean => parsePrefix(address)?.width === 128

/**
 * Distinct addresses in the order in which they are taken. The family that the resolver put first
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

/** 2 s, doubled with each failure, up to 64 s. */
export const resolveRetry = (failures: number, doublings = RETRY_DOUBLINGS): Nanos =>
  nanos(FIRST_RETRY * 2 ** Math.min(doublings, Math.max(0, failures - 1)))

export interface ServerName {
  /** Id of the source that asks. */
  readonly source: string
  readonly name: string
  readonly port: number
  readonly salt: number
}

/** What a name was resolved to. */
export interface Answer {
  readonly addresses: readonly string[]
  /** Nobody vouches for them. */
  readonly unvalidated?: boolean
}

const note = (code: NoteCode, detail: string): Action => ({ do: 'note', code, detail })

export class ServerAddress {
  readonly #server: ServerName
  readonly #book: AddressBook
  #current: string | undefined
  #failures = 0
  #trouble = ''
  /** The server at hand is to be replaced as soon as there is another one. */
  #lost = false
  /** The address at hand is one of those kept on disk, or was not validated: DNS has to confirm it. */
  #provisional = false
  #unresolved = false
  /** Not its first address. */
  #had = false
  #replacedAt: Instant<'mono'> | undefined
  /** Fruitless polls at which the server is given up next; undefined: the usual number. */
  #patience: number | undefined

  constructor(server: ServerName, book: AddressBook) {
    this.#server = server
    this.#book = book
    if (this.isLiteral) this.#current = book.take(server.source, [server.name], server.port)
    else book.register(server.name)
    if (this.isLiteral && this.#current === undefined) {
      this.#trouble = `${server.name} is asked by another source already`
    }
  }

  get isLiteral(): boolean {
    return isAddress(this.#server.name)
  }

  get current(): string | undefined {
    return this.#current
  }

  /** Why there is no address; empty when there is one. */
  get trouble(): string {
    return this.#trouble
  }

  /** Resolves; and reads what is kept on disk, which has to be known before it is written. */
  start(): Action[] {
    if (this.isLiteral) return []
    return [...this.resolve(), { do: 'load', key: ADDRESSES, file: ADDRESS_FILE }]
  }

  resolve(): Action[] {
    return [{ do: 'resolve', key: RESOLVE, name: this.#server.name }]
  }

  /** The server was of no use for so many polls; `known`: it was once. Maybe the name has others. */
  fruitless(polls: number, known: boolean, now: Now): Action[] {
    const patience = this.#patience ?? (known ? FRUITLESS_KNOWN : FRUITLESS_NEW)
    if (this.isLiteral || this.#current === undefined || polls < patience) return []
    this.#patience = 2 * polls
    if (!this.#lost) this.#book.blame(this.#current, this.#server.port)
    this.#lost = true
    return this.#replace(now)
  }

  /** The server refuses us, for good. */
  refused(now: Now): Action[] {
    if (this.#current === undefined) return []
    this.#book.refuse(this.#current, this.#server.port)
    this.#book.release(this.#server.source)
    this.#trouble = `${this.#current} refuses us`
    this.#current = undefined
    return this.#replace(now)
  }

  /** A good sample: the address is worth keeping. */
  good(): Action[] {
    this.#lost = false
    this.#patience = undefined
    if (this.#current === undefined || this.isLiteral) return []
    this.#book.praise(this.#current, this.#server.port)
    // what is kept serves at starts to come: nothing that DNS may yet take back
    if (!this.#provisional) this.#book.keep(this.#server.name, this.#current)
    return this.#save()
  }

  /** `unvalidated`: good enough for want of an address, and never in place of one that serves. */
  resolved({ addresses, unvalidated = false }: Answer, now: Now): Action[] {
    this.#unresolved = false
    const before = this.#current
    if (before !== undefined && !this.#lost) {
      if (unvalidated) return []
      if (!this.#provisional || addresses.includes(before)) return this.#confirm(before)
    }
    const { source, name, port, salt } = this.#server
    const picked = this.#book.take(source, orderAddresses(addresses, salt), port)
    if (picked === undefined) return this.#want(addresses.length, now)
    this.#settle(unvalidated)
    if (picked === before) return []
    this.#became(picked, now)
    return [note('resolved', `${name} is ${picked}`)]
  }

  failed(fault: PortFault, now: Now): Action[] {
    this.#unresolved = true
    return [...this.#retry(describeFault(fault), now), ...this.#fallBack(now)]
  }

  /** What is kept on disk; empty text: nothing is. */
  loaded(text: string, now: Now): Action[] {
    this.#book.load(text)
    return [...(this.#unresolved ? this.#fallBack(now) : []), ...this.#save()]
  }

  /** The file of addresses could not be written. */
  unsaved(fault: PortFault): Action[] {
    return this.#book.faulted() ? [note('address-file', describeFault(fault))] : []
  }

  #confirm(address: string): Action[] {
    const isNews = this.#provisional
    this.#settle(false)
    return isNews ? [note('resolved', `${this.#server.name} is ${address}`)] : []
  }

  #fallBack(now: Now): Action[] {
    if ((this.#current !== undefined && !this.#lost) || !this.#book.loaded) return []
    const { source, name, port, salt } = this.#server
    const kept = orderAddresses(this.#book.keptFor(name), salt)
    const picked = this.#book.take(source, kept, port)
    if (picked === undefined || picked === this.#current) return []
    this.#became(picked, now)
    this.#provisional = true
    this.#trouble = ''
    return [note('address-kept', `${name} was ${picked}`)]
  }

  #became(address: string, now: Now): void {
    if (this.#had) this.#replacedAt = now.mono
    this.#had = true
    this.#current = address
    this.#lost = false
    this.#patience = undefined
  }

  #settle(provisional: boolean): void {
    this.#provisional = provisional
    this.#failures = 0
    this.#trouble = ''
  }

  #save(): Action[] {
    const text = this.#book.save()
    return text === undefined ? [] : [{ do: 'store', key: ADDRESSES, file: ADDRESS_FILE, text }]
  }

  /** Asks the name for another server, now or when the last replacement is old enough. */
  #replace(now: Now): Action[] {
    const at = this.#replacedAt
    if (at === undefined || elapsed(now.mono, at) >= REPLACE_INTERVAL) return this.resolve()
    return [{ do: 'timer', key: RESOLVE, at: plus(at, REPLACE_INTERVAL) }]
  }

  #want(told: number, now: Now): Action[] {
    const detail = told === 0 ? 'no address' : `no free one of ${told} addresses`
    // a source that has a server goes on with it, and asks for another one when it is as patient again
    if (this.#current !== undefined) return []
    return this.#retry(detail, now, told === 0 ? RETRY_DOUBLINGS : WANT_DOUBLINGS)
  }

  #retry(detail: string, now: Now, doublings = RETRY_DOUBLINGS): Action[] {
    this.#failures += 1
    this.#trouble = `${this.#server.name}: ${detail}`
    return [
      note('resolve-failed', this.#trouble),
      { do: 'timer', key: RESOLVE, at: plus(now.mono, resolveRetry(this.#failures, doublings)) },
    ]
  }
}
