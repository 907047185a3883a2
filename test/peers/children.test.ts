/**
 * The program itself with a real ptp4l as its child, over veth with software stamps: it is started, its Syncs
 * are measured, it is killed and comes back, a bad option is named, and none of it outlives the agent. Each
 * ptp4l runs with `free_running 1`, since no clock is followed here.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ChildStatus, Status } from '../../agent/observe/status-types.ts'
import { configurePtp4l } from './daemons.ts'
import { needs, nodeArgs, openPath, type Path, type Program } from './harness.ts'

const NEEDS = needs('ip', 'ptp4l', 'setpriv', 'chrt')
const LISTEN = '127.0.0.1:9975'
t.setTimeout(110_000)

const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000))

interface Setting {
  readonly options?: string
  readonly more?: string
}

/** A ptp4l that only receives, as fast as the server of daemons.ts sends. */
const configOf = (path: Path, { options = '', more = '' }: Setting): string => `
clocks:
  system: { mode: observe }
sources:
  - ptp4l:
      poll: 100ms
      run:
        profile: e2e
        interfaces: [${path.interfaceB}]
        ${more}
        options:
          global:
            time_stamping: software
            slaveOnly: 1
            logAnnounceInterval: 0
            logSyncInterval: -2
            logMinDelayReqInterval: -1
            tx_timestamp_timeout: 100
            ${options}
dns: { enabled: false }
listen: ${LISTEN}
socket: ""
stateDirectory: ${path.folder}/state
`

function start(path: Path, setting: Setting = {}): Program {
  const file = join(path.folder, 'timewarden.yaml')
  writeFileSync(file, configOf(path, setting))
  return path.run(path.b, process.execPath, nodeArgs('agent/main.ts', 'run', '--config', file))
}

const statusOf = (path: Path): Status =>
  JSON.parse(path.get(path.b, `http://${LISTEN}/status`).body)

async function childWhen(
  path: Path,
  seconds: number,
  wanted: (child: ChildStatus, status: Status) => boolean,
): Promise<{ child: ChildStatus; status: Status }> {
  let status = statusOf(path)
  for (let end = performance.now() + seconds * 1000; performance.now() < end; ) {
    const [child] = status.children
    if (child !== undefined && wanted(child, status)) return { child, status }
    await pause(0.3)
    status = statusOf(path)
  }
  throw new Error(`not seen within ${seconds} s: ${JSON.stringify(status.children)}`)
}

