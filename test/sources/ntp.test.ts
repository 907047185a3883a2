import t from 'tap'
import type { ClockChange } from '../../agent/core/clock-change.ts'
import { nanos, ppb } from '../../agent/core/units.ts'
import { orderAddresses } from '../../agent/sources/ntp-address.ts'
import { AddressBook } from '../../agent/sources/ntp-book.ts'
import { referenceIdOf } from '../../agent/sources/ntp-packet.ts'
import { createNtpSources } from '../../agent/sources/ntp-sources.ts'
import { asUtc, config, plainRandom, Rig } from './ntp-fixture.ts'

const MS = 1_000_000n
const start = (rig: Rig): Rig => {
  rig.feed({ on: 'start' })
  return rig
}
const kiss = (code: string) => ({
  fields: { stratum: 0, leap: 'unknown' as const, referenceId: referenceIdOf(code) },
})
const change = (rig: Rig, fields: Partial<ClockChange>): ClockChange => ({
  clock: 'system',
  at: rig.now.mono,
  step: 0n,
  frequency: ppb(0),
  uncertainty: nanos(0),
  foreign: false,
  ...fields,
})

t.test('an exchange becomes a sample of the system clock', async (t) => {
  const rig = start(new Rig())
  rig.ahead = 5n * MS
  rig.exchange()
  t.match(rig.samples, [
    {
      source: 'ntp:test',
      clock: 'system',
      // the server left out 1 us of what it took in a basic answer
      offset: 5e6 + 500,
      delay: 2_001_000,
      stratum: 3,
      leap: 'none',
      reference: '10.99.0.1',
      stamps: 'kernel',
      at: rig.now.mono - 1_001_000n,
    },
  ])
  t.same(rig.notes, ['reachable'])
  t.match(rig.view, { reach: 1, trouble: '', stratum: 3, pollSeconds: 1, address: '10.99.0.1' })
  t.match(rig.view.detail, { mode: 'basic', sent: 1, received: 1, good: 1, leap: 'none' })
})

t.test('the time of a sample is right also when a clock reads another time', async (t) => {
  const rig = start(new Rig())
  rig.ahead = -1_000_000_000_000_000_000n
  rig.exchange()
  t.equal(rig.samples[0]?.at, rig.now.mono - 1_001_000n)
})

t.test('each request has a socket and a cookie of its own', async (t) => {
  const rig = start(new Rig())
  const channels: string[] = []
  const cookies = new Set<bigint | undefined>()
  for (let round = 0; round < 3; round += 1) {
    rig.exchange()
    channels.push(rig.channel)
    cookies.add(rig.request?.transmit)
  }
  t.equal(new Set(channels).size, 3)
  t.equal(cookies.size, 3)
  t.equal(rig.closed, 3)
  t.same(rig.opened, ['10.99.0.1:123', '10.99.0.1:123', '10.99.0.1:123'])
})

t.test('polls follow each other at the interval, counted from the request', async (t) => {
  const rig = start(new Rig({ minpoll: 4, maxpoll: 4 }))
  rig.exchange()
  rig.fire('poll')
  t.equal(rig.seconds, 16)
})

t.test('iburst sends four requests 2 s apart when all are answered', async (t) => {
  const rig = start(new Rig({ iburst: true, minpoll: 6, maxpoll: 6 }))
  const times = Array.from({ length: 6 }, () => {
    rig.send()
    const at = rig.seconds
    rig.sent()
    rig.wait(MS)
    rig.receive(rig.answer())
    return at
  })
  t.same(times, [0, 2, 4, 6, 70, 134])
})

t.test('iburst gives up after eight requests', async (t) => {
  const rig = start(new Rig({ iburst: true, minpoll: 6, maxpoll: 6 }))
  const times = Array.from({ length: 9 }, () => {
    rig.send()
    const at = rig.seconds
    rig.fire('timeout')
    return at
  })
  t.same(times, [0, 2, 4, 6, 8, 10, 12, 14, 78])
})

