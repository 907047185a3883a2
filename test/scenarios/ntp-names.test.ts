/** Names of NTP servers: pools, addresses that change, DNS that is down. */
import t from 'tap'
import { maxError, timeToState } from '../../agent/sim/assess.ts'
import { Run } from '../../agent/sim/run.ts'
import type { Deed, NamedNtpServer, Scenario } from '../../agent/sim/scenario.ts'
import { at, SEEDS } from './lan.ts'
import { clientNode, requestsOf, servers } from './ntp-asked.ts'

const MS = 1e6
const LAN = servers(3, '10.0.0')
const SOURCES = LAN.map(({ name }) => ({ name, minpoll: 4, maxpoll: 6 }))
const FILE = LAN.map(({ name, address }) => `${name} ${address}\n`).join('')
const NAMES_DOWN = at(0, { do: 'names', down: true })
const codes = (run: Run, code: string) => run.stage.world.notes.filter((note) => note.code === code)

/** Addresses at hand, without the slots that have none. */
const addressesOf = (run: Run): string[] =>
  run
    .snapshot()
    .sources.map(({ address }) => address)
    .filter((address) => /^\d/.test(address))

for (const seed of SEEDS) {
  t.test(`seed ${seed}: with DNS down a node starts with the addresses on disk`, async (t) => {
    const timeline = [NAMES_DOWN, at(900, { do: 'names', down: false })]
    const files = { 'ntp-addresses': `\u0000garbage\n${FILE}ntp-1.gone 10.9.9.9\n` }
    const run = new Run(clientNode(seed, LAN, SOURCES, { timeline, files })).forSeconds(900)
    const locked = timeToState(run.record('system'), 'locked')
    t.ok(locked !== undefined && locked <= 60, `locked after ${locked} s`)
    t.equal(codes(run, 'address-kept').length, 3)
    t.equal(codes(run, 'resolved').length, 0)
    run.forSeconds(120)
    t.equal(codes(run, 'resolved').length, 3, 'each name is resolved as soon as DNS works')
    t.equal(run.record('system').at(-1)?.state, 'locked')
  })

  t.test(`seed ${seed}: the slots of a pool never meet, whatever DNS answers`, async (t) => {
    const many = servers(8, '10.0.2')
    const pool = { name: 'pool', pool: true, maxSources: 4, minpoll: 4, maxpoll: 6 }
    const run = new Run(clientNode(seed, many, [pool]))
    const asked = requestsOf(run)
    const { world, ntp } = run.stage
    for (let second = 0; second < 7200; second += 3) {
      world.at(second, () => {
        const all = many.map(({ address }) => address)
        const from = Math.floor(world.random.uniform() * all.length)
        const rotated = [...all.slice(from), ...all.slice(0, from)]
        world.devices.names.set('pool', rotated.slice(0, 1 + (second % 4)))
      })
    }
    const listening = [...ntp.values()]
    for (const [i, server] of listening.slice(0, 5).entries()) {
      world.at(1000 + 800 * i, () => (server.behaviour.silent = true))
    }
    for (let minute = 0; minute < 120; minute += 1) {
      run.forSeconds(60)
      const addresses = addressesOf(run)
      t.equal(new Set(addresses).size, addresses.length, `minute ${minute}: ${addresses}`)
    }
    const alive = new Set(many.slice(5).map(({ address }) => address))
    const last = addressesOf(run).filter((address) => alive.has(address))
    t.equal(last.length, 3, 'in the end all that live are used')
    const changes = codes(run, 'resolved').length
    t.ok(changes < 40, `${changes} changes of address in two hours`)
    t.ok(asked.length > 1000)
  })
}

