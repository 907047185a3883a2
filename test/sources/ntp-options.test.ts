/** Every option that decides about a sample or a request, one test each; and what is shown of them. */
import t from 'tap'
import { referenceIdOf } from '../../agent/sources/ntp-packet.ts'
import type { SourceDetail } from '../../agent/sources/source.ts'
import { Rig } from './ntp-fixture.ts'

const MS = 1_000_000n
const start = (rig: Rig): Rig => {
  rig.feed({ on: 'start' })
  return rig
}
const detail = (rig: Rig) => rig.view.detail as SourceDetail & { readonly kind: 'ntp' }

/** One exchange that takes `late` ns longer on its way back. */
function lateExchange(rig: Rig, late: bigint): void {
  rig.send()
  rig.sent()
  rig.wait(MS)
  const data = rig.answer()
  rig.wait(MS + 2_000n + late)
  rig.receive(data)
}

const kiss = (code: string) => ({
  fields: { stratum: 0, leap: 'unknown' as const, referenceId: referenceIdOf(code) },
})

t.test('minStratum raises a stratum and never lowers one', async (t) => {
  const rig = start(new Rig({ minStratum: 5 }))
  rig.exchange()
  rig.exchange({ fields: { stratum: 7 } })
  t.same(
    rig.samples.map(({ stratum }) => stratum),
    [5, 7],
  )
})

t.test('maxDelayRatio: test B, by name', async (t) => {
  const rig = start(new Rig({ maxDelayRatio: 2, maxDelayDevRatio: 0 }))
  for (let round = 0; round < 6; round += 1) rig.exchange()
  lateExchange(rig, 3n * MS)
  t.equal(rig.notes.at(-1), 'delay-ratio')
  t.match(rig.view.trouble, /^delay-ratio: 5\.001 ms/)
  t.equal(rig.samples.length, 6)
  t.match(rig.view, { reach: 127 }, 'the server was reached')
  rig.exchange()
  t.equal(rig.samples.length, 7)
})

t.test('maxDelayDevRatio: test C, by name, and B comes before it', async (t) => {
  const rig = start(new Rig())
  for (let round = 0; round < 6; round += 1) rig.exchange()
  lateExchange(rig, 3n * MS)
  t.equal(rig.notes.at(-1), 'delay-deviation')
  t.equal(rig.samples.length, 6)
  const both = start(new Rig({ maxDelayRatio: 2 }))
  for (let round = 0; round < 6; round += 1) both.exchange()
  lateExchange(both, 3n * MS)
  t.equal(both.notes.at(-1), 'delay-ratio')
  const off = start(new Rig({ maxDelayDevRatio: 0 }))
  for (let round = 0; round < 6; round += 1) off.exchange()
  lateExchange(off, 3n * MS)
  t.equal(off.samples.length, 7)
})

t.test('a path that stays longer is believed after eight refusals', async (t) => {
  const rig = start(new Rig())
  for (let round = 0; round < 6; round += 1) rig.exchange()
  for (let round = 0; round < 10; round += 1) lateExchange(rig, 3n * MS)
  t.equal(rig.notes.filter((code) => code === 'delay-deviation').length, 7)
  t.equal(rig.samples.length, 9)
})

t.test('an offset that is off by more than the delay explains is heard', async (t) => {
  const rig = start(new Rig())
  for (let round = 0; round < 6; round += 1) rig.exchange()
  rig.ahead = 50n * MS
  lateExchange(rig, 3n * MS)
  t.equal(rig.samples.length, 7)
})

t.test(
  'loop: a server that follows this node is refused, unless it is this node (copy)',
  async (t) => {
    const networks = ['10.99.0.1/24']
    const rig = start(new Rig({}, { networks }))
    rig.exchange()
    t.same(rig.notes, ['reachable', 'loop'])
    t.same(rig.samples, [])
    const first = start(new Rig({}, { networks }))
    first.exchange({ fields: { stratum: 1 } })
    t.equal(first.samples.length, 1, 'a primary server has no such reference')
    const copy = start(new Rig({ copy: true }, { networks }))
    copy.exchange()
    t.equal(copy.samples.length, 1)
  },
)

