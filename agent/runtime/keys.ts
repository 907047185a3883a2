/** Keys of a key file behind `ports/keys.ts`, by `node:crypto`; and the reading of such a file. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import type { SymmetricKey } from '../config/key-file.ts'
import type { PortFault } from '../core/errors.ts'
import type { KeyPort, KeyType, MacKey } from '../ports/keys.ts'
import { createCmac } from './cmac.ts'
import { fileFault } from './files.ts'

const HASHES: Readonly<Partial<Record<KeyType, string>>> = {
  MD5: 'md5',
  SHA1: 'sha1',
  SHA256: 'sha256',
  SHA384: 'sha384',
  SHA512: 'sha512',
}

type Mac = (data: Uint8Array) => Uint8Array

/** No HMAC: the hash of key and packet, one behind the other, is what the protocol has. */
function macOf({ type, secret }: SymmetricKey): Mac {
  const hash = HASHES[type]
  if (hash === undefined) return createCmac(secret)
  return (data) => createHash(hash).update(secret).update(data).digest()
}

function createKey({ id, type }: SymmetricKey, whole: Mac, digestLength: number): MacKey {
  const mac: Mac = (data) => whole(data).subarray(0, digestLength)
  const verify = (data: Uint8Array, digest: Uint8Array): boolean =>
    digest.length === digestLength && timingSafeEqual(mac(data), digest)
  return { id, type, digestLength, mac, verify }
}

type Make = (longest: number) => MacKey

/** Throws where OpenSSL refuses the algorithm (MD5 under FIPS). */
function makerOf(key: SymmetricKey): Make {
  const mac = macOf(key)
  const whole = mac(new Uint8Array()).length
  return (longest) => createKey(key, mac, Math.min(whole, longest))
}

/** A key whose algorithm is not to be had here is left out. */
export function createKeys(keys: readonly SymmetricKey[]): KeyPort {
  const makers = new Map<number, Make>()
  for (const key of keys) {
    try {
      makers.set(key.id, makerOf(key))
    } catch {
      // the source that wants it says so
    }
  }
  return { key: (id, longest = Number.POSITIVE_INFINITY) => makers.get(id)?.(longest) }
}

export type KeyText =
  | {
      readonly ok: true
      readonly text: string
      /** Everybody on this node may read it. */
      readonly exposed: boolean
    }
  | { readonly ok: false; readonly fault: PortFault }

/** Keys are few; more than this in a file is something else. */
const MAX_LENGTH = 1 << 20
const OTHERS_READ = 0o004

/** The text of a key file. Whose secrets they are is nobody's business: the text goes to the parser only. */
export function readKeyText(path: string): KeyText {
  try {
    const file = openSync(path, 'r')
    try {
      const { mode, size } = fstatSync(file)
      if (size > MAX_LENGTH) {
        return { ok: false, fault: { code: 'OUT_OF_RANGE', syscall: 'read', errno: 'EFBIG' } }
      }
      return { ok: true, text: readFileSync(file, 'utf8'), exposed: (mode & OTHERS_READ) !== 0 }
    } finally {
      closeSync(file)
    }
  } catch (error) {
    return { ok: false, fault: fileFault(error) }
  }
}
