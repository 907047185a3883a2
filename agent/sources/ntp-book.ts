/**
 * The one list of addresses behind all NTP sources: who asks which server, which servers refused us,
 * which ones failed how often, and the last good addresses of every name, as they are kept on disk.
 *
 * No two sources ever ask the same server: a server asked twice would have two votes. Which address a
 * source gets depends on what is free at that moment, not on the answer that it happened to see.
 *
 * The file has one line per name, `NAME ADDRESS ADDRESS ...`, most recent first. What is not understood in
 * it is passed over: it only serves when no name server answers at start.
 */
import { isAddress } from './ntp-networks.ts'

export const ADDRESS_FILE = 'ntp-addresses'

const MAX_NAMES = 64
const MAX_ADDRESSES = 16
const NAME = /^[a-z\d_][a-z\d_.-]{0,252}$/
/** More than this is not ours. */
const MAX_LINE = 2048

const nameOf = (name: string): string => name.toLowerCase().replace(/\.$/, '')

/** Good addresses by name out of the text of the file; RFC 1123 names, IP literals. */
export function parseAddresses(text: string): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const line of text.split('\n')) {
    if (found.size >= MAX_NAMES) break
    const [name = '', ...words] = line.length > MAX_LINE ? [] : line.trim().split(/\s+/)
    const addresses = [...new Set(words.filter(isAddress))].slice(0, MAX_ADDRESSES)
    if (NAME.test(name) && !isAddress(name) && addresses.length > 0) found.set(name, addresses)
  }
  return found
}

export const formatAddresses = (kept: ReadonlyMap<string, readonly string[]>): string =>
  [...kept].map(([name, addresses]) => `${[name, ...addresses].join(' ')}\n`).join('')

export class AddressBook {
  /** `ADDRESS PORT` to the source that asks there. */
  readonly #holders = new Map<string, string>()
  readonly #refused = new Set<string>()
  readonly #failures = new Map<string, number>()
  readonly #kept = new Map<string, readonly string[]>()
  readonly #names = new Set<string>()
  #loaded = false
  #dirty = false
  #faulty = false

  /** A name of the configuration: only such names are kept. */
  register(name: string): void {
    if (this.#names.size < MAX_NAMES) this.#names.add(nameOf(name))
  }

  /**
   * Gives `source` the first of these that is free and has failed least, in place of what it had;
   * undefined: none is free.
   */
  take(source: string, addresses: readonly string[], port: number): string | undefined {
    const free = addresses.filter((address) => this.#isFree(source, `${address} ${port}`))
    const failures = (address: string): number => this.#failures.get(`${address} ${port}`) ?? 0
    const least = Math.min(...free.map(failures))
    const chosen = free.find((address) => failures(address) === least)
    if (chosen === undefined) return undefined
    this.release(source)
    this.#holders.set(`${chosen} ${port}`, source)
    return chosen
  }

  release(source: string): void {
    for (const [server, holder] of this.#holders) {
      if (holder === source) this.#holders.delete(server)
    }
  }

  /** The server was of no use: others are taken before it. */
  blame(address: string, port: number): void {
    const server = `${address} ${port}`
    this.#failures.set(server, (this.#failures.get(server) ?? 0) + 1)
  }

  /** The server refuses this node: it is never asked again. */
  refuse(address: string, port: number): void {
    this.#refused.add(`${address} ${port}`)
  }

  /** A good sample came from there. */
  praise(address: string, port: number): void {
    this.#failures.delete(`${address} ${port}`)
  }

  /** A good address of this name, for the file. */
  keep(name: string, address: string): void {
    const key = nameOf(name)
    const before = this.#kept.get(key) ?? []
    if (before.includes(address) || !this.#names.has(key)) return
    this.#kept.set(key, [address, ...before].slice(0, MAX_ADDRESSES))
    this.#dirty = true
  }

  /** The file was read, or is not there: from now on it may be written. */
  load(text: string): void {
    if (this.#loaded) return
    this.#loaded = true
    for (const [name, addresses] of parseAddresses(text)) {
      if (!this.#names.has(name)) continue
      const merged = new Set([...(this.#kept.get(name) ?? []), ...addresses])
      this.#kept.set(name, [...merged].slice(0, MAX_ADDRESSES))
    }
  }

  get loaded(): boolean {
    return this.#loaded
  }

  keptFor(name: string): readonly string[] {
    return this.#kept.get(nameOf(name)) ?? []
  }

  /** Text to be written now; undefined: nothing new, or what is there was not read yet. */
  save(): string | undefined {
    if (!this.#loaded || !this.#dirty) return undefined
    this.#dirty = false
    return formatAddresses(this.#kept)
  }

  /** True the first time: a directory that cannot be written is told once. */
  faulted(): boolean {
    const first = !this.#faulty
    this.#faulty = true
    return first
  }

  #isFree(source: string, server: string): boolean {
    const holder = this.#holders.get(server)
    return (holder === undefined || holder === source) && !this.#refused.has(server)
  }
}
