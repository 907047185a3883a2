/** The source that watches a chronyd, against what chronyc says of the same chronyd. */
import t from 'tap'
import { startChronyd } from './daemons.ts'
import { needs, nodeArgs, openPath } from './harness.ts'

t.setTimeout(60_000)

/** Columns of `chronyc -c tracking`, man chronyc: units s and ppm; slow is positive. */
const COLUMNS = [
  ...['referenceId', 'address', 'stratum', 'referenceTime', 'correction', 'lastOffset'],
  ...['rmsOffset', 'frequency', 'residual', 'skew', 'rootDelay', 'rootDispersion', 'interval'],
  'leap',
] as const

type Tracking = Record<(typeof COLUMNS)[number], string>

function trackingOf(line: string): Tracking {
  const values = line.trim().split(',')
  return Object.fromEntries(COLUMNS.map((name, k) => [name, values[k] ?? ''])) as Tracking
}

/** By address: the default Unix socket is of whichever chronyd this machine has. */
const ASK = ['-h', '127.0.0.1', '-n', '-c']

const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000))

t.test(
  'a watched chronyd reads as chronyc reads it',
  needs('ip', 'chronyd', 'chronyc'),
  async (t) => {
    const path = openPath('co')
    t.teardown(() => path.close())
    startChronyd(path, path.a, 'server', ['local stratum 3', 'allow', 'cmdport 0'])
    // one exchange in 17 minutes after the burst: nothing changes between two readings
    const watched = startChronyd(path, path.b, 'watched', [
      `server ${path.addressA} iburst minpoll 10`,
      'cmdport 323',
    ])
    await watched.saw(/Selected source/)
    await pause(3)

    const source = 'sources: [{ chrony: { poll: 500ms } }]'
    const ours = path.run(
      ...[path.b, process.execPath, nodeArgs('test/peers/measure.ts', source, '--views', '200')],
    )
    await ours.saw(/"do":"sample"/)
    const ask = (): Tracking => trackingOf(path.call(path.b, 'chronyc', [...ASK, 'tracking']))
    const before = ask()
    await pause(1)
    const lines = ours
      .output()
      .split('\n')
      .filter((line) => /^\{.*\}$/.test(line))
      .map((line) => JSON.parse(line))
    const after = ask()
    const view = lines.findLast((line) => line.do === 'view')
    const sample = lines.findLast((line) => line.do === 'sample')

    t.equal(before.referenceTime, after.referenceTime, 'chronyd measured nothing meanwhile')
    t.equal(sample.clock, 'system')
    t.equal(sample.stratum, Number(after.stratum))
    t.equal(sample.stratum, 4)
    t.equal(sample.reference, after.address)
    t.equal(sample.leap, 'none')
    t.equal(after.leap, 'Normal')
    t.equal(view.trouble, '')

    /** chronyc prints ns and 0.001 ppm; what ages (correction, dispersion) lies between two readings. */
    const between = (
      value: number,
      low: string,
      high: string,
      last: number,
      name: string,
    ): void => {
      const edges = [Number(low), Number(high)]
      const within = value >= Math.min(...edges) - last && value <= Math.max(...edges) + last
      t.ok(within, `${name}: ${value} of ${low}..${high}`)
    }
    between(-sample.offset / 1e9, before.correction, after.correction, 2e-9, 'correction')
    between(view.detail.frequency / 1e3, before.frequency, after.frequency, 0.0006, 'frequency')
    between(view.detail.skew / 1e3, before.skew, after.skew, 0.0006, 'skew')
    between(sample.rootDelay / 1e9, before.rootDelay, after.rootDelay, 2e-9, 'root delay')
    between(
      ...([sample.rootDispersion / 1e9, before.rootDispersion, after.rootDispersion] as const),
      ...([2e-9, 'root dispersion'] as const),
    )

    await watched.stop('SIGKILL')
    await ours.saw(/"code":"unreachable"/, 5)
    t.pass('its end is noticed')
  },
)
