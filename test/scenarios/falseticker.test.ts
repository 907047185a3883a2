import t from 'tap'
import { boundViolations, maxError, stepsAfter } from '../../agent/sim/assess.ts'
import { Run } from '../../agent/sim/run.ts'
import { at, ntpNode, SEEDS } from './lan.ts'

const MS = 1e6

const verdicts = (run: Run): Record<string, string> =>
  Object.fromEntries(run.snapshot().sources.map(({ id, verdict }) => [id, verdict]))

for (const seed of SEEDS) {
  t.test(`seed ${seed}: one liar among four does not move the clock`, async (t) => {
    const run = new Run(ntpNode(seed, [0, 0, 0, 80 * MS])).forSeconds(1200)
    const record = run.record('system')
    t.ok(maxError(record, 120) < MS, `worst ${maxError(record, 120)} ns after 120 s`)
    t.equal(verdicts(run)['ntp:ntp-d'], 'falseticker')
    const used = Object.values(verdicts(run)).filter((v) => v === 'selected' || v === 'combined')
    t.ok(used.length >= 1, `used ${used.length}`)
    t.same(boundViolations(record).slice(0, 3), [])
    t.equal(stepsAfter(record, 60), 0)
  })

  t.test(`seed ${seed}: a server that begins to lie is found out`, async (t) => {
    const lie = at(600, { do: 'ntp', server: 'ntp-b', set: { errorNs: -40 * MS } })
    const run = new Run(ntpNode(seed, [0, 0, 0], { timeline: [lie] })).forSeconds(1200)
    const record = run.record('system')
    t.equal(verdicts(run)['ntp:ntp-b'], 'falseticker')
    t.ok(maxError(record, 120) < MS, `worst ${maxError(record, 120)} ns`)
    t.same(boundViolations(record).slice(0, 3), [])
    t.equal(stepsAfter(record, 60), 0)
  })
}

t.test('two that contradict each other: neither is believed', async (t) => {
  const lie = at(600, { do: 'ntp', server: 'ntp-b', set: { errorNs: 300 * MS } })
  const run = new Run(ntpNode('two', [0, 0], { timeline: [lie] })).forSeconds(1200)
  t.ok(maxError(run.record('system'), 300) < 5 * MS, `worst ${maxError(run.record('system'), 300)}`)
  t.equal(stepsAfter(run.record('system'), 60), 0)
  t.ok(
    run.stage.world.notes.some(({ code }) => code === 'no-majority'),
    'and that is said',
  )
})
