import t from 'tap'
import {
  boundViolations,
  maxError,
  rmsError,
  stepsAfter,
  timeToState,
  timeToWithin,
} from '../../agent/sim/assess.ts'
import { Run } from '../../agent/sim/run.ts'
import { ntpNode, ptpNode, SEEDS } from './lan.ts'

const MS = 1e6
const US = 1e3

for (const seed of SEEDS) {
  t.test(`seed ${seed}: a node with four NTP servers is right within a minute`, async (t) => {
    const run = new Run(ntpNode(seed, [0, 0, 0, 0])).forSeconds(1800)
    const record = run.record('system')
    const locked = timeToState(record, 'locked')
    t.ok(locked !== undefined && locked <= 60, `locked after ${locked} s`)
    const within = timeToWithin(record, MS)
    t.ok(within !== undefined && within <= 60, `within 1 ms for good after ${within} s`)
    t.ok(maxError(record, 600) < 100 * US, `worst ${maxError(record, 600)} ns after 600 s`)
    t.ok(rmsError(record, 600) < 30 * US, `RMS ${rmsError(record, 600)} ns after 600 s`)
    t.equal(stepsAfter(record, 60), 0, 'no step after the start')
    t.same(boundViolations(record).slice(0, 3), [], 'the published bound holds')
  })

  t.test(`seed ${seed}: a node with PTP is right to a microsecond`, async (t) => {
    const run = new Run(ptpNode(seed)).forSeconds(900)
    const record = run.record('system')
    const locked = timeToState(record, 'locked')
    t.ok(locked !== undefined && locked <= 60, `locked after ${locked} s`)
    const within = timeToWithin(record, US)
    t.ok(within !== undefined && within <= 120, `within 1 us for good after ${within} s`)
    t.ok(rmsError(record, 300) < 200, `RMS ${rmsError(record, 300)} ns after 300 s`)
    t.equal(stepsAfter(record, 60), 0, 'no step after the start')
    t.same(boundViolations(record).slice(0, 3), [], 'the published bound holds')
    t.same(boundViolations(run.record('phc:eth0')).slice(0, 3), [], 'and that of the PHC')
    t.equal(run.snapshot().clocks.find(({ name }) => name === 'phc:eth0')?.state, 'locked')
  })
}

t.test('the kernel is told the truth once the clock is locked', async (t) => {
  const run = new Run(ntpNode('kernel', [0, 0, 0])).forSeconds(300)
  const status = run.stage.world.system.status()
  if (!('synchronized' in status)) throw new Error('no status')
  t.equal(status.synchronized, true)
  t.ok(status.maxError < 50 * MS, `maximum error ${status.maxError}`)
  t.ok(Math.abs(run.stage.world.truth('system')) < status.maxError)
})

t.test('an observed clock is never touched', async (t) => {
  const scenario = ntpNode('observe', [0, 0, 0])
  const { clocks } = scenario.config
  const system = clocks['system']
  if (system === undefined) throw new Error('no clock')
  const config = { ...scenario.config, clocks: { system: { ...system, mode: 'observe' as const } } }
  const calm = { ...scenario, config, system: { offset: 0.012, wanderPpb: 0 } }
  const run = new Run(calm).forSeconds(600)
  t.ok(Math.abs(run.stage.world.truth('system') - 12 * MS) < 1)
  const view = run.snapshot().clocks[0]
  t.ok(Math.abs((view?.offset ?? 0) - 12 * MS) < 100 * US, `measured ${view?.offset}`)
  t.same(boundViolations(run.record('system')).slice(0, 3), [])
})
