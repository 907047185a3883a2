import t from 'tap'
import { nanos } from '../../agent/core/units.ts'
import { StepPolicy } from '../../agent/servo/step-policy.ts'

const CONFIG = { boot: 0.01, foreign: 0.128, panic: 1000 }
const MS = 1e6
const S = 1e9

t.test('at boot an offset beyond the limit is stepped, three times at most', async (t) => {
  const policy = new StepPolicy(CONFIG)
  t.same(policy.decide(nanos(10 * MS)), { act: 'slew' }, 'equal is not beyond')
  for (let k = 0; k < 3; k += 1) {
    t.same(policy.decide(nanos(-11 * MS)), { act: 'step', reason: 'boot' })
    policy.stepped('boot')
  }
  t.same(policy.decide(nanos(11 * MS)), { act: 'slew' }, 'the budget is spent')
})

t.test('after the first lock there is no step any more', async (t) => {
  const policy = new StepPolicy(CONFIG)
  policy.locked()
  t.same(policy.decide(nanos(5 * S)), { act: 'slew' })
})

t.test('a foreign step may be undone by one step', async (t) => {
  const policy = new StepPolicy(CONFIG)
  policy.locked()
  policy.foreignStep()
  t.same(policy.decide(nanos(100 * MS)), { act: 'slew' }, 'a small one is slewed')
  t.same(policy.decide(nanos(1 * S)), { act: 'step', reason: 'foreign' })
  policy.stepped('foreign')
  t.same(policy.decide(nanos(1 * S)), { act: 'slew' })
  policy.foreignStep()
  policy.locked()
  t.same(policy.decide(nanos(1 * S)), { act: 'slew' }, 'the right lapses with the next lock')
})

t.test('zero means never', async (t) => {
  const policy = new StepPolicy({ boot: 0, foreign: 0, panic: 0 })
  t.same(policy.decide(nanos(5 * S)), { act: 'slew' })
  policy.foreignStep()
  t.same(policy.decide(nanos(5 * S)), { act: 'slew' })
  policy.locked()
  t.same(policy.decide(nanos(1e6 * S)), { act: 'slew' })
})

t.test('beyond the panic limit steering is frozen, and thaws by itself', async (t) => {
  const policy = new StepPolicy({ ...CONFIG, panic: 1 })
  t.equal(policy.decide(nanos(2 * S)).act, 'step', 'not before the first lock')
  policy.locked()
  t.match(policy.decide(nanos(-2 * S)), { act: 'freeze', code: 'panic', why: /1 s/ })
  t.same(policy.decide(nanos(0.9 * S)), { act: 'slew' })
})

t.test('a jump that only the references tell of is followed up to the panic limit', async (t) => {
  const policy = new StepPolicy(CONFIG)
  policy.locked()
  policy.resumed()
  t.same(policy.decide(nanos(-60 * S)), { act: 'step', reason: 'foreign' })
  t.match(policy.decide(nanos(-1001 * S)), { act: 'freeze', code: 'panic' })
  policy.foreignStep()
  t.equal(policy.decide(nanos(-1001 * S)).act, 'step', 'one that was seen has no such limit')
  const unlimited = new StepPolicy({ ...CONFIG, panic: 0 })
  unlimited.resumed()
  t.equal(unlimited.decide(nanos(-1001 * S)).act, 'step')
})

t.test('unless the clock was seen to be stepped by just that', async (t) => {
  const policy = new StepPolicy(CONFIG)
  policy.locked()
  policy.foreignStep(nanos(37 * S))
  t.same(policy.decide(nanos(37 * S + 5)), { act: 'step', reason: 'foreign' })
  t.equal(policy.decide(nanos(-37 * S)).act, 'freeze', 'the other way it explains nothing')
  policy.stepped('foreign')
  t.equal(policy.decide(nanos(37 * S)).act, 'freeze', 'once')
})

t.test('an offset of TAI - UTC is a missing UTC offset, never time', async (t) => {
  for (const booting of [true, false]) {
    const policy = new StepPolicy(CONFIG)
    if (!booting) policy.locked()
    for (const offset of [37 * S, -37 * S, 37 * S + 9 * MS]) {
      t.match(policy.decide(nanos(offset)), {
        act: 'freeze',
        code: 'step-refused',
        why: /UTC offset/,
      })
    }
  }
  t.equal(new StepPolicy(CONFIG).decide(nanos(37 * S + 11 * MS)).act, 'step')
})
