import t from 'tap'
import {
  changesOf,
  formatElapsed,
  isLocked,
  isSynchronized,
  progressLine,
} from '../../agent/cli/progress.ts'
import type { ClockView } from '../../agent/observe/snapshot.ts'
import { toStatus } from '../../agent/observe/status-json.ts'
import { fresh, healthy, phcClock, systemClock } from '../observe/fixture.ts'

const withSystem = (clock: Partial<ClockView>) =>
  toStatus({ ...healthy, clocks: [{ ...systemClock, ...clock }, phcClock] })

t.test(
  'one line holds state, offset, bound, frequency and reference, within 80 columns',
  async (t) => {
    const line = progressLine(toStatus(healthy))
    t.equal(line, ' 59:50  locked     offset  +12.4 ns  ±  214 ns  -10250.5 ppb  phc:eth0')
    t.ok(line.length < 80)
  },
)

t.test('in holdover the line tells what is left of it', async (t) => {
  t.match(
    progressLine(withSystem({ state: 'holdover', holdoverLeftSeconds: 600 })),
    /10 min of holdover left$/,
  )
})

t.test('a line for a clock that nothing measured has dashes', async (t) => {
  t.match(progressLine(toStatus(fresh)), /^ {2}0:02 {2}acquiring {2}offset +- {2}± +- /)
  t.match(progressLine(toStatus({ ...fresh, clocks: [] })), 'no clock is looked after')
})

t.test('a change of state, of reference and a step are each told once', async (t) => {
  const before = withSystem({})
  t.same(changesOf(undefined, before), [])
  t.same(changesOf(before, before), [])
  const lost = withSystem({ state: 'holdover', reason: 'no usable reference', offsetSource: '' })
  t.same(changesOf(before, lost), ['system: locked -> holdover: no usable reference'])
  const back = withSystem({
    reason: 'follows ntp:a',
    offsetSource: 'ntp:a',
    steps: { boot: 1, foreign: 1, panic: 0 },
  })
  t.same(changesOf(lost, back), [
    'system: holdover -> locked: follows ntp:a',
    'system: stepped (foreign)',
    'system: reference none -> ntp:a',
  ])
  t.same(changesOf(before, back).at(-1), 'system: reference phc:eth0 -> ntp:a')
})

t.test('holdover counts as synchronised but not as locked', async (t) => {
  const holdover = withSystem({ state: 'holdover' })
  t.same([isLocked(holdover), isSynchronized(holdover)], [false, true])
  const acquiring = withSystem({ state: 'acquiring' })
  t.same([isLocked(acquiring), isSynchronized(acquiring)], [false, false])
  t.same([isLocked(withSystem({})), isSynchronized(withSystem({}))], [true, true])
})

t.test('time is told in minutes and seconds', async (t) => {
  t.equal(formatElapsed(65.9), '  1:05')
  t.equal(formatElapsed(6000), '100:00')
})
