import t from 'tap'
import type { KeyType, MacKey } from '../../agent/ports/keys.ts'
import { createKeys } from '../../agent/runtime/keys.ts'
import {
  decodeNtp,
  encodeNtp,
  type NtpMac,
  type NtpPacket,
  referenceIdOf,
} from '../../agent/sources/ntp-packet.ts'
import { Rig } from './ntp-fixture.ts'

const MS = 1_000_000n
const secret = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + seed) & 255)

const keys = createKeys([
  { id: 5, type: 'SHA1', secret: secret(20, 1) },
  { id: 6, type: 'SHA1', secret: secret(20, 2) },
  { id: 7, type: 'SHA512', secret: secret(20, 3) },
  { id: 8, type: 'AES128', secret: secret(16, 4) },
])
const strange = createKeys([{ id: 5, type: 'SHA1', secret: secret(20, 9) }])

function keyOf(id: number, port = keys, longest?: number): MacKey {
  const key = port.key(id, longest)
  if (key === undefined) throw new Error(`no key ${id}`)
  return key
}

type Seal = (plain: Uint8Array) => NtpMac | undefined
const by =
  (key: MacKey): Seal =>
  (plain) => ({ keyId: key.id, digest: key.mac(plain) })
const none: Seal = () => undefined

/** The server's answer with what `seal` makes of it behind it. */
function reply(rig: Rig, seal: Seal, fields: Partial<NtpPacket> = {}, interleaved = false) {
  const plain = rig.answer({ fields: { ...fields, mac: undefined }, interleaved })
  const packet = decodeNtp(plain)
  if (!packet.ok) throw new Error(packet.fault)
  return encodeNtp({ ...packet.value, mac: seal(plain) })
}

function asked(id = 5, fields: Parameters<typeof createRig>[1] = {}): Rig {
  const rig = createRig(id, fields)
  rig.send()
  rig.sent()
  rig.wait(2n * MS)
  return rig
}

function createRig(key: number, fields: ConstructorParameters<typeof Rig>[0] = {}): Rig {
  const rig = new Rig({ key, ...fields }, { keys })
  rig.feed({ on: 'start' })
  return rig
}

const refused = (rig: Rig) => (rig.view.detail.kind === 'ntp' ? rig.view.detail.refused : {})

t.test('a request with a key carries a MAC of all bytes before it', async (t) => {
  const VERSIONS: [number, KeyType, number, number][] = [
    [5, 'SHA1', 4, 72],
    [8, 'AES128', 4, 68],
    [7, 'SHA512', 3, 116],
  ]
  for (const [id, type, version, length] of VERSIONS) {
    const rig = asked(id)
    t.match(rig.request, { version, mac: { keyId: id } }, type)
    if (rig.request === undefined) continue
    t.equal(encodeNtp(rig.request).length, length)
    const plain = encodeNtp({ ...rig.request, mac: undefined })
    t.ok(keyOf(id).verify(plain, rig.request.mac?.digest ?? plain), 'the whole digest')
    t.match(rig.view.detail, { authentication: `key ${id} ${type}` })
  }
})

t.test('in interleaved mode a long digest is cut to what version 4 holds', async (t) => {
  const rig = asked(7, { xleave: true })
  t.match(rig.request, { version: 4, mac: { keyId: 7 } })
  t.equal(rig.request?.mac?.digest.length, 20)
  rig.receive(reply(rig, by(keyOf(7, keys, 20))))
  t.equal(rig.samples.length, 1)
  t.match(rig.view.detail, { authentication: 'key 7 SHA512' })
})

t.test('an answer with the right MAC counts, in both modes and of any length', async (t) => {
  for (const id of [5, 7, 8]) {
    const rig = asked(id, { xleave: true })
    const key = keyOf(id, keys, 20)
    rig.receive(reply(rig, by(key)))
    t.equal(rig.samples.length, 1)
    for (let round = 0; round < 2; round += 1) {
      rig.send()
      rig.sent()
      rig.wait(2n * MS)
      rig.receive(reply(rig, by(key), {}, true))
    }
    t.equal(rig.samples.length, 2, 'the first interleaved one measures nothing new')
    t.match(rig.view.detail, { mode: 'interleaved' })
  }
})

