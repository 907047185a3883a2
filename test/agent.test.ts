import t from 'tap'
import { Agent } from '../agent/agent.ts'
import type { Config } from '../agent/config/types.ts'
import { comparisonOf } from '../agent/core/comparison.ts'
import type { Action, Event, Now, Upstream } from '../agent/core/machine.ts'
import { nanos, phc, utc } from '../agent/core/units.ts'
import { clockConfig, ntpConfig, simConfig } from '../agent/sim/plain-config.ts'
import { SeededRandom } from '../agent/sim/random.ts'
import { FakeClock } from './clock/fake-clock.ts'

const PHC = {
  ...{ index: 0, device: '/dev/ptp0', clockName: 'ice', driver: 'ice', pci: '' },
  interfaces: ['eth0', 'eth1'],
}
const UTC_OFFSET = 37_000_000_000n

const upstream = (now: Now): Upstream => ({
  ...{
    clock: 'phc:eth0',
    synchronized: true,
    steers: true,
    reason: '',
    leap: 'none',
    reference: 'gm',
  },
  ...{ utcOffset: 37, utcOffsetValid: true, timeTraceable: true, at: now.mono },
  ...{ offset: nanos(3), rootDispersion: nanos(100), rootDelay: nanos(0) },
})

function built(config: Partial<Config> = {}) {
  const clocks = new Map<string, FakeClock>([
    ['system', new FakeClock({ rate: 20_000 })],
    ['phc:eth0', new FakeClock({ name: 'phc:eth0' })],
  ])
  const system = clocks.get('system') as FakeClock
  const asked: string[] = []
  const agent = new Agent(
    simConfig({
      clocks: { system: clockConfig(), 'phc:eth0': clockConfig({ mode: 'follow' }) },
      sources: [ntpConfig({ name: '192.0.2.1' }), ntpConfig({ name: '192.0.2.2' })],
      ...config,
    }),
    {
      info: {
        ...{ hostname: 'node', phcs: [PHC], ptp4lSockets: [], chronyd: false, resolvConf: '' },
      },
      random: new SeededRandom('agent'),
      clock: (name) => {
        asked.push(name)
        return clocks.get(name)
      },
    },
    '1.2.3',
  )
  const handle = (event: Event): readonly Action[] => agent.handle(event, system.now)
  /** A PHC that is right, in TAI. */
  const compared = () => {
    const { utc: now } = system.now
    const truth = phc((now as bigint) - BigInt(Math.round(system.error)) + UTC_OFFSET)
    const readings = [{ before: utc(now - 400n), phc: truth, after: utc(now + 400n) }]
    return handle({
      ...{ on: 'compared', key: 'phc:eth0|read', comparison: comparisonOf('extended', readings) },
    })
  }
  return { agent, asked, compared, handle, system, clocks }
}

const keysOf = (actions: readonly Action[]): string[] =>
  actions.flatMap((action) =>
    'key' in action ? [action.key] : 'channel' in action ? [action.channel] : [],
  )
const find = <D extends Action['do']>(actions: readonly Action[], what: D) =>
  actions.filter((action): action is Extract<Action, { do: D }> => action.do === what)

/** Started, its drift files answered. */
function running(config: Partial<Config> = {}, drift = '20.0 0.1\n') {
  const bench = built(config)
  const started = bench.handle({ on: 'start' })
  bench.handle({ on: 'loaded', key: 'agent|drift:system', text: drift })
  const fault = { code: 'NOT_FOUND', syscall: 'open', errno: 'ENOENT' } as const
  const what = 'load' as const
  bench.handle({ on: 'failed', what, key: 'agent|drift:phc:eth0', fault })
  const vouch = (changes: Partial<Upstream> = {}) =>
    bench.handle({ on: 'upstream', upstream: { ...upstream(bench.system.now), ...changes } })
  /** Seconds of a PHC that is read, and that its ptp4l vouches for. */
  const run = (seconds: number) => {
    const all: Action[] = []
    for (let k = 0; k < seconds; k += 1) {
      bench.system.pass(1)
      vouch()
      bench.handle({ on: 'timer', key: 'phc:eth0|read' })
      all.push(...bench.compared(), ...bench.handle({ on: 'timer', key: 'agent|tick' }))
    }
    return all
  }
  return { ...bench, started, run, vouch }
}
const snapshotOf = ({ agent, system }: { agent: Agent; system: { now: Now } }) =>
  agent.snapshot(system.now)

