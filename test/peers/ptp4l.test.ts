/**
 * A real ptp4l as master and one as client over veth, software stamps, `free_running 1`: our source
 * against what linuxptp's own pmc says of the same ptp4l.
 */
import t from 'tap'
import { configurePtp4l, type Ptp4l } from './daemons.ts'
import { needs, nodeArgs, openPath, type Path, type Program } from './harness.ts'
import { type Fields, parsePmc } from './pmc.ts'

const NEEDS = needs('ip', 'ptp4l', 'pmc')
t.setTimeout(90_000)

interface Line {
  readonly do: string
  readonly code?: string
  readonly detail?: unknown
  readonly [field: string]: unknown
}

const linesOf = (program: Program): Line[] =>
  program
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line)

const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000))

/** `data set -> field -> value` */
function pmc(path: Path, { socket }: Ptp4l, ...sets: string[]): Record<string, Fields> {
  const own = ['-i', `${path.folder}/pmc`]
  const gets = sets.map((set) => `GET ${set}`)
  return parsePmc(path.call(path.b, 'pmc', ['-u', '-b', '0', '-s', socket, ...own, ...gets]))
}

function measure(path: Path, socket: string, domain = 0): Program {
  const source = `{ socket: ${socket}, domain: ${domain}, poll: 100ms, freeRunning: true }`
  const args = nodeArgs('test/peers/measure.ts', `sources: [{ ptp4l: ${source} }]`)
  return path.run(path.b, process.execPath, [...args, '--views', '100'])
}

/** Waits until a line fits, looking at those after `from` only. */
async function until(
  program: Program,
  what: string,
  fits: (line: Line) => boolean,
  { from = 0, seconds = 15 } = {},
): Promise<Line> {
  for (let wait = 0; wait < seconds * 10; wait++) {
    const found = linesOf(program).slice(from).find(fits)
    if (found !== undefined) return found
    await pause(0.1)
  }
  throw new Error(`not seen within ${seconds} s: ${what}\n${program.output().slice(-3000)}`)
}

// biome-ignore lint/suspicious/noExplicitAny: JSON of a child
type Values = any

