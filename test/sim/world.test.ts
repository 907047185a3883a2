import t from 'tap'
import { readingOf } from '../../agent/core/comparison.ts'
import type { Action, Event, Machine, Now } from '../../agent/core/machine.ts'
import { nanos, plus, seconds } from '../../agent/core/units.ts'
import type { PhcInfo } from '../../agent/ports/node.ts'
import { createLink } from '../../agent/sim/network.ts'
import type { Packet, Peer, Surroundings } from '../../agent/sim/peer.ts'
import type { WorldOptions } from '../../agent/sim/setup.ts'
import { World } from '../../agent/sim/world.ts'

const info: PhcInfo = {
  index: 3,
  device: '/dev/ptp3',
  clockName: 'sim',
  interfaces: ['eth0'],
  pci: '',
  driver: 'sim',
}

/** A machine whose reactions are a function, and which remembers what it got. */
class Probe implements Machine {
  readonly got: { event: Event; now: Now }[] = []
  readonly #react: (event: Event, now: Now) => readonly Action[]

  constructor(react: (event: Event, now: Now) => readonly Action[]) {
    this.#react = react
  }

  handle(event: Event, now: Now): readonly Action[] {
    this.got.push({ event, now })
    return this.#react(event, now)
  }

  get events(): Event[] {
    return this.got.map(({ event }) => event)
  }
}

/** Echoes after 1 ms. */
class Echo implements Peer {
  readonly address: string
  readonly transport: Peer['transport']
  readonly port = 7
  readonly link = createLink({ delayNs: 100_000, jitterNs: 0 })
  listening = true
  incarnation = 1
  #world: Surroundings | undefined

  constructor(transport: Peer['transport'], address: string) {
    this.transport = transport
    this.address = address
  }

  start(world: Surroundings): void {
    this.#world = world
  }

  receive({ data, answer }: Packet): void {
    this.#world?.after(1e6, () => answer(data))
  }
}

const exact: WorldOptions = { seed: '1', latencyNs: 0, stampNoiseNs: 0, system: { wanderPpb: 0 } }

const opening = (transport: Peer['transport'], address: string, stamps = true): Action => ({
  do: 'open',
  channel: 'c',
  transport,
  address,
  port: 7,
  stamps,
})
const sending: Action = { do: 'send', channel: 'c', data: Uint8Array.of(1, 2), token: 9 }

function run(
  react: (event: Event, now: Now) => readonly Action[],
  options = exact,
  peers: Peer[] = [],
) {
  const world = new World(options)
  for (const peer of peers) world.add(peer)
  const probe = new Probe(react)
  world.start(probe)
  return { world, probe }
}

t.test('a timer rings when CLOCK_MONOTONIC says so, not true time', async (t) => {
  const fast = { ...exact, system: { frequencyPpb: 100_000, wanderPpb: 0 } }
  const { world, probe } = run(
    ({ on }, now) =>
      on === 'start' ? [{ do: 'timer', key: 'k', at: plus(now.mono, seconds(10)) }] : [],
    fast,
  )
  world.runFor(9.9985)
  t.same(probe.events, [{ on: 'start' }])
  world.runFor(0.001)
  t.same(probe.events.at(-1), { on: 'timer', key: 'k' })
})

t.test(
  'a second timer of the same key replaces the first, a cancelled one is silent',
  async (t) => {
    const { world, probe } = run(({ on }, { mono }) =>
      on === 'start'
        ? [
            { do: 'timer', key: 'a', at: plus(mono, seconds(1)) },
            { do: 'timer', key: 'a', at: plus(mono, seconds(2)) },
            { do: 'timer', key: 'b', at: plus(mono, seconds(1)) },
            { do: 'cancel', key: 'b' },
            { do: 'timer', key: 'past', at: plus(mono, seconds(-1)) },
          ]
        : [],
    )
    world.runFor(1.5)
    t.same(probe.events.slice(1), [{ on: 'timer', key: 'past' }])
    world.runFor(1)
    t.same(probe.events.slice(2), [{ on: 'timer', key: 'a' }])
  },
)

t.test('kernel stamps are the true moments, however late the agent is', async (t) => {
  const { world, probe } = run(
    ({ on }) => (on === 'start' ? [opening('udp', '10.0.0.1')] : on === 'opened' ? [sending] : []),
    { ...exact, latencyNs: 5e6 },
    [new Echo('udp', '10.0.0.1')],
  )
  world.runFor(1)
  const opened = probe.got.find(({ event }) => event.on === 'opened')
  const sent = probe.events.find((event) => event.on === 'sent')
  const received = probe.got.find(({ event }) => event.on === 'received')
  t.match(opened?.event, { stamps: 'kernel' })
  t.match(sent, { token: 9, stamp: { kind: 'kernel' } })
  if (sent?.on !== 'sent' || received?.event.on !== 'received') throw new Error('incomplete')
  t.equal(received.event.stamp.at - sent.stamp.at, 1_200_000n, 'there, 1 ms, back')
  t.ok(received.now.utc > received.event.stamp.at, 'seen later than stamped')
  t.same([...received.event.data], [1, 2])
})