t.test('at start every clock asks for its drift file, and the tick is set', async (t) => {
  const { started } = running()
  t.same(
    find(started, 'load').map(({ key, file }) => [key, file]),
    [
      ['agent|drift:system', 'drift.system'],
      ['agent|drift:phc:eth0', 'drift.phc-eth0'],
      ['agent|leap-list', '/usr/share/zoneinfo/leap-seconds.list'],
    ],
  )
  t.match(find(started, 'timer').at(-1), { key: 'agent|tick' })
})

t.test('names of PHCs make names of files, never paths', async (t) => {
  const clock = clockConfig({ mode: 'follow' })
  const { handle, clocks } = built({ clocks: { 'phc:/dev/ptp0': clock } })
  clocks.set('phc:/dev/ptp0', new FakeClock({ name: 'phc:/dev/ptp0' }))
  const later = built({ clocks: { 'phc:/dev/ptp0': clock } })
  t.same(
    find(later.handle({ on: 'start' }), 'load').flatMap(({ key, file }) =>
      key.includes('drift') ? [file] : [],
    ),
    ['drift.system'],
  )
  t.ok(handle({ on: 'start' }))
})

t.test('two machines never meet in each other keys and channels', async (t) => {
  const { started } = running()
  const keys = started.map((action) => `${action.do} ${keysOf([action])[0]}`)
  for (const id of ['ntp:192.0.2.1', 'ntp:192.0.2.2', 'phc:eth0', 'agent']) {
    t.ok(
      keys.some((key) => key.includes(` ${id}|`)),
      id,
    )
  }
  t.equal(new Set(keys).size, keys.length)
})

t.test('an answer finds the machine that asked, and nobody else', async (t) => {
  const { agent, handle, system, started } = running()
  const open = (id: string, list: readonly Action[]) =>
    find(list, 'open').find(({ channel }) => channel.startsWith(`${id}|`))
  system.pass(3)
  const asked = ['ntp:192.0.2.1', 'ntp:192.0.2.2'].map((id) => {
    const sent = handle({ on: 'timer', key: `${id}|poll` })
    return open(id, [...started, ...sent])
  })
  const [first] = asked
  if (first === undefined) throw new Error('nothing was opened')
  const before = agent.snapshot(system.now).notes.length
  const data = new Uint8Array(7)
  const stamp = { at: system.now.utc, kind: 'kernel' } as const
  handle({ on: 'opened', channel: first.channel, stamps: 'kernel' })
  handle({ on: 'received', channel: first.channel, data, stamp })
  const notes = agent.snapshot(system.now).notes.slice(before)
  t.same(notes, [{ subject: 'ntp:192.0.2.1', code: 'malformed', count: 1 }])
})

t.test('a key that nobody knows is ignored', async (t) => {
  const { handle, system } = running()
  const writes = system.writes.length
  for (const key of ['nobody|tick', 'tick', 'agentx', 'dnsx', '|', '']) {
    t.same(handle({ on: 'timer', key }), [], key)
  }
  t.same(handle({ on: 'closed', channel: 'ntp:gone|1' }), [])
  t.same(handle({ on: 'stored', key: 'agent|drift:system' }), [])
  t.same(handle({ on: 'loaded', key: 'agent|drift:phc:gone', text: '1 1' }), [])
  t.equal(system.writes.length, writes)
})

t.test('the drift file is dialled, one that is damaged is named, none is no fault', async (t) => {
  t.equal(running().system.frequency, -20_000)
  const damaged = snapshotOf(running({}, 'x'))
  t.match(
    damaged.notes.filter(({ code }) => code === 'drift-file'),
    [{ subject: 'system', code: 'drift-file', count: 1 }],
  )
  const fine = snapshotOf(running())
  t.notOk(fine.notes.some(({ code }) => code === 'drift-file'))
  const full = running()
  const fault = { code: 'NO_SPACE', syscall: 'rename', errno: 'ENOSPC' } as const
  full.handle({ on: 'failed', what: 'store', key: 'agent|drift:system', fault })
  t.match(snapshotOf(full).events.at(-1), {
    ...{ code: 'drift-file', subject: 'system', detail: /ENOSPC/ },
  })
})

t.test('samples of the PHC steer the system clock, and every change is told', async (t) => {
  const bench = running()
  bench.run(60)
  const snapshot = snapshotOf(bench)
  const [system, card] = snapshot.clocks
  t.match(system, { name: 'system', mode: 'drive', state: 'locked', offsetSource: 'phc:eth0' })
  t.match(card, { name: 'phc:eth0', mode: 'follow', kernel: undefined, taiOffset: undefined })
  t.ok(Math.abs(bench.system.error) < 1000, `${bench.system.error} ns`)
  t.same((bench.clocks.get('phc:eth0') as FakeClock).writes, [], 'a followed clock is not written')
})

