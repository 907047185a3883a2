import t from 'tap'
import type { Action, Event } from '../../../agent/core/machine.ts'
import { plus, seconds } from '../../../agent/core/units.ts'
import { Ptp4l, type Ptp4lOptions } from '../../../agent/sim/peers/ptp4l.ts'
import { World } from '../../../agent/sim/world.ts'
import {
  ALL_PORTS,
  decodeManagement,
  encodeGet,
  encodeManagement,
  encodeSet,
  type ManagementMessage,
} from '../../../agent/sources/management.ts'
import type { DataSetName } from '../../../agent/sources/management-data.ts'

const info = {
  index: 2,
  device: '/dev/ptp2',
  clockName: 'sim',
  interfaces: ['eth0'],
  pci: '',
  driver: 'sim',
}
const FROM = { domain: 24, source: { clock: '000000.0000.00abcd', port: 77 } }

function node(options: Partial<Ptp4lOptions> = {}, seed = 'ptp4l') {
  const world = new World({
    seed,
    phcs: [{ name: 'phc:eth0', info, offset: 0.3, frequencyPpb: -6000, wanderPpb: 0.5 }],
  })
  const phc = world.phc('phc:eth0')
  if (phc === undefined) throw new Error('no PHC')
  const ptp4l = new Ptp4l({
    socket: '/var/run/ptp4l',
    domain: 24,
    interface: 'eth0',
    phcIndex: 2,
    phc,
    ...options,
  })
  world.add(ptp4l)
  return { world, ptp4l }
}

/** A client that sends each request at its second, and decodes what comes. */
function client(world: World, requests: readonly (readonly [number, Uint8Array])[]) {
  const got: { at: number; message: ManagementMessage }[] = []
  const failed: Event[] = []
  const open: Action = {
    do: 'open',
    channel: 'c',
    transport: 'unix',
    address: '/var/run/ptp4l',
    port: 0,
    stamps: false,
  }
  world.start({
    handle(event, { mono }) {
      if (event.on === 'failed') failed.push(event)
      if (event.on === 'received') {
        const message = decodeManagement(event.data)
        if (message.ok) got.push({ at: world.elapsed, message: message.value })
      }
      if (event.on === 'start') {
        const timers = requests.map(
          ([at], i): Action => ({ do: 'timer', key: `${i}`, at: plus(mono, seconds(at)) }),
        )
        return [open, ...timers]
      }
      if (event.on !== 'timer') return []
      const data = requests[Number(event.key)]?.[1] ?? new Uint8Array(0)
      return [{ do: 'send', channel: 'c', data, token: 0 }]
    },
  })
  return { got, failed }
}

const dataOf = (message: ManagementMessage | undefined): unknown =>
  message?.body.kind === 'data' ? message.body.set.value : message?.body

t.test('it steps its PHC once, then holds it within 100 ns', async (t) => {
  for (const interval of [1, 1 / 8]) {
    const { world, ptp4l } = node({ interval })
    t.equal(ptp4l.state, 'INITIALIZING')
    world.runFor(60)
    t.equal(ptp4l.state, 'SLAVE')
    let worst = 0
    for (let i = 0; i < 200; i++) {
      world.runFor(0.7)
      worst = Math.max(worst, Math.abs(world.truth('phc:eth0')))
    }
    t.ok(worst < 100, `interval ${interval}: worst ${worst} ns`)
  }
})

t.test(
  'without a master it listens and its PHC runs on; with one it comes back unstepped',
  async (t) => {
    const { world, ptp4l } = node()
    world.runFor(60)
    ptp4l.grandmaster.present = false
    world.runFor(3)
    t.equal(ptp4l.state, 'SLAVE', 'not yet given up')
    world.runFor(60)
    t.equal(ptp4l.state, 'LISTENING')
    t.ok(Math.abs(world.truth('phc:eth0')) < 20_000)
    ptp4l.grandmaster.present = true
    ptp4l.grandmaster.errorNs = 30_000
    world.runFor(8)
    world.runFor(60)
    t.equal(ptp4l.state, 'SLAVE')
    t.ok(Math.abs(world.truth('phc:eth0') - 30_000) < 100, 'it follows a master that is wrong')
  },
)

t.test('it answers every data set that an agent asks for', async (t) => {
  const { world } = node({ interval: 1 / 8 })
  const names: DataSetName[] = [
    'DEFAULT_DATA_SET',
    'CURRENT_DATA_SET',
    'PARENT_DATA_SET',
    'TIME_PROPERTIES_DATA_SET',
    'TIME_STATUS_NP',
    'PORT_DATA_SET',
    'PORT_PROPERTIES_NP',
    'PORT_HWCLOCK_NP',
  ]
  const { got } = client(
    world,
    names.map((name, i) => [30 + i, encodeGet(FROM, i, name)]),
  )
  world.runFor(40)
  t.equal(got.length, names.length)
  const answer = (name: DataSetName) => got[names.indexOf(name)]?.message
  t.match(answer('TIME_STATUS_NP'), { action: 'RESPONSE', sequenceId: 4, target: FROM.source })
  t.match(dataOf(answer('DEFAULT_DATA_SET')), { numberPorts: 1, domainNumber: 24 })
  t.match(dataOf(answer('CURRENT_DATA_SET')), { stepsRemoved: 1, meanPathDelay: 1500 })
  t.match(dataOf(answer('PARENT_DATA_SET')), { grandmasterIdentity: '48b02d.fffe.a1b2c3' })
  t.match(dataOf(answer('TIME_PROPERTIES_DATA_SET')), {
    currentUtcOffset: 37,
    flags: { currentUtcOffsetValid: true, ptpTimescale: true },
  })
  t.match(dataOf(answer('TIME_STATUS_NP')), { gmPresent: true })
  t.match(dataOf(answer('PORT_DATA_SET')), { portState: 'SLAVE', logSyncInterval: -3 })
  t.match(dataOf(answer('PORT_PROPERTIES_NP')), { interface: 'eth0', timestamping: 'hardware' })
  t.match(dataOf(answer('PORT_HWCLOCK_NP')), { phcIndex: 2 })
})

