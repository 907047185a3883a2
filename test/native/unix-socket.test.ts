import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { isFailed, type Received } from '../../native/sockets.ts'
import { UnixSocket } from '../../native/unix-socket.ts'
import { DatagramServer, unixName } from './unix-peer.ts'

const directory = mkdtempSync(join(tmpdir(), 'timewarden-unix-'))
t.teardown(() => rmSync(directory, { recursive: true }))

function opened(result: ReturnType<typeof UnixSocket.connect>): UnixSocket {
  if (!result.ok) throw new Error(JSON.stringify(result.fault))
  return result.socket
}

const text = (received: Received): string => {
  if (received === undefined || isFailed(received)) throw new Error('nothing received')
  return Buffer.from(received.data).toString()
}

for (const how of ['beside', 'abstract'] as const) {
  t.test(`a server answers a client that is bound ${how}`, async (t) => {
    const path = join(directory, `server-${how}`)
    const server = new DatagramServer(path)
    t.teardown(() => server.close())
    const client = opened(UnixSocket.connect(path, how))
    t.equal(client.receive(), undefined, 'nothing there yet')
    t.same(client.send(Buffer.from('GET')), { ok: true })
    t.equal(server.receive(), 'GET')
    server.send(unixName(client.fd), 'GET yourself')
    t.equal(text(client.receive()), 'GET yourself')
    t.equal(client.receive(), undefined)
    client.close()
    t.doesNotThrow(() => client.close(), 'closing twice closes nobody else')
  })
}

t.test('a message of 1500 bytes arrives whole, in both directions', async (t) => {
  const path = join(directory, 'large')
  const server = new DatagramServer(path)
  const client = opened(UnixSocket.connect(path, 'beside'))
  const large = 'x'.repeat(1500)
  client.send(Buffer.from(large))
  t.equal(server.receive(), large)
  server.send(unixName(client.fd), large)
  t.equal(text(client.receive()), large)
  client.close()
  server.close()
})

t.test(
  'our name lies beside that of the server, open to every answer, and goes away',
  async (t) => {
    const path = join(directory, 'named')
    const server = new DatagramServer(path)
    const client = opened(UnixSocket.connect(path, 'beside'))
    const name = client.path
    t.match(name, `${directory}/timewarden.${process.pid}.`)
    t.equal(statSync(name).mode & 0o777, 0o666)
    client.close()
    t.notOk(existsSync(name))
    server.close()
  },
)

t.test('a file left by a killed process of the same number is taken over', async (t) => {
  const path = join(directory, 'again')
  const server = new DatagramServer(path)
  const first = opened(UnixSocket.connect(path, 'beside'))
  const [, serial] = /\.(\d+)$/.exec(first.path) ?? []
  const left = first.path.replace(/\d+$/, String(Number(serial) + 1))
  writeFileSync(left, '')
  const second = opened(UnixSocket.connect(path, 'beside'))
  t.equal(second.path, left)
  for (const each of [first, second, server]) each.close()
})

t.test('a server that is not there is a fault, and leaves nothing behind', async (t) => {
  t.match(UnixSocket.connect(join(directory, 'nobody'), 'beside'), {
    ok: false,
    fault: { code: 'NOT_FOUND', syscall: 'connect' },
  })
  t.match(UnixSocket.connect(join(directory, 'no', 'directory'), 'beside'), {
    ok: false,
    fault: { code: 'NOT_FOUND', syscall: 'bind' },
  })
  t.match(UnixSocket.connect('/'.padEnd(120, 'x'), 'none'), {
    ok: false,
    fault: { code: 'OUT_OF_RANGE', errno: 'ENAMETOOLONG' },
  })
  t.match(UnixSocket.connect(`${'/'.padEnd(105, 'x')}/y`, 'beside'), { ok: false })
  t.same(
    readdirSync(directory).filter((name) => name.startsWith('timewarden.')),
    [],
  )
})

t.test('a server that went away is REFUSED', async (t) => {
  const path = join(directory, 'gone')
  const server = new DatagramServer(path)
  const client = opened(UnixSocket.connect(path, 'beside'))
  server.close()
  t.match(client.send(Buffer.from('x')), { ok: false, fault: { code: 'REFUSED' } })
  t.match(UnixSocket.connect(path, 'beside'), { ok: false })
  client.close()
})

t.test('an abstract name can be written to without being bound', async (t) => {
  const server = new DatagramServer(`@timewarden-test-${process.pid}`)
  const client = opened(UnixSocket.connect(`@timewarden-test-${process.pid}`, 'none'))
  t.equal(client.path, '')
  t.ok(client.send(Buffer.from('READY=1')).ok)
  t.equal(server.receive(), 'READY=1')
  client.close()
  server.close()
})
