import { createSocket, type Socket } from 'node:dgram'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import type { Action } from '../../agent/core/machine.ts'
import { plus, seconds } from '../../agent/core/units.ts'
import type { HardwareStamps } from '../../agent/runtime/hardware-stamps.ts'
import { Runner } from '../../agent/runtime/runner.ts'
import { DatagramServer, unixName } from '../native/unix-peer.ts'
import { NOT_FOUND, Script } from './script.ts'

type Tap = Pick<typeof t, 'teardown'>

/** An echo on the loopback; its port. */
function echo(t: Tap, type: 'udp4' | 'udp6' = 'udp4'): Promise<{ port: number; socket: Socket }> {
  const socket = createSocket(type)
  socket.on('message', (data, from) => socket.send(data, from.port, from.address))
  t.teardown(() => new Promise<void>((done) => socket.close(() => done())))
  return new Promise((done) => {
    socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1', () =>
      done({ port: socket.address().port, socket }),
    )
  })
}

const openUdp = (port: number, address = '127.0.0.1', channel = 'a'): Action => ({
  do: 'open',
  channel,
  transport: 'udp',
  address,
  port,
  stamps: true,
})
const send = (token: number, data = [1, 2, 3], channel = 'a'): Action => ({
  do: 'send',
  channel,
  data: Uint8Array.from(data),
  token,
})

for (const [type, address] of [
  ['udp4', '127.0.0.1'],
  ['udp6', '::1'],
] as const) {
  t.test(`an exchange over ${type} has four ordered stamps of the kernel`, async (t) => {
    const { port } = await echo(t, type)
    let sentAt = 0n
    const script = new Script(t, (event, now) => {
      if (event.on === 'start') return [openUdp(port, address)]
      if (event.on !== 'opened') return []
      sentAt = now.utc
      return [send(42)]
    })
    script.runner.start()
    const [received] = await script.heard('received')
    const [sent] = await script.heard('sent')
    t.same(script.names(), ['start', 'opened', 'sent', 'received'])
    t.match(script.events[1], { channel: 'a', stamps: 'kernel' })
    t.match(sent, { channel: 'a', token: 42, stamp: { kind: 'kernel' } })
    t.equal(received?.stamp.kind, 'kernel')
    t.same([...received!.data], [1, 2, 3])
    t.ok(sentAt <= sent!.stamp.at)
    t.ok(sent!.stamp.at < received!.stamp.at)
  })
}

t.test(
  'stamps of hardware that do not come delay nothing: those of the kernel serve',
  async (t) => {
    const { port } = await echo(t)
    const called: string[] = []
    const nic = {
      prepare: () => called.push('prepare'),
      transmitted: () => undefined,
      received: ({ hardware }: { hardware?: bigint }) => void called.push(`received ${hardware}`),
    }
    const asked: string[] = []
    const at = (key: string) => {
      asked.push(key)
      return nic
    }
    const script = new Script(
      t,
      (event) => {
        if (event.on === 'start') return [{ ...openUdp(port), hardware: true } as Action]
        return event.on === 'opened' ? [send(42)] : []
      },
      { hardware: { at } as unknown as HardwareStamps },
    )
    script.runner.start()
    const [received] = await script.heard('received')
    t.same(script.names(), ['start', 'opened', 'sent', 'received'])
    t.match(script.events[1], { stamps: 'hardware' })
    t.match(script.events[2], { token: 42, stamp: { kind: 'kernel' } })
    t.equal(received?.stamp.kind, 'kernel')
    t.same(asked, ['7f000001'], 'the local address')
    t.same(called, ['prepare', 'received undefined'])
  },
)

t.test('each of 1000 packets gets its own stamp', async (t) => {
  const { port } = await echo(t)
  let token = 0
  const step = (): Action[] => {
    token += 1
    return token <= 1000 ? [send(token)] : []
  }
  const script = new Script(t, (event) => {
    if (event.on === 'start') return [openUdp(port)]
    if (event.on === 'opened') return step()
    return event.on === 'received' ? step() : []
  })
  script.runner.start()
  const sent = await script.heard('sent', 1000)
  const received = await script.heard('received', 1000)
  t.same(
    sent.map(({ token }) => token),
    sent.map((_, index) => index + 1),
  )
  t.same([...new Set([...sent, ...received].map(({ stamp }) => stamp.kind))], ['kernel'])
})

