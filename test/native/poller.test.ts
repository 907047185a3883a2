import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { close } from '../../native/libc.ts'
import { Poller } from '../../native/poller.ts'
import { UdpSocket } from '../../native/sockets.ts'

function open(): Poller {
  const opened = Poller.open()
  if (!opened.ok) throw new Error(JSON.stringify(opened.fault))
  return opened.poller
}

/** A socket that has been refused: a pending error, which makes it ready. */
function refused(): UdpSocket {
  const opened = UdpSocket.connect('127.0.0.1', 9, false)
  if (!opened.ok) throw new Error(JSON.stringify(opened.fault))
  opened.socket.send(Uint8Array.of(1))
  return opened.socket
}

const never = (): void => {
  t.fail('lost')
}

t.test('a descriptor that is ready is reported until it was drained', async (t) => {
  const poller = open()
  const socket = refused()
  let calls = 0
  await new Promise<void>((done) => {
    const drain = (): boolean => {
      calls += 1
      if (calls < 3) return true
      socket.receive()
      setImmediate(done)
      return true
    }
    t.equal(poller.add(socket.fd, drain, never), undefined)
  })
  await new Promise((done) => setImmediate(done))
  t.equal(calls, 3)
  poller.close()
  poller.close()
  socket.close()
})

t.test('an error that nobody takes does not spin: the descriptor is dropped', async (t) => {
  const poller = open()
  const socket = refused()
  let calls = 0
  const fault = await new Promise((done) => {
    poller.add(
      socket.fd,
      () => {
        calls += 1
        return false
      },
      done,
    )
  })
  t.same(fault, { code: 'IO', syscall: 'epoll_wait', errno: '' })
  t.equal(calls, 16)
  const { wakeups } = poller
  await new Promise((done) => setImmediate(done))
  t.equal(poller.wakeups, wakeups)
  poller.close()
  socket.close()
})

t.test('one that was removed by another in the same wake-up is not called', async (t) => {
  const poller = open()
  const [a, b] = [refused(), refused()]
  const called: string[] = []
  await new Promise((done) => {
    for (const [name, socket] of Object.entries({ a, b })) {
      poller.add(
        socket.fd,
        () => {
          called.push(name)
          for (const each of [a, b]) {
            poller.remove(each.fd)
            each.close()
          }
          setImmediate(done)
          return true
        },
        never,
      )
    }
  })
  await new Promise((done) => setImmediate(done))
  t.equal(called.length, 1)
  poller.close()
})

t.test('closing while a wake-up is due is survived', async (t) => {
  const poller = open()
  const socket = refused()
  poller.add(socket.fd, () => t.fail('called after close'), never)
  poller.close()
  await new Promise((done) => setImmediate(done))
  poller.remove(socket.fd)
  socket.close()
})

t.test('a descriptor that is none is a fault', async (t) => {
  const poller = open()
  const socket = refused()
  socket.close()
  t.match(
    poller.add(socket.fd, () => true, never),
    { code: 'INVALID', syscall: 'epoll_ctl', errno: 'EBADF' },
  )
  t.equal(close(socket.fd), -1)
  poller.close()
})

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
}

/** Runs test/native/poller-child.ts as a process of its own. */
function child(role: string, kill?: NodeJS.Signals): Promise<Ended> {
  const script = fileURLToPath(new URL('./poller-child.ts', import.meta.url))
  const loader = process.execArgv.filter((each) => each.includes('@tapjs/typescript'))
  const { NODE_OPTIONS: _, ...env } = process.env
  const process_ = spawn(process.execPath, [...loader, script, role], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  process_.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    if (kill !== undefined && out.includes('ready')) process_.kill(kill)
  })
  return new Promise((done) => {
    process_.on('close', (code, signal) => done({ code, signal, out }))
  })
}

t.test('a process with nothing but a poller ends', async (t) => {
  t.same(await child('empty'), { code: 0, signal: null, out: 'ready\n' })
})

t.test('process.exit does not wait for a poller that waits', async (t) => {
  t.same(await child('exit'), { code: 7, signal: null, out: 'ready\n' })
})

t.test('SIGTERM ends a process that waits', async (t) => {
  t.same(await child('wait', 'SIGTERM'), { code: null, signal: 'SIGTERM', out: 'ready\n' })
})

t.test('an exception in a callback ends the process', async (t) => {
  const { code, out } = await child('throw')
  t.same([code, out], [1, 'ready\nuncaught: boom\n'])
})

t.test('an idle poller takes no processor time', async (t) => {
  const { code, out } = await child('idle')
  t.equal(code, 0)
  const micros = Number(/cpu (\d+)/.exec(out)?.[1])
  t.ok(micros < 100_000, `${micros} us in a second`)
})
