import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readConfig } from '../../agent/cli/read-config.ts'

const INFO = {
  hostname: 'n',
  phcs: [],
  ptp4lSockets: ['/var/run/ptp4l'],
  chronyd: false,
  resolvConf: '',
}
const NONE = { config: undefined, stateDirectory: undefined, listen: undefined, socket: undefined }

t.test('without a file what was found is observed', async (t) => {
  const read = readConfig(NONE, INFO)
  t.match(read, { ok: true, config: { explicit: false, sources: [{ type: 'ptp4l' }] } })
})

t.test('the command line has the last word', async (t) => {
  const read = readConfig({ ...NONE, stateDirectory: '/s', listen: '[::1]:1', socket: '' }, INFO)
  t.match(read, { ok: true, config: { stateDirectory: '/s', listen: '[::1]:1', socket: '' } })
})

t.test('a file with faults starts nothing and shows all of them', async (t) => {
  const file = join(t.testdir(), 'a.yaml')
  writeFileSync(file, 'clock: {}\nlisten: 5\n')
  const read = readConfig({ ...NONE, config: file }, INFO)
  t.match(read, { ok: false, exitCode: 78 })
  t.match(
    read.ok ? '' : read.lines.join('\n'),
    /a\.yaml:1:1:[\s\S]*a\.yaml:2:[\s\S]*2 faults; nothing was started/,
  )
})

t.test('a good file is taken as it is', async (t) => {
  const file = join(t.testdir(), 'a.yaml')
  writeFileSync(
    file,
    'clocks: { system: { mode: drive } }\nsources: [ { ntp: { server: 10.0.0.1 } } ]\n',
  )
  t.match(readConfig({ ...NONE, config: file }, INFO), {
    ok: true,
    config: { explicit: true, clocks: { system: { mode: 'drive' } }, sources: [{ type: 'ntp' }] },
  })
})

t.test('a file that is not there is named', async (t) => {
  t.match(readConfig({ ...NONE, config: '/no/such' }, INFO), { ok: false, exitCode: 66 })
})

t.test('keys come with the configuration, and what is wrong with their file', async (t) => {
  const folder = t.testdir({ keys: '5 SHA1 abcdefghijkl\n6 SHA1 short\n' })
  const file = join(folder, 'a.yaml')
  const text = (key: number) =>
    `keyFile: ${folder}/keys\nsources: [{ ntp: { server: a, key: ${key} } }]\n`
  chmodSync(join(folder, 'keys'), 0o600)
  writeFileSync(file, text(5))
  const read = readConfig({ ...NONE, config: file }, INFO)
  t.match(read, { ok: true, notices: [/keys:2:1: key 6: the key is shorter than 80 bits/] })
  t.equal(read.ok && read.keys?.key(5)?.type, 'SHA1')
  writeFileSync(file, text(7))
  t.match(readConfig({ ...NONE, config: file }, INFO), { ok: false, exitCode: 78 })
})