t.test('without kernel stamps the same exchange has the stamps of the program', async (t) => {
  const { port } = await echo(t)
  const script = new Script(
    t,
    (event) => {
      if (event.on === 'start') return [openUdp(port)]
      return event.on === 'opened' ? [send(7)] : []
    },
    { kernelStamps: false },
  )
  script.runner.start()
  const [received] = await script.heard('received')
  t.same(script.names(), ['start', 'opened', 'sent', 'received'])
  t.match(script.events[1], { stamps: 'daemon' })
  t.match(script.events[2], { token: 7, stamp: { kind: 'daemon' } })
  t.equal(received?.stamp.kind, 'daemon')
})

for (const kernelStamps of [true, false]) {
  t.test(`a closed port is a failed send (kernel stamps: ${kernelStamps})`, async (t) => {
    const script = new Script(
      t,
      (event) => {
        if (event.on === 'start') return [openUdp(9)]
        return event.on === 'opened' ? [send(1)] : []
      },
      { kernelStamps },
    )
    script.runner.start()
    const [failed] = await script.heard('failed')
    t.match(failed, { what: 'send', key: 'a', fault: { code: 'REFUSED' } })
  })

  t.test(`what is no address is a failed open (kernel stamps: ${kernelStamps})`, async (t) => {
    const open = openUdp(123, 'time.example')
    const script = new Script(t, (event) => (event.on === 'start' ? [open] : []), { kernelStamps })
    script.runner.start()
    const [failed] = await script.heard('failed')
    t.match(failed, { what: 'open', key: 'a', fault: { code: 'INVALID' } })
  })
}

t.test('nothing of a closed channel reaches its successor of the same name', async (t) => {
  const [first, second] = [await echo(t), await echo(t)]
  const script: Script = new Script(t, (event) => {
    if (event.on === 'start') return [openUdp(first.port)]
    if (event.on !== 'opened') return []
    const again = script.events.filter(({ on }) => on === 'opened').length > 1
    return again ? [send(2, [2])] : [send(1, [1]), openUdp(second.port)]
  })
  script.runner.start()
  const [received] = await script.heard('received')
  t.same([...received!.data], [2])
  t.same(
    (await script.heard('sent')).map(({ token }) => token),
    [2],
  )
})

t.test('a channel may be closed while its packets are being delivered', async (t) => {
  const { port } = await echo(t)
  const script = new Script(t, (event) => {
    if (event.on === 'start') return [openUdp(port)]
    if (event.on === 'opened') return [send(1), send(2), send(3)]
    return event.on === 'sent'
      ? [{ do: 'close', channel: 'a' }, send(4), { do: 'identify', key: 'i', interface: 'lo' }]
      : []
  })
  script.runner.start()
  await script.heard('identified')
  t.same(script.names(), ['start', 'opened', 'sent', 'failed', 'identified'])
  t.match(script.events[3], { what: 'send', key: 'a', fault: { errno: 'EBADF' } })
})

t.test('tcp delivers bytes, and the end', async (t) => {
  const server = createServer((socket) => socket.on('data', (data) => socket.end(data)))
  t.teardown(() => server.close())
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  const script = new Script(t, (event) => {
    if (event.on === 'start') return [{ ...openUdp(port), transport: 'tcp' } as Action]
    return event.on === 'opened' ? [send(1)] : []
  })
  script.runner.start()
  await script.heard('closed')
  t.same(script.names(), ['start', 'opened', 'received', 'closed'])
})

t.test('a tcp port where nobody listens is a failed open', async (t) => {
  const open: Action = { ...openUdp(9), transport: 'tcp' } as Action
  const script = new Script(t, (event) => (event.on === 'start' ? [open] : []))
  script.runner.start()
  const [failed] = await script.heard('failed')
  t.match(failed, { what: 'open', fault: { code: 'REFUSED', errno: 'ECONNREFUSED' } })
})

t.test('a unix server answers; one that is gone is a failed send', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'timewarden-runner-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'server')
  const server = new DatagramServer(path)
  const script = new Script(t, (event) => {
    if (event.on === 'start') {
      return [{ ...openUdp(0, path), transport: 'unix', stamps: false } as Action]
    }
    if (event.on === 'received') {
      server.close()
      return [send(2)]
    }
    return event.on === 'opened' ? [send(1)] : []
  })
  script.runner.start()
  await script.heard('opened')
  t.equal(server.receive(), '\x01\x02\x03')
  const client = `${directory}/timewarden.${process.pid}.`
  t.match(unixName(server.fd), path)
  server.send(clientName(client), 'hello')
  const [failed] = await script.heard('failed')
  t.same(script.names(), ['start', 'opened', 'received', 'failed'])
  t.match(failed, { what: 'send', fault: { code: 'REFUSED' } })
})

