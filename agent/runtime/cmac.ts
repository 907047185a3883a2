/**
 * AES-CMAC (RFC 4493, NIST SP 800-38B) out of AES-CBC: OpenSSL has it, Node 20 does not offer it.
 *
 * The last block of CBC with a zero vector is the MAC, once the last block of the message is padded and
 * masked by a subkey. The subkeys come of the encrypted zero block, doubled in GF(2^128).
 */
import { createCipheriv } from 'node:crypto'

const BLOCK = 16
/** x^128 + x^7 + x^2 + x + 1 */
const REDUCTION = 0x87

type Encrypt = (data: Uint8Array) => Uint8Array

/** Last block of CBC; `data` is of whole blocks. */
function lastBlock(cipher: string, secret: Uint8Array): Encrypt {
  return (data) => {
    const encryption = createCipheriv(cipher, secret, new Uint8Array(BLOCK)).setAutoPadding(false)
    return encryption.update(data).subarray(-BLOCK)
  }
}

function doubled(block: Uint8Array): Uint8Array {
  const top = (block[0] ?? 0) >> 7
  return block.map((byte, index) => {
    const shifted = (byte << 1) | ((block[index + 1] ?? 0) >> 7)
    return index === BLOCK - 1 ? shifted ^ (top * REDUCTION) : shifted
  })
}

/** `secret`: 16 bytes (AES-128) or 32 (AES-256). The function gives 16 bytes for any message. */
export function createCmac(secret: Uint8Array): (data: Uint8Array) => Uint8Array {
  const encrypt = lastBlock(`aes-${secret.length * 8}-cbc`, secret)
  const whole = doubled(encrypt(new Uint8Array(BLOCK)))
  const partial = doubled(whole)
  return (data) => {
    const blocks = Math.max(1, Math.ceil(data.length / BLOCK))
    const padded = new Uint8Array(blocks * BLOCK)
    padded.set(data)
    const isWhole = data.length === padded.length
    if (!isWhole) padded[data.length] = 0x80
    const mask = isWhole ? whole : partial
    const last = padded.subarray(-BLOCK)
    last.set(last.map((byte, index) => byte ^ (mask[index] ?? 0)))
    return encrypt(padded)
  }
}