t.test('a second answer to one request is not accepted', async (t) => {
  const rig = start(new Rig())
  rig.send()
  rig.wait(MS)
  const first = rig.answer()
  rig.receive(first)
  rig.receive(first)
  rig.wait(1n)
  rig.receive(rig.answer())
  t.same(rig.notes, ['duplicate', 'duplicate'])
  rig.sent()
  t.equal(rig.samples.length, 1)
  rig.receive(first)
  t.same(rig.notes.slice(2), ['reachable'], 'nothing comes in on a closed socket')
})

t.test('a forged answer does not end the wait for the true one', async (t) => {
  const rig = start(new Rig())
  rig.send()
  rig.sent()
  rig.wait(MS)
  rig.receive(rig.answer({ fields: { origin: 1n } }))
  rig.receive(new Uint8Array(10))
  t.same(rig.notes, ['bogus', 'malformed'])
  rig.receive(rig.answer())
  t.equal(rig.samples.length, 1)
})

t.test('a transmit stamp that comes after the answer is waited for', async (t) => {
  const rig = start(new Rig())
  rig.send()
  const left = rig.stampNow()
  rig.wait(MS)
  rig.receive(rig.answer())
  t.equal(rig.samples.length, 0)
  rig.wait(40n * MS)
  rig.sent(left)
  t.match(rig.samples, [{ delay: 999_000, stamps: 'kernel' }])
  t.notOk(rig.timers.has('stamp'))
  t.equal(rig.samples[0]?.at, rig.now.mono - 40_500_000n)
})

t.test('without a transmit stamp the time of the call stands in after 50 ms', async (t) => {
  const rig = start(new Rig())
  rig.send()
  rig.wait(MS)
  rig.receive(rig.answer())
  rig.fire('stamp')
  t.equal(rig.seconds, 0.051)
  t.match(rig.samples, [{ stamps: 'daemon', delay: 999_000 }])
  t.same(rig.notes, ['no-transmit-stamp', 'reachable'])
})

t.test('a channel without kernel stamps has none to wait for', async (t) => {
  const rig = start(new Rig())
  rig.send('daemon')
  rig.wait(MS)
  rig.receive(rig.answer())
  t.match(rig.samples, [{ stamps: 'daemon' }])
  t.same(rig.notes, ['reachable'])
})

const stampedOf = ({ view }: Rig) => view.detail.kind === 'ntp' && view.detail.stamped

t.test('a transmit stamp of hardware takes the place of the kernel one', async (t) => {
  const rig = start(new Rig())
  t.match(stampedOf(rig), { tx: { last: undefined }, rx: { last: undefined } })
  rig.send('hardware')
  rig.sent()
  rig.wait(3_000n)
  rig.sent({ ...rig.stampNow('hardware'), dispersion: nanos(400) })
  rig.wait(MS)
  rig.feed({
    ...{ on: 'received', channel: rig.channel, data: rig.answer() },
    stamp: { ...rig.stampNow('hardware'), dispersion: nanos(700) },
  })
  const [sample] = rig.samples
  t.match(sample, { stamps: 'hardware' })
  t.ok((sample?.dispersion ?? 0) >= 750, 'the worse conversion, and what hardware may be wrong by')
  t.match(stampedOf(rig), {
    tx: { last: 'hardware', counts: { hardware: 1, kernel: 0, daemon: 0 } },
    rx: { last: 'hardware', counts: { hardware: 1, kernel: 0, daemon: 0 } },
  })
})