t.test('offset is added, maxDelay refuses first', async (t) => {
  const rig = start(new Rig({ offset: 0.001, maxDelay: 0.004 }))
  for (let round = 0; round < 6; round += 1) rig.exchange()
  t.equal(Math.round((rig.samples[0]?.offset ?? 0) / 1e3), 1001)
  lateExchange(rig, 3n * MS)
  t.equal(rig.notes.at(-1), 'delay')
})

t.test('filter: N polls are one sample, and the odd one is left out', async (t) => {
  const rig = start(new Rig({ filter: 5, maxDelayDevRatio: 0 }))
  for (let round = 0; round < 4; round += 1) rig.exchange()
  t.equal(rig.view.trouble, '4 of 5 polls of the next sample')
  lateExchange(rig, 200n * MS)
  t.equal(rig.samples.length, 1)
  t.ok(Math.abs(rig.samples[0]?.offset ?? Number.NaN) < 1000)
  t.ok((rig.samples[0]?.at ?? 0n) < rig.now.mono - 1_000n * MS, 'it stands at their mean time')
  t.equal(rig.view.trouble, '')
  t.equal(detail(rig).good, 5)
})

t.test('presend: the first answer is not used, the second one is', async (t) => {
  const rig = start(new Rig({ minpoll: 4, maxpoll: 4, presend: 4 }))
  rig.exchange()
  rig.fire('poll')
  t.equal(rig.seconds, 14)
  rig.feed({ on: 'opened', channel: rig.channel, stamps: 'kernel' })
  rig.sent()
  rig.wait(MS)
  rig.receive(rig.answer())
  t.equal(rig.notes.at(-1), 'presend')
  rig.exchange()
  t.equal(Math.floor(rig.seconds), 16)
  t.equal(rig.samples.length, 2)
  rig.fire('poll')
  rig.feed({ on: 'opened', channel: rig.channel, stamps: 'kernel' })
  rig.receive(rig.answer(kiss('DENY')))
  t.equal(rig.notes.at(-1), 'kiss-deny', 'a refusal counts at any time')
})

t.test('burst: a lost answer is asked for again after 2 s', async (t) => {
  const rig = start(new Rig({ minpoll: 4, maxpoll: 4, burst: true }))
  rig.exchange()
  rig.silence()
  const lost = 16
  rig.fire('poll')
  t.equal(rig.seconds, lost + 3, 'after its time-out of 3 s')
})

t.test('a server elsewhere is not asked more often than every 64 s', async (t) => {
  const rig = start(new Rig({ name: '192.0.2.1', minpoll: 2, maxpoll: 4 }))
  t.same(rig.notes, ['poll-lifted'])
  t.equal(rig.view.pollSeconds, 64)
  t.match(detail(rig).options, { minpoll: 6, maxpoll: 6, aggressive: false })
  const near = start(new Rig({ name: '192.0.2.1', minpoll: 2 }, { networks: ['192.0.2.9/24'] }))
  t.same(near.notes, [])
  t.equal(near.view.pollSeconds, 4)
  const told = start(new Rig({ name: '192.0.2.1', minpoll: 2, aggressive: true }))
  t.same(told.notes, [])
  t.equal(told.view.pollSeconds, 4)
})

t.test('DENY: a name is asked for another server, at once', async (t) => {
  const rig = start(new Rig({ name: 'ntp.example' }))
  const addresses = ['10.0.0.1', '10.0.0.2']
  rig.feed({ on: 'resolved', key: 'resolve', addresses })
  const denied = rig.view.address
  rig.exchange(kiss('DENY'))
  t.equal(rig.resolving, 2)
  rig.feed({ on: 'resolved', key: 'resolve', addresses })
  t.not(rig.view.address, denied)
  rig.exchange()
  t.equal(rig.samples.length, 1)
  rig.exchange(kiss('RSTR'))
  rig.fire('resolve')
  rig.feed({ on: 'resolved', key: 'resolve', addresses })
  t.match(rig.view.trouble, /no free one of 2/)
  const asked = rig.opened.length
  t.same(rig.feed({ on: 'timer', key: 'poll' }), [])
  t.equal(rig.opened.length, asked, 'nobody is asked any more')
})