t.test('the snapshot shows node, sources with verdicts, notes and events', async (t) => {
  const bench = running()
  bench.run(30)
  const snapshot = snapshotOf(bench)
  t.match(snapshot, { version: '1.2.3', hostname: 'node', uptimeSeconds: /^30/ })
  t.same(
    snapshot.sources.map(({ id, verdict }) => [id, verdict]),
    [
      ['ntp:192.0.2.1', 'no-sample'],
      ['ntp:192.0.2.2', 'no-sample'],
      ['phc:eth0', 'selected'],
    ],
  )
  t.equal(snapshot.sources[2]?.ageSeconds, 0)
  t.equal(snapshot.sources[0]?.ageSeconds, undefined)
  t.ok(snapshot.sources.every(({ why }) => why !== ''))
  t.ok(snapshot.events.some(({ code, subject }) => code === 'state' && subject === 'system'))
  t.same(snapshotOf(bench), snapshot, 'showing changes nothing')
})

t.test('a note is counted under its subject, and passed on to the log', async (t) => {
  const bench = running()
  bench.run(30)
  bench.system.foreign({ step: 2_000_000_000n })
  const actions = bench.run(1)
  const noted = find(actions, 'note').filter(({ code }) => code === 'foreign-step')
  t.match(noted, [{ subject: 'system', code: 'foreign-step' }])
  const counted = snapshotOf(bench).notes.filter(({ code }) => code === 'foreign-step')
  t.same(counted, [{ subject: 'system', code: 'foreign-step', count: 1 }])
})

t.test('a clock that is not there is named, and the rest goes on', async (t) => {
  const clock = clockConfig({ mode: 'follow' })
  const clocks = { 'phc:eth7': clock, 'phc:eth0': clock, 'phc:eth1': clock }
  const { agent, handle, system, asked } = built({ clocks })
  handle({ on: 'start' })
  const { clocks: shown, events } = agent.snapshot(system.now)
  t.same(
    shown.map(({ name }) => name),
    ['system', 'phc:eth0'],
  )
  t.match(events, [
    { code: 'degraded', subject: 'phc:eth7', detail: /no such PHC/ },
    { code: 'degraded', subject: 'phc:eth1', detail: /same clock as phc:eth0/ },
  ])
  t.notOk(asked.includes('phc:eth1'), 'one PHC, one writer')
})

t.test('at the end: sources first, then the clocks are left in good order', async (t) => {
  const bench = running()
  bench.run(120)
  bench.system.error += 50_000
  bench.run(2)
  const slewing = bench.system.frequency
  const actions = bench.handle({ on: 'stop' })
  const place = (wanted: (action: Action) => boolean) => actions.findIndex(wanted)
  const tick = place((action) => action.do === 'cancel' && action.key === 'agent|tick')
  const source = place((action) => action.do === 'cancel' && action.key === 'phc:eth0|read')
  const stored = place((action) => action.do === 'store')
  t.ok(source >= 0 && source < tick && tick < stored, `${source} ${tick} ${stored}`)
  t.match(actions[stored], {
    key: 'agent|drift:system',
    file: 'drift.system',
    text: /^ +(19\.9|20\.0)/,
  })
  t.ok(Math.abs(slewing + 20_000) > 1000, `${slewing} ppb before`)
  t.ok(Math.abs(bench.system.frequency + 20_000) < 1000, `${bench.system.frequency} ppb after`)
  const { length } = bench.system.writes
  bench.system.pass(1)
  bench.compared()
  bench.handle({ on: 'timer', key: 'agent|tick' })
  t.equal(bench.system.writes.length, length, 'and nothing is written after it')
})

t.test('on a machine that is up for a year nothing overflows', async (t) => {
  const bench = built()
  bench.system.pass(366 * 86_400)
  t.ok(bench.agent.snapshot(bench.system.now))
  bench.handle({ on: 'start' })
  bench.handle({ on: 'loaded', key: 'agent|drift:system', text: '20 0.1' })
  bench.compared()
  bench.system.pass(101 * 86_400)
  bench.handle({ on: 'timer', key: 'agent|tick' })
  const { uptimeSeconds, sources } = bench.agent.snapshot(bench.system.now)
  t.ok(uptimeSeconds > 100 * 86_400)
  t.ok((sources[2]?.ageSeconds ?? 0) > 100 * 86_400)
})
