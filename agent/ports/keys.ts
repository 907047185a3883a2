/**
 * Symmetric keys of NTP: `node:crypto` with a key file behind it on a node, the same keys in tests.
 * Nothing here gives a secret away: a key makes and checks digests, and that is all.
 */

/** Names of chrony.keys; AES128 and AES256 are CMACs (RFC 8573), the others hashes of key and packet. */
export const KEY_TYPES = ['MD5', 'SHA1', 'SHA256', 'SHA384', 'SHA512', 'AES128', 'AES256'] as const
export type KeyType = (typeof KEY_TYPES)[number]

export interface MacKey {
  /** 1 to 2^32 - 1, as both ends call it. */
  readonly id: number
  readonly type: KeyType
  /** Bytes of a digest: 16 to 64. */
  readonly digestLength: number
  /** The digest of `data`, cut to `digestLength`: H(key || data) (RFC 5905 section 7.3), or its CMAC (RFC 4493). */
  mac(data: Uint8Array): Uint8Array
  /** Whether `digest` is exactly that; takes as long wherever they differ. */
  verify(data: Uint8Array, digest: Uint8Array): boolean
}

export interface KeyPort {
  /**
   * Undefined: there is no such key. Digests longer than `longest` bytes are cut to their first ones;
   * without it they are whole.
   */
  key(id: number, longest?: number): MacKey | undefined
}
