import t from 'tap'
import { demoScenario } from '../../agent/sim/demo-world.ts'
import { Run } from '../../agent/sim/run.ts'
import { ntpNode, SEEDS } from './lan.ts'

const journal = (scenario: ReturnType<typeof ntpNode>, seconds: number): string => {
  const lines: string[] = []
  new Run(scenario, { journal: (line) => lines.push(line) }).forSeconds(seconds)
  return lines.join('\n')
}

for (const seed of SEEDS) {
  t.test(`seed ${seed}: the same seed gives the same journal, byte for byte`, async (t) => {
    const first = journal(demoScenario(seed), 320)
    t.ok(first.length > 100_000, `${first.length} bytes`)
    t.ok(first === journal(demoScenario(seed), 320), 'equal')
  })
}

t.test('another seed gives another journal', async (t) => {
  const scenario = (seed: string) => ntpNode(seed, [0, 0, 0])
  t.ok(journal(scenario('1'), 60) !== journal(scenario('2'), 60))
})

t.test('who watches does not change what happens', async (t) => {
  const scenario = ntpNode('watched', [0, 0, 0])
  const often = new Run(scenario, { interval: 0.1 }).forSeconds(300)
  const seldom = new Run(scenario, { interval: 60 }).forSeconds(300)
  t.equal(often.stage.world.truth('system'), seldom.stage.world.truth('system'))
  t.same(often.stage.world.notes, seldom.stage.world.notes)
})