t.test('without a file and without DNS a node knows nothing, and says so', async (t) => {
  const timeline = [NAMES_DOWN, at(300, { do: 'names', down: false })]
  const run = new Run(clientNode('alone', LAN, SOURCES, { timeline })).forSeconds(300)
  t.equal(run.record('system').at(-1)?.bound, undefined)
  t.match(run.snapshot().sources[0]?.trouble, /^ntp-1: /)
  run.forSeconds(300)
  t.equal(run.record('system').at(-1)?.state, 'locked')
  t.equal(run.stage.world.devices.files.get('ntp-addresses')?.split('\n').length, 4)
})

const silent = (server: string): Deed => ({ do: 'ntp', server, set: { silent: true } })
const VALIDATOR = '10.0.0.53'

const YEAR = 365 * 86_400

/** The resolver of the node validates by a clock that is wrong by `offset` seconds. */
const validating = (
  offset: number,
  {
    seed = 'validating',
    mode = 'validating' as 'validating' | 'servfail' | 'normal',
    resolvConf = `nameserver ${VALIDATOR}\n`,
    zone = Object.fromEntries(LAN.map(({ name, address }) => [name, [address]])),
    more = {} as Partial<Scenario>,
  } = {},
) =>
  clientNode(seed, LAN, SOURCES, {
    system: { offset, frequencyPpb: 18_000, wanderPpb: 1 },
    info: { resolvConf },
    resolvers: [{ address: VALIDATOR, mode, zone }],
    ...more,
  })

for (const [seed, offset] of [
  ['1', -YEAR],
  ['2', YEAR],
] as const) {
  t.test(`a clock wrong by ${offset} s, and a resolver that validates by it`, async (t) => {
    const journal: string[] = []
    const options = { journal: (line: string) => journal.push(line) }
    const run = new Run(validating(offset, { seed }), options).forSeconds(60)
    const locked = timeToState(run.record('system'), 'locked')
    t.ok(locked !== undefined && locked <= 30, `locked after ${locked} s`)
    t.ok(Math.abs(run.stage.world.truth('system')) < MS, 'and at the right time')
    const told = codes(run, 'dns-unvalidated')
    t.same(
      told.map(({ subject, detail }) => `${subject} ${detail}`).sort(),
      LAN.map(
        ({ name, address }) =>
          `ntp:${name} ${name}: ${address}, as ${VALIDATOR} has it, unvalidated`,
      ),
    )
    t.equal(journal.filter((line) => line.includes('< note code=dns-unvalidated')).length, 3)
    t.ok(run.snapshot().events.some(({ code }) => code === 'dns-unvalidated'))
    run.forSeconds(60)
    const ordinary = journal.filter(
      (line) => line.includes('> resolved') && !line.includes('=true'),
    )
    t.equal(ordinary.length, 3, 'each name is resolved again, with validation')
    t.equal(codes(run, 'dns-unvalidated').length, 3, 'and none any more without it')
    run.forSeconds(120)
    t.equal(run.stage.world.devices.files.get('ntp-addresses')?.split('\n').length, 4)
    t.equal(run.record('system').at(-1)?.state, 'locked')
  })
}

t.test('without anybody who answers such a question the clock stays wrong', async (t) => {
  const run = new Run(validating(-YEAR, { resolvConf: '' })).forSeconds(300)
  t.equal(run.record('system').at(-1)?.bound, undefined)
  t.match(run.snapshot().sources[0]?.trouble, /^ntp-1: resolve: ESERVFAIL/)
})

t.test('dead name servers cost a moment, and a search list is walked', async (t) => {
  const resolvConf = `nameserver 10.0.0.54\nnameserver ${VALIDATOR}\nsearch none lab\n`
  const zone = Object.fromEntries(LAN.map(({ name, address }) => [`${name}.lab`, [address]]))
  const run = new Run(validating(YEAR, { resolvConf, zone })).forSeconds(60)
  t.equal(run.record('system').at(-1)?.state, 'locked')
  const told = codes(run, 'dns-unvalidated')
  t.equal(told.length, 3)
  t.match(told[0]?.detail, /^ntp-\d\.lab: 10\.0\.0\.\d, as 10\.0\.0\.53 has it, unvalidated/)
  t.ok((told.at(-1)?.at ?? 99) < 3, 'the dead one is asked once')
})

