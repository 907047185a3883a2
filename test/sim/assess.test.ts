import t from 'tap'
import { nanos } from '../../agent/core/units.ts'
import type { ClockState, Snapshot } from '../../agent/observe/snapshot.ts'
import {
  boundViolations,
  maxError,
  rmsError,
  stateDurations,
  stepsAfter,
  type TruthSample,
  timeToState,
  timeToWithin,
  truthSample,
} from '../../agent/sim/assess.ts'

const sample = (
  at: number,
  error: number,
  state: ClockState = 'locked',
  bound?: number,
  steps = 0,
): TruthSample => ({
  at,
  error: nanos(error),
  state,
  bound: bound === undefined ? undefined : nanos(bound),
  steps,
})

t.test('within a limit for good begins after the last excess', async (t) => {
  const samples = [sample(0, 500), sample(1, 5), sample(2, -50), sample(3, 9), sample(4, -8)]
  t.equal(timeToWithin(samples, 10), 3)
  t.equal(timeToWithin(samples, 1000), 0)
  t.equal(timeToWithin(samples, 1), undefined)
  t.equal(timeToWithin([], 1), undefined)
})

t.test('errors after a moment: RMS and the worst', async (t) => {
  const samples = [sample(0, 1e6), sample(10, 3), sample(11, -4)]
  t.equal(rmsError(samples, 10), Math.sqrt(12.5))
  t.equal(maxError(samples, 10), 4)
  t.equal(maxError(samples), 1e6)
  t.ok(Number.isNaN(rmsError(samples, 99)))
})

t.test('a bound that is smaller than the truth is a violation, no bound is none', async (t) => {
  const bad = sample(1, -20, 'locked', 19)
  const samples = [sample(0, 20), bad, sample(2, 20, 'locked', 20)]
  t.same(boundViolations(samples), [bad])
})

t.test('steps are counted from a moment on', async (t) => {
  const samples = [0, 1, 1, 2].map((steps, at) => sample(at, 0, 'locked', undefined, steps))
  t.equal(stepsAfter(samples), 2)
  t.equal(stepsAfter(samples, 2), 1)
  t.equal(stepsAfter(samples, 99), 0)
  t.equal(stepsAfter([]), 0)
})

t.test('time in each state, and until the first', async (t) => {
  const samples = [
    sample(0, 0, 'acquiring'),
    sample(3, 0),
    sample(10, 0, 'holdover'),
    sample(11, 0),
  ]
  t.same(stateDurations(samples), { freerun: 0, acquiring: 3, locked: 7, holdover: 1 })
  t.equal(timeToState(samples, 'locked'), 3)
  t.equal(timeToState(samples, 'freerun'), undefined)
})

t.test('a sample is what the snapshot says beside the truth', async (t) => {
  const clock = { name: 'system', state: 'locked', bound: nanos(9), steps: { boot: 1, foreign: 2 } }
  const snapshot = { clocks: [clock] } as unknown as Snapshot
  t.same(truthSample(snapshot, 'system', { at: 4, error: nanos(5) }), sample(4, 5, 'locked', 9, 3))
  t.equal(truthSample(snapshot, 'phc:eth0', { at: 4, error: nanos(5) }), undefined)
})
