import t from 'tap'
import { CLOCK_REALTIME, readClock } from '../../native/clock-id.ts'
import { connect } from '../../native/libc.ts'
import { type Message, parseControl } from '../../native/msghdr.ts'
import { Poller } from '../../native/poller.ts'
import { holdStamping, isFailed, type Received, UdpSocket } from '../../native/sockets.ts'
import { inetAddress, unixAddress } from '../../native/sockets-address.ts'
import { localPort } from './sockets-peer.ts'

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex')

const now = (): bigint => readClock(CLOCK_REALTIME)

function message(received: Received): Message {
  if (received === undefined || isFailed(received)) throw new Error(`no message: ${received}`)
  return received
}

function connected(address: string, port: number): UdpSocket {
  const opened = UdpSocket.connect(address, port, true)
  if (!opened.ok) throw new Error(JSON.stringify(opened.fault))
  return opened.socket
}

/** Two sockets connected to each other: the second learns the first's port, then the other way. */
function pair(address: string): [UdpSocket, UdpSocket] {
  const a = connected(address, 9)
  const b = connected(address, localPort(a.fd))
  const again = inetAddress(address, localPort(b.fd))
  if (again === undefined) throw new Error('no address')
  reconnect(a.fd, again.bytes)
  return [a, b]
}

const reconnect = (fd: number, address: Uint8Array): void => {
  if (connect(fd, address, address.length) !== 0) throw new Error('connect')
}

/** Real time, once: stamping is switched on by a work item of the kernel. */
const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 20))

const release = holdStamping()
t.teardown(() => release())

for (const address of ['127.0.0.1', '::1']) {
  t.test(`the kernel stamps a packet on both ends of ${address}`, async (t) => {
    const [a, b] = pair(address)
    t.teardown(() => a.close())
    t.teardown(() => b.close())
    t.ok(a.stamps)
    await settled()
    const before = now()
    t.same(a.send(Uint8Array.of(1, 2, 3)), { ok: true, id: 0 })
    const after = now()
    const got = message(b.receive())
    const sent = message(a.receiveStamp())
    t.same([...got.data], [1, 2, 3])
    t.equal(sent.id, 0)
    t.equal(sent.data.length, 0, 'a transmit stamp brings no copy of the packet')
    t.ok(before <= sent.software!, 'sent after the clock was read')
    t.ok(sent.software! <= got.software!, 'received after it was sent')
    t.ok(got.software! <= after, 'received before send returned')
    t.equal(b.receive(), undefined)
    t.equal(a.receiveStamp(), undefined)
  })
}

t.test('a receive stamp is of the arrival, not of the reading', async (t) => {
  const [a, b] = pair('127.0.0.1')
  await settled()
  a.send(Uint8Array.of(1))
  const arrived = now()
  await settled()
  t.ok(message(b.receive()).software! <= arrived)
  a.close()
  b.close()
})

t.test('of 1000 packets none is without a stamp, and ids count up', async (t) => {
  const [a, b] = pair('127.0.0.1')
  const ids: number[] = []
  let unstamped = 0
  for (let k = 0; k < 1000; k += 1) {
    a.send(new Uint8Array(48))
    ids.push(message(a.receiveStamp()).id ?? -1)
    if (message(b.receive()).software === undefined) unstamped += 1
  }
  t.same(
    ids,
    ids.map((_, index) => index),
  )
  t.equal(unstamped, 0)
  a.close()
  b.close()
})

t.test('after a refused send the numbers of kernel and socket agree again', async (t) => {
  const a = connected('127.0.0.1', 9)
  a.send(Uint8Array.of(1))
  a.send(Uint8Array.of(2))
  while (a.receiveStamp() !== undefined);
  t.ok(a.send(Uint8Array.of(3)).ok, 'the error was read with the stamps, or is pending')
  const tooLong = a.send(new Uint8Array(70_000))
  t.match(tooLong, { ok: false, fault: { syscall: 'send' } })
  while (a.receiveStamp() !== undefined);
  a.receive()
  const next = a.send(Uint8Array.of(4))
  t.same(next, { ok: true, id: 0 })
  t.equal(message(a.receiveStamp()).id, 0)
  a.close()
})

t.test('a closed port is a REFUSED fault, once', async (t) => {
  const a = connected('127.0.0.1', 9)
  a.send(Uint8Array.of(1))
  const received = a.receive()
  t.match(received, { ok: false, fault: { code: 'REFUSED', errno: 'ECONNREFUSED' } })
  t.equal(a.receive(), undefined)
  a.close()
})

