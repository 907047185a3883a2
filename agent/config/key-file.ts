/**
 * Text of a key file in, its keys and what is wrong with its lines out. Both formats in use are read:
 *
 *   chrony.keys     ID [TYPE] [ASCII:|HEX:]KEY     TYPE is MD5 unless written; comments # % ; !
 *   ntp.keys        ID TYPE KEY [# comment]        KEY is ASCII up to 20 characters, longer ones are hex
 *
 * They differ in a long key without a prefix, which chronyd takes as ASCII. Here such a key of nothing
 * but hex digits is hex, with a warning; anything else is ASCII, unless the type has ntpd's own name.
 *
 * A bad line is a fault of its own and the other keys are kept. No message holds a word of the line
 * beyond its id: one that is out of place may well be the secret.
 *
 * chrony.conf(5) `keyfile`, ntp.keys(5) of NTPsec, RFC 8573 (AES-CMAC).
 */
import type { KeyType } from '../ports/keys.ts'

export interface SymmetricKey {
  /** 1 to 2^32 - 1. */
  readonly id: number
  readonly type: KeyType
  readonly secret: Uint8Array
}

/** What is wrong with a line, which counts from 1. */
export interface KeyNotice {
  readonly line: number
  readonly message: string
}

export interface KeyFile {
  readonly keys: readonly SymmetricKey[]
  /** Lines that gave no key. */
  readonly faults: readonly KeyNotice[]
  /** Lines that gave a doubtful one. */
  readonly warnings: readonly KeyNotice[]
}

interface Kind {
  readonly type: KeyType
  /** A name that only ntpd knows: its rule of what is hex holds. */
  readonly ntpd: boolean
}

const kinds = (names: Readonly<Record<string, KeyType>>, ntpd: boolean): [string, Kind][] =>
  Object.entries(names).map(([name, type]) => [name, { type, ntpd }])

const SHARED = {
  ...({ MD5: 'MD5', SHA1: 'SHA1', SHA256: 'SHA256', SHA384: 'SHA384' } as const),
  ...({ SHA512: 'SHA512', AES128: 'AES128', AES256: 'AES256' } as const),
}
const NTPD = {
  ...({ M: 'MD5', SHA: 'SHA1', 'SHA-1': 'SHA1', AES: 'AES128', 'AES-128': 'AES128' } as const),
  ...({ AES128CMAC: 'AES128', 'AES-128-CMAC': 'AES128', 'AES-256': 'AES256' } as const),
}
const KINDS: ReadonlyMap<string, Kind> = new Map([...kinds(SHARED, false), ...kinds(NTPD, true)])

const MAX_ID = 2 ** 32 - 1
/** As chronyd. */
const MAX_LINE = 2047
/** Below 80 bits a key can be found by trying. */
const WEAK_BYTES = 10
/** Longest key that ntpd takes as ASCII. */
const NTPD_ASCII = 20
const AES_BYTES: Readonly<Partial<Record<KeyType, number>>> = { AES128: 16, AES256: 32 }
const HEX = /^([\da-f]{2})+$/i
const COMMENT = /^\s*($|[#%;!])/

type Line =
  | { readonly ok: true; readonly key: SymmetricKey; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly message: string }

const refuse = (message: string): Line => ({ ok: false, message })

interface Secret {
  readonly bytes: Uint8Array
  readonly warnings: readonly string[]
}

const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

/** The bytes of a key as written, or what is wrong with it. */
function readSecret(word: string, ntpd: boolean): Secret | string {
  const [, prefix, text = word] = /^(ASCII:|HEX:)(.*)$/.exec(word) ?? []
  const long = prefix === undefined && word.length > NTPD_ASCII
  const guessed = long && !ntpd && HEX.test(word)
  if (prefix === 'HEX:' || (long && ntpd) || guessed) {
    if (!HEX.test(text)) return 'the key is not of pairs of hex digits'
    const told = 'read as hex, as ntpd does; HEX: or ASCII: before the key says what it is'
    return { bytes: fromHex(text), warnings: guessed ? [told] : [] }
  }
  return text === '' ? 'the key is empty' : { bytes: new TextEncoder().encode(text), warnings: [] }
}

/** Words that are id, type and key; what follows a key may only be a comment. */
function readLine(text: string): Line {
  if (text.length > MAX_LINE) return refuse(`the line is longer than ${MAX_LINE} characters`)
  const [number = '', first, ...rest] = text.trim().split(/\s+/)
  const id = Number(number)
  if (!/^\d+$/.test(number) || id < 1 || id > MAX_ID) {
    return refuse(`a line begins with the id of its key, 1 to ${MAX_ID}`)
  }
  if (first === undefined) return refuse(`key ${id}: the key is missing`)
  const known = KINDS.get(first.toUpperCase())
  const [word, after] = known === undefined ? [first, rest[0]] : [rest[0], rest[1]]
  if (word === undefined) return refuse(`key ${id}: the key is missing`)
  if (after !== undefined && !after.startsWith('#')) {
    return refuse(`key ${id}: no known type of key, or words after the key`)
  }
  return keyOf(id, known ?? { type: 'MD5', ntpd: false }, word)
}

function keyOf(id: number, { type, ntpd }: Kind, word: string): Line {
  const secret = readSecret(word, ntpd)
  if (typeof secret === 'string') return refuse(`key ${id}: ${secret}`)
  const { bytes, warnings } = secret
  const wanted = AES_BYTES[type]
  if (wanted !== undefined && bytes.length !== wanted) {
    return refuse(`key ${id}: ${type} needs a key of ${wanted} bytes, here are ${bytes.length}`)
  }
  const weak = bytes.length < WEAK_BYTES ? ['the key is shorter than 80 bits'] : []
  const told = [...warnings, ...weak].map((warning) => `key ${id}: ${warning}`)
  return { ok: true, key: { id, type, secret: bytes }, warnings: told }
}

/** Of keys with the same id the first is kept. Never throws. */
export function parseKeyFile(text: string): KeyFile {
  const keys = new Map<number, SymmetricKey>()
  const faults: KeyNotice[] = []
  const warnings: KeyNotice[] = []
  text.split(/\r?\n/).forEach((content, index) => {
    if (COMMENT.test(content)) return
    const line = index + 1
    const read = readLine(content)
    if (!read.ok) faults.push({ line, message: read.message })
    else if (keys.has(read.key.id)) {
      faults.push({ line, message: `key ${read.key.id} is there already` })
    } else {
      keys.set(read.key.id, read.key)
      warnings.push(...read.warnings.map((message) => ({ line, message })))
    }
  })
  return { keys: [...keys.values()], faults, warnings }
}
