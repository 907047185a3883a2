import t from 'tap'
import type { ClockStatus } from '../../../agent/ports/clock.ts'
import { Chronyd } from '../../../agent/sim/peers/chronyd.ts'
import { World } from '../../../agent/sim/world.ts'
import { decodeChronyReply, encodeChronyRequest } from '../../../agent/sources/chrony-packet.ts'

function node() {
  const world = new World({ seed: 'chronyd', system: { offset: 0.001, frequencyPpb: 20_000 } })
  const chronyd = new Chronyd({ clock: world.system })
  world.add(chronyd)
  const ask = (data: Uint8Array) => {
    const replies: Uint8Array[] = []
    chronyd.receive({ data, channel: 'c', answer: (bytes) => replies.push(bytes) })
    const reply = replies[0] && decodeChronyReply(replies[0])
    return reply?.ok ? reply.value : undefined
  }
  return { world, chronyd, ask }
}

const tracking = encodeChronyRequest({ command: 'tracking', sequence: 7, attempt: 0 })

t.test('it steers the system clock, and says what it knows of it', async (t) => {
  const { world, ask } = node()
  world.runFor(600)
  t.ok(Math.abs(world.truth('system')) < 50_000, `${world.truth('system')} ns`)
  t.equal((world.system.status() as ClockStatus).synchronized, true)
  const reply = ask(tracking)
  t.match(reply, { sequence: 7, status: 0, data: { is: 'tracking' } })
  if (reply?.data.is !== 'tracking') throw new Error('no tracking')
  const { fields } = reply.data
  t.match(fields, { stratum: 3, leap: 0, referenceId: 0x0aff0001 })
  t.ok(Math.abs(fields.frequency - 20) < 3, `the clock is ${fields.frequency} ppm fast`)
  t.ok(Math.abs(fields.currentCorrection * 1e9 + world.truth('system')) < 60_000)
})

t.test('when it lost its servers it leaves the clock alone and says so', async (t) => {
  const { world, chronyd, ask } = node()
  world.runFor(60)
  chronyd.synchronized = false
  const { frequency } = world.system.status() as ClockStatus
  world.runFor(60)
  t.equal((world.system.status() as ClockStatus).frequency, frequency)
  t.match(ask(tracking), { data: { fields: { stratum: 0, leap: 3 } } })
})

t.test('a short request gets nothing, an unknown command a status', async (t) => {
  const { ask } = node()
  t.equal(ask(tracking.slice(0, 60)), undefined)
  const other = tracking.slice()
  other[5] = 14
  t.match(ask(other), { status: 3, data: { is: 'null' } })
  const unborn = new Chronyd({ clock: node().world.system, address: '::1', port: 9 })
  t.match([unborn.address, unborn.port], ['::1', 9])
  unborn.receive({ data: tracking, channel: 'c', answer: () => t.fail('not in a world yet') })
})
