import t from 'tap'
import { ClockStateMachine, reasonOf } from '../../agent/clock/state.ts'
import { mono } from '../../agent/core/units.ts'

const at = (seconds: number) => mono(BigInt(Math.round(seconds * 1e9)))
const LIMITS = { seconds: 3600, bound: 0.5 }
const fresh = () => new ClockStateMachine(1000, LIMITS)

const locked = () => {
  const machine = fresh()
  for (const k of [0, 1, 2]) machine.measured(10, at(k))
  return machine
}

t.test('from nothing to locked: three offsets in a row within the limit', async (t) => {
  const machine = fresh()
  t.equal(machine.state, 'freerun')
  t.equal(machine.seconds(at(5)), 0)
  machine.measured(5000, at(10))
  t.equal(machine.state, 'acquiring')
  machine.measured(-900, at(11))
  machine.measured(1001, at(12))
  machine.measured(1000, at(13))
  machine.measured(-1000, at(14))
  t.equal(machine.state, 'acquiring', 'not in a row')
  machine.measured(0, at(15))
  t.equal(machine.state, 'locked')
  t.equal(machine.seconds(at(20)), 5)
})

t.test('one offset beyond the limit does not unlock, three in a row do', async (t) => {
  const machine = locked()
  machine.measured(2000, at(3))
  machine.measured(2000, at(4))
  machine.measured(10, at(5))
  t.equal(machine.state, 'locked')
  for (const k of [6, 7, 8]) machine.measured(-2000, at(k))
  t.equal(machine.state, 'acquiring')
})

t.test('without a reference: holdover, and back', async (t) => {
  const machine = locked()
  machine.unreferenced(1000, at(10))
  t.equal(machine.state, 'holdover')
  for (const k of [20, 21, 22]) machine.measured(10, at(k))
  t.equal(machine.state, 'locked')
})

t.test('holdover ends in free running: too long, or too uncertain', async (t) => {
  const long = locked()
  long.unreferenced(1000, at(10))
  long.unreferenced(1000, at(3610))
  t.equal(long.state, 'holdover')
  long.unreferenced(1000, at(3611))
  t.equal(long.state, 'freerun')
  const uncertain = locked()
  uncertain.unreferenced(1000, at(10))
  uncertain.unreferenced(0.51e9, at(11))
  t.equal(uncertain.state, 'freerun')
})

t.test('a clock that was never locked has nothing to hold over', async (t) => {
  const machine = fresh()
  machine.measured(5000, at(0))
  machine.unreferenced(undefined, at(1))
  t.equal(machine.state, 'freerun')
})

t.test('a stepped clock has to be locked anew', async (t) => {
  const machine = locked()
  machine.stepped(at(3))
  t.equal(machine.state, 'acquiring')
  machine.measured(0, at(4))
  machine.measured(0, at(5))
  t.equal(machine.state, 'acquiring')
  machine.measured(0, at(6))
  t.equal(machine.state, 'locked')
  const unknown = fresh()
  unknown.stepped(at(0))
  t.equal(unknown.state, 'freerun')
})

t.test('every state has a reason for people', async (t) => {
  const about = { frozen: '', selected: 'ntp:a', sources: 3 }
  t.equal(reasonOf('locked', about), 'follows ntp:a')
  t.equal(reasonOf('acquiring', about), 'approaches ntp:a')
  t.match(reasonOf('holdover', about), /learnt frequency/)
  t.equal(reasonOf('freerun', about), 'no usable reference')
  t.equal(reasonOf('freerun', { ...about, sources: 0 }), 'nothing measures it')
  t.match(reasonOf('locked', { ...about, frozen: 'panic' }), /frozen: panic/)
  t.equal(
    reasonOf('freerun', { frozen: 'panic', selected: undefined, sources: 1 }),
    'no usable reference',
  )
})
