/** The command line against a real server on a real socket; nothing is waited for. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { explainListenFault } from '../../agent/cli/endpoints.ts'
import { showPtp, showSources, showStatus } from '../../agent/cli/status.ts'
import { Terminal } from '../../agent/cli/terminal.ts'
import type { Snapshot } from '../../agent/observe/snapshot.ts'
import { listen } from '../../agent/runtime/http.ts'
import { createHandler } from '../../agent/serve/http.ts'
import type { Handler } from '../../agent/serve/message.ts'
import { fresh, healthy, snapshot } from '../observe/fixture.ts'

function screens() {
  const text = { out: '', err: '' }
  const terminal = (name: 'out' | 'err') =>
    new Terminal(
      {
        write: (more: string) => {
          text[name] += more
        },
      },
      true,
    )
  return { text, screens: { out: terminal('out'), err: terminal('err') } }
}

const folder = mkdtempSync(join(tmpdir(), 'tw-'))
t.teardown(() => rmSync(folder, { recursive: true }))
let count = 0

const serving = (shown: () => Snapshot): Handler =>
  createHandler({ snapshot: shown, process: () => undefined, heartbeatAge: () => 0 })

async function serve(t: { teardown(run: () => unknown): void }, handler: Handler) {
  const path = join(folder, `s${count++}`)
  const unix = await listen({ kind: 'unix', path }, handler, () => undefined)
  const tcp = await listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, handler, () => undefined)
  if (!unix.ok || !tcp.ok) throw new Error('not served')
  t.teardown(() => Promise.all([unix.endpoint.close(), tcp.endpoint.close()]))
  return { socket: path, address: tcp.endpoint.address }
}

const ONCE = { json: false, waitSync: undefined }

t.test('the exit code is the level of the node', async (t) => {
  const levels: [Snapshot, number][] = [
    [healthy, 0],
    [snapshot, 1],
    [fresh, 3],
  ]
  for (const [shown, code] of levels) {
    const { socket } = await serve(
      t,
      serving(() => shown),
    )
    const { screens: to, text } = screens()
    t.equal(await showStatus({ socket, address: '', ...ONCE }, to), code)
    t.match(text.out, 'system clock')
    t.equal(text.err, '')
  }
})

t.test('where the socket is not there the address is asked', async (t) => {
  const { address } = await serve(
    t,
    serving(() => healthy),
  )
  const { screens: to, text } = screens()
  const where = { socket: join(folder, 'none'), address }
  t.equal(await showStatus({ ...where, ...ONCE, json: true }, to), 0)
  t.equal(JSON.parse(text.out).schema, 1)
})

t.test('an agent that does not answer is unknown, with every way that was tried', async (t) => {
  const { screens: to, text } = screens()
  const where = { socket: join(folder, 'none'), address: 'nonsense' }
  t.equal(await showStatus({ ...where, ...ONCE }, to), 3)
  t.match(
    text.err,
    /^UNKNOWN: no agent answers.*\n.*none: connect ENOENT.*\n.*nonsense: not an ADDRESS:PORT/,
  )
  t.equal(await showSources(where, screens().screens), 3)
})

t.test('an answer that is no status is refused', async (t) => {
  const answers: [number, string, RegExp][] = [
    [200, '{"schema":2}', /not a status of schema 1/],
    [200, 'null', /not a status of schema 1/],
    [200, 'hello', /JSON/],
    [500, '', /HTTP status 500/],
  ]
  for (const [status, body, reason] of answers) {
    const { socket } = await serve(t, async () => ({ status, headers: {}, body }))
    const { screens: to, text } = screens()
    t.equal(await showStatus({ socket, address: '', ...ONCE }, to), 3)
    t.match(text.err, reason)
  }
})

t.test('waiting ends as soon as the clock is synchronised, and that is a success', async (t) => {
  const { socket } = await serve(
    t,
    serving(() => snapshot),
  )
  const { screens: to } = screens()
  t.equal(await showStatus({ socket, address: '', json: false, waitSync: 3600 }, to), 0)
})

t.test('a clock that is not synchronised when the time is over is a failure', async (t) => {
  const { socket } = await serve(
    t,
    serving(() => fresh),
  )
  const { screens: to } = screens()
  t.equal(await showStatus({ socket, address: '', json: false, waitSync: 0 }, to), 3)
})

t.test('sources are a table with a legend', async (t) => {
  const { socket } = await serve(
    t,
    serving(() => snapshot),
  )
  const { screens: to, text } = screens()
  t.equal(await showSources({ socket, address: '' }, to), 0)
  t.match(text.out, 'falseticker')
  t.match(text.out, 'verdict, from worst to best')
})

t.test('every ptp4l is shown, or told as JSON', async (t) => {
  const { socket } = await serve(
    t,
    serving(() => snapshot),
  )
  const { screens: to, text } = screens()
  t.equal(await showPtp({ socket, address: '', json: false }, to), 0)
  t.match(text.out, 'ptp4l:/var/run/ptp4l  domain 24')
  const { screens: again, text: told } = screens()
  t.equal(await showPtp({ socket, address: '', json: true }, again), 0)
  t.match(JSON.parse(told.out), [
    { kind: 'ptp4l', detail: { dataSets: { CURRENT_DATA_SET: { stepsRemoved: 1 } } } },
  ])
  const { screens: silent } = screens()
  t.equal(await showPtp({ socket: '/nobody', address: '', json: true }, silent), 3)
})

t.test('an address in use is told with what to do next', async (t) => {
  const fault = (code: 'IN_USE' | 'PERMISSION') =>
    explainListenFault({ ok: false, fault: { code, syscall: 'listen(127.0.0.1:9975)', errno: '' } })
  t.match(fault('IN_USE'), /127\.0\.0\.1:9975.*in use.*--listen/)
  t.match(fault('PERMISSION'), 'not permitted')
})
