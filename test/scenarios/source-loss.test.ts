import t from 'tap'
import {
  boundViolations,
  maxError,
  stateDurations,
  stepsAfter,
  timeToState,
} from '../../agent/sim/assess.ts'
import { Run } from '../../agent/sim/run.ts'
import { at, ntpNode, ptpNode, SEEDS } from './lan.ts'

const MS = 1e6
const cut = (down: boolean) => ({ do: 'ntp-link', server: 'all', set: { down } }) as const
const ptp = (present: boolean) => ({ do: 'grandmaster', set: { present } }) as const

for (const seed of SEEDS) {
  t.test(`seed ${seed}: without its servers the clock holds over, and comes back`, async (t) => {
    const timeline = [at(1800, cut(true)), at(5400, cut(false))]
    const run = new Run(ntpNode(seed, [0, 0, 0], { timeline })).forSeconds(5400)
    const lonely = run.record('system').filter((sample) => sample.at > 1800)
    const holdover = timeToState(lonely, 'holdover')
    t.ok(holdover !== undefined && holdover < 2100, `holdover from ${holdover} s`)
    t.ok(stateDurations(lonely).holdover > 3200, 'until the network is back')
    const begin = lonely.find((sample) => sample.state === 'holdover')?.bound
    const end = lonely.at(-1)?.bound
    t.ok(begin !== undefined && end !== undefined && end > begin, `bound ${begin} to ${end}`)
    t.ok(maxError(lonely) < 5 * MS, `worst ${maxError(lonely)} ns in an hour of holdover`)
    run.forSeconds(600)
    const record = run.record('system')
    t.equal(record.at(-1)?.state, 'locked')
    t.ok(maxError(record, 5900) < MS, `worst ${maxError(record, 5900)} ns afterwards`)
    t.equal(stepsAfter(record, 60), 0, 'nothing is stepped')
    t.same(boundViolations(record).slice(0, 3), [], 'the published bound holds')
  })

  t.test(`seed ${seed}: all of PTP and NTP lost for half a minute is hardly seen`, async (t) => {
    const timeline = [at(300, cut(true), ptp(false)), at(330, cut(false), ptp(true))]
    const run = new Run(ptpNode(seed, timeline)).forSeconds(600)
    const record = run.record('system')
    t.ok(maxError(record, 200) < 50_000, `worst ${maxError(record, 200)} ns`)
    t.equal(record.at(-1)?.state, 'locked')
    t.equal(stepsAfter(record, 60), 0)
    t.same(boundViolations(record).slice(0, 3), [])
  })
}

t.test('a node that never reaches a server says that it knows nothing', async (t) => {
  const run = new Run(ntpNode('alone', [0, 0, 0], { timeline: [at(0, cut(true))] })).forSeconds(600)
  const last = run.record('system').at(-1)
  t.not(last?.state, 'locked')
  t.not(last?.state, 'holdover')
  t.equal(last?.bound, undefined)
  const status = run.stage.world.system.status()
  t.match(status, { synchronized: false })
})
