/**
 * Symmetric authentication of NTP packets: the MAC behind a request, and whether that of an answer is
 * right. It covers all bytes before it, extension fields included.
 *
 * A digest of up to 20 bytes goes in version 4. Longer ones do not fit there (RFC 7822 section 3): those
 * requests are of version 3, where the whole digest stands. Interleaved mode needs version 4 (chronyd
 * answers version 3 in basic mode always), and there the first 20 bytes are sent. Both as chronyd
 * (chrony.conf(5) `version`); a server answers in the version and with the length it was asked in.
 *
 * An answer that fails is ignored, and the true one is waited for: whoever can send to our port could
 * end every exchange otherwise. Only a crypto-NAK ends it, the one exchange: servers cannot sign it, but
 * it passed the origin check, so whoever made it sees the path, where most can drop the request as well.
 *
 * RFC 5905 section 7.3 and appendix A.5.1 (crypto-NAK), RFC 8573 (AES-CMAC).
 */
import type { NoteCode } from '../core/notes.ts'
import type { KeyPort, MacKey } from '../ports/keys.ts'
import { encodeNtp, type NtpPacket } from './ntp-packet.ts'

/** Longest digest of a version 4 packet. */
const DIGEST_MAX_V4 = 20

/** Bytes of a packet, with the MAC of `key` behind it where there is one. */
export function seal(
  key: MacKey | undefined,
  packet: Omit<NtpPacket, 'version' | 'mac'>,
): Uint8Array {
  const version = (key?.digestLength ?? 0) > DIGEST_MAX_V4 ? 3 : 4
  const plain = { ...packet, version, mac: undefined }
  if (key === undefined) return encodeNtp(plain)
  return encodeNtp({ ...plain, mac: { keyId: key.id, digest: key.mac(encodeNtp(plain)) } })
}

export interface Doubt {
  readonly is: 'ignored' | 'useless'
  readonly code: NoteCode
  readonly detail: string
}

const KEY_ID_BYTES = 4

/** Why `packet`, decoded from `data`, is not of one who has `key`; undefined: it is, or none is wanted. */
export function doubt(
  key: MacKey | undefined,
  data: Uint8Array,
  { mac }: NtpPacket,
): Doubt | undefined {
  if (key === undefined) return undefined
  if (mac === undefined) return { is: 'ignored', code: 'unauthenticated', detail: 'no MAC' }
  const { keyId, digest } = mac
  if (keyId === 0 && digest.length === 0) {
    return { is: 'useless', code: 'crypto-nak', detail: `key ${key.id}` }
  }
  if (keyId !== key.id) {
    return { is: 'ignored', code: 'unauthenticated', detail: `key ${keyId} instead of ${key.id}` }
  }
  const covered = data.subarray(0, data.length - KEY_ID_BYTES - digest.length)
  if (key.verify(covered, digest)) return undefined
  return { is: 'ignored', code: 'bad-mac', detail: `key ${key.id}` }
}

/** How the answers of a source are authenticated. */
export type Authentication =
  | { readonly ok: true; readonly key: MacKey | undefined; readonly name: string }
  /** It wants a key that is not to be had: nothing is better than answers of anybody. */
  | { readonly ok: false; readonly key: undefined; readonly name: string }

interface Wanted {
  /** Id of the key; undefined: none. */
  readonly key?: number | undefined
  readonly xleave: boolean
}

/** The name is for people: `key 5 SHA256`. */
export function authenticationOf(
  { key: id, xleave }: Wanted,
  keys: KeyPort | undefined,
): Authentication {
  if (id === undefined) return { ok: true, key: undefined, name: 'none' }
  const key = keys?.key(id, xleave ? DIGEST_MAX_V4 : undefined)
  if (key === undefined) return { ok: false, key, name: `key ${id} missing` }
  return { ok: true, key, name: `key ${id} ${key.type}` }
}
