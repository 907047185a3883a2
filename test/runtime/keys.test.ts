import { createHash } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { KEY_TYPES, type KeyType } from '../../agent/ports/keys.ts'
import { createCmac } from '../../agent/runtime/cmac.ts'
import { createKeys, readKeyText } from '../../agent/runtime/keys.ts'

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')

const MESSAGE =
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51' +
  '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710'

/** Bytes of the message, MAC. */
const AES128 = {
  0: 'bb1d6929e95937287fa37d129b756746',
  16: '070a16b46b4d4144f79bdd9dd04a287c',
  40: 'dfa66747de9ae63030ca32611497c827',
  64: '51f0bebf7e3b9d92fc49741779363cfe',
}
const AES256 = {
  0: '028962f61b7bf89efc6b551f4667d983',
  16: '28a7023f452e8f82bd4bf28d8c37c35c',
  40: 'aaf3d8f1de5640c232f5b169b9c911e6',
  64: 'e1992190549f6ed5696a2c056c315410',
}

t.test('CMAC with the vectors of RFC 4493 section 4 (AES-128)', async (t) => {
  const mac = createCmac(bytes('2b7e151628aed2a6abf7158809cf4f3c'))
  for (const [length, wanted] of Object.entries(AES128)) {
    t.equal(hex(mac(bytes(MESSAGE).subarray(0, Number(length)))), wanted, `${length} bytes`)
  }
})

t.test('CMAC with the vectors of NIST SP 800-38B appendix D.3 (AES-256)', async (t) => {
  const mac = createCmac(bytes('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4'))
  for (const [length, wanted] of Object.entries(AES256)) {
    t.equal(hex(mac(bytes(MESSAGE).subarray(0, Number(length)))), wanted, `${length} bytes`)
  }
})

const LENGTHS: Readonly<Record<KeyType, number>> = {
  ...{ MD5: 16, SHA1: 20, SHA256: 32, SHA384: 48, SHA512: 64, AES128: 16, AES256: 16 },
}
const secretOf = (type: KeyType): Uint8Array =>
  new Uint8Array(type === 'AES128' ? 16 : 32).fill(KEY_TYPES.indexOf(type) + 1)

const keys = createKeys(
  KEY_TYPES.map((type, index) => ({ id: index + 1, type, secret: secretOf(type) })),
)

t.test('every type makes the whole digest and knows its own', async (t) => {
  const data = bytes(MESSAGE)
  KEY_TYPES.forEach((type, index) => {
    const key = keys.key(index + 1)
    const digest = key?.mac(data) ?? new Uint8Array()
    t.match(key, { id: index + 1, type, digestLength: LENGTHS[type] })
    t.equal(digest.length, LENGTHS[type], type)
    t.ok(key?.verify(data, digest))
    t.notOk(key?.verify(data.subarray(1), digest), 'of other data')
    t.notOk(key?.verify(data, digest.subarray(0, -4)), 'a part of it')
    t.notOk(key?.verify(data, Uint8Array.of(...digest, 0)), 'and more')
    t.notOk(key?.verify(data, new Uint8Array()))
  })
  t.equal(keys.key(99), undefined)
})

t.test('a digest may be cut to its first bytes, and is then known by those alone', async (t) => {
  const data = bytes(MESSAGE)
  const [whole, cut] = [keys.key(5), keys.key(5, 20)]
  const digest = whole?.mac(data) ?? new Uint8Array()
  t.same(cut?.mac(data), digest.subarray(0, 20))
  t.equal(cut?.digestLength, 20)
  t.ok(cut?.verify(data, digest.subarray(0, 20)))
  t.notOk(cut?.verify(data, digest))
  t.equal(keys.key(1, 20)?.digestLength, 16, 'a short one stays as it is')
})

t.test('a hash is of key and packet, one behind the other', async (t) => {
  const wanted = createHash('sha1').update(secretOf('SHA1')).update(bytes(MESSAGE)).digest('hex')
  t.equal(hex(keys.key(2)?.mac(bytes(MESSAGE)) ?? new Uint8Array()), wanted)
})

t.test('a key that cannot be used is left out, and no key shows its secret', async (t) => {
  const odd = createKeys([{ id: 1, type: 'AES128', secret: new Uint8Array(5) }])
  t.equal(odd.key(1), undefined)
  const [key] = [createKeys([{ id: 7, type: 'MD5', secret: Buffer.from('wordword') }]).key(7)]
  t.equal(JSON.stringify(key), '{"id":7,"type":"MD5","digestLength":16}')
})

t.test('the file is read, and who else may read it is told', async (t) => {
  const file = join(t.testdir(), 'keys')
  writeFileSync(file, '1 MD5 abcdefghij\n')
  chmodSync(file, 0o640)
  t.same(readKeyText(file), { ok: true, text: '1 MD5 abcdefghij\n', exposed: false })
  chmodSync(file, 0o644)
  t.match(readKeyText(file), { ok: true, exposed: true })
  t.match(readKeyText(join(file, 'none')), { ok: false, fault: { syscall: 'open' } })
  t.match(readKeyText('/no/such'), { ok: false, fault: { code: 'NOT_FOUND' } })
  writeFileSync(file, 'x'.repeat((1 << 20) + 1))
  t.match(readKeyText(file), { ok: false, fault: { code: 'OUT_OF_RANGE' } })
})
