import t from 'tap'
import type { LeapWarning } from '../../agent/core/sample.ts'
import { mono, ppb } from '../../agent/core/units.ts'
import { type LeapView, type NearLeap, nearLeap, smeared } from '../../agent/select/smear.ts'

const MS = 1e6
const HOUR = 3600e9
const NOW = mono(1_000_000_000_000_000n)
const later = (hours: number) => mono(NOW + BigInt(hours * HOUR))
const LINEAR = 11_574

interface Wanted {
  readonly offset?: number
  readonly rate?: number
  readonly error?: number
  readonly leap?: LeapWarning
}

/** A source within 1 ms of what it says; its slope is known when `rate` is given. */
function view(source: string, { offset = 0, rate, error = 50, leap = 'none' }: Wanted): LeapView {
  return {
    ...{ source, offset, leap, lo: offset - MS, hi: offset + MS },
    rate: () => (rate === undefined ? undefined : { rate: ppb(rate), error: ppb(error) }),
  }
}

const honest = (leap: LeapWarning, rate?: number) =>
  ['a', 'b', 'c'].map((name, k) =>
    view(name, { offset: k * 1000, leap, ...(rate !== undefined && { rate }) }),
  )

const near = (warning: NearLeap['warning'] = 'insert'): NearLeap => ({ warning, at: NOW })
const names = (views: readonly LeapView[], leap?: NearLeap) => [...smeared(views, leap).keys()]

t.test('a leap second is near when most of those that agree tell of it', async (t) => {
  const liar = view('d', { offset: 90 * MS, leap: 'delete' })
  t.same(nearLeap([...honest('insert'), liar], undefined, NOW), near())
  t.equal(nearLeap(honest('none'), undefined, NOW), undefined)
  t.equal(nearLeap([...honest('none'), liar], undefined, NOW), undefined)
  t.equal(nearLeap([], undefined, NOW), undefined)
})

t.test('and stays near for a day, since nobody tells of it when it has passed', async (t) => {
  t.same(nearLeap(honest('none'), near(), later(18)), near())
  t.equal(nearLeap(honest('none'), near(), later(25)), undefined)
  t.same(nearLeap(honest('insert'), near(), later(25)), { warning: 'insert', at: later(25) })
})

t.test('a source on the ramp is named, whichever side of the leap and of zero', async (t) => {
  const cases: readonly [NearLeap['warning'], LeapWarning, number, number][] = [
    ['insert', 'insert', 200, LINEAR],
    ['insert', 'none', -300, LINEAR],
    ['delete', 'delete', -200, -LINEAR],
    ['delete', 'none', 300, -LINEAR],
  ]
  for (const [warning, leap, offset, rate] of cases) {
    const views = [...honest(leap, 0), view('g', { offset: offset * MS, rate })]
    t.same(names(views, near(warning)), ['g'], `${warning} ${offset} ms`)
    t.match(smeared(views, near(warning)).get('g'), /00 ms from those that insert/)
    t.same(names(views, undefined), [], 'no leap second, no smear')
  }
})

t.test('what our own clock does to all of them is not a smear', async (t) => {
  const all = [...honest('insert', LINEAR), view('d', { offset: 5 * MS, rate: LINEAR })]
  t.same(names(all, near()), [])
  const slow = [...honest('insert', -LINEAR), view('g', { offset: 5 * MS, rate: 0 })]
  t.same(names(slow, near()), ['g'])
})

t.test('at its beginning the rate alone tells, and only that of the known smear', async (t) => {
  const within = (rate: number, error?: number) =>
    names([...honest('insert', 0), view('g', { rate, ...(error && { error }) })], near())
  t.same(within(LINEAR), ['g'])
  t.same(within(LINEAR * 1.05), ['g'])
  t.same(within(LINEAR * 1.5), [])
  t.same(within(-LINEAR), [])
  t.same(within(LINEAR, 5000), [], 'a rate out of noise says nothing')
})

t.test('a liar around a leap second is not excused as a smear', async (t) => {
  const apart = (wanted: Wanted) => names([...honest('insert', 0), view('d', wanted)], near())
  t.same(apart({ offset: 35 * MS, rate: 0 }), [], 'a constant lie')
  t.same(apart({ offset: 35 * MS, rate: -LINEAR }), [], 'the wrong way')
  t.same(apart({ offset: 1000 * MS }), [], 'a leap second that was missed')
  t.same(apart({ offset: 40_000 * MS, rate: LINEAR }), [], 'too far')
  t.same(apart({ offset: 35 * MS, leap: 'insert' }), [], 'who announces it inserts it')
  t.same(apart({ offset: 35 * MS }), ['d'], 'as long as its rate is unknown it may be one')
})

t.test('without a majority nobody can be named', async (t) => {
  const two = [view('a', { leap: 'insert' }), view('g', { offset: 200 * MS, rate: LINEAR })]
  t.same(names(two, near()), [])
  t.equal(nearLeap(two, undefined, NOW), undefined)
  t.same(names([], near()), [])
})
