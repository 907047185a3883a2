import t from 'tap'
import { createDemo, DEMO_PERIOD, demoScenario } from '../../agent/sim/demo-world.ts'
import { ntpConfig, ptp4lConfig, simConfig } from '../../agent/sim/plain-config.ts'
import { type Deed, type Happening, stage } from '../../agent/sim/scenario.ts'

const at = (seconds: number, ...deeds: Deed[]): Happening => ({ at: seconds, say: '', deeds })

t.test('the demo node is what it says: clocks off, four servers of which one lies', async (t) => {
  const { config, node, world, stage: built, timeline } = createDemo('1')
  t.ok(Math.abs(world.truth('system') - 12e6) < 1)
  t.same([...built.ntp.keys()], ['ntp-a', 'ntp-b', 'ntp-c', 'ntp-d'])
  t.same(
    [...built.ntp.values()].map(({ behaviour }) => behaviour.errorNs),
    [0, 0, 0, 80e6],
  )
  t.equal(built.resolvers.size, 2)
  t.equal(config.clocks['system']?.mode, 'drive')
  t.equal(config.clocks['phc:eth0']?.mode, 'follow')
  t.equal(node.info.phcs[0]?.interfaces[0], 'eth0')
  t.ok(node.clock('system') && node.clock('phc:eth0'))
  t.equal(node.clock('phc:eth9'), undefined)
  t.ok(timeline.every((happening) => happening.at < DEMO_PERIOD && happening.say !== ''))
})

t.test('the day of the demo repeats: PTP lost and back, all lost and back', async (t) => {
  const { world, stage: built } = createDemo('2')
  const looks = (): [boolean | undefined, boolean | undefined] => [
    built.ptp4l?.grandmaster.present,
    built.ntp.get('ntp-a')?.link.down,
  ]
  for (let day = 0; day < 3; day++) {
    const seen: unknown[] = []
    for (const until of [80, 100, 160, 210, 260]) {
      world.runFor(day * DEMO_PERIOD + until - world.elapsed)
      seen.push(looks())
    }
    t.same(seen, [
      [true, false],
      [false, false],
      [true, false],
      [false, true],
      [true, false],
    ])
  }
  t.ok(Math.abs(world.truth('phc:eth0')) < 200, 'ptp4l holds its PHC again')
})

t.test('every kind of happening does what it says', async (t) => {
  const scenario = {
    ...demoScenario('3'),
    chronyd: true,
    attackers: [{ server: 'ntp-b', forged: 1 }],
    timeline: [
      at(1, { do: 'attacker', server: 'ntp-b', set: { forged: 2 } }),
      at(1, { do: 'rename', name: 'ntp-c', addresses: ['10.0.1.9'] }),
      at(1, { do: 'ntp', server: 'ntp-b', set: { silent: true } }),
      at(1, { do: 'ntp-link', server: 'all', set: { loss: 0.5 } }),
      at(1, { do: 'resolver', server: '10.96.0.11', set: { mode: 'servfail' } }),
      at(1, { do: 'names', down: true }),
      at(1, { do: 'chronyd', synchronized: false }),
      at(1, { do: 'ptp4l', what: 'kill' }),
      at(2, { do: 'ptp4l', what: 'restart' }),
      at(3, { do: 'foreign', clock: 'system', adjustment: { step: 1_000_000_000n } }),
      at(3, { do: 'foreign', clock: 'phc:eth0', adjustment: { step: -5n } }),
      at(5, { do: 'suspend', seconds: 10, rtcErrorNs: 0n }),
    ],
  }
  const { world, ntp, attackers, ptp4l, chronyd, resolvers } = stage(scenario)
  world.runFor(1.5)
  t.equal(attackers.get('ntp-b')?.behaviour.forged, 2)
  t.equal(ntp.get('ntp-b')?.link.meddler, attackers.get('ntp-b'))
  t.same(world.devices.names.get('ntp-c'), ['10.0.1.9'])
  t.same(
    [...ntp.values()].map(({ behaviour }) => behaviour.silent),
    [false, true, false, false],
  )
  t.ok([...ntp.values()].every(({ link }) => link.loss === 0.5))
  t.same(
    [...resolvers.values()].map(({ behaviour }) => behaviour.mode),
    ['normal', 'servfail'],
  )
  t.equal(world.devices.resolverDown, true)
  t.equal(chronyd?.synchronized, false)
  t.equal(ptp4l?.listening, false)
  world.runFor(1)
  t.equal(ptp4l?.listening, true)
  world.runFor(1)
  t.ok(Math.abs(world.truth('system') - 1.012e9) < 5e6)
  const before = world.now()
  world.runFor(16.5)
  t.ok(Math.abs(Number(world.now().mono - before.mono) / 1e9 - 6.5) < 0.01)
})

t.test('a crystal that is shifted runs so from the next second on', async (t) => {
  const timeline = [at(9, { do: 'shift', clock: 'system', byPpb: 50_000 })]
  const system = { frequencyPpb: 18_000, wanderPpb: 0 }
  const { world } = stage({ seed: '5', config: simConfig({}), system, timeline })
  world.runFor(10)
  t.ok(Math.abs(world.truth('system') - 180e3) < 1)
  world.runFor(10)
  t.ok(Math.abs(world.truth('system') - 860e3) < 1)
})

t.test('a scenario without peers is a node alone', async (t) => {
  const { world, ptp4l } = stage({ seed: '4', config: simConfig({}), files: { drift: '1' } })
  t.equal(ptp4l, undefined)
  t.equal(world.devices.files.get('drift'), '1')
  world.runFor(10)
  t.match(world.node.clock('system')?.status(), { maxError: 16e9, synchronized: false })
})

t.test('configurations have the defaults of the schema', async (t) => {
  const config = simConfig({
    sources: [ntpConfig({ name: 'a', maxpoll: 6 }), ptp4lConfig({ domain: 24 })],
  })
  t.match(config.sources, [
    { type: 'ntp', name: 'a', pool: false, minpoll: 6, maxpoll: 6 },
    { type: 'ptp4l', domain: 24, socket: '/var/run/ptp4l' },
  ])
  t.equal(config.dns.enabled, false)
})
