/** The ptp4l of the demo's node as a child of the agent: it crashes, cannot start for a while, comes back. */
import t from 'tap'
import { boundViolations, maxError, stepsAfter } from '../../agent/sim/assess.ts'
import { Run } from '../../agent/sim/run.ts'
import type { Deed, Happening, Scenario } from '../../agent/sim/scenario.ts'
import { at, ptpNode, SEEDS } from './lan.ts'

const US = 1e3
const ptp4l = (what: 'kill' | 'break' | 'mend'): Deed => ({ do: 'ptp4l', what })

function childNode(seed: string, timeline: readonly Happening[], ntp = true): Scenario {
  const node = ptpNode(seed, timeline)
  const { ptp4l: peer, config } = node
  if (peer === undefined) throw new Error('the demo has a ptp4l')
  const child = {
    ...{ name: 'ptp4l.0', file: 'ptp4l.0.config', text: '[global]\n', socket: peer.socket },
    command: ['ptp4l', '-f', '/state/ptp4l.0.config', '-m'],
  }
  const sources = config.sources.filter(({ type }) => ntp || type !== 'ntp')
  return {
    ...node,
    config: { ...config, sources, children: [child] },
    ptp4l: { ...peer, child: true },
  }
}

const child = (run: Run) => run.snapshot().children[0]
const reference = (run: Run) =>
  run.snapshot().clocks.find(({ name }) => name === 'system')?.offsetSource
const stateOf = (run: Run) => run.record('system').at(-1)?.state

for (const seed of SEEDS) {
  t.test(`seed ${seed}: the child dies, PTP alone: held over, and locked again`, async (t) => {
    const timeline = [at(300, ptp4l('break')), at(420, ptp4l('mend'))]
    const run = new Run(childNode(seed, timeline, false)).forSeconds(290)
    t.match(child(run), { state: 'up', restarts: 0, lastExit: undefined })
    t.equal(stateOf(run), 'locked')
    t.equal(run.stage.world.devices.files.get('ptp4l.0.config'), '[global]\n')

    run.forSeconds(120) // starts at 1, 3, 7, 15, 31, 63 s after it broke
    t.match(child(run), { state: 'back-off', backOffSeconds: 60 })
    t.match(child(run)?.trouble, /failed to parse configuration file/)
    t.equal(stateOf(run), 'holdover')
    const attempts = run.stage.world.notes.filter(({ code }) => code === 'child-exited')
    t.equal(attempts.length, 7, 'one crash and six attempts')

    run.forSeconds(190)
    t.match(child(run), { state: 'up', trouble: '', backOffSeconds: 0 })
    const record = run.record('system')
    t.equal(stateOf(run), 'locked')
    t.equal(stepsAfter(record, 60), 0)
    t.ok(maxError(record, 200) < 50 * US, `worst ${maxError(record, 200)} ns`)
    t.ok(maxError(record, 560) < US, `worst ${maxError(record, 560)} ns afterwards`)
    t.same(boundViolations(record).slice(0, 3), [])
  })
}

t.test('a child that is killed once is back within seconds', async (t) => {
  const run = new Run(childNode('kill', [at(300, ptp4l('kill'))])).forSeconds(305)
  t.match(child(run), { state: 'up', restarts: 1, lastExit: { signal: 'SIGKILL' } })
  run.forSeconds(60)
  t.match(reference(run), /^phc:/)
  const source = run.snapshot().sources.find(({ kind }) => kind === 'ptp4l')
  t.equal(source?.trouble, '')
  t.equal(stepsAfter(run.record('system'), 60), 0)
  t.same(boundViolations(run.record('system')).slice(0, 3), [])
})

t.test('the agent ends its child', async (t) => {
  const run = new Run(childNode('stop', [])).forSeconds(60)
  t.equal(run.stage.ptp4l?.listening, true)
  run.stage.world.stop()
  t.equal(run.stage.ptp4l?.listening, false)
})

t.test('a reload leaves a child alone that is no other, and starts one anew that is', async (t) => {
  const scenario = childNode('reload', [])
  const { config } = scenario
  const [first] = config.children ?? []
  if (first === undefined) throw new Error('there is a child')
  const run = new Run(scenario).forSeconds(300)
  const { world } = run.stage
  const reload = (more: Partial<typeof config>) =>
    world.act((now) => run.agent.reload({ ...config, ...more }, world.node, undefined, now))
  const pid = child(run)?.pid
  reload({ sources: config.sources.filter(({ type }) => type !== 'ntp') })
  run.forSeconds(120)
  t.equal(child(run)?.pid, pid)
  t.match(child(run), { state: 'up', restarts: 0 })
  t.equal(stateOf(run), 'locked')
  reload({ children: [{ ...first, text: '[global]\npriority1 1\n' }] })
  run.forSeconds(120)
  t.match(child(run), { state: 'up' })
  t.equal(world.devices.files.get('ptp4l.0.config'), '[global]\npriority1 1\n')
  t.match(reference(run), /^phc:/)
  reload({ children: [] })
  run.forSeconds(10)
  t.equal(run.stage.ptp4l?.listening, false)
  t.equal(stepsAfter(run.record('system'), 60), 0)
})