t.test('a transmit stamp of hardware that is lost is not waited for', async (t) => {
  const rig = start(new Rig())
  rig.send('hardware')
  rig.sent()
  rig.wait(MS)
  const stamp = { ...rig.stampNow('hardware'), dispersion: nanos(700) }
  rig.feed({ on: 'received', channel: rig.channel, data: rig.answer(), stamp })
  t.match(rig.samples, [{ stamps: 'kernel' }], 'the worse of the two')
  rig.sent(rig.stampNow('hardware'))
  t.equal(rig.samples.length, 1, 'one that comes later changes nothing')
  t.match(stampedOf(rig), { tx: { last: 'kernel' }, rx: { last: 'hardware' } })
})

t.test('stamps of another request are not taken', async (t) => {
  const rig = start(new Rig())
  rig.send()
  rig.feed({ on: 'sent', channel: rig.channel, token: 99, stamp: rig.stampNow() })
  rig.feed({ on: 'sent', channel: 'other', token: rig.token, stamp: rig.stampNow() })
  rig.feed({ on: 'received', channel: 'other', data: rig.answer(), stamp: rig.stampNow() })
  rig.feed({ on: 'opened', channel: 'other', stamps: 'kernel' })
  t.same(rig.samples, [])
  t.equal(rig.view.detail.kind === 'ntp' && rig.view.detail.received, 0)
})

t.test('an answer before the request was sent is none', async (t) => {
  const rig = start(new Rig())
  rig.exchange()
  rig.fire('poll')
  rig.receive(rig.answer())
  t.equal(rig.samples.length, 1)
})

t.test('a server that does not answer becomes unreachable and comes back', async (t) => {
  const rig = start(new Rig())
  rig.exchange()
  for (let round = 0; round < 8; round += 1) rig.silence()
  t.equal(rig.view.reach, 0)
  t.equal(rig.view.trouble, 'timeout: no answer')
  t.same(rig.notes, ['reachable', ...Array(8).fill('timeout'), 'unreachable'])
  rig.exchange()
  t.equal(rig.notes.at(-1), 'reachable')
  t.match(rig.view, { reach: 1, trouble: '' })
})

t.test('a server that never answered is reported after eight polls, once', async (t) => {
  const rig = start(new Rig())
  for (let round = 0; round < 12; round += 1) rig.silence()
  t.same(
    rig.notes.filter((code) => code !== 'timeout'),
    ['unreachable'],
  )
})

t.test('a server that is not synchronised is reached for nothing', async (t) => {
  const rig = start(new Rig())
  rig.exchange({ fields: { leap: 'unknown' } })
  t.same(rig.notes, ['unsynchronised'])
  t.match(rig.view, { reach: 0, trouble: 'unsynchronised: leap indicator 3' })
  t.ok(rig.timers.has('poll'))
})

t.test('an answer that is too slow is refused, with the server reached', async (t) => {
  const rig = start(new Rig({ maxDelay: 0.001 }))
  rig.exchange()
  t.same(rig.samples, [])
  t.same(rig.notes, ['reachable', 'delay'])
  t.match(rig.view, { reach: 1, trouble: 'delay: 0.002001 s' })
})

t.test('a socket that cannot be opened is told once and retried at every poll', async (t) => {
  const rig = start(new Rig())
  const fault = { code: 'UNREACHABLE', syscall: 'connect', errno: 'ENETUNREACH' } as const
  for (let round = 0; round < 3; round += 1) {
    rig.fire('poll')
    rig.feed({ on: 'failed', what: 'open', key: rig.channel, fault })
  }
  t.same(rig.notes, ['open-failed', 'send-failed', 'send-failed'])
  rig.send()
  rig.feed({ on: 'failed', what: 'send', key: rig.channel, fault })
  t.equal(rig.notes.at(-1), 'send-failed')
  t.match(rig.view.trouble, /ENETUNREACH/)
  rig.feed({ on: 'failed', what: 'send', key: 'other', fault })
  t.equal(rig.notes.length, 4)
})

t.test('RATE: the server is asked 16 times less often', async (t) => {
  const rig = start(new Rig({ iburst: true }))
  rig.exchange(kiss('RATE'))
  const before = rig.seconds
  t.same(rig.notes, ['kiss-rate'])
  t.equal(rig.view.pollSeconds, 16)
  rig.fire('poll')
  t.ok(rig.seconds - before > 15)
})