const isAlive = (pid: number): boolean => {
  try {
    // a child that nobody waited for yet is a zombie
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

const commandOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)

/** A sample within the last two seconds. */
const measures = ({ sources }: Status): boolean =>
  sources.some(({ kind, sampleAgeSeconds }) => kind === 'ptp4l' && (sampleAgeSeconds ?? 99) < 2)

const pidOf = ({ pid }: ChildStatus): number => pid ?? -1

async function isGone(t: Test, pid: number): Promise<void> {
  for (let wait = 0; wait < 50 && isAlive(pid); wait++) await pause(0.1)
  t.notOk(isAlive(pid), `process ${pid} is gone`)
}

t.test('a ptp4l is started, killed, started again, and ends with the agent', NEEDS, async (t) => {
  const path = openPath('ch')
  t.teardown(() => path.close())
  configurePtp4l(path, { namespace: path.a, interface: path.interfaceA, role: 'server' }).start()
  const agent = start(path, { more: 'scheduling: { policy: other }' })
  await agent.saw(/"event":"child-started"/)
  const first = await childWhen(path, 30, ({ state }, status) => state === 'up' && measures(status))
  const pid = pidOf(first.child)
  const words = commandOf(pid)
  t.equal(words[0], 'ptp4l', 'chrt and setpriv have made place for it')
  const file = words[words.indexOf('-f') + 1] ?? ''
  t.match(readFileSync(file, 'utf8'), /^free_running 1$/m, 'no clock is followed')
  t.match(agent.output(), /"event":"output","subject":"ptp4l.0","line":"ptp4l\[/)

  process.kill(pid, 'SIGKILL')
  await agent.saw(/"event":"child-exited","subject":"child:ptp4l.0","detail":"SIGKILL/)
  const second = await childWhen(
    path,
    40,
    ({ state, restarts }, status) => state === 'up' && restarts === 1 && measures(status),
  )
  t.not(pidOf(second.child), pid)
  const { body } = path.get(path.b, `http://${LISTEN}/metrics`)
  t.match(body, /^timewarden_child_up\{child="ptp4l.0"\} 1$/m)
  t.match(body, /^timewarden_child_restarts_total\{child="ptp4l.0"\} 1$/m)
  t.match(body, /^timewarden_child_last_exit_code\{child="ptp4l.0"\} -1$/m)

  await agent.stop('SIGTERM')
  t.equal(agent.process.exitCode, 0)
  t.notOk(isAlive(pidOf(second.child)), 'the agent waited for its end')
})

t.test('an agent that is killed takes its ptp4l with it', NEEDS, async (t) => {
  const path = openPath('ck')
  t.teardown(() => path.close())
  const agent = start(path)
  await agent.saw(/"event":"child-started"/)
  const { child } = await childWhen(path, 10, ({ state }) => state === 'up')
  await agent.stop('SIGKILL')
  await isGone(t, pidOf(child))
  const again = start(path)
  await again.saw(/"event":"child-started"/)
  await again.saw(/"line":"ptp4l\[[\d.]+\]: .*port 1/)
  t.notMatch(again.output(), /child-foreign/, 'the socket that was left is nobody')
})

const resourceOf = ({ interfaceB }: Path): string => `apiVersion: ptp.openshift.io/v1
kind: PtpConfig
metadata: { name: worker }
spec:
  profile:
    - name: client
      interface: ${interfaceB}
      ptp4lOpts: "-2 -S -s"
      ptpSchedulingPolicy: SCHED_OTHER
  recommend:
    - { profile: client, priority: 4, match: [{ nodeName: du-1 }] }
`

t.test('a PtpConfig resource, chosen by the name of the node', NEEDS, async (t) => {
  const path = openPath('cp')
  t.teardown(() => path.close())
  const resource = join(path.folder, 'ptpconfig.yaml')
  writeFileSync(resource, resourceOf(path))
  const file = join(path.folder, 'timewarden.yaml')
  const rest = `listen: ${LISTEN}\nsocket: ""\nstateDirectory: ${path.folder}/state\n`
  writeFileSync(file, `sources: [{ ptp4l: { run: { ptpConfig: ${resource} } } }]\n${rest}`)
  const start = (...words: string[]): Program =>
    path.run(path.b, 'env', [
      ...['NODE_NAME=du-1', process.execPath],
      ...nodeArgs('agent/main.ts', ...words),
    ])
  const check = start('check-config', file)
  t.equal(await check.ended(), 0, check.output())
  t.match(
    check.output(),
    /child ptp4l\.0: chrt --other 0 ptp4l -f \/.* -2 -S -s --free_running 1\n/,
  )

  const agent = start('run', '--config', file)
  await agent.saw(/"event":"child-started"/)
  await agent.saw(/"line":"ptp4l\[.*INITIALIZING to (LISTENING|SLAVE)/)
  const { child, status } = await childWhen(path, 10, ({ state }) => state === 'up')
  t.match(commandOf(pidOf(child)), ['ptp4l', '-f'])
  t.match(status.sources, [{ kind: 'ptp4l', address: `${path.folder}/state/ptp4l.0.socket` }])
})

t.test('what ptp4l stops at is named', NEEDS, async (t) => {
  const path = openPath('cb')
  t.teardown(() => path.close())
  const wrong = start(path, { options: 'no_such_option: 1' })
  t.equal(await wrong.ended(), 78)
  t.match(wrong.output(), /timewarden\.yaml:19:13: .*no_such_option: no known option/)

  // a value that only ptp4l itself can judge
  const agent = start(path, { options: 'clockIdentity: nonsense' })
  await agent.saw(/"event":"child-exited"/)
  const { child, status } = await childWhen(path, 10, ({ state }) => state === 'back-off')
  t.type(child.lastExit?.code, 'number')
  t.match(child.trouble, /clock ?identity/i, 'in its own words')
  t.ok(
    status.problems.some(({ subject }) => subject === 'child:ptp4l.0'),
    child.trouble,
  )
  await agent.stop('SIGTERM')
})

t.test('a living ptp4l on the same socket is not fought', NEEDS, async (t) => {
  const path = openPath('cf')
  t.teardown(() => path.close())
  const other = configurePtp4l(path, {
    ...{ namespace: path.b, interface: path.interfaceB, role: 'client' },
  })
  other.start()
  await pause(1)
  const file = join(path.folder, 'timewarden.yaml')
  const text = configOf(path, {}).replace(
    'poll: 100ms',
    `poll: 100ms\n      socket: ${other.socket}`,
  )
  writeFileSync(file, text)
  const agent = path.run(
    path.b,
    process.execPath,
    nodeArgs('agent/main.ts', 'run', '--config', file),
  )
  await agent.saw(/"event":"child-foreign".*another program answers on/)
  t.notMatch(agent.output(), /"child-started"/)
  await childWhen(path, 5, ({ state }) => state === 'foreign')
})