t.test('before there is a master, its parent is itself', async (t) => {
  const { world } = node({ grandmaster: { present: false } })
  const { got } = client(world, [
    [5, encodeGet(FROM, 1, 'TIME_STATUS_NP')],
    [6, encodeGet(FROM, 2, 'PARENT_DATA_SET')],
    [7, encodeGet(FROM, 3, 'PORT_DATA_SET')],
  ])
  world.runFor(10)
  t.match(dataOf(got[0]?.message), { gmPresent: false })
  t.match(dataOf(got[1]?.message), { grandmasterClockQuality: { clockClass: 255 } })
  t.match(dataOf(got[2]?.message), { portState: 'LISTENING' })
})

t.test('another domain gets no answer, an unknown id an error', async (t) => {
  const { world } = node()
  const unknown = encodeManagement({
    ...FROM,
    target: ALL_PORTS,
    sequenceId: 5,
    startingBoundaryHops: 0,
    boundaryHops: 0,
    action: 'GET',
    body: { kind: 'empty', id: 0xc0ff },
  })
  const { got } = client(world, [
    [5, encodeGet({ ...FROM, domain: 0 }, 1, 'TIME_STATUS_NP')],
    [6, unknown],
    [7, encodeGet(FROM, 9, 'PORT_SERVICE_STATS_NP')],
    [8, Uint8Array.of(1, 2)],
  ])
  world.runFor(10)
  t.equal(got.length, 2)
  t.match(got[0]?.message.body, { kind: 'error', errorId: 2, id: 0xc0ff })
  t.match(got[1]?.message.body, { kind: 'error', errorId: 2 })
})

const subscribe = (duration: number, events: readonly number[] = [0, 1]): Uint8Array =>
  encodeSet(FROM, 1, { name: 'SUBSCRIBE_EVENTS_NP', value: { duration, events } })

t.test('a subscriber hears of every Sync and of port states until it expires', async (t) => {
  const { world, ptp4l } = node({ interval: 1 / 8 })
  const { got } = client(world, [
    [20, subscribe(10)],
    [25, encodeGet(FROM, 2, 'SUBSCRIBE_EVENTS_NP')],
  ])
  world.at(26, () => ptp4l.restart())
  world.runFor(25.99)
  const pushed = got.filter(({ message }) => message.startingBoundaryHops === 1)
  t.ok(pushed.length >= 46 && pushed.length <= 49, `${pushed.length} in 6 s`)
  t.same(
    pushed.slice(0, 3).map(({ message }) => message.sequenceId),
    [0, 1, 2],
  )
  t.match(dataOf(pushed[0]?.message), { gmPresent: true })
  const asked = got.find(({ message }) => message.sequenceId === 2 && message.boundaryHops === 0)
  t.match(dataOf(asked?.message), { duration: 4, events: [0, 1] })
  const before = got.length
  world.runFor(20)
  t.equal(got.length, before, 'a restart forgets its subscribers')
})

t.test('a subscription expires', async (t) => {
  const { world } = node()
  const { got } = client(world, [
    [20, subscribe(5)],
    [22.5, subscribe(5)],
  ])
  world.runFor(60)
  const last = got.at(-1)?.at ?? 0
  t.ok(last > 26 && last <= 27.6, `last push at ${last}`)
  const pushed = got.filter(({ message }) => message.boundaryHops === 1)
  t.same(
    pushed.map(({ message }) => message.sequenceId),
    pushed.map((_, i) => i),
    'renewed, it counts on',
  )
})

t.test('an old ptp4l refuses subscriptions', async (t) => {
  const { world } = node({ subscriptions: false })
  const { got } = client(world, [[5, subscribe(60)]])
  world.runFor(10)
  t.match(got[0]?.message.body, { kind: 'error', errorId: 6 })
})

t.test('a killed ptp4l refuses, and a restarted one needs a new connection', async (t) => {
  const { world, ptp4l } = node()
  const { got, failed } = client(world, [
    [5, encodeGet(FROM, 1, 'PORT_DATA_SET')],
    [15, encodeGet(FROM, 2, 'PORT_DATA_SET')],
    [25, encodeGet(FROM, 3, 'PORT_DATA_SET')],
  ])
  world.at(10, () => ptp4l.kill())
  world.at(20, () => ptp4l.restart())
  world.runFor(60)
  t.equal(got.length, 1)
  t.equal(failed.length, 2)
  t.equal(ptp4l.state, 'SLAVE', 'it locks again')
})
