import t from 'tap'
import { type Instant, mono } from '../../agent/core/units.ts'
import type { Probe, Probes } from '../../agent/dns/checks.ts'
import type { Check } from '../../agent/dns/facts.ts'
import type { PlannedTarget } from '../../agent/dns/plan-types.ts'
import { costOf, Schedule } from '../../agent/dns/schedule.ts'

const at = (seconds: number): Instant<'mono'> => mono(BigInt(Math.round(seconds * 1e9)))

const targetOf = (label: string): PlannedTarget => ({
  ...{ label, address: label, port: 53, role: 'host', reasons: [], zones: [], groups: [] },
  ...{ transports: ['udp'], tls: undefined, questions: [] },
})

function probesFor(target: PlannedTarget, extras: readonly Check[]): Probes {
  const probe = (check: Check): Probe => ({
    ...{ target, check, transport: 'udp', question: { name: 'a', type: 'A' } },
  })
  return { base: [probe('exists')], extras: extras.map(probe) }
}

function scheduleOf(labels: readonly string[], extras: readonly Check[], rounds?: number) {
  const targets = labels.map((label) => {
    const target = targetOf(label)
    return { target, probes: probesFor(target, extras) }
  })
  return new Schedule({ targets, rate: 1, rounds })
}

const words = (probe: Probe | undefined): string =>
  probe === undefined ? '-' : `${probe.target.label} ${probe.check}`

t.test('basic questions in every round, one of the others in turn', async (t) => {
  const schedule = scheduleOf(['a', 'b'], ['plain', 'miss'])
  const asked = Array.from({ length: 8 }, (_, second) => words(schedule.next(at(second))))
  t.same(asked, [
    ...['a exists', 'b exists', 'a plain', 'b plain'],
    ...['a exists', 'b exists', 'a miss', 'b miss'],
  ])
  t.equal(schedule.rounds, 2)
  t.notOk(schedule.exhausted)
})

t.test('a single measurement asks everything in each round, and ends', async (t) => {
  const schedule = scheduleOf(['a'], ['plain', 'miss'], 2)
  const asked = Array.from({ length: 7 }, (_, second) => words(schedule.next(at(second))))
  t.same(asked, [...['a exists', 'a plain', 'a miss'], ...['a exists', 'a plain', 'a miss'], '-'])
  t.ok(schedule.exhausted)
})

t.test('no server is asked faster than its rate, whatever the node may ask', async (t) => {
  const schedule = scheduleOf(['a'], [])
  const asked = Array.from({ length: 100 }, (_, tenth) => schedule.next(at(tenth / 10)))
  const count = asked.filter((probe) => probe !== undefined).length
  t.equal(count, 4 + 9, 'a burst of four, then one in a second')
})

t.test('a pair costs two', async (t) => {
  const target = targetOf('a')
  const [pair] = probesFor(target, ['pair']).extras
  t.equal(pair && costOf(pair), 2)
  const schedule = scheduleOf(['a'], ['pair'])
  const asked = Array.from({ length: 4 }, () => words(schedule.next(at(0))))
  t.same(asked, ['a exists', 'a pair', 'a exists', '-'])
})

t.test('one that is silent is asked the basic questions alone, ever more seldom', async (t) => {
  const schedule = scheduleOf(['a'], ['plain'])
  const times: number[] = []
  for (let second = 0; second < 400; second += 1) {
    const probe = schedule.next(at(second))
    if (probe === undefined) continue
    times.push(second)
    if (times.length > 4) t.equal(probe.check, 'exists')
    schedule.heard(probe, false, at(second))
  }
  t.same(times.slice(0, 9), [0, 1, 2, 3, 8, 18, 38, 78, 138])
  t.equal(times.at(-1), 378, 'once in a minute')
  const probe = schedule.next(at(500))
  if (probe !== undefined) schedule.heard(probe, true, at(500))
  t.equal(words(schedule.next(at(501))), 'a plain', 'an answer, and all is as before')
})

t.test('what is worth asking comes before the round, not before its time, and once', async (t) => {
  const schedule = scheduleOf(['a', 'b'], [])
  const first = schedule.next(at(0))
  if (first === undefined) throw new Error('nobody to ask')
  schedule.heard(first, false, at(0))
  t.ok(schedule.isDoubtful(first))
  schedule.follow(first, at(2))
  schedule.follow({ ...first }, at(2))
  const asked = [1, 2, 3, 4].map((second) => words(schedule.next(at(second))))
  t.same(asked, ['b exists', 'a exists', 'a exists', 'b exists'])
  schedule.follow(first, at(10))
  t.equal(words(schedule.next(at(100))), 'a exists')
  t.equal(words(schedule.next(at(101))), 'b exists', 'what waited too long was forgotten')
})