t.test('without stamps a packet is stamped when the agent sees it', async (t) => {
  const { world, probe } = run(
    ({ on }) =>
      on === 'start' ? [opening('udp', '10.0.0.1', false)] : on === 'opened' ? [sending] : [],
    { ...exact, latencyNs: 1e5 },
    [new Echo('udp', '10.0.0.1')],
  )
  world.runFor(1)
  t.match(probe.events[1], { on: 'opened', stamps: 'daemon' })
  const last = probe.got.at(-1)
  t.match(last?.event, { on: 'received', stamp: { kind: 'daemon', at: last?.now.utc } })
  t.notOk(probe.events.some(({ on }) => on === 'sent'))
})

t.test('a datagram to nobody is lost, a closed port refuses', async (t) => {
  const echo = new Echo('udp', '10.0.0.1')
  echo.listening = false
  for (const [address, expected] of [
    ['10.0.0.9', []],
    ['10.0.0.1', ['failed']],
  ] as const) {
    const { world, probe } = run(
      ({ on }) => (on === 'start' ? [opening('udp', address)] : on === 'opened' ? [sending] : []),
      exact,
      [echo],
    )
    world.runFor(5)
    t.same(
      probe.events.slice(3).map(({ on }) => on),
      expected,
      address,
    )
  }
})

t.test('a closed channel is silent', async (t) => {
  const { world, probe } = run(
    ({ on }) =>
      on === 'start'
        ? [opening('udp', '10.0.0.1')]
        : on === 'opened'
          ? [sending, { do: 'close', channel: 'c' }]
          : [],
    exact,
    [new Echo('udp', '10.0.0.1')],
  )
  world.runFor(1)
  t.same(
    probe.events.map(({ on }) => on),
    ['start', 'opened'],
  )
})

t.test('a Unix socket that is not there, goes away and comes back', async (t) => {
  const echo = new Echo('unix', '/run/x')
  const other = run(({ on }) => (on === 'start' ? [opening('unix', '/run/none')] : []))
  other.world.runFor(1)
  t.match(other.probe.events[1], { on: 'failed', what: 'open', fault: { errno: 'ENOENT' } })
  const third = run(
    ({ on }) =>
      on === 'start'
        ? [opening('unix', '/run/x')]
        : on === 'opened'
          ? [sending]
          : on === 'received'
            ? [sending]
            : [],
    exact,
    [echo],
  )
  third.world.at(0.01, () => echo.incarnation++)
  third.world.runFor(1)
  t.match(third.probe.events.at(-1), { on: 'failed', what: 'send', fault: { code: 'REFUSED' } })
})

t.test('a tcp connection takes a round trip, and may be refused or time out', async (t) => {
  const echo = new Echo('tcp', '10.0.0.1')
  const connect = (address = '10.0.0.1') =>
    run(
      ({ on }) => (on === 'start' ? [opening('tcp', address)] : on === 'opened' ? [sending] : []),
      exact,
      [echo],
    )
  const first = connect()
  first.world.runFor(1)
  t.same(
    first.probe.events.map(({ on }) => on),
    ['start', 'opened', 'received'],
  )
  t.equal(first.probe.got[1]!.now.mono - first.probe.got[0]!.now.mono, 200_000n)
  echo.listening = false
  const second = connect()
  second.world.runFor(1)
  t.match(second.probe.events[1], { on: 'failed', what: 'open', fault: { code: 'REFUSED' } })
  const third = connect('10.9.9.9')
  third.world.runFor(60)
  t.match(third.probe.events[1], { on: 'failed', what: 'open', fault: { code: 'TIMEOUT' } })
})

t.test(
  'a tls session takes a round trip more; a peer without a certificate has none',
  async (t) => {
    const certificate = { from: 0, until: 4e9, by: 'CN=echo' }
    for (const tls of [{ fault: undefined, certificate }, undefined]) {
      const echo = Object.assign(new Echo('tls', '10.0.0.1'), tls && { tls })
      const { world, probe } = run(
        ({ on }) => (on === 'start' ? [opening('tls', '10.0.0.1')] : []),
        exact,
        [echo],
      )
      world.runFor(1)
      t.equal(probe.got[1]!.now.mono - probe.got[0]!.now.mono, 400_000n)
      const took = { connectSeconds: 0.0002, tlsSeconds: 0.0002 }
      if (tls !== undefined) t.match(probe.events[1], { on: 'opened', tls: { ...tls, ...took } })
      else t.match(probe.events[1], { on: 'failed', what: 'open', fault: { code: 'HANDSHAKE' } })
    }
  },
)

