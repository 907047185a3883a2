import t from 'tap'
import type { Sample } from '../agent/core/sample.ts'
import { nanos, ppb, utc } from '../agent/core/units.ts'
import { References } from '../agent/references.ts'
import { at, sample } from './select/fixture.ts'

const GROWTH = ppb(1000)
const now = (seconds: number) => ({ mono: at(seconds), utc: utc(0n) })
const PLAIN = { noselect: false, prefer: false, trust: false, require: false }

function references(rules: Readonly<Record<string, number>> = { a: 1, b: 1, c: 1 }) {
  const notes: string[] = []
  const list = Object.entries(rules).map(
    ([source, rank]) => [source, { source, rank, ...PLAIN }] as const,
  )
  const all = new References(new Map(list), nanos(1e6), ({ code }) => notes.push(code))
  const add = (source: string, seconds: number, changes: Partial<Sample> = {}) =>
    all.add(sample({ source, at: at(seconds), ...changes }), now(seconds), GROWTH)
  return { all, notes, add }
}

t.test('a sample of the selected source decides, with the others combined', async (t) => {
  const { add, all } = references()
  for (const k of [-2, -1, 0]) add('a', k, { offset: nanos(100) })
  t.match(add('a', 1, { offset: nanos(100) }), { offset: 100, weight: 1, leads: true })
  t.match(add('b', 1.7, { offset: nanos(300) }), { leads: false }, 'not the selected one')
  const believed = add('a', 2, { offset: nanos(100) })
  const { offset } = believed?.estimate ?? {}
  t.ok((offset ?? 0) > 100 && (offset ?? 0) < 300, `${offset}`)
  t.equal(all.selected, 'a')
  t.ok((believed?.offset ?? 0) > 150 && (believed?.offset ?? 0) < 250, `${believed?.offset}`)
  t.ok((believed?.distance ?? 0) > 61_020, 'and wider by what they differ')
  t.equal(believed?.interval, 1)
  t.equal(all.last?.at, at(2))
})

t.test('at start everybody who answers is heard, for ten seconds at most', async (t) => {
  const { add, all } = references()
  all.bePatient(at(0))
  t.equal(add('a', 1), undefined)
  add('b', 1)
  for (const k of [2, 3]) t.equal(add('a', k), undefined, 'b was heard once')
  for (const k of [4, 5]) add('b', k)
  t.ok(add('a', 6), 'now both were heard')
  const slow = references()
  slow.all.bePatient(at(0))
  slow.add('b', 1)
  t.equal(slow.add('b', 9), undefined)
  t.ok(slow.add('b', 11))
})

t.test('who was heard before the start is not waited for again', async (t) => {
  const { add, all } = references({ 'phc:a': 0, 'phc:b': 0 })
  add('phc:b', 0, { leap: 'unknown' })
  all.begin(at(0.1))
  t.ok(add('phc:a', 0.2))
  all.bePatient(at(1))
  t.equal(add('phc:a', 1.1), undefined, 'what was heard before means nothing any more')
})

t.test('a spike is set aside once, the next one is believed', async (t) => {
  const { add, notes } = references()
  for (let k = 1; k <= 6; k += 1) add('a', k)
  t.equal(add('a', 7, { offset: nanos(9e6) }), undefined)
  t.same(notes, ['reference', 'spike'])
  t.ok(add('a', 8, { offset: nanos(9e6) }))
  t.same(notes, ['reference', 'spike'])
})

t.test('as long as a spike is not explained the clock may be as wrong as that', async (t) => {
  const { add, all } = references()
  for (let k = 1; k <= 6; k += 1) add('a', k)
  t.equal(all.doubted, 0)
  add('a', 7, { offset: nanos(9e6) })
  t.ok(all.doubted > 9e6)
  add('a', 8)
  t.equal(all.doubted, 0, 'it was one')
})

t.test('two in a row are a jump, told once, and what was before means nothing', async (t) => {
  const { add, all } = references()
  for (let k = 1; k <= 6; k += 1) add('a', k)
  add('a', 7, { offset: nanos(-60e9) })
  t.match(add('a', 8, { offset: nanos(-60e9) }), { offset: -60e9, jumped: true })
  t.equal(all.doubted, 0, 'believed')
  t.match(add('a', 9, { offset: nanos(-60e9) }), { jumped: false })
})

