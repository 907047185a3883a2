/** Real interfaces of software: a veth, in a network namespace of our own. */
import { join } from 'node:path'
import t from 'tap'
import type { NicsView } from '../../agent/observe/nics-view.ts'
import { needs, nodeArgs, openPath } from './harness.ts'

const MAIN = join(import.meta.dirname, '../../agent/main.ts')

t.test('a namespace with a veth: its interfaces and no other', needs('ip'), async (t) => {
  const path = openPath('nic')
  t.teardown(() => path.close())
  const show = (...args: string[]): string =>
    path.call(path.a, process.execPath, nodeArgs(MAIN, 'nics', ...args))

  const view: NicsView = JSON.parse(show('--json', '--all'))
  const veth = view.nics.find(({ name }) => name === path.interfaceA)
  t.match(veth, {
    key: `name:${path.interfaceA}`,
    kind: 'virtual',
    operstate: 'up',
    driver: 'veth',
    phcIndex: null,
    fault: '',
    ptp: { capable: false, why: 'no hardware' },
  })
  t.match(veth?.mac, /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
  t.ok(veth?.stamping.includes('rx-software'))
  t.match(
    view.nics.find(({ name }) => name === 'lo'),
    { kind: 'loopback', mac: '00:00:00:00:00:00' },
  )
  t.notOk(view.nics.some(({ kind }) => kind === 'physical'))

  const lines = show().split('\n')
  t.match(lines, ['  no NIC', '', '  no PHC', '', /more with --all: .*1 loopback/])
  t.same(JSON.parse(show('--node-ptp-device')).status, { devices: [] })
})
