/** Real processes of sh; no clock, no network. */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ChildExit, Event } from '../../agent/core/machine.ts'
import { nanos } from '../../agent/core/units.ts'
import { Children } from '../../agent/runtime/children.ts'
import { readNow } from '../../agent/runtime/clock.ts'

const NO_SOCKET = '/nonexistent/socket'

function bench(path?: string) {
  const events: Event[] = []
  const lines: string[] = []
  const missing: string[] = []
  const waiting: { readonly wanted: Event['on']; readonly go: (event: Event) => void }[] = []
  const children = new Children({
    now: readNow,
    deliver: (event) => {
      events.push(event)
      for (const { wanted, go } of waiting) if (wanted === event.on) go(event)
    },
    degraded: (detail) => missing.push(detail),
    line: (name, text) => lines.push(`${name}: ${text}`),
    dropped: () => undefined,
    ...(path !== undefined && { path }),
  })
  const next = (wanted: Event['on']): Promise<Event> =>
    new Promise((resolve) => {
      const before = events.find((event) => event.on === wanted)
      if (before === undefined) waiting.push({ wanted, go: resolve })
      else resolve(before)
    })
  const sh = (script: string, socket = NO_SOCKET): void =>
    children.spawn({ do: 'spawn', key: 'k', name: 'n', command: ['sh', '-c', script], socket })
  return { children, events, lines, missing, next, sh }
}

async function exitOf(t: Test, { next }: ReturnType<typeof bench>): Promise<ChildExit> {
  const event = await next('exited')
  if (event.on !== 'exited') throw new Error(t.name)
  return event.exit
}

t.test('what it writes goes to the log, how it ends is told', async (t) => {
  const it = bench()
  it.sh('echo out; echo wrong >&2; printf end; exit 7')
  const exit = await exitOf(t, it)
  t.match(exit, { code: 7, signal: '' })
  t.same([...exit.last].sort(), ['end', 'out', 'wrong'])
  t.same([...it.lines].sort(), ['n: end', 'n: out', 'n: wrong'])
  t.match(it.events[0], { on: 'spawned', key: 'k', pid: Number })
  await it.children.ended()
})

t.test('the environment of the agent is not handed on', async (t) => {
  const it = bench()
  process.env['NOTIFY_SOCKET'] = '/nonexistent'
  t.teardown(() => {
    delete process.env['NOTIFY_SOCKET']
  })
  it.sh('echo "[$NOTIFY_SOCKET]"')
  t.same((await exitOf(t, it)).last, ['[]'])
})

t.test('asked to end it ends; one that does not is ended', async (t) => {
  const obeys = bench()
  obeys.sh('echo up; exec sleep 60')
  await obeys.next('spawned')
  obeys.children.kill('k', nanos(60e9))
  t.match(await exitOf(t, obeys), { code: undefined, signal: 'SIGTERM' })

  const stubborn = bench()
  stubborn.sh('trap "" TERM; echo up; while :; do sleep 0.05; done')
  while (stubborn.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  stubborn.children.kill('k', nanos(0.1e9))
  t.match(await exitOf(t, stubborn), { signal: 'SIGKILL' })
  await stubborn.children.ended()
  stubborn.children.kill('k', nanos(0))
})

t.test('a program that is not there is named', async (t) => {
  const it = bench()
  it.children.spawn({
    ...{ do: 'spawn', key: 'k', name: 'n', command: ['/nonexistent/ptp4l'], socket: NO_SOCKET },
  })
  const exit = await exitOf(t, it)
  t.not(exit.code, 0)
  t.match(exit.last.at(-1), /\/nonexistent\/ptp4l/)
})

t.test('without setpriv it is started all the same, and that is told', async (t) => {
  const it = bench(t.testdir())
  it.children.spawn({
    ...{ do: 'spawn', key: 'k', name: 'n', socket: NO_SOCKET },
    command: ['/bin/sh', '-c', 'exit 0'],
  })
  t.match(await exitOf(t, it), { code: 0 })
  t.match(it.missing, [/no setpriv/])

  it.children.spawn({
    ...{ do: 'spawn', key: 'k', name: 'n', command: ['/nonexistent/ptp4l'], socket: NO_SOCKET },
  })
  t.match(await it.next('failed'), { what: 'spawn', fault: { errno: 'ENOENT' } })
  t.equal(it.missing.length, 1, 'once')
})

t.test('a socket that was left is removed, any other file is kept', async (t) => {
  // a testdir may be deeper than a socket's name may be long
  const folder = mkdtempSync(join(tmpdir(), 'timewarden-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const socket = join(folder, 'socket')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  const first = bench()
  first.sh('exit 0', socket)
  t.notOk(existsSync(socket))
  await exitOf(t, first)
  server.close()

  const file = join(folder, 'file')
  writeFileSync(file, '')
  chmodSync(file, 0o600)
  const second = bench()
  second.sh('exit 0', file)
  t.ok(existsSync(file))
  await exitOf(t, second)
})
