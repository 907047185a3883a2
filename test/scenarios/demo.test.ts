import t from 'tap'
import { boundViolations, maxError, stepsAfter, timeToState } from '../../agent/sim/assess.ts'
import { DEMO_PERIOD, demoScenario } from '../../agent/sim/demo-world.ts'
import { Run } from '../../agent/sim/run.ts'
import { SEEDS } from './lan.ts'

for (const seed of SEEDS) {
  t.test(`seed ${seed}: the demo shows what it promises, day after day`, async (t) => {
    const run = new Run(demoScenario(seed)).forSeconds(3 * DEMO_PERIOD)
    const record = run.record('system')
    const locked = timeToState(record, 'locked')
    t.ok(locked !== undefined && locked <= 60, `locked after ${locked} s`)
    for (let day = 0; day < 3; day++) {
      const stateAt = (second: number) =>
        record.find(({ at }) => at >= day * DEMO_PERIOD + second)?.state
      const states = [60, 145, 190, 235, 290].map(stateAt)
      t.same(states, ['locked', 'locked', 'locked', 'holdover', 'locked'], `day ${day}`)
    }
    const references = run.stage.world.notes
      .filter(({ code, subject }) => code === 'reference' && subject === 'system')
      .map(({ detail }) => detail)
    t.ok(
      references.some((detail) => /^ntp:\S+ after phc:eth0/.test(detail)),
      'NTP takes over',
    )
    t.ok(
      references.some((detail) => /^phc:eth0 after ntp:/.test(detail)),
      'and hands back',
    )
    t.equal(stepsAfter(record, 60), 0)
    t.ok(maxError(record, 60) < 200_000, `worst ${maxError(record, 60)} ns`)
    t.same(boundViolations(record).slice(0, 3), [])
    t.same(boundViolations(run.record('phc:eth0')).slice(0, 3), [])
    const liar = run.snapshot().sources.find(({ id }) => id === 'ntp:ntp-d')
    t.equal(liar?.verdict, 'falseticker')
  })
}
