import t from 'tap'
import { ppb } from '../../agent/core/units.ts'
import { maxError, stepsAfter, timeToWithin } from '../../agent/sim/assess.ts'
import { Run } from '../../agent/sim/run.ts'
import { at, ntpNode, SEEDS } from './lan.ts'

const MS = 1e6

for (const seed of SEEDS) {
  t.test(`seed ${seed}: somebody steps the clock by a second: seen, named, undone`, async (t) => {
    const step = 1_000_000_000n
    const timeline = [at(600, { do: 'foreign', clock: 'system', adjustment: { step } })]
    const run = new Run(ntpNode(seed, [0, 0, 0], { timeline })).forSeconds(1200)
    const record = run.record('system')
    const note = run.stage.world.notes.find(({ code }) => code === 'foreign-step')
    t.ok(note !== undefined && note.at >= 600 && note.at < 630, `noticed at ${note?.at}`)
    const within = timeToWithin(record, MS)
    t.ok(within !== undefined && within < 700, `right again after ${within} s`)
    t.equal(stepsAfter(record, 600), 1, 'by one step')
    t.equal(record.at(-1)?.state, 'locked')
  })

  t.test(`seed ${seed}: a small foreign step is slewed away`, async (t) => {
    const adjustment = { step: -20_000_000n }
    const timeline = [at(600, { do: 'foreign', clock: 'system', adjustment })]
    const run = new Run(ntpNode(seed, [0, 0, 0], { timeline })).forSeconds(1200)
    const record = run.record('system')
    const within = timeToWithin(record, MS)
    t.ok(within !== undefined && within < 800, `right again after ${within} s`)
    t.equal(stepsAfter(record, 600), 0)
    t.ok(maxError(record, 601) < 25 * MS, 'it does not get worse first')
  })
}

t.test('a frequency that somebody else dials is seen and taken back', async (t) => {
  const adjustment = { frequency: ppb(50_000) }
  const timeline = [at(600, { do: 'foreign', clock: 'system', adjustment })]
  const run = new Run(ntpNode('frequency', [0, 0, 0], { timeline })).forSeconds(1200)
  const note = run.stage.world.notes.find(({ code }) => code === 'foreign-frequency')
  t.ok(note !== undefined && note.at >= 600 && note.at < 630, `noticed at ${note?.at}`)
  const record = run.record('system')
  t.ok(maxError(record, 60) < 5 * MS, `worst ${maxError(record, 60)} ns`)
  t.ok(maxError(record, 900) < MS, `worst ${maxError(record, 900)} ns at the end`)
})

t.test('a machine that slept finds its clock off and puts it right', async (t) => {
  const timeline = [at(600, { do: 'suspend', seconds: 3600, rtcErrorNs: 700_000_000n })]
  const run = new Run(ntpNode('sleep', [0, 0, 0], { timeline })).forSeconds(5400)
  const record = run.record('system')
  t.ok(maxError(record, 4500) < MS, `worst ${maxError(record, 4500)} ns`)
  t.equal(record.at(-1)?.state, 'locked')
})
