import t from 'tap'
import { boundViolations, maxError, stepsAfter } from '../../agent/sim/assess.ts'
import { Run } from '../../agent/sim/run.ts'
import { at, ptpNode, SEEDS } from './lan.ts'

const US = 1e3
const ptp = (present: boolean) => ({ do: 'grandmaster', set: { present } }) as const

const reference = (run: Run): string | undefined =>
  run.snapshot().clocks.find(({ name }) => name === 'system')?.offsetSource

for (const seed of SEEDS) {
  t.test(`seed ${seed}: PTP to NTP and back, without a step or a kick`, async (t) => {
    const timeline = [at(300, ptp(false)), at(900, ptp(true))]
    const run = new Run(ptpNode(seed, timeline)).forSeconds(290)
    t.match(reference(run), /^phc:/, 'PTP steers')
    run.forSeconds(400)
    t.match(reference(run), /^ntp:/, 'NTP steers')
    run.forSeconds(600)
    t.match(reference(run), /^phc:/, 'PTP steers again')
    const record = run.record('system')
    t.equal(stepsAfter(record, 60), 0)
    t.ok(maxError(record, 200) < 200 * US, `worst ${maxError(record, 200)} ns`)
    t.ok(maxError(record, 1150) < US, `worst ${maxError(record, 1150)} ns under PTP again`)
    t.ok(
      record
        .filter(({ at }) => at > 60)
        .every(({ state }) => state === 'locked' || state === 'holdover'),
      'never lost',
    )
    t.same(boundViolations(record).slice(0, 3), [])
  })
}

t.test('ptp4l killed and started again: visible, and survived', async (t) => {
  const timeline = [
    at(300, { do: 'ptp4l', what: 'kill' }),
    at(420, { do: 'ptp4l', what: 'restart' }),
  ]
  const run = new Run(ptpNode('restart', timeline)).forSeconds(400)
  const source = () => run.snapshot().sources.find(({ kind }) => kind === 'ptp4l')
  t.not(source()?.trouble, '', 'its trouble is told')
  t.match(reference(run), /^ntp:/)
  run.forSeconds(400)
  t.equal(source()?.trouble, '')
  t.match(reference(run), /^phc:/)
  t.equal(stepsAfter(run.record('system'), 60), 0)
  t.same(boundViolations(run.record('system')).slice(0, 3), [])
})
