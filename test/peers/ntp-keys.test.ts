import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { median } from '../../agent/core/stats.ts'
import { KEY_TYPES } from '../../agent/ports/keys.ts'
import { startChronyd, startNtpsec } from './daemons.ts'
import { needs, nodeArgs, openPath } from './harness.ts'
import { type Asked, askWithKeys, type Fate } from './ntp-keys.ts'

// One kernel clock at both ends: the true offset is 0. What is looked for here is not accuracy.
const LIMIT = 1e6
const SAMPLES = 5

t.setTimeout(120_000)

const hex = (bytes: number, first: number): string =>
  Buffer.from(Array.from({ length: bytes }, (_, index) => (first + index) & 255)).toString('hex')
const bytesOf = (type: string): number => ({ AES128: 16, AES256: 32 })[type] ?? 20

/** Authenticated and of use; nothing that came was refused for its MAC. */
function good(t: Test, fate: Fate | undefined, wanted: Partial<Fate>): void {
  const { name = '?', offsets = [], refused = {} } = fate ?? {}
  t.match(fate, wanted, name)
  t.ok(offsets.length >= SAMPLES, `${name}: ${offsets.length} samples, ${fate?.trouble}`)
  t.ok(median(offsets) < LIMIT, `${name}: median |offset| ${median(offsets)} ns`)
  for (const code of [
    'unauthenticated',
    'bad-mac',
    'crypto-nak',
    'malformed',
    'bogus',
    'timeout',
  ]) {
    t.equal(refused[code], undefined, `${name}: ${code}`)
  }
}

t.test('chronyd with a key of every type, both modes', needs('ip', 'chronyd'), async (t) => {
  const keys = KEY_TYPES.map((type, index) => `${type} HEX:${hex(bytesOf(type), 16 * index)}`)
  const each = (xleave: boolean): Asked[] =>
    KEY_TYPES.map((type, index) => ({
      ...{ name: `${type} ${xleave}`, id: index + 1, key: keys[index] ?? '', xleave },
    }))
  const fates = await askWithKeys({
    prefix: 'kc',
    serve: (path, file) => {
      const lines = ['local stratum 1', 'allow', 'cmdport 0', `keyfile ${file}`]
      return startChronyd(path, path.a, 'server', lines).saw(/chronyd version/)
    },
    serverKeys: [...keys.map((key, index) => `${index + 1} ${key}`), `99 SHA1 HEX:${hex(20, 99)}`],
    asked: [
      ...each(false),
      ...each(true),
      { name: 'plain' },
      { name: 'wrong', id: 99, key: `SHA1 HEX:${hex(20, 98)}` },
      { name: 'unknown', id: 98, key: `SHA1 HEX:${hex(20, 98)}` },
    ],
    seconds: 8,
  })
  KEY_TYPES.forEach((type, index) => {
    const authentication = `key ${index + 1} ${type}`
    good(t, fates.get(`${type} false`), { authentication, mode: 'basic' })
    good(t, fates.get(`${type} true`), { authentication, mode: 'interleaved' })
  })
  good(t, fates.get('plain'), { authentication: 'none' })
  for (const name of ['wrong', 'unknown']) t.same(fates.get(name)?.offsets, [], name)
})

t.test('ntpd of NTPsec with keys of its own format', needs('ip', 'ntpd'), async (t) => {
  const keys = ['M abcdefghijklmnopqrst', `SHA1 ${hex(20, 7)}`, `AES ${hex(16, 9)}`]
  const fates = await askWithKeys({
    prefix: 'kn',
    serve: (path, file) =>
      startNtpsec(path, path.a, 'server', [`keys ${file}`, 'trustedkey 1 2 3 9']),
    serverKeys: [...keys.map((key, index) => `${index + 1} ${key}`), `9 SHA1 ${hex(20, 99)}`],
    asked: [
      ...keys.map((key, index) => ({ name: String(index + 1), id: index + 1, key })),
      { name: 'plain' },
      { name: 'wrong', id: 9, key: `SHA1 ${hex(20, 98)}` },
    ],
    seconds: 8,
  })
  const types = ['MD5', 'SHA1', 'AES128']
  types.forEach((type, index) => {
    good(t, fates.get(String(index + 1)), { authentication: `key ${index + 1} ${type}` })
  })
  good(t, fates.get('plain'), { authentication: 'none' })
  t.same(fates.get('wrong')?.offsets, [])
})

t.test(
  'the program itself: reads its keys, warns, and shows no secret',
  needs('ip', 'chronyd'),
  async (t) => {
    const path = openPath('kr')
    t.teardown(() => path.close())
    const secret = 'NobodyShallSeeThis'
    const keyFile = join(path.folder, 'keys')
    writeFileSync(keyFile, `5 SHA256 ${secret}\nfive SHA256 ${secret}\n`)
    chmodSync(keyFile, 0o644)
    const lines = ['local stratum 1', 'allow', 'cmdport 0', `keyfile ${keyFile}`]
    await startChronyd(path, path.a, 'server', lines).saw(/chronyd version/)
    const file = join(path.folder, 'timewarden.yaml')
    const config = [
      `keyFile: ${keyFile}`,
      `sources: [{ ntp: { server: ${path.addressA}, key: 5, minpoll: 0, maxpoll: 0 } }]`,
      `dns: { enabled: false }\nsocket: ""\nlogLevel: debug\nstateDirectory: ${path.folder}/state`,
    ]
    writeFileSync(file, `${config.join('\n')}\n`)
    const main = nodeArgs('agent/main.ts', 'run', '--config', file)
    const agent = path.run(path.b, process.execPath, main)
    await agent.saw(/"event":"reachable"/)
    await agent.saw(/acquiring to locked/)
    const [status, metrics] = ['/status', '/metrics'].map((where) =>
      path.get(path.b, `http://127.0.0.1:9975${where}`),
    )
    t.match(JSON.parse(status?.body ?? ''), {
      sources: [{ kind: 'ntp', detail: { authentication: 'key 5 SHA256' } }],
    })
    t.match(metrics?.body, /ntp_options_info\{[^}]*authentication="key 5 SHA256"\} 1/)
    await agent.stop()
    t.match(agent.output(), /"event":"key-file"[^\n]*everybody on this node may read it/)
    t.match(agent.output(), /"event":"key-file"[^\n]*keys:2:1: a line begins with the id/)
    t.notMatch(agent.output() + status?.body + metrics?.body, secret)
  },
)