t.test('what is no address is a fault', async (t) => {
  for (const address of ['', 'localhost', '1.2.3', '::g']) {
    t.match(UdpSocket.connect(address, 123, true), { ok: false, fault: { code: 'INVALID' } })
  }
  t.match(UdpSocket.connect('127.0.0.1', 70_000, true), { ok: false })
  t.match(UdpSocket.connect('255.255.255.255', 123, true), {
    ok: false,
    fault: { code: 'PERMISSION', syscall: 'connect' },
  })
})

t.test('addresses are laid out as the kernel wants them', async (t) => {
  t.equal(hex(inetAddress('10.99.0.1', 123)?.bytes), '0200007b0a6300010000000000000000')
  const v6 = (text: string): string => hex(inetAddress(text, 123)?.bytes).slice(16, 48)
  t.equal(v6('::'), '0'.repeat(32))
  t.equal(v6('::1'), `${'0'.repeat(31)}1`)
  t.equal(v6('2001:db8::'), `20010db8${'0'.repeat(24)}`)
  t.equal(v6('2001:db8::1:2'), '20010db8000000000000000000010002')
  t.equal(v6('1:2:3:4:5:6:7:8'), '00010002000300040005000600070008')
  t.equal(v6('::ffff:10.0.0.1'), '00000000000000000000ffff0a000001')
  t.equal(inetAddress('fe80::1%lo', 1)?.bytes[24], 1, 'the scope is the index of the interface')
  t.equal(inetAddress('fe80::1%7', 1)?.bytes[24], 7)
  t.equal(inetAddress('10.0.0.1', 1.5), undefined)
  t.equal(hex(unixAddress('/a')?.bytes), '01002f6100')
  t.equal(hex(unixAddress('@a')?.bytes), '01000061')
  t.equal(hex(unixAddress('')?.bytes), '0100')
  t.ok(unixAddress('x'.repeat(107)))
  t.equal(unixAddress('x'.repeat(108)), undefined)
})

t.test('control messages: the stamps are found among others, rubbish is survived', async (t) => {
  const view = new DataView(new ArrayBuffer(256))
  const head = (at: number, size: number, level: number, type: number): void => {
    view.setBigUint64(at, BigInt(size), true)
    view.setInt32(at + 8, level, true)
    view.setInt32(at + 12, type, true)
  }
  head(0, 28, 0, 8)
  head(32, 64, 1, 37)
  view.setBigInt64(48, 1700000000n, true)
  view.setBigInt64(56, 5n, true)
  view.setBigInt64(80, 37n, true)
  view.setBigInt64(88, 9n, true)
  head(96, 48, 41, 25)
  view.setUint8(96 + 20, 4)
  view.setUint32(96 + 28, 77, true)
  t.same(parseControl(view, 144), {
    software: 1_700_000_000_000_000_005n,
    hardware: 37_000_000_009n,
    id: 77,
  })
  const nothing = { software: undefined, hardware: undefined, id: undefined }
  t.same(parseControl(view, 0), nothing)
  t.same(parseControl(view, 60), nothing, 'cut short')
  view.setBigUint64(0, 0n, true)
  t.same(parseControl(view, 144), nothing, 'a length of zero ends the walk')
  view.setBigUint64(0, 2n ** 63n, true)
  t.same(parseControl(view, 144), nothing)
})

t.test('a transmit stamp wakes the poller, and is there before the answer', async (t) => {
  const [a, b] = pair('127.0.0.1')
  const opened = Poller.open()
  if (!opened.ok) throw new Error('no poller')
  const { poller } = opened
  const order = await new Promise<string[]>((done) => {
    const seen: string[] = []
    poller.add(
      a.fd,
      () => {
        if (a.receiveStamp() !== undefined) seen.push('stamp')
        if (a.receive() !== undefined) seen.push('answer')
        if (seen.includes('answer')) done(seen)
        return true
      },
      () => done(['lost']),
    )
    a.send(Uint8Array.of(1))
    b.send(message(b.receive()).data)
  })
  t.same(order, ['stamp', 'answer'])
  t.equal(poller.wakeups, 1, 'both in one wake-up')
  poller.remove(a.fd)
  poller.close()
  a.close()
  b.close()
})