t.test('DENY and RSTR: the server is not asked any more', async (t) => {
  for (const code of ['DENY', 'RSTR']) {
    const rig = start(new Rig())
    rig.exchange()
    rig.exchange(kiss(code))
    t.equal(rig.notes.at(-1), 'kiss-deny')
    t.match(rig.view, { reach: 0, trouble: `the server refuses us (${code})` })
    t.equal(rig.timers.size, 0)
    t.same(rig.feed({ on: 'timer', key: 'poll' }), [])
  }
})

t.test('a kiss from somebody who has not seen the request is not heard', async (t) => {
  const rig = start(new Rig())
  rig.send()
  rig.receive(rig.answer({ fields: { ...kiss('DENY').fields, origin: 5n } }))
  t.same(rig.notes, ['bogus'])
})

t.test('another kiss code is counted and nothing else', async (t) => {
  const rig = start(new Rig())
  rig.exchange(kiss('INIT'))
  t.same(rig.notes, ['kiss-other'])
  t.equal(rig.view.pollSeconds, 1)
})

t.test(
  'interleaved: the second answer is not used, the third measures the second exchange',
  async (t) => {
    const rig = start(new Rig({ xleave: true }))
    rig.ahead = 7n * MS
    rig.exchange()
    t.equal(rig.request?.receive, 0n, 'begins with a basic request')
    const firstReceive = rig.truth - MS - 2_000n
    rig.exchange({ interleaved: true })
    t.equal(asUtc(rig.request?.origin ?? 0n), firstReceive, 'names the last receive stamp')
    t.same(rig.notes, ['reachable', 'interleaved-first'])
    t.equal(rig.samples.length, 1)
    const second = rig.now.mono
    rig.exchange({ interleaved: true })
    t.match(rig.samples[1], { offset: 7e6, delay: 2e6, at: second - 1_001_000n })
    t.match(rig.view.detail, { mode: 'interleaved', good: 2 })
  },
)

t.test('interleaved: a basic answer is used, and the next interleaved one is not', async (t) => {
  const rig = start(new Rig({ xleave: true }))
  for (const interleaved of [false, true, true]) rig.exchange({ interleaved })
  t.equal(rig.samples.length, 2)
  rig.exchange({ interleaved: false })
  t.equal(rig.samples.length, 3)
  t.match(rig.view.detail, { mode: 'basic' })
  rig.exchange({ interleaved: true })
  t.equal(rig.samples.length, 3)
  rig.exchange({ interleaved: true })
  t.equal(rig.samples.length, 4)
})

t.test('interleaved: a lost answer costs one sample and no wrong one', async (t) => {
  const rig = start(new Rig({ xleave: true }))
  for (const interleaved of [false, true, true]) rig.exchange({ interleaved })
  const third = rig.now.mono
  rig.silence()
  rig.exchange({ interleaved: true })
  t.match(rig.samples.at(-1), { offset: 0, delay: 2e6, at: third - 1_001_000n })
})

t.test('interleaved: after four misses the next request is a basic one', async (t) => {
  const rig = start(new Rig({ xleave: true }))
  rig.exchange()
  for (let miss = 0; miss < 4; miss += 1) {
    rig.silence()
    t.not(rig.request?.receive, 0n, `miss ${miss}`)
  }
  rig.silence()
  t.equal(rig.request?.receive, 0n)
  rig.exchange()
  rig.exchange({ interleaved: true })
  t.not(rig.request?.receive, 0n, 'and begins again')
})

t.test('interleaved: a server that only answers basically is used basically', async (t) => {
  const rig = start(new Rig({ xleave: true }))
  for (let round = 0; round < 10; round += 1) rig.exchange()
  t.equal(rig.samples.length, 10)
})