t.test('a ptp4l source and a real ptp4l', NEEDS, async (t) => {
  const path = openPath('pt')
  t.teardown(() => path.close())
  const server = configurePtp4l(path, {
    ...{ namespace: path.a, interface: path.interfaceA, role: 'server' },
  })
  const client = configurePtp4l(path, {
    ...{ namespace: path.b, interface: path.interfaceB, role: 'client' },
  })
  const master = server.start()
  const first = client.start()
  await first.saw(/LISTENING/)
  const ours = measure(path, client.socket)
  await until(ours, 'a sample', ({ do: what }) => what === 'sample', { seconds: 30 })

  await t.test('our numbers are those of pmc for the same Sync', async (t) => {
    const theirs: { ingress: string; offset: string; delay: number }[] = []
    for (let reading = 0; reading < 12; reading++) {
      const { TIME_STATUS_NP = {}, CURRENT_DATA_SET = {} } = pmc(
        ...[path, client, 'TIME_STATUS_NP', 'CURRENT_DATA_SET'],
      )
      theirs.push({
        ingress: TIME_STATUS_NP['ingress_time'] ?? '',
        offset: TIME_STATUS_NP['master_offset'] ?? '',
        delay: Number(CURRENT_DATA_SET['meanPathDelay']),
      })
      await pause(0.15)
    }
    await pause(0.5)
    const lines = linesOf(ours)
    const samples = lines.filter(({ do: what }) => what === 'sample')
    const offsets = new Map(samples.map((s) => [s['measuredAt'], String(s['offset'])]))
    const shared = theirs.filter(({ ingress }) => offsets.has(ingress))
    const syncs = new Set(theirs.map(({ ingress }) => ingress))
    t.ok(syncs.size >= 5, `pmc saw ${syncs.size} Syncs`)
    t.ok(shared.length >= theirs.length - 1, `${shared.length} of ${theirs.length} seen by us, too`)
    for (const { ingress, offset } of shared) t.equal(offsets.get(ingress), offset, ingress)

    const delays = lines
      .filter(({ do: what }) => what === 'view')
      .map(({ detail }) => (detail as Values).meanPathDelay as number)
    for (const { delay } of theirs) {
      t.ok(delay > 0 && delays.some((our) => Math.abs(our - delay) <= 0.06), `delay ${delay} ns`)
    }
  })

  await t.test('the view tells what pmc tells', async (t) => {
    const { PARENT_DATA_SET = {}, CURRENT_DATA_SET = {} } = pmc(
      ...[path, client, 'PARENT_DATA_SET', 'CURRENT_DATA_SET'],
    )
    const view = linesOf(ours).findLast(({ do: what }) => what === 'view')
    const detail = view?.detail as Values
    t.equal(view?.['clock'], 'system')
    t.equal(view?.['trouble'], '')
    t.equal(view?.['stamps'], 'kernel')
    t.equal(detail.grandmaster, PARENT_DATA_SET['grandmasterIdentity'])
    t.equal(String(detail.clockClass), PARENT_DATA_SET['gm.ClockClass'])
    t.equal(String(detail.stepsRemoved), CURRENT_DATA_SET['stepsRemoved'])
    t.match(detail.ports, [
      { number: 1, interface: path.interfaceB, state: 'UNCALIBRATED', stamping: 'software' },
    ])
    t.equal(detail.restarts, 0)
  })

  await t.test('another domain is not taken for an absent ptp4l', async (t) => {
    const wrong = measure(path, client.socket, 5)
    const absent = measure(path, `${path.folder}/nobody`)
    const mute = await until(wrong, 'wrong-domain', ({ code }) => code === 'wrong-domain')
    t.match(mute.detail, /domain 5/)
    const refused = await until(absent, 'a note', ({ do: what }) => what === 'note')
    t.equal(refused.code, 'open-failed')
    t.notOk(linesOf(absent).some(({ code }) => code === 'wrong-domain'))
    t.notOk(linesOf(wrong).some(({ code }) => code === 'open-failed' || code === 'unreachable'))
    t.match(refused.detail, /nobody listens/)
    for (const program of [wrong, absent]) {
      await until(program, 'trouble in the view', (line) => line['trouble'] !== '')
      t.equal(linesOf(program).filter(({ do: what }) => what === 'sample').length, 0)
      await program.stop()
    }
  })

  await t.test('a ptp4l that is killed and started again is followed again', async (t) => {
    const before = linesOf(ours).length
    await first.stop('SIGKILL')
    const lost = await until(ours, 'unreachable', ({ code }) => code === 'unreachable', {
      from: before,
      seconds: 6,
    })
    t.match(lost.detail, /not running|does not answer/)
    const second = client.start()
    await second.saw(/LISTENING/)
    await until(ours, 'restarted', ({ code }) => code === 'restarted', { from: before })
    const restarted = linesOf(ours).length
    await until(ours, 'a sample', ({ do: what }) => what === 'sample', { from: restarted })
    const view = linesOf(ours).findLast(({ do: what }) => what === 'view')
    t.equal((view as Values).detail.restarts, 1)
    t.equal(ours.process.exitCode, null)
  })

  await t.test('a master that falls silent is told within seconds', async (t) => {
    await pause(0.5)
    const before = linesOf(ours).length
    await master.stop('SIGKILL')
    const stoppedAt = Date.now()
    const troubled = await until(
      ...[ours, 'trouble', (line: Line) => line.do === 'view' && line['trouble'] !== ''],
      ...[{ from: before }],
    )
    t.comment(`after ${(Date.now() - stoppedAt) / 1000} s: ${String(troubled['trouble'])}`)
    t.ok(Date.now() - stoppedAt < 6000)
    const late = linesOf(ours).length
    await pause(1)
    const samples = linesOf(ours).slice(late)
    t.notOk(
      samples.some(({ do: what }) => what === 'sample'),
      'an old offset is no sample',
    )
  })
})