t.test('an address that validation does not confirm is left, and never kept on disk', async (t) => {
  const forged: NamedNtpServer = { name: 'forger', address: '10.0.0.66', errorNs: 80 * MS }
  const zone = Object.fromEntries(
    LAN.map(({ name, address }, i) => [name, [i === 0 ? forged.address : address]]),
  )
  const ntp = [...LAN, forged]
  const run = new Run(validating(YEAR, { zone, more: { ntp } }))
  const files = run.stage.world.devices.files
  run.forSeconds(10)
  t.match(addressesOf(run), ['10.0.0.66', '10.0.0.2', '10.0.0.3'])
  run.forSeconds(230)
  t.same(addressesOf(run), ['10.0.0.1', '10.0.0.2', '10.0.0.3'])
  t.match(files.get('ntp-addresses'), /^ntp-1 10\.0\.0\.1$/m)
  t.notMatch(files.get('ntp-addresses'), /10\.0\.0\.66/)
  t.ok(maxError(run.record('system'), 60) < MS, 'the majority kept it away from the clock')
})

t.test('after the first lock a failure stands', async (t) => {
  const more = { timeline: [at(300, { do: 'names', down: true }, silent('ntp-1'))] }
  const run = new Run(validating(0.012, { mode: 'normal', more })).forSeconds(900)
  t.ok(codes(run, 'resolve-failed').length > 0)
  t.same(codes(run, 'dns-unvalidated'), [])
})

t.test('one that fails in every way leaves the failure as it is', async (t) => {
  const run = new Run(
    validating(YEAR, { mode: 'servfail', more: { timeline: [NAMES_DOWN] } }),
  ).forSeconds(120)
  t.equal(run.record('system').at(-1)?.bound, undefined)
  t.same(codes(run, 'dns-unvalidated'), [])
  t.match(run.snapshot().sources[0]?.trouble, /^ntp-1: /)
})

t.test('a server that moves to another address is found again by its name', async (t) => {
  const both = servers(4, '10.0.0')
  const timeline = [at(1200, { do: 'ntp', server: 'ntp-1', set: { silent: true } })]
  const run = new Run(clientNode('moves', both, SOURCES, { timeline }))
  run.stage.world.at(1200, () => run.stage.world.devices.names.set('ntp-1', ['10.0.0.4']))
  run.forSeconds(1800)
  const [first] = run.snapshot().sources
  t.match(first, { id: 'ntp:ntp-1', address: '10.0.0.4', trouble: '' })
  t.ok(maxError(run.record('system'), 600) < MS)
  t.equal(run.record('system').at(-1)?.state, 'locked')
  t.match(run.stage.world.devices.files.get('ntp-addresses'), /^ntp-1 10\.0\.0\.4 10\.0\.0\.1$/m)
})

t.test('a server of a pool that refuses us is replaced and never asked again', async (t) => {
  const many = servers(5, '10.0.2')
  const pool = { name: 'pool', pool: true, maxSources: 4, minpoll: 4, maxpoll: 6 }
  const run = new Run(clientNode('deny', many, [pool]))
  const asked = requestsOf(run)
  run.stage.world.devices.names.set(
    'pool',
    many.map(({ address }) => address),
  )
  run.forSeconds(600)
  const [denier = ''] = addressesOf(run)
  const server = [...run.stage.ntp.values()].find(({ address }) => address === denier)
  if (server !== undefined) server.behaviour.kiss = 'DENY'
  run.forSeconds(600)
  t.equal(asked.filter((each) => each.address === denier && each.at > 600).length, 1)
  t.same(
    addressesOf(run).sort(),
    many.map(({ address }) => address).filter((address) => address !== denier),
  )
})
