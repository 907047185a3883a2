import t from 'tap'
import { nanos, utc } from '../../../agent/core/units.ts'
import type { Packet, Surroundings } from '../../../agent/sim/peer.ts'
import { NtpServer, type NtpServerOptions } from '../../../agent/sim/peers/ntp-server.ts'
import { Queue } from '../../../agent/sim/queue.ts'
import { SeededRandom } from '../../../agent/sim/random.ts'
import { EPOCH, taiAt, utcAt } from '../../../agent/sim/setup.ts'
import {
  decodeNtp,
  encodeNtp,
  MODE_CLIENT,
  type NtpPacket,
  referenceText,
  stampToUtc,
} from '../../../agent/sources/ntp-packet.ts'

/** A server alone in the world; `ask` at a true time gives its answer. */
function alone(options: Omit<NtpServerOptions, 'address'>) {
  let now = 0n
  const queue = new Queue()
  const world: Surroundings = {
    time: () => now,
    utc: utcAt,
    tai: taiAt,
    after: (ns, run) => queue.add(now + BigInt(Math.round(ns)), run),
    random: (name) => new SeededRandom(name),
  }
  const server = new NtpServer({ address: '10.0.0.1', noiseNs: 0, ...options })
  server.start(world)
  const ask = (at: bigint, fields: Partial<NtpPacket> = {}, bytes?: Uint8Array) => {
    now = at
    const answers: NtpPacket[] = []
    const packet: Packet = {
      data: bytes ?? encodeNtp({ ...REQUEST, ...fields }),
      channel: 'c',
      answer: (data) => {
        const packet = decodeNtp(data)
        if (packet.ok) answers.push(packet.value)
      },
    }
    server.receive(packet)
    for (let e = queue.next(1n << 62n); e !== undefined; e = queue.next(1n << 62n)) {
      now = e.at
      e.run?.()
    }
    return { answer: answers[0], departed: now }
  }
  return { server, ask }
}

const REQUEST: NtpPacket = {
  leap: 'none',
  version: 4,
  mode: MODE_CLIENT,
  stratum: 0,
  poll: 6,
  precision: 32,
  rootDelay: nanos(0),
  rootDispersion: nanos(0),
  referenceId: 0,
  reference: 0n,
  origin: 0n,
  receive: 0n,
  transmit: 0x1122334455667788n,
  extensions: [],
  mac: undefined,
}
const SECOND = 1_000_000_000n
const pivot = utc(EPOCH)

t.test('an honest server answers with true time and our cookie', async (t) => {
  const { answer, departed } = alone({}).ask(5n * SECOND)
  if (answer === undefined) throw new Error('no answer')
  t.match(answer, { mode: 4, version: 4, stratum: 2, leap: 'none', poll: 6 })
  t.equal(answer.origin, REQUEST.transmit)
  t.equal(stampToUtc(answer.receive, pivot), EPOCH + 5n * SECOND)
  t.equal(stampToUtc(answer.transmit, pivot), EPOCH + departed)
  t.ok(departed > 5n * SECOND, 'answering takes time')
})

t.test('a liar is off by what it was told, and drifts', async (t) => {
  const { answer } = alone({ errorNs: 80_000_000, driftPpb: 1000 }).ask(100n * SECOND)
  t.equal(stampToUtc(answer?.receive ?? 0n, pivot), EPOCH + 100n * SECOND + 80_100_000n)
})

t.test('a kiss of death has stratum 0 and its code', async (t) => {
  const { answer } = alone({ kiss: 'RATE' }).ask(SECOND)
  t.equal(answer?.stratum, 0)
  t.equal(answer && referenceText(answer), 'RATE')
})

t.test('its reference is an address, or a name at stratum 1', async (t) => {
  const text = (options: Partial<NtpServerOptions>): string => {
    const { answer } = alone(options).ask(SECOND)
    return answer === undefined ? '' : referenceText(answer)
  }
  t.equal(text({}), '10.255.0.1')
  t.equal(text({ stratum: 1, reference: 'PPS' }), 'PPS')
})

t.test('a silent server, a malformed request and a foreign mode get nothing', async (t) => {
  const { server, ask } = alone({})
  t.equal(ask(SECOND, {}, Uint8Array.of(1, 2, 3)).answer, undefined)
  t.equal(ask(SECOND, { mode: 4 }).answer, undefined)
  server.behaviour.silent = true
  t.equal(ask(SECOND).answer, undefined)
})

t.test('an unsynchronised server says so', async (t) => {
  t.match(alone({ leap: 'unknown' }).ask(SECOND).answer, { leap: 'unknown', reference: 0n })
})

t.test('interleaved: the second answer tells when the first one left', async (t) => {
  const { ask } = alone({ processingNs: 500_000 })
  const first = ask(SECOND).answer
  if (first === undefined) throw new Error('no answer')
  const request = { origin: first.receive, receive: 0x9999n, transmit: 0x1234n }
  const second = ask(3n * SECOND, request).answer
  t.equal(second?.origin, 0x9999n, 'the origin is our receive stamp')
  t.equal(second?.transmit, first.transmit)
  t.equal(stampToUtc(second?.receive ?? 0n, pivot), EPOCH + 3n * SECOND)
  const { answer } = alone({ interleaved: false }).ask(3n * SECOND, request)
  t.equal(answer?.origin, 0x1234n, 'a server without that mode answers plainly')
})

t.test('what is too long ago is answered in basic mode', async (t) => {
  const { ask } = alone({})
  const first = ask(SECOND).answer
  for (let i = 0; i < 300; i++) ask(BigInt(i + 2) * SECOND)
  const late = ask(400n * SECOND, { origin: first?.receive ?? 0n, receive: 5n }).answer
  t.equal(late?.origin, REQUEST.transmit)
})
