import t from 'tap'
import { type KernelTruth, kernelStatus } from '../../agent/clock/kernel-status.ts'
import { nanos, utc } from '../../agent/core/units.ts'

const at = (text: string) => utc(BigInt(Date.parse(text)) * 1_000_000n)
const DAY = at('2026-05-04T12:00:00Z')
const truth: KernelTruth = {
  state: 'locked',
  bound: nanos(2000),
  offset: nanos(-300),
  leap: 'none',
  taiOffset: undefined,
}

t.test('a locked clock: the bound, the offset without its sign, synchronised', async (t) => {
  t.same(kernelStatus(truth, DAY), {
    ...{ maxError: 2000, estimatedError: 300, synchronized: true, leap: 'none' },
  })
})

t.test('synchronised only while locked or in holdover', async (t) => {
  for (const [state, synchronized] of [
    ['locked', true],
    ['holdover', true],
    ['acquiring', false],
    ['freerun', false],
  ] as const) {
    t.equal(kernelStatus({ ...truth, state }, DAY).synchronized, synchronized, state)
  }
})

t.test('where nothing is known the error is the largest there is', async (t) => {
  t.match(kernelStatus({ ...truth, bound: undefined, offset: undefined }, DAY), {
    ...{ maxError: 16e9, estimatedError: 16e9, synchronized: false },
  })
})

t.test('the TAI offset is written only when somebody vouches for it', async (t) => {
  t.notOk('taiOffset' in kernelStatus(truth, DAY))
  t.equal(kernelStatus({ ...truth, taiOffset: 37 }, DAY).taiOffset, 37)
})

t.test('a leap second is handed on only on a day that may end in one', async (t) => {
  const leap = (text: string, warning: 'insert' | 'delete' | 'unknown') =>
    kernelStatus({ ...truth, leap: warning }, at(text)).leap
  t.equal(leap('2026-06-30T12:00:00Z', 'insert'), 'insert')
  t.equal(leap('2026-12-31T12:00:00Z', 'delete'), 'delete')
  t.equal(leap('2026-06-29T12:00:00Z', 'insert'), 'none')
  t.equal(leap('2026-06-30T12:00:00Z', 'unknown'), 'none')
  t.equal(kernelStatus({ ...truth, leap: undefined }, at('2026-06-30T12:00:00Z')).leap, 'none')
})