t.test(
  'an answer without, of another key, or wrong is ignored: the true one is waited for',
  async (t) => {
    const rig = asked()
    rig.receive(reply(rig, none))
    rig.receive(reply(rig, by(keyOf(6))))
    rig.receive(reply(rig, () => ({ keyId: 5, digest: secret(20, 0) })))
    rig.receive(reply(rig, by(keyOf(5, strange))))
    rig.receive(reply(rig, (plain) => ({ keyId: 5, digest: keyOf(5).mac(plain).slice(0, 16) })))
    t.same(rig.notes, ['unauthenticated', 'unauthenticated', 'bad-mac', 'bad-mac', 'bad-mac'])
    t.equal(rig.closed, 0, 'the exchange goes on')
    rig.receive(reply(rig, by(keyOf(5))))
    t.equal(rig.samples.length, 1)
    t.same(refused(rig), { unauthenticated: 2, 'bad-mac': 3 })
  },
)

t.test('a MAC does not make up for a wrong origin', async (t) => {
  const rig = asked()
  rig.receive(reply(rig, by(keyOf(5)), { origin: 1n }))
  rig.receive(reply(rig, () => ({ keyId: 0, digest: new Uint8Array() }), { origin: 1n }))
  t.same(rig.notes, ['bogus', 'bogus'])
  t.equal(rig.closed, 0)
})

t.test('a crypto-NAK ends the exchange: the server does not know the key', async (t) => {
  const rig = asked()
  rig.receive(reply(rig, () => ({ keyId: 0, digest: new Uint8Array() })))
  t.same(rig.notes, ['crypto-nak'])
  t.equal(rig.closed, 1)
  t.equal(rig.view.trouble, 'crypto-nak: key 5')
  t.equal(rig.view.reach, 0)
  t.ok(rig.timers.has('poll'), 'and it is asked again')
})

const kiss = (code: string): Partial<NtpPacket> => ({
  ...{ stratum: 0, referenceId: referenceIdOf(code) },
})

t.test('a kiss of death counts only from somebody who has the key', async (t) => {
  const rig = asked()
  for (const code of ['DENY', 'RATE', 'RSTR']) rig.receive(reply(rig, none, kiss(code)))
  rig.receive(reply(rig, by(keyOf(5, strange)), kiss('DENY')))
  t.same(rig.notes, ['unauthenticated', 'unauthenticated', 'unauthenticated', 'bad-mac'])
  rig.receive(reply(rig, by(keyOf(5)), kiss('DENY')))
  t.equal(rig.notes.at(-1), 'kiss-deny')
  t.notOk(rig.timers.has('poll'))
})

t.test('so does every other word about the server', async (t) => {
  const rig = asked()
  rig.receive(reply(rig, none, { leap: 'unknown' }))
  rig.receive(reply(rig, none, { stratum: 16 }))
  t.same(rig.notes, ['unauthenticated', 'unauthenticated'])
  t.equal(rig.closed, 0)
})

t.test('without a key a MAC in an answer means nothing', async (t) => {
  const rig = new Rig()
  rig.feed({ on: 'start' })
  rig.send()
  rig.sent()
  rig.wait(2n * MS)
  t.equal(rig.request?.mac, undefined)
  rig.receive(reply(rig, by(keyOf(5, strange))))
  t.equal(rig.samples.length, 1)
  t.match(rig.view.detail, { authentication: 'none' })
})

t.test('a source whose key is not to be had is never asked', async (t) => {
  for (const port of [keys, undefined]) {
    const rig = new Rig({ key: 99 }, { keys: port })
    rig.feed({ on: 'start' })
    t.same(rig.notes, ['no-key'])
    t.same(rig.opened, [])
    t.notOk(rig.timers.has('poll'))
    t.equal(rig.view.trouble, 'key 99 missing')
    t.match(rig.view.detail, { authentication: 'key 99 missing', refused: { 'no-key': 1 } })
  }
})

t.test('extension fields before the MAC are covered by it', async (t) => {
  const rig = asked()
  const extensions = [{ type: 0x1234, body: secret(28, 1) }]
  const good = reply(rig, by(keyOf(5)), { extensions })
  const bad = good.slice()
  bad[60] = (bad[60] ?? 0) ^ 1
  rig.receive(bad)
  t.same(rig.notes, ['bad-mac'])
  rig.receive(good)
  t.equal(rig.samples.length, 1)
})
