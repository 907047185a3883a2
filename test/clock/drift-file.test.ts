import t from 'tap'
import { formatDrift, parseDrift } from '../../agent/clock/drift-file.ts'
import { ppb } from '../../agent/core/units.ts'

t.test("chrony's positive frequency is a clock that runs fast: we dial its negative", async (t) => {
  const drift = parseDrift('           12.345678             0.001500\n')
  if (!drift.ok) throw new Error(drift.fault)
  t.ok(Math.abs(drift.value.frequency + 12_345.678) < 1e-6, `${drift.value.frequency}`)
  t.ok(Math.abs(drift.value.skew - 1.5) < 1e-9)
})

t.test('the text has the form of chrony, two columns of twenty', async (t) => {
  const text = formatDrift({ frequency: ppb(-12_345.678), skew: ppb(1.5) })
  t.equal(text, '           12.345678             0.001500\n')
  t.equal(text.length, 42)
})

t.test('what was written is read again', async (t) => {
  for (const frequency of [0, -18_000.25, 499_999.5, 0.001]) {
    const drift = parseDrift(formatDrift({ frequency: ppb(frequency), skew: ppb(20) }))
    if (!drift.ok) throw new Error(drift.fault)
    t.ok(Math.abs(drift.value.frequency - frequency) <= 0.001, `${frequency}`)
  }
})

t.test('damage is a fault with a name', async (t) => {
  for (const [text, fault] of [
    ['', 'empty'],
    [' \n\n', 'empty'],
    ['12.3', 'not-two-numbers'],
    ['1 2 3', 'not-two-numbers'],
    ['12,3 0.1', 'not-two-numbers'],
    ['Infinity 1', 'not-two-numbers'],
    ['\u0000\u0001 \u0002', 'not-two-numbers'],
    ['1000.1 1', 'out-of-range'],
    ['1 -1', 'out-of-range'],
  ] as const) {
    t.same(parseDrift(text), { ok: false, fault, at: 1 }, JSON.stringify(text))
  }
})
