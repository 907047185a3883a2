import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { mono } from '../../agent/core/units.ts'
import { createNotifier, watchdogInterval } from '../../agent/runtime/notify.ts'
import { orErrno } from '../../native/ioctl.ts'
import { bind, close, read, socket } from '../../native/libc.ts'
import { notifyAddress } from '../../native/notify-socket.ts'

/** A service manager: a bound datagram socket and what has arrived at it. */
function manager(t: Tap, path: string): { next: () => string } {
  const fd = socket(1, 0x80802, 0)
  const address = notifyAddress(path)
  if (address === undefined) throw new Error('no address')
  if (bind(fd, address, address.length) !== 0) throw new Error(`${orErrno(-1)}`)
  t.teardown(() => {
    close(fd)
    if (!path.startsWith('@')) rmSync(path)
  })
  const buffer = Buffer.alloc(4096)
  return {
    next: () => {
      const length = orErrno(read(fd, buffer, buffer.length))
      return length < 0 ? `errno ${-length}` : buffer.toString('utf8', 0, length)
    },
  }
}
type Tap = typeof t

const path = join(tmpdir(), `tw-notify-${process.pid}`)

for (const name of [path, `@tw-notify-${process.pid}`]) {
  t.test(
    `the manager at ${name.startsWith('@') ? 'an abstract name' : 'a path'} is told`,
    async (t) => {
      const { next } = manager(t as Tap, name)
      const notifier = createNotifier({ NOTIFY_SOCKET: name })
      t.equal(notifier.active, true)
      t.same(notifier.ready('observing 4 sources'), { ok: true })
      t.equal(next(), 'READY=1\nSTATUS=observing 4 sources')
      notifier.status('locked\nREADY=0')
      t.equal(next(), 'STATUS=locked READY=0', 'text cannot smuggle in an assignment')
      notifier.watchdog()
      t.equal(next(), 'WATCHDOG=1')
      notifier.reloading(mono(5_123_456_789n))
      t.equal(next(), 'RELOADING=1\nMONOTONIC_USEC=5123456')
      notifier.stopping()
      t.equal(next(), 'STOPPING=1')
      t.equal(next(), 'errno 11', 'and nothing else')
      notifier.close()
    },
  )
}

t.test('without a manager nothing is done', async (t) => {
  for (const environment of [{}, { NOTIFY_SOCKET: '' }]) {
    const notifier = createNotifier(environment)
    t.equal(notifier.active, false)
    t.same(notifier.ready(''), { ok: true })
    notifier.close()
  }
})

t.test('a manager that is gone is a fault, and is found again when it is back', async (t) => {
  const name = `@tw-notify-late-${process.pid}`
  const notifier = createNotifier({ NOTIFY_SOCKET: name })
  t.match(notifier.watchdog(), { ok: false, fault: { code: 'REFUSED', errno: 'ECONNREFUSED' } })
  const { next } = manager(t as Tap, name)
  t.same(notifier.watchdog(), { ok: true })
  t.equal(next(), 'WATCHDOG=1')
  notifier.close()
})

t.test('a queue that is full does not hold up the agent', async (t) => {
  const name = `@tw-notify-full-${process.pid}`
  manager(t as Tap, name)
  const notifier = createNotifier({ NOTIFY_SOCKET: name })
  let result = notifier.watchdog()
  for (let k = 0; k < 10_000 && result.ok; k++) result = notifier.watchdog()
  t.match(result, { ok: false, fault: { code: 'BUSY', errno: 'EAGAIN' } })
  notifier.close()
})

t.test('a name that is no socket address is a fault at each message', async (t) => {
  for (const NOTIFY_SOCKET of ['relative', '@', `/${'x'.repeat(200)}`, '/a\0b', 'vsock:2:1']) {
    t.equal(notifyAddress(NOTIFY_SOCKET), undefined)
    const notifier = createNotifier({ NOTIFY_SOCKET })
    t.match(notifier.watchdog(), { ok: false, fault: { code: 'INVALID' } })
    notifier.close()
  }
  t.match(createNotifier({ NOTIFY_SOCKET: '/no/such/socket' }).stopping(), {
    fault: { code: 'NOT_FOUND' },
  })
})

t.test(
  'the watchdog is fed at half its interval, by the process that it is meant for',
  async (t) => {
    t.equal(watchdogInterval({ WATCHDOG_USEC: '30000000' }, 7), 15e9)
    t.equal(watchdogInterval({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, 7), 15e9)
    t.equal(watchdogInterval({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' }, 7), undefined)
    for (const WATCHDOG_USEC of [undefined, '', '0', '-1', 'x', '1e6']) {
      t.equal(watchdogInterval({ WATCHDOG_USEC }, 7), undefined)
    }
  },
)
