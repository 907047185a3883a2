import t from 'tap'
import { Ptp4l } from '../../agent/sim/peers/ptp4l.ts'
import { clockConfig, ptp4lConfig, simConfig } from '../../agent/sim/plain-config.ts'
import { Run } from '../../agent/sim/run.ts'

const COUNT = 16
const NUMBERS = Array.from({ length: COUNT }, (_, n) => n)
const socketOf = (n: number): string => `/var/run/ptp4l.${n}.socket`
const grandmasterOf = (n: number): string => `48b02d.fffe.0000${n.toString(16).padStart(2, '0')}`

/** Sixteen PHCs, each with a ptp4l in a domain of its own. */
function node(): { readonly run: Run; readonly daemons: readonly Ptp4l[] } {
  const phcs = NUMBERS.map((n) => ({
    name: `phc:eth${n}` as const,
    info: {
      index: n,
      device: `/dev/ptp${n}`,
      clockName: 'sim',
      interfaces: [`eth${n}`],
      pci: '',
      driver: 'sim',
    },
    offset: 0.001 * n,
    frequencyPpb: 500 * n,
    wanderPpb: 0.5,
  }))
  const clocks = Object.fromEntries(
    NUMBERS.map((n) => [`phc:eth${n}`, clockConfig({ mode: 'follow' })]),
  )
  const sources = NUMBERS.map((n) => ptp4lConfig({ socket: socketOf(n), domain: 24 + n }))
  const run = new Run({ seed: 'many', phcs, config: simConfig({ clocks, sources }) })
  const daemons = NUMBERS.flatMap((n) => {
    const phc = run.stage.world.phc(`phc:eth${n}`)
    if (phc === undefined) return []
    const given = { socket: socketOf(n), domain: 24 + n, interface: `eth${n}`, phcIndex: n, phc }
    return [
      new Ptp4l({
        ...given,
        interval: n % 2 === 0 ? 1 : 1 / 8,
        subscriptions: n % 3 !== 0,
        grandmaster: { identity: grandmasterOf(n) },
      }),
    ]
  })
  for (const daemon of daemons) run.stage.world.add(daemon)
  return { run, daemons }
}

t.test('sixteen ptp4l at once, each with its domain, clock and grandmaster', async (t) => {
  const { run, daemons } = node()
  t.equal(daemons.length, COUNT)
  run.forSeconds(60)
  const views = () => run.snapshot().sources.filter(({ kind }) => kind === 'ptp4l')
  t.equal(views().length, COUNT)
  for (const [n, view] of views().entries()) {
    t.match(view, {
      clock: `phc:eth${n}`,
      trouble: '',
      reach: 0xff,
      reference: grandmasterOf(n),
      detail: {
        domain: 24 + n,
        subscribed: n % 3 !== 0,
        grandmaster: grandmasterOf(n),
        ports: [{ number: 1, interface: `eth${n}`, state: 'SLAVE', entered: true }],
        dataSets: { DEFAULT_DATA_SET: { domainNumber: 24 + n } },
      },
    })
  }

  daemons[5]?.kill()
  run.forSeconds(15)
  const troubled = views().flatMap(({ trouble }, n) => (trouble === '' ? [] : [n]))
  t.same(troubled, [5], 'the loss of one is nothing to the others')
  daemons[5]?.restart()
  run.forSeconds(40)
  t.ok(views().every(({ trouble }) => trouble === ''))
})
