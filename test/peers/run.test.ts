/** The program itself, `timewarden run` in observe mode beside a real chronyd, from start to end. */
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { bind, clockAdjtime, close, read, socket } from '../../native/libc.ts'
import { notifyAddress } from '../../native/notify-socket.ts'
import { decodeTimex, encodeRead, STA, TIMEX_SIZE } from '../../native/timex.ts'
import { startChronyd } from './daemons.ts'
import { needs, nodeArgs, openPath, type Path, type Program } from './harness.ts'

t.setTimeout(90_000)

const CLOCK_REALTIME = 0
const LISTEN = '127.0.0.1:9975'

const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000))

/** What steering would change, read with modes 0. */
function kernelRate() {
  const timex = new DataView(new ArrayBuffer(TIMEX_SIZE))
  encodeRead(timex)
  if (clockAdjtime(CLOCK_REALTIME, new Uint8Array(timex.buffer)) < 0) throw new Error('adjtimex')
  const { frequencyPpb, tick, tai, status } = decodeTimex(timex)
  // the kernel says unsynchronised as long as nobody steers
  return { rate: { frequencyPpb, tick, tai }, steered: (status & STA.UNSYNC) === 0 }
}

/** A service manager's socket: `next` is the oldest message not yet read, or ''. */
function openManager(file: string): { next: () => string; close: () => void } {
  const fd = socket(1, 0x80802, 0) // AF_UNIX; SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK
  const address = notifyAddress(file)
  if (address === undefined || bind(fd, address, address.length) !== 0) throw new Error('bind')
  const buffer = Buffer.alloc(4096)
  return {
    next: () => {
      const length = read(fd, buffer, buffer.length)
      return length < 0 ? '' : buffer.toString('utf8', 0, length)
    },
    close: () => {
      close(fd)
    },
  }
}

const configOf = (path: Path): string => `
sources:
  - ntp: { server: ${path.addressA}, minpoll: 0, maxpoll: 0 }
dns: { enabled: false }
listen: ${LISTEN}
socket: ${path.folder}/agent.sock
stateDirectory: ${path.folder}/state
`

const main = (...words: string[]): string[] => nodeArgs('agent/main.ts', ...words)

/** A command of the program in the agent's namespace: exit code and output. */
async function command(path: Path, ...words: string[]): Promise<{ code: number; text: string }> {
  const program = path.run(path.b, process.execPath, main(...words))
  const code = await program.ended()
  return { code: code ?? -1, text: program.output() }
}

const start = (path: Path, file: string, notify: string): Program =>
  path.run(path.b, 'env', [
    ...[`NOTIFY_SOCKET=${notify}`, 'WATCHDOG_USEC=1000000', process.execPath],
    ...main('run', '--config', file),
  ])

t.test('the agent observes a node', needs('ip', 'chronyd', 'promtool'), async (t) => {
  const path = openPath('ru')
  t.teardown(() => path.close())
  startChronyd(path, path.a, 'server', ['local stratum 1', 'allow', 'cmdport 0'])
  const file = join(path.folder, 'timewarden.yaml')
  writeFileSync(file, configOf(path))
  const manager = openManager(join(path.folder, 'notify'))
  t.teardown(manager.close)

  const before = kernelRate()
  const agent = start(path, file, join(path.folder, 'notify'))
  await agent.saw(/"event":"started"/)
  await agent.saw(/"event":"reachable","subject":"ntp:10\.99\.0\.1"/)
  await agent.saw(/acquiring to locked/)
  await pause(1)
  const get = (where: string) => path.get(path.b, `http://${LISTEN}${where}`)

  await t.test('the service manager is told', async (t) => {
    const messages: string[] = []
    for (let text = manager.next(); text !== ''; text = manager.next()) messages.push(text)
    t.match(messages[0], /^READY=1\nSTATUS=/)
    t.ok(messages.filter((text) => text === 'WATCHDOG=1').length >= 4, 'pings at half the interval')
  })

  await t.test('metrics are of the server and pass promtool', async (t) => {
    const { status, body } = get('/metrics')
    t.equal(status, 200)
    const [, offset] =
      /^timewarden_source_offset_seconds\{source="ntp:10\.99\.0\.1"\} (\S+)$/m.exec(body) ?? []
    t.ok(Math.abs(Number(offset)) < 1e-3, `offset ${offset} s of a server with the same clock`)
    t.match(body, /^timewarden_clock_state\{clock="system",state="locked"\} 1$/m)
    const lint = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' })
    t.equal(lint.stdout + lint.stderr, '')
    t.equal(lint.status, 0)
  })

  await t.test('it is alive and ready', async (t) => {
    t.equal(get('/livez').status, 200)
    t.equal(get('/readyz').status, 200)
    t.equal(get('/readyz?require=sync').status, 200)
    t.equal(get('/nothing').status, 404)
    t.equal(JSON.parse(get('/status').body).schema, 1)
  })

  await t.test('the command line asks it over its Unix socket', async (t) => {
    const where = ['--socket', join(path.folder, 'agent.sock')]
    const [status, sources] = await Promise.all([
      command(path, 'status', ...where),
      command(path, 'sources', ...where),
    ])
    t.equal(status.code, 0, status.text)
    t.match(status.text, /^OK\b.*system/im)
    t.equal(sources.code, 0)
    t.match(sources.text, /^\s*source\s+clock\s+verdict/m)
    t.match(sources.text, /^\s*ntp:10\.99\.0\.1\s+system\s+selected\s/m)
  })

  await t.test('a second agent of the same state directory is refused', async (t) => {
    const second = await command(path, 'run', '--config', file)
    t.equal(second.code, 75)
    t.match(second.text, /another agent/)
  })

  await t.test('it ends at once and has touched no clock', async (t) => {
    // a full queue (net.unix.max_dgram_qlen) would have no place for the last word
    while (manager.next() !== '');
    const begun = performance.now()
    agent.process.kill('SIGTERM')
    t.equal(await agent.ended(), 0)
    t.ok(performance.now() - begun < 2000, `${Math.round(performance.now() - begun)} ms`)
    t.notOk(existsSync(join(path.folder, 'agent.sock')), 'its socket is gone')
    const messages: string[] = []
    for (let text = manager.next(); text !== ''; text = manager.next()) messages.push(text)
    t.equal(messages.at(-1), 'STOPPING=1')
    const steered = before.steered && { skip: 'another program steers the clock of this machine' }
    const after = kernelRate()
    t.same(after.rate, before.rate, 'frequency, tick and TAI are as before', steered || {})
    t.notOk(after.steered && !before.steered, 'the kernel was not told that it is synchronised')
  })

  await t.test('nobody answers afterwards', async (t) => {
    const { code, text } = await command(path, 'status', '--socket', `${path.folder}/agent.sock`)
    t.equal(code, 3)
    t.match(text, /UNKNOWN/)
  })
})

t.test('a bad configuration starts nothing and says where it is bad', needs('ip'), async (t) => {
  const path = openPath('rb')
  t.teardown(() => path.close())
  const file = join(path.folder, 'bad.yaml')
  writeFileSync(file, 'sources:\n  - ntp: { sever: 10.99.0.1 }\nlisten: 9975\n')
  const { code, text } = await command(path, 'run', '--config', file)
  t.equal(code, 78)
  t.ok(text.includes(`${file}:2:12`), text)
  t.match(text, /server/, 'with a suggestion')
  t.ok(text.includes(`${file}:3:9`), 'all faults at once')
  t.notOk(text.includes('"event":"started"'))
})