t.test('a PHC is read between two readings of the system clock', async (t) => {
  const { world, probe } = run(
    ({ on }) =>
      on === 'start' ? [{ do: 'compare', key: 'k', clock: 'phc:eth0', readings: 5 }] : [],
    { ...exact, phcs: [{ name: 'phc:eth0', info, offset: 0.5, wanderPpb: 0 }] },
  )
  world.runFor(1)
  const event = probe.events[1]
  if (event?.on !== 'compared') throw new Error('not compared')
  t.equal(event.comparison.method, 'extended')
  t.equal(event.comparison.readings.length, 5)
  for (const each of event.comparison.readings) {
    const { before, phc, after } = readingOf(event.comparison, each)
    t.ok(after - before >= 800n)
    const offset = Number(phc - before) - 37.5e9
    t.ok(offset >= 0 && offset <= Number(after - before), `latched ${offset} ns in`)
  }
  t.ok(Math.abs(world.truth('phc:eth0') - 0.5e9) < 1)
})

t.test('the other wishes of an agent: identify, resolve, load, store', async (t) => {
  const wishes: Action[] = [
    { do: 'identify', key: 'i', interface: 'eth0' },
    { do: 'identify', key: 'j', interface: 'eth9' },
    { do: 'resolve', key: 'r', name: 'ntp-a' },
    { do: 'resolve', key: 's', name: 'nowhere' },
    { do: 'load', key: 'l', file: 'none' },
    { do: 'store', key: 'w', file: 'drift', text: '1 2' },
    { do: 'compare', key: 'c', clock: 'phc:eth9', readings: 1 },
  ]
  const { world, probe } = run(
    (event) =>
      event.on === 'start'
        ? wishes
        : event.on === 'stored'
          ? [{ do: 'load', key: 'm', file: 'drift' }]
          : [],
    { ...exact, phcs: [{ name: 'phc:eth0', info }] },
  )
  world.devices.names.set('ntp-a', ['10.0.0.1'])
  world.runFor(1)
  const by = (key: string) => probe.events.find((event) => 'key' in event && event.key === key)
  t.match(by('i'), { on: 'identified', phcIndex: 3 })
  t.match(by('j'), { on: 'failed', what: 'identify' })
  t.match(by('r'), { on: 'resolved', addresses: ['10.0.0.1'] })
  t.match(by('s'), { on: 'failed', what: 'resolve' })
  t.match(by('l'), { on: 'failed', what: 'load', fault: { code: 'NOT_FOUND' } })
  t.match(by('m'), { on: 'loaded', text: '1 2' })
  t.match(by('c'), { on: 'failed', what: 'compare', fault: { code: 'NO_DEVICE' } })
})

t.test('the true error of the system clock follows what is done to it', async (t) => {
  const { world } = run(() => [], {
    ...exact,
    system: { offset: 0.012, frequencyPpb: 18_000, wanderPpb: 0 },
  })
  t.equal(world.truth('system'), 12e6)
  world.runFor(10)
  t.ok(Math.abs(world.truth('system') - 12_180_000) < 1)
  world.system.adjust({ step: -12_180_000n })
  t.ok(Math.abs(world.truth('system')) < 1)
  t.ok(Number.isNaN(world.truth('phc:none')))
})

t.test('asleep, CLOCK_MONOTONIC stands still and nothing happens', async (t) => {
  const { world, probe } = run(({ on }, { mono }) =>
    on === 'start' ? [{ do: 'timer', key: 'k', at: plus(mono, seconds(5)) }] : [],
  )
  world.runFor(1)
  const before = world.now()
  world.suspend(100, 300_000_000n)
  world.runFor(100.5)
  const after = world.now()
  t.equal(Number(after.mono - before.mono), 0.5e9)
  t.equal(Number(after.utc - before.utc), 100.8e9)
  t.equal(probe.events.length, 1)
  world.runFor(4)
  t.match(probe.events[1], { on: 'timer', key: 'k' })
})

t.test('after stop nothing reaches the agent; notes are kept', async (t) => {
  const { world, probe } = run(({ on }, { mono }) => [
    { do: 'note', code: 'timeout', detail: on },
    { do: 'timer', key: 'k', at: plus(mono, nanos(1e9)) },
  ])
  world.runFor(2.5)
  world.stop()
  world.runFor(5)
  t.same(
    probe.events.map(({ on }) => on),
    ['start', 'timer', 'timer', 'stop'],
  )
  t.match(
    world.notes.map(({ detail }) => detail),
    ['start', 'timer', 'timer', 'stop'],
  )
})
