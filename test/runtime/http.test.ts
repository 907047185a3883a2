import { linkSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type Listening, type ListenTarget, listen, parseListen } from '../../agent/runtime/http.ts'
import { createHandler } from '../../agent/serve/http.ts'
import type { Handler } from '../../agent/serve/message.ts'
import { snapshot } from '../observe/fixture.ts'

const handler = createHandler({
  snapshot: () => snapshot,
  process: () => undefined,
  heartbeatAge: () => 0,
})
interface Owner {
  teardown(run: () => unknown): void
}

/** Short: the path of a socket has 107 bytes. */
function folder(t: Owner): string {
  const path = mkdtempSync(join(tmpdir(), 'tw-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

const ANY: ListenTarget = { kind: 'tcp', host: '127.0.0.1', port: 0 }

async function open(t: Owner, target: ListenTarget, using: Handler = handler) {
  const errors: unknown[] = []
  const listening = await listen(target, using, (error) => errors.push(error))
  if (!listening.ok) throw new Error(JSON.stringify(listening.fault))
  t.teardown(() => listening.endpoint.close())
  return { endpoint: listening.endpoint, errors }
}

interface Answer {
  status: number | undefined
  headers: NodeJS.Dict<string | string[]>
  body: string
}

const ask = (options: object): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const call = request(options, (response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body }),
      )
    })
    call.on('error', reject)
    call.end()
  })

const codeOf = (listening: Listening) => (listening.ok ? 'ok' : listening.fault.code)

t.test('the routes are served on a TCP address', async (t) => {
  const { endpoint } = await open(t, ANY)
  const [host, port] = endpoint.address.split(':')
  t.not(port, '0', 'the port that was taken is told')
  const status = await ask({ host, port, path: '/status' })
  t.equal(status.status, 200)
  t.equal(JSON.parse(status.body).hostname, 'node-7')
  const head = await ask({ host, port, path: '/metrics', method: 'HEAD' })
  t.equal(head.body, '')
  t.ok(Number(head.headers['content-length']) > 1000)
  t.equal((await ask({ host, port, path: '/', method: 'POST' })).status, 405)
})

t.test('the routes are served on a Unix socket that the group may use', async (t) => {
  const path = join(folder(t), 'timewarden.sock')
  await open(t, { kind: 'unix', path })
  t.equal(statSync(path).mode & 0o777, 0o660)
  t.equal((await ask({ socketPath: path, path: '/livez' })).status, 200)
})

t.test('a socket file that nobody listens on is replaced', async (t) => {
  const path = join(folder(t), 's')
  const dead = createServer()
  await new Promise<void>((resolve) => dead.listen(path, resolve))
  // a crash: the descriptor goes, the file stays
  linkSync(path, `${path}.kept`)
  await new Promise((resolve) => dead.close(resolve))
  renameSync(`${path}.kept`, path)
  t.ok(statSync(path).isSocket())
  await open(t, { kind: 'unix', path })
  t.equal((await ask({ socketPath: path, path: '/livez' })).status, 200)
})

t.test('a socket of a running agent is left alone', async (t) => {
  const path = join(folder(t), 's')
  await open(t, { kind: 'unix', path })
  const second = await listen({ kind: 'unix', path }, handler, () => undefined)
  t.equal(codeOf(second), 'IN_USE')
  t.equal((await ask({ socketPath: path, path: '/livez' })).status, 200, 'the first goes on')
})

t.test('a file that is no socket is never removed', async (t) => {
  const path = join(folder(t), 's')
  writeFileSync(path, 'precious')
  t.equal(codeOf(await listen({ kind: 'unix', path }, handler, () => undefined)), 'IN_USE')
  t.ok(statSync(path).isFile())
})

t.test('what keeps an address from being taken is told by name', async (t) => {
  const { endpoint } = await open(t, ANY)
  const target = parseListen(endpoint.address)!
  const second = await listen(target, handler, () => undefined)
  t.match(second, {
    ok: false,
    fault: { code: 'IN_USE', errno: 'EADDRINUSE', syscall: `listen(${endpoint.address})` },
  })
  const nowhere = join(folder(t), 'no', 'such', 'folder')
  t.equal(
    codeOf(await listen({ kind: 'unix', path: nowhere }, handler, () => undefined)) === 'ok',
    false,
  )
  const named = await listen(
    { kind: 'tcp', host: 'no.such.host.invalid', port: 0 },
    handler,
    () => 0,
  )
  t.equal(named.ok, false)
})

t.test('a route that fails is an answer of 500 and is told', async (t) => {
  const { endpoint, errors } = await open(t, ANY, () => Promise.reject(new Error('a bug')))
  const [host, port] = endpoint.address.split(':')
  t.equal((await ask({ host, port, path: '/' })).status, 500)
  t.match(errors, [{ message: 'a bug' }])
})

t.test('headers without end are cut off', async (t) => {
  const { endpoint } = await open(t, ANY)
  const [host = '', port] = endpoint.address.split(':')
  const answer = await new Promise<string>((resolve) => {
    let text = ''
    const socket = connect(Number(port), host)
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', () => resolve(text))
    socket.on('close', () => resolve(text))
    socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n`)
  })
  t.match(answer, /^HTTP\/1\.1 431/)
})

t.test('a socket path that the kernel would cut short is refused', async (t) => {
  const path = `/tmp/${'a'.repeat(120)}`
  t.equal(codeOf(await listen({ kind: 'unix', path }, handler, () => undefined)), 'INVALID')
})

t.test('an address is a literal and a port', async (t) => {
  t.same(parseListen('127.0.0.1:9975'), { kind: 'tcp', host: '127.0.0.1', port: 9975 })
  t.same(parseListen('[::1]:0'), { kind: 'tcp', host: '::1', port: 0 })
  for (const text of ['', '9975', ':9975', '::1:9975', 'a:b', '1.2.3.4:70000', '[::1]']) {
    t.equal(parseListen(text), undefined, text)
  }
})
