import t from 'tap'
import { nanos } from '../../agent/core/units.ts'
import {
  accuracyOf,
  leapOf,
  noFacts,
  staleAfter,
  upstreamOf,
} from '../../agent/sources/ptp4l-upstream.ts'

t.test('the accuracy of a grandmaster is the upper end of its class', async (t) => {
  for (const [code, ns] of [
    [0x17, 0.001],
    [0x1d, 1],
    [0x20, 25],
    [0x21, 100],
    [0x23, 1e3],
    [0x29, 1e6],
    [0x2f, 1e9],
    [0x30, 1e10],
    [0x31, 6e10],
  ] as const) {
    t.equal(accuracyOf(code), ns, `0x${code.toString(16)}`)
  }
})

t.test('an accuracy that is unknown or reserved counts as a millisecond', async (t) => {
  for (const code of [0xfe, 0xff, 0, 0x16, 0x32, undefined]) t.equal(accuracyOf(code), 1e6)
})

t.test('leap seconds come from the time properties', async (t) => {
  const flags = {
    leap61: false,
    leap59: false,
    currentUtcOffsetValid: true,
    ptpTimescale: true,
    timeTraceable: true,
    frequencyTraceable: true,
    synchronizationUncertain: false,
  }
  const properties = { currentUtcOffset: 37, flags, timeSource: 'GNSS' as const }
  t.equal(leapOf(undefined), 'unknown')
  t.equal(leapOf(properties), 'none')
  t.equal(leapOf({ ...properties, flags: { ...flags, leap61: true } }), 'insert')
  t.equal(leapOf({ ...properties, flags: { ...flags, leap59: true } }), 'delete')
})

t.test('every boundary clock between adds its own error', async (t) => {
  const facts = noFacts()
  const given = {
    clock: 'system' as const,
    reason: '',
    steers: true,
    last: undefined,
    now: 0n as never,
  }
  const at = (stepsRemoved: number): number =>
    upstreamOf(
      {
        ...facts,
        current: { stepsRemoved, offsetFromMaster: nanos(0), meanPathDelay: nanos(-5) },
      },
      given,
    ).rootDispersion
  t.same([at(0), at(1), at(3)], [1e6, 1e6, 1e6 + 200])
  t.equal(upstreamOf(facts, given).rootDelay, 0)
})

t.test('three Syncs may be missed, and three seconds', async (t) => {
  t.same([staleAfter(1 / 8), staleAfter(1), staleAfter(4)], [3e9, 3e9, 12e9])
})
