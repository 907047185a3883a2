import t from 'tap'
import { mono, nanos, ppb } from '../../agent/core/units.ts'
import { createServo, type EdgeKind } from '../../agent/servo/catalogue.ts'

const request = (edge: EdgeKind, locked: boolean) => ({
  ...{ edge, locked, interval: 1, frequency: ppb(-100) },
  ...{ maxFrequency: ppb(500_000) },
})

const input = (offset: number) => ({
  ...{ offset: nanos(offset), at: mono(0n), now: mono(0n), weight: 1, dialled: ppb(-100) },
  estimate: {
    ...{ offset: nanos(offset), frequency: ppb(0) },
    ...{ offsetError: nanos(1), frequencyError: ppb(1) },
  },
})

t.test('each edge has gains of its own: a network is trusted less than a local PHC', async (t) => {
  const kick = (edge: EdgeKind) =>
    -100 - createServo('pi', request(edge, true)).sample(input(100)).frequency
  t.equal(Math.round(kick('phc')), 100)
  t.equal(Math.round(kick('hardware')), 100)
  t.equal(Math.round(kick('software')), 10)
})

t.test('a servo that takes over a good frequency tracks at once, another estimates', async (t) => {
  const state = (locked: boolean) =>
    createServo('pi', request('phc', locked)).sample(input(0)).state
  t.equal(state(true), 'locked')
  t.equal(state(false), 'unlocked')
})

t.test('a large offset across a network teaches little about the frequency', async (t) => {
  const servo = createServo('pi', { ...request('software', true), interval: 16 })
  servo.sample(input(9e6))
  t.ok(Math.abs(servo.steady + 100) <= 2000, `${servo.steady} ppb`)
})
