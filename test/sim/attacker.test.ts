import t from 'tap'
import { Attacker, type AttackerBehaviour } from '../../agent/sim/attacker.ts'
import { copies, createLink } from '../../agent/sim/network.ts'
import { SeededRandom } from '../../agent/sim/random.ts'
import { decodeNtp, kissCode } from '../../agent/sources/ntp-packet.ts'

function attacker(behaviour: Partial<AttackerBehaviour>): Attacker {
  const made = new Attacker({ server: 'a', ...behaviour })
  const clock = { time: () => 0n, utc: (time: bigint) => 1_780_000_000_000_000_000n + time }
  made.start(clock, new SeededRandom('attacker'))
  return made
}

const NOTHING = new Uint8Array()
const answer = (first: number) => new Uint8Array(48).fill(first)

t.test('he who does nothing changes nothing', async (t) => {
  const idle = attacker({})
  t.same(idle.inject(NOTHING), [])
  t.same(idle.pass('there', answer(1)), [0])
  t.same(idle.pass('back', answer(1)), [0])
  t.same(copies(createLink(), 'back', answer(1)), [0], 'the same as without him')
})

t.test('forged answers are well-formed, and each guesses another origin', async (t) => {
  const forged = attacker({ forged: 3, lieNs: 1e9 }).inject(NOTHING)
  const packets = forged.map(({ data }) => decodeNtp(data))
  t.ok(packets.every(({ ok }) => ok))
  const origins = packets.map((packet) => (packet.ok ? packet.value.origin : 0n))
  t.equal(new Set(origins).size, 3)
  const [kiss] = attacker({ forged: 1, kiss: 'DENY' }).inject(NOTHING)
  const packet = kiss && decodeNtp(kiss.data)
  t.equal(packet?.ok && kissCode(packet.value), 'DENY')
})

t.test('earlier answers come again, the newest first', async (t) => {
  const replaying = attacker({ replayed: 2 })
  for (const first of [1, 2, 3]) replaying.pass('back', answer(first))
  replaying.pass('there', answer(9))
  t.same(
    replaying.inject(NOTHING).map(({ data }) => data[0]),
    [3, 2],
  )
})

t.test('he holds back what goes his way, and doubles what he likes', async (t) => {
  const holding = attacker({ held: 1, heldNs: 5e6, heldWay: 'back' })
  t.same(holding.pass('there', answer(1)), [0])
  t.same(holding.pass('back', answer(1)), [5e6])
  holding.behaviour.heldWay = 'both'
  t.same(holding.pass('there', answer(1)), [5e6])
  t.equal(attacker({ duplicated: 1 }).pass('back', answer(1)).length, 2)
  const some = attacker({ held: 0.3, heldNs: 1 })
  const held = Array.from({ length: 1000 }, () => some.pass('back', answer(1))[0])
  t.ok(Math.abs(held.filter((late) => late === 1).length - 300) < 50)
})

t.test('on the path he knows the origin, and still has to guess a digest', async (t) => {
  const request = answer(0x1b)
  const seeing = attacker({ forged: 1, seesRequests: true, keyId: 5 })
  const [forged] = seeing.inject(request)
  const packet = forged && decodeNtp(forged.data)
  t.match(packet, { ok: true, value: { origin: 0x1b1b1b1b1b1b1b1bn, mac: { keyId: 5 } } })
  const [other] = seeing.inject(request)
  t.not(forged?.data.at(-1), other?.data.at(-1))
})