t.test('another server begins anew: its own burst, at once, without the old answers', async (t) => {
  const rig = start(new Rig({ name: 'ntp.example', iburst: true, minpoll: 6, maxpoll: 10 }))
  rig.feed({ on: 'resolved', key: 'resolve', addresses: ['10.0.0.1'] })
  for (let round = 0; round < 6; round += 1) rig.exchange()
  for (let round = 0; round < 8; round += 1) rig.silence()
  rig.fire('poll')
  rig.feed({ on: 'resolved', key: 'resolve', addresses: ['10.0.0.2'] })
  t.match(rig.view, { address: '10.0.0.2', reach: 0, trouble: 'no answer yet', pollSeconds: 2 })
  const before = rig.seconds
  rig.exchange()
  t.ok(rig.seconds - before < 0.1)
})

t.test('a foreign step is followed by a burst', async (t) => {
  const rig = start(new Rig({ iburst: true, minpoll: 6, maxpoll: 6 }))
  for (let round = 0; round < 5; round += 1) rig.exchange()
  const change = { clock: 'system', at: rig.now.mono, step: 5n, foreign: true } as const
  const rest = { frequency: 0 as never, uncertainty: 0 as never }
  rig.feed({ on: 'change', change: { ...change, ...rest } })
  const before = rig.seconds
  rig.fire('poll')
  t.equal(rig.seconds - before, 2)
})

t.test('options in force and refusals by code are shown', async (t) => {
  const rig = start(new Rig({ xleave: true, filter: 2, maxSamples: 30 }))
  rig.exchange()
  rig.silence()
  rig.exchange({ fields: { leap: 'unknown' } })
  t.same(detail(rig).refused, { timeout: 1, unsynchronised: 1 })
  t.match(detail(rig).options, { xleave: true, filter: 2, maxSamples: 30, maxDelayDevRatio: 10 })
  t.notOk('name' in (detail(rig).options ?? {}))
})

t.test('the file of addresses: read at start, written once, a fault is told once', async (t) => {
  const rig = start(new Rig({ name: 'ntp.example' }))
  t.equal(rig.loading, 1)
  const fault = { code: 'NOT_FOUND', syscall: 'open', errno: 'ENOENT' } as const
  rig.feed({ on: 'failed', what: 'load', key: 'addresses', fault })
  rig.feed({ on: 'resolved', key: 'resolve', addresses: ['10.0.0.1'] })
  rig.exchange()
  rig.exchange()
  t.same(rig.stored, ['ntp.example 10.0.0.1\n'])
  rig.feed({ on: 'failed', what: 'store', key: 'addresses', fault })
  rig.feed({ on: 'failed', what: 'store', key: 'addresses', fault })
  t.equal(rig.notes.filter((code) => code === 'address-file').length, 1)
})

t.test('without DNS the kept address is asked, and the name once DNS is up', async (t) => {
  const rig = start(new Rig({ name: 'ntp.example' }))
  const fault = { code: 'TIMEOUT', syscall: 'resolve', errno: 'ETIMEOUT' } as const
  rig.feed({ on: 'loaded', key: 'addresses', text: 'ntp.example 10.0.0.7' })
  rig.feed({ on: 'failed', what: 'resolve', key: 'resolve', fault })
  t.same(rig.notes, ['resolve-failed', 'address-kept'])
  rig.exchange()
  t.equal(rig.samples.length, 1)
  rig.fire('resolve')
  rig.feed({ on: 'resolved', key: 'resolve', addresses: ['10.0.0.8'] })
  t.equal(rig.view.address, '10.0.0.8')
  t.equal(rig.notes.at(-1), 'resolved')
})