t.test('a jump is remembered until its source is believed again', async (t) => {
  const { add, all } = references()
  for (let k = 1; k <= 6; k += 1) add('a', k)
  all.reach('a', 0, 'not synchronized')
  for (const k of [7, 8]) add('a', k, { offset: nanos(-60e9), leap: 'unknown' })
  t.ok(all.doubted > 59e9)
  for (const k of [9, 10]) t.equal(add('a', k, { offset: nanos(-60e9) }), undefined, 'after a loss')
  t.match(add('a', 11, { offset: nanos(-60e9) }), { jumped: true })
})

t.test('a reference that is stepped itself moves what was measured against it', async (t) => {
  const { add, all } = references({ 'phc:eth0': 0 })
  for (let k = 1; k <= 6; k += 1) add('phc:eth0', k, { offset: nanos(0) })
  const change = { at: at(6.5), step: 5_000_000n, frequency: ppb(0), uncertainty: nanos(0) }
  all.moveReference({ ...change, clock: 'phc:eth0', foreign: false })
  t.equal(all.last?.offset, -5e6, 'the PHC went forward, so this clock is behind')
  t.ok(add('phc:eth0', 7, { offset: nanos(-5e6) }), 'no spike')
  all.moveReference({ ...change, clock: 'phc:eth9', foreign: false })
  t.equal(all.last?.offset, -5e6, 'another PHC is none of ours')
})

t.test('another reference and a lost majority are told once', async (t) => {
  const { add, all, notes } = references({ a: 1, b: 1, p: 0 })
  add('a', 1)
  add('p', 1.5)
  t.same(notes, ['reference', 'reference'], 'the better rank took over')
  all.select(now(2), GROWTH)
  t.equal(notes.length, 2)
  const two = references()
  two.add('a', 1)
  two.add('b', 1, { offset: nanos(9e6) })
  two.add('b', 2, { offset: nanos(9e6) })
  t.same(two.notes, ['reference', 'no-majority'])
  t.equal(two.all.selected, undefined)
  t.equal(two.all.last, undefined)
  t.equal(two.all.rate, undefined)
})

t.test('what a source says of itself is in its verdict', async (t) => {
  const { all, add } = references()
  all.reach('a', 0, 'no such host')
  all.select(now(1), GROWTH)
  t.same(all.verdicts.get('a'), { verdict: 'no-sample', why: 'no such host' })
  t.equal(all.size, 1)
  add('a', 2)
  t.equal(all.selected, 'a', 'a sample is an answer')
})

t.test('samples move with the clock, and are forgotten after a foreign step', async (t) => {
  const { all, add } = references()
  for (const k of [1, 2, 3, 4]) add('a', k, { offset: nanos(20 * k) })
  t.ok(Math.abs((all.rate?.rate ?? 0) - 20) < 1e-9)
  const change = { clock: 'system', at: at(4), frequency: ppb(0), uncertainty: nanos(0) } as const
  all.move({ ...change, step: -1000n, foreign: false })
  t.equal(all.last?.offset, -920)
  all.move({ ...change, step: 1_000_000_000n, foreign: true })
  t.equal(all.select(now(5), GROWTH).selected, undefined)
  t.equal(all.verdicts.get('a')?.verdict, 'no-sample')
  t.equal(add('a', 5), undefined, 'and everybody is heard anew')
})

t.test('a server that is used alone beside others of its kind is lonely', async (t) => {
  const { all, add } = references({ a: 1, b: 1 })
  for (const k of [1, 2, 3, 4, 5]) add('a', k)
  t.equal(all.lonely, false, 'nobody else was heard of')
  all.reach('b', 0, 'no answer')
  all.select(now(6), GROWTH)
  t.equal(all.lonely, true)
  for (const k of [6, 7, 8, 9]) add('b', k)
  t.equal(all.lonely, false, 'confirmed')
})

t.test('a PHC is never lonely', async (t) => {
  const { all, add } = references({ a: 0, b: 0 })
  all.reach('b', 0, 'no answer')
  for (const k of [1, 2, 3, 4]) add('a', k)
  t.equal(all.lonely, false)
})
