/** What servers and networks do to an NTP client: refusals, restarts, loss, many sources. */
import t from 'tap'
import { maxError, stepsAfter, timeToState } from '../../agent/sim/assess.ts'
import { Run } from '../../agent/sim/run.ts'
import { at, SEEDS } from './lan.ts'
import { clientNode, requestsOf, servers } from './ntp-asked.ts'

const MS = 1e6
const LAN = servers(3, '10.0.0')
const byName = (more: object) => LAN.map(({ name }) => ({ name, minpoll: 4, maxpoll: 6, ...more }))
const view = (run: Run, id: string) => run.snapshot().sources.find((source) => source.id === id)

for (const seed of SEEDS) {
  t.test(`seed ${seed}: RATE is obeyed, by one source alone, and forgiven later`, async (t) => {
    const kiss = (code: string | undefined) =>
      ({ do: 'ntp', server: 'ntp-1', set: { kiss: code } }) as const
    const timeline = [at(600, kiss('RATE')), at(2400, kiss(undefined))]
    const run = new Run(clientNode(seed, LAN, byName({}), { timeline }))
    const asked = requestsOf(run)
    run.forSeconds(2400)
    const times = asked.filter(({ source }) => source === 'ntp:ntp-1').map(({ at }) => at)
    const rated = times.filter((each) => each > 620)
    t.ok(rated.length <= 8, `${rated.length} requests in half an hour of RATE`)
    const gaps = rated.slice(1).map((each, i) => each - (rated[i] ?? 0))
    t.ok(Math.min(...gaps) > 255, `${gaps.map(Math.round)} s apart`)
    t.ok(run.stage.world.notes.some(({ code }) => code === 'kiss-rate'))
    t.equal(run.record('system').at(-1)?.state, 'locked')
    run.forSeconds(10_000)
    t.ok((view(run, 'ntp:ntp-1')?.pollSeconds ?? 0) < 1024, 'it recovers')
  })

  t.test(`seed ${seed}: a server that restarts with another stratum does no harm`, async (t) => {
    const set = (set: object) => ({ do: 'ntp', server: 'ntp-1', set }) as const
    const timeline = [
      at(900, set({ silent: true })),
      at(930, set({ silent: false, leap: 'unknown', stratum: 0 })),
      at(960, set({ leap: 'none', stratum: 4, reference: '10.255.0.9' })),
    ]
    const run = new Run(clientNode(seed, LAN, byName({}), { timeline })).forSeconds(1800)
    t.match(view(run, 'ntp:ntp-1'), { stratum: 4, reference: '10.255.0.9', trouble: '' })
    const record = run.record('system')
    t.ok(maxError(record, 600) < MS, `worst ${maxError(record, 600)} ns`)
    t.equal(stepsAfter(record, 60), 0)
    t.equal(record.at(-1)?.state, 'locked')
  })

  t.test(`seed ${seed}: 30 % loss each way costs polls and no time`, async (t) => {
    const lossy = servers(3, '10.0.0', { link: { delayNs: 1e5, jitterNs: 1e4, loss: 0.3 } })
    const run = new Run(clientNode(seed, lossy, byName({ burst: true }))).forSeconds(3600)
    const record = run.record('system')
    const locked = timeToState(record, 'locked')
    t.ok(locked !== undefined && locked <= 300, `locked after ${locked} s`)
    t.ok(maxError(record, 900) < MS, `worst ${maxError(record, 900)} ns`)
    for (const { detail, pollSeconds } of run.snapshot().sources) {
      if (detail.kind !== 'ntp') continue
      t.ok(detail.good > 90, `${detail.good} good of ${detail.sent}`)
      t.ok(3600 / detail.sent > 15.5, `asked every ${3600 / detail.sent} s`)
      t.equal(pollSeconds <= 16, true, 'the poll does not widen')
    }
  })
}

t.test(
  'twenty sources are asked side by side, and the liars among them are outvoted',
  async (t) => {
    const many = servers(20, '10.0.1').map((server, i) =>
      i % 4 === 3 ? { ...server, errorNs: 50 * MS } : server,
    )
    const run = new Run(
      clientNode(
        'twenty',
        many,
        many.map(({ name }) => ({ name })),
      ),
    )
    const asked = requestsOf(run)
    run.forSeconds(3600)
    const record = run.record('system')
    const locked = timeToState(record, 'locked')
    t.ok(locked !== undefined && locked <= 900, `locked after ${locked} s`)
    t.ok(maxError(record, 900) < MS, `worst ${maxError(record, 900)} ns`)
    const verdicts = run.snapshot().sources.map(({ verdict }) => verdict)
    t.equal(verdicts.filter((verdict) => verdict === 'falseticker').length, 5)
    t.ok(asked.length < 20 * 62, `${asked.length} requests in an hour`)
  },
)

t.test('servers elsewhere are asked every 64 s on average, whatever is configured', async (t) => {
  const far = servers(4, '192.0.2', { link: { delayNs: 10e6, jitterNs: 1e6 } })
  const sources = far.map(({ name }) => ({ name, minpoll: 0, maxpoll: 4, burst: true }))
  const run = new Run(clientNode('far', far, sources))
  const asked = requestsOf(run)
  run.forSeconds(3600)
  t.equal(run.stage.world.notes.filter(({ code }) => code === 'poll-lifted').length, 4)
  for (const { name } of far) {
    const times = asked.filter(({ source }) => source === `ntp:${name}`).map(({ at }) => at)
    const mean = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / (times.length - 1)
    t.ok(mean >= 64, `${name}: every ${mean} s`)
    t.ok((times[3] ?? 60) < 10, 'and four times at once at the start')
  }
})