t.test('an exchange during which the clock was stepped is discarded', async (t) => {
  const rig = start(new Rig())
  rig.send()
  rig.sent()
  rig.feed({ on: 'change', change: change(rig, { step: 1_000n }) })
  t.same(rig.notes, ['straddled'])
  t.equal(rig.closed, 1)
  t.equal(rig.view.reach, 0)
  rig.exchange()
  t.equal(rig.samples.length, 1)
})

t.test('a step between exchanges ends interleaved mode until the next basic answer', async (t) => {
  const rig = start(new Rig({ xleave: true }))
  for (const interleaved of [false, true, true]) rig.exchange({ interleaved })
  const before = rig.view.offset ?? Number.NaN
  rig.feed({ on: 'change', change: change(rig, { step: 1_000n }) })
  t.equal(rig.view.offset, before + 1_000, 'what is shown moves along')
  rig.exchange()
  t.equal(rig.request?.receive, 0n)
})

t.test('a step while the socket is being opened does no harm', async (t) => {
  const rig = start(new Rig())
  rig.fire('poll')
  rig.feed({ on: 'change', change: change(rig, { step: 1_000n }) })
  t.same(rig.notes, [])
  rig.feed({ on: 'opened', channel: rig.channel, stamps: 'kernel' })
  rig.sent()
  rig.wait(MS)
  rig.receive(rig.answer())
  t.equal(rig.samples.length, 1)
})

t.test('a change of frequency moves the stamps taken before it', async (t) => {
  const rig = start(new Rig())
  rig.send()
  rig.sent()
  rig.wait(100n * MS)
  const data = rig.answer()
  rig.feed({ on: 'change', change: change(rig, { frequency: ppb(10_000), uncertainty: nanos(3) }) })
  rig.receive(data)
  // 10 ppm over 100 ms: T1 would have read 1 us less; the server held it for 1 us
  t.match(rig.samples, [{ delay: 100_000_000, dispersion: 1_000 + 100 + 15e-6 * 100_001_000 + 3 }])
})

t.test('a change of another clock is none of ours', async (t) => {
  const rig = start(new Rig())
  rig.send()
  rig.feed({ on: 'change', change: change(rig, { clock: 'phc:eth0', step: 5n }) })
  t.same(rig.notes, [])
  t.same(rig.feed({ on: 'closed', channel: rig.channel }), [])
  t.same(rig.feed({ on: 'timer', key: 'unknown' }), [])
})

t.test('interleaved: the last exchange follows a change of frequency', async (t) => {
  const rig = start(new Rig({ xleave: true }))
  rig.exchange()
  rig.exchange({ interleaved: true })
  rig.feed({ on: 'change', change: change(rig, { frequency: ppb(1e6), uncertainty: nanos(3) }) })
  rig.exchange({ interleaved: true })
  const { offset = 0, dispersion = 0 } = rig.samples[1] ?? {}
  t.equal(offset, -1_001, '1000 ppm over the ms since its middle')
  const first = rig.samples[0]?.dispersion ?? 0
  t.ok(Math.abs(dispersion - first - 3) < 0.1, `${dispersion} after ${first}`)
})

t.test('a name is resolved first, and again when the server fails', async (t) => {
  const rig = start(new Rig({ name: 'ntp.example' }))
  t.equal(rig.resolving, 1)
  t.same(rig.timers.size, 0)
  const addresses = ['192.0.2.1', '192.0.2.2']
  const [first, second] = orderAddresses(addresses, 0)
  rig.feed({ on: 'resolved', key: 'resolve', addresses })
  for (let round = 0; round < 3; round += 1) rig.silence()
  t.equal(rig.resolving, 2)
  rig.feed({ on: 'resolved', key: 'resolve', addresses })
  t.equal(rig.view.address, second)
  rig.silence()
  t.same(
    rig.opened,
    [first, first, first, second].map((address) => `${address}:123`),
  )
  rig.silence()
  rig.silence()
  t.equal(rig.resolving, 2, 'three more of the new one, but only 5 minutes later')
  rig.fire('resolve')
  t.equal(rig.resolving, 3)
})