/** The one file whose name starts so. */
const clientName = (prefix: string): string =>
  join(
    dirname(prefix),
    readdirSync(dirname(prefix)).find((name) => name.startsWith(basename(prefix))) ?? '',
  )

t.test('answers of the ports come back under their key', async (t) => {
  const script = new Script(t, (event) =>
    event.on === 'start'
      ? [
          { do: 'compare', key: 'c', clock: 'phc:eth0', readings: 5 },
          { do: 'identify', key: 'i', interface: 'eth0' },
          { do: 'load', key: 'l', file: 'drift' },
          { do: 'store', key: 's', file: 'drift', text: '1' },
          { do: 'resolve', key: 'r', name: '10.0.0.1' },
          { do: 'note', code: 'state', detail: 'x' },
        ]
      : [],
  )
  script.runner.start()
  await script.heard('resolved')
  t.same(script.events, [
    { on: 'start' },
    { on: 'failed', what: 'compare', key: 'c', fault: NOT_FOUND },
    { on: 'identified', key: 'i', phcIndex: 3 },
    { on: 'loaded', key: 'l', text: 'text' },
    { on: 'stored', key: 's' },
    { on: 'resolved', key: 'r', addresses: ['10.0.0.1'] },
  ])
  t.same(script.notes, [{ do: 'note', code: 'state', detail: 'x' }])
})

t.test('all actions of an event are done before the next event is handled', async (t) => {
  const order: string[] = []
  const ask = (key: string): Action => ({ do: 'identify', key, interface: 'lo' })
  const script = new Script(
    t,
    (event) => {
      order.push(event.on === 'identified' ? `answer ${event.key}` : event.on)
      if (event.on === 'start') return [ask('a'), ask('b')]
      return event.on === 'identified' && event.key === 'a' ? [ask('c')] : []
    },
    {
      identify: {
        identify: () => {
          order.push('ask')
          return { ok: true, phcIndex: 0 }
        },
      },
    },
  )
  script.runner.start()
  t.same(order, ['start', 'ask', 'ask', 'answer a', 'ask', 'answer b', 'answer c'])
})

t.test('a timer fires at its deadline, not before', async (t) => {
  let due = 0n
  let fired = 0n
  const script = new Script(t, (event, now) => {
    if (event.on === 'timer') fired = now.mono
    if (event.on !== 'start') return []
    const at = plus(now.mono, seconds(0.003))
    due = at
    return [
      { do: 'timer', key: 'never', at },
      { do: 'timer', key: 'soon', at },
      { do: 'cancel', key: 'never' },
    ]
  })
  script.runner.start()
  await script.heard('timer')
  t.same(script.names(), ['start', 'timer'])
  t.ok(fired >= due)
  t.equal(script.runner.lateness.fired, 1)
  t.ok(script.runner.lateness.maxNs > 0)
})

t.test('stop lets the core have its last word, and waits for the files', async (t) => {
  let written = ''
  const script = new Script(
    t,
    (event, now) => {
      if (event.on === 'start') return [{ do: 'timer', key: 'x', at: now.mono }]
      return event.on === 'stop' ? [{ do: 'store', key: 's', file: 'drift', text: 'last' }] : []
    },
    {
      files: {
        load: async () => ({ ok: false, fault: NOT_FOUND }),
        store: async (_, text) => {
          await new Promise((done) => setImmediate(done))
          written = text
          return { ok: true }
        },
      },
    },
  )
  script.runner.start()
  await script.runner.stop()
  await script.runner.stop()
  t.equal(written, 'last')
  t.same(script.names(), ['start', 'stop', 'stored'], 'and is told how that ended, no more')
})

t.test('an exception of the core is not caught', async (t) => {
  const runner = new Runner(
    {
      handle: () => {
        throw new Error('assertion')
      },
    },
    {
      compare: { compare: () => ({ ok: false, fault: NOT_FOUND }) },
      identify: { identify: () => ({ ok: false, fault: NOT_FOUND }) },
      files: {
        load: async () => ({ ok: false, fault: NOT_FOUND }),
        store: async () => ({ ok: true }),
      },
      log: () => undefined,
    },
  )
  t.throws(() => runner.start(), { message: 'assertion' })
  await t.rejects(runner.stop(), { message: 'assertion' })
})
