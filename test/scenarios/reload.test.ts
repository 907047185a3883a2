import t from 'tap'
import type { Config } from '../../agent/config/types.ts'
import { boundViolations, maxError, stepsAfter } from '../../agent/sim/assess.ts'
import { clockConfig, ntpConfig } from '../../agent/sim/plain-config.ts'
import { Run } from '../../agent/sim/run.ts'
import { at, ntpNode, ptpNode, SEEDS } from './lan.ts'

const US = 1e3

const reload = (run: Run, config: Config): void => {
  const { world } = run.stage
  world.act((now) => run.agent.reload(config, world.node, undefined, now))
}
const ids = (run: Run) => run.snapshot().sources.map(({ id }) => id)
const system = (run: Run) => run.snapshot().clocks.find(({ name }) => name === 'system')
const notes = (run: Run, code: string, after: number) =>
  run.stage.world.notes.filter((note) => note.code === code && note.at > after)

for (const seed of SEEDS) {
  t.test(`seed ${seed}: a server more and a server less are no news to the clock`, async (t) => {
    const scenario = ntpNode(seed, [0, 0, 0, 0])
    const { config } = scenario
    const three = { ...config, sources: config.sources.slice(0, 3) }
    const run = new Run({ ...scenario, config: three }).forSeconds(600)
    const before = run.snapshot().sources
    reload(run, config)
    t.equal(ids(run).length, 4)
    t.same(
      run
        .snapshot()
        .sources.slice(0, 3)
        .map(({ reach }) => reach),
      before.map(({ reach }) => reach),
      'those that stay go on',
    )
    run.forSeconds(300)
    t.ok(run.snapshot().sources.every(({ reach }) => reach !== 0))
    reload(run, { ...config, sources: config.sources.slice(1) })
    t.equal(ids(run).length, 3)
    run.forSeconds(300)
    t.same(notes(run, 'state', 590), [], 'it stays locked')
    t.equal(stepsAfter(run.record('system'), 60), 0)
    t.ok(maxError(run.record('system'), 600) < 100 * US)
    t.same(boundViolations(run.record('system')).slice(0, 3), [])
  })

  t.test(`seed ${seed}: another limit of a clock begins anew from where it is`, async (t) => {
    const scenario = ntpNode(seed, [0, 0, 0])
    const run = new Run(scenario).forSeconds(900)
    const clocks = { system: clockConfig({ mode: 'drive', maxSlewPpm: 100 }) }
    const frequency = system(run)?.frequency ?? 0
    reload(run, { ...scenario.config, clocks })
    run.forSeconds(600)
    t.equal(system(run)?.state, 'locked')
    t.ok(Math.abs((system(run)?.frequency ?? 0) - frequency) < 100, 'ppb')
    t.equal(stepsAfter(run.record('system'), 60), 0)
    t.ok(maxError(run.record('system'), 900) < 100 * US)
    t.same(boundViolations(run.record('system')).slice(0, 3), [])
  })
}

t.test('the reference goes, another takes over', async (t) => {
  const scenario = ptpNode('gone', [])
  const run = new Run(scenario).forSeconds(300)
  t.match(system(run)?.offsetSource, /^phc:/)
  const sources = scenario.config.sources.filter(({ type }) => type !== 'ptp4l')
  reload(run, { ...scenario.config, sources })
  t.notOk(ids(run).some((id) => id.startsWith('ptp4l:')))
  run.forSeconds(300)
  t.match(system(run)?.offsetSource, /^ntp:/)
  t.equal(stepsAfter(run.record('system'), 60), 0)
  reload(run, scenario.config)
  run.forSeconds(300)
  t.match(system(run)?.offsetSource, /^phc:/)
  t.same(boundViolations(run.record('system')).slice(0, 3), [])
})

t.test('counters and events go on, and what is dropped is asked no more', async (t) => {
  const scenario = ntpNode('counters', [0, 0, 0], {
    timeline: [at(1, { do: 'names', down: false })],
  })
  const run = new Run(scenario).forSeconds(300)
  const [before, events] = [run.snapshot().notes, run.snapshot().events.length]
  const other = [ntpConfig({ name: 'ntp-a', minpoll: 4, maxpoll: 4 })]
  reload(run, { ...scenario.config, sources: other })
  run.forSeconds(300)
  const after = run.snapshot()
  t.ok(after.uptimeSeconds > 590)
  t.ok(after.events.length >= events)
  for (const { subject, code, count } of before) {
    const now = after.notes.find((each) => each.subject === subject && each.code === code)
    t.ok((now?.count ?? 0) >= count, `${subject} ${code}`)
  }
  const asked = run.stage.ntp.get('ntp-b')
  t.ok(asked !== undefined)
  t.same(ids(run), ['ntp:ntp-a'])
})