t.test('an address is not resolved, however long it is silent', async (t) => {
  const rig = start(new Rig())
  for (let round = 0; round < 12; round += 1) rig.silence()
  t.equal(rig.resolving, 0)
})

t.test('a name that cannot be resolved is retried with patience', async (t) => {
  const rig = start(new Rig({ name: 'ntp.example' }))
  const fault = { code: 'TIMEOUT', syscall: 'getaddrinfo', errno: 'EAI_AGAIN' } as const
  const times: number[] = []
  for (let round = 0; round < 3; round += 1) {
    rig.feed({ on: 'failed', what: 'resolve', key: 'resolve', fault })
    rig.fire('resolve')
    times.push(rig.seconds)
  }
  t.same(times, [2, 6, 14])
  t.match(rig.view, { address: 'ntp.example', trouble: /EAI_AGAIN/ })
  rig.feed({ on: 'resolved', key: 'resolve', addresses: [] })
  t.match(rig.view.trouble, /no address/)
  rig.feed({ on: 'resolved', key: 'resolve', addresses: ['192.0.2.9'] })
  rig.exchange()
  t.equal(rig.samples.length, 1)
  rig.feed({ on: 'failed', what: 'resolve', key: 'resolve', fault })
  t.equal(rig.view.trouble, '', 'the server at hand goes on')
})

t.test('stop closes the socket and ends everything', async (t) => {
  const rig = start(new Rig())
  rig.send()
  rig.feed({ on: 'stop' })
  t.equal(rig.closed, 1)
  t.equal(rig.timers.size, 0)
  t.same(rig.feed({ on: 'start' }), [])
  const idle = start(new Rig())
  idle.feed({ on: 'stop' })
  t.equal(idle.closed, 0)
})

t.test('a poll that comes while one is under way is skipped', async (t) => {
  const rig = start(new Rig())
  rig.send()
  t.same(rig.feed({ on: 'timer', key: 'poll' }), [])
  const nameless = start(new Rig({ name: 'ntp.example' }))
  t.same(nameless.feed({ on: 'timer', key: 'poll' }), [])
  t.same(nameless.feed({ on: 'timer', key: 'stamp' }), [])
  t.same(nameless.feed({ on: 'timer', key: 'timeout' }), [])
})

t.test('a server is one source, a pool as many as it may have', async (t) => {
  const ids = (fields: Parameters<typeof config>[0]) =>
    createNtpSources(config(fields), {
      random: plainRandom(),
      book: new AddressBook(),
    }).map(({ id }) => id)
  t.same(ids({}), ['ntp:10.99.0.1'])
  t.same(ids({ port: 11123 }), ['ntp:10.99.0.1:11123'])
  t.same(ids({ name: '0.pool.example', pool: true, maxSources: 3 }), [
    'ntp:0.pool.example#0',
    'ntp:0.pool.example#1',
    'ntp:0.pool.example#2',
  ])
})

t.test('the slots of a pool ask distinct servers, each having resolved by itself', async (t) => {
  const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.3']
  const sources = createNtpSources(config({ name: 'pool', pool: true }), {
    random: plainRandom(),
    book: new AddressBook(),
  })
  const { now } = new Rig()
  sources.forEach((source, index) => {
    const rotated = [...addresses.slice(index % 3), ...addresses.slice(0, index % 3)]
    source.handle({ on: 'resolved', key: 'resolve', addresses: rotated }, now)
  })
  const views = sources.map((source) => source.view(now))
  t.same(
    views
      .slice(0, 3)
      .map(({ address }) => address)
      .sort(),
    addresses,
  )
  t.match(views[3], { address: 'pool', trouble: 'pool: no free one of 3 addresses' })
})
