import t from 'tap'
import { utc } from '../../agent/core/units.ts'
import { Notes } from '../../agent/observe/events.ts'

const at = (seconds: number) => utc(BigInt(Math.round(seconds * 1e9)))

t.test('a note of high rate is counted and is no event', async (t) => {
  const notes = new Notes()
  notes.record('ntp:10.0.0.1', 'timeout', '', at(1))
  notes.record('ntp:10.0.0.1', 'timeout', '', at(2))
  notes.record('ntp:10.0.0.1', 'bogus', '', at(3))
  t.same(notes.events(), [])
  t.same(notes.counts(), [
    { subject: 'ntp:10.0.0.1', code: 'timeout', count: 2 },
    { subject: 'ntp:10.0.0.1', code: 'bogus', count: 1 },
  ])
})

t.test('events are kept in order, newest last, with their severity', async (t) => {
  const notes = new Notes()
  notes.record('system', 'state', 'acquiring', at(1))
  notes.record('system', 'step', 'by 2 s', at(2))
  t.same(notes.events(), [
    { at: at(1), severity: 'info', subject: 'system', code: 'state', detail: 'acquiring' },
    { at: at(2), severity: 'warning', subject: 'system', code: 'step', detail: 'by 2 s' },
  ])
})

t.test('the same event within a minute is folded into one with a count', async (t) => {
  const notes = new Notes()
  for (const second of [0, 20, 59]) notes.record('dns', 'dns-failing', 'timeout', at(second))
  notes.record('dns', 'dns-failing', 'refused', at(59))
  notes.record('dns', 'dns-failing', 'timeout', at(61))
  t.same(
    notes.events().map(({ detail, repeats }) => [detail, repeats]),
    [
      ['timeout', 3],
      ['refused', undefined],
      ['timeout', undefined],
    ],
  )
  t.equal(notes.counts()[0]?.count, 5, 'each one is counted')
})

t.test('a repeat just after the clock went back is still a repeat', async (t) => {
  const notes = new Notes()
  notes.record('system', 'foreign-step', 'by -10 s', at(100))
  notes.record('system', 'foreign-step', 'by -10 s', at(90))
  t.equal(notes.events().length, 1)
})

t.test('the list of events is bounded and keeps the newest', async (t) => {
  const notes = new Notes()
  for (let i = 0; i < 500; i++) notes.record('system', 'step', `number ${i}`, at(i))
  t.equal(notes.events().length, 200)
  t.equal(notes.events().at(-1)?.detail, 'number 499')
})

t.test('a flood of subjects ends in one counter', async (t) => {
  const notes = new Notes()
  for (let i = 0; i < 1000; i++) notes.record(`ntp:${i}`, 'timeout', '', at(i))
  notes.record('ntp:3', 'timeout', '', at(1000))
  const counts = notes.counts()
  t.equal(counts.length, 257)
  t.same(counts.at(-1), { subject: 'other', code: 'timeout', count: 744 })
  t.same(counts[3], { subject: 'ntp:3', code: 'timeout', count: 2 })
})

t.test('a list once handed out does not change', async (t) => {
  const notes = new Notes()
  notes.record('system', 'state', 'locked', at(1))
  const before = notes.events()
  notes.record('system', 'state', 'locked', at(2))
  t.equal(before[0]?.repeats, undefined)
})
