/**
 * Every data set of a real ptp4l as pmc of the same release prints it, and as we decode it: linuxptp
 * 3.1.1 (installed) and 4.2 (the tree that TIMEWARDEN_TRIXIE names), over veth with software stamps
 * and `free_running 1`. What may change meanwhile lies between two runs of pmc around our questions.
 */
import t, { type Test } from 'tap'
import { DATA_SETS, type DataSetName } from '../../agent/sources/management-data.ts'
import { configurePtp4l, INSTALLED, type Linuxptp, linuxptpOf, type Ptp4l } from './daemons.ts'
import { needs, nodeArgs, openPath, type Path } from './harness.ts'
import { AS_PMC, differences, type Fields, parsePmc } from './pmc.ts'

const NEEDS = needs('ip', 'ptp4l', 'pmc')
const TREE = process.env['TIMEWARDEN_TRIXIE'] ?? ''
t.setTimeout(240_000)

/** What a release does not give, and its error. */
const SINCE_4_4: Readonly<Record<string, string>> = {
  CMLDS_INFO_NP: 'NO_SUCH_ID',
  PORT_CORRECTIONS_NP: 'NO_SUCH_ID',
  EXTERNAL_GRANDMASTER_PROPERTIES_NP: 'NO_SUCH_ID',
}
const SINCE_4_0: Readonly<Record<string, string>> = {
  PORT_SERVICE_STATS_NP: 'NO_SUCH_ID',
  UNICAST_MASTER_TABLE_NP: 'NO_SUCH_ID',
  PORT_HWCLOCK_NP: 'NO_SUCH_ID',
  POWER_PROFILE_SETTINGS_NP: 'NO_SUCH_ID',
  MASTER_ONLY: 'NO_SUCH_ID',
  ALTERNATE_TIME_OFFSET_ENABLE: 'NOT_SUPPORTED',
  ALTERNATE_TIME_OFFSET_NAME: 'NOT_SUPPORTED',
  ALTERNATE_TIME_OFFSET_PROPERTIES: 'NOT_SUPPORTED',
}
const SETS = Object.keys(DATA_SETS) as DataSetName[]

interface Answers {
  readonly before: string
  readonly after: string
  readonly values: Readonly<Record<string, unknown>>
  readonly errors: Readonly<Record<string, string>>
}

interface Bench {
  readonly path: Path
  readonly linuxptp: Linuxptp
  readonly client: Ptp4l
}

interface Setting {
  readonly linuxptp: Linuxptp
  readonly lines?: (path: Path) => { readonly server: string[]; readonly client: string[] }
}

/** Flags that are set, so that a bit in the wrong place shows. */
const GRANDMASTER = [
  'SET GRANDMASTER_SETTINGS_NP clockClass 6 clockAccuracy 0x21 offsetScaledLogVariance 0x4e5d',
  'currentUtcOffset 37 leap61 1 leap59 0 currentUtcOffsetValid 1 ptpTimescale 1 timeTraceable 1',
  'frequencyTraceable 1 timeSource 0x20',
].join(' ')

/** A server and a client of the same release; resolves when the client measures. */
async function openBench(name: string, { linuxptp, lines }: Setting): Promise<Bench> {
  const path = openPath(name)
  const own = lines?.(path) ?? { server: [], client: [] }
  const configure = (role: 'server' | 'client') =>
    configurePtp4l(path, {
      ...{ role, linuxptp, lines: own[role] },
      namespace: role === 'server' ? path.a : path.b,
      interface: role === 'server' ? path.interfaceA : path.interfaceB,
    })
  const server = configure('server')
  await server.start().saw(/assuming the grand ?master role/)
  const [program, ...words] = linuxptp.pmc
  const set = ['-u', '-b', '0', '-s', server.socket, '-i', `${path.folder}/set`, GRANDMASTER]
  path.call(path.a, program, [...words, ...set])
  const client = configure('client')
  await client.start().saw(/delay +\d/, 60)
  return { path, linuxptp, client }
}

/** Asks for `sets` what ptp4l is asked by pmc, too, where pmc knows them. */
function ask(
  { path, linuxptp, client }: Bench,
  sets: readonly DataSetName[],
  known: boolean,
): Answers {
  const gets = known ? sets.map((set) => `GET ${set}`) : ['GET DOMAIN']
  const own = ['-u', '-b', '0', '-s', client.socket, '-i', `${path.folder}/pmc`]
  const args = [client.socket, sets.join(','), ...linuxptp.pmc, ...own, ...gets]
  const child = nodeArgs('test/peers/management.ts', ...args)
  return JSON.parse(path.call(path.b, process.execPath, child)) as Answers
}

type Told = Record<string, Fields>

/** Ours and pmc's that disagree, by data set; what moves on is asked for again. */
function disagreements(bench: Bench, sets: readonly DataSetName[]): { told: Told; wrong: Told } {
  const told: Told = {}
  let open = sets
  let wrong: Told = {}
  for (let attempt = 0; attempt < 5 && open.length > 0; attempt++) {
    const answers = ask(bench, open, true)
    const [before, after] = [parsePmc(answers.before), parsePmc(answers.after)]
    wrong = {}
    for (const set of open) {
      const value = answers.values[set]
      const our = value === undefined ? {} : (AS_PMC[set]?.(value) ?? {})
      told[set] = our
      const silent = before[set] === undefined ? ['pmc: not told'] : []
      const found = [...silent, ...differences(our, before[set], after[set])]
      if (found.length > 0) wrong[set] = Object.fromEntries(found.entries())
    }
    open = open.filter((set) => wrong[set] !== undefined)
  }
  return { told, wrong }
}

/** The whole comparison; what we were told, for further questions. */
function compare(t: Test, bench: Bench, unknown: Readonly<Record<string, string>>): Told {
  const sets = SETS.filter((set) => unknown[set] === undefined)
  const { told, wrong } = disagreements(bench, sets)
  t.same(wrong, {}, `pmc agrees on ${sets.length} data sets`)
  const fields = Object.values(told).reduce((sum, set) => sum + Object.keys(set).length, 0)
  t.comment(`${sets.length} data sets, ${fields} fields`)
  const { errors } = ask(bench, Object.keys(unknown) as DataSetName[], false)
  t.same(errors, unknown, 'refused')
  return told
}

/** The source as it runs in the agent: subscribed, and with every data set in its view. */
async function watch(t: Test, { path, client }: Bench): Promise<void> {
  const source = `{ socket: ${client.socket}, freeRunning: true }`
  const words = ['test/peers/measure.ts', `sources: [{ ptp4l: ${source} }]`, '--views', '500']
  const ours = path.run(path.b, process.execPath, nodeArgs(...(words as [string])))
  const view = await ours.saw(/^.*"do":"view".*"CMLDS_INFO_NP":"NO_SUCH_ID".*$/m, 30)
  t.match(JSON.parse(view[0]), {
    trouble: '',
    detail: {
      subscribed: true,
      refusedDataSets: { CMLDS_INFO_NP: 'NO_SUCH_ID' },
      dataSets: { SUBSCRIBE_EVENTS_NP: { duration: 60 }, PARENT_DATA_SET: {}, TIME_STATUS_NP: {} },
      ports: [
        {
          state: 'UNCALIBRATED',
          traffic: { received: { Sync: { count: Number } } },
          dataSets: {
            UNICAST_MASTER_TABLE_NP: { masters: [{ state: 'HAVE_SYDY' }, { state: 'WAIT' }] },
            PORT_SERVICE_STATS_NP: { followupMismatch: 0 },
          },
        },
      ],
    },
  })
  const polls = ours.output().match(/"no-progress"/g) ?? []
  t.same(polls, [], 'each Sync is pushed: none is asked for twice')
}

const peerDelay = () => ({ server: ['delay_mechanism P2P'], client: ['delay_mechanism P2P'] })
const readOnly = ({ folder }: Path, role: string): string => `uds_ro_address ${folder}/${role}-ro`

t.test('linuxptp 3.1.1', NEEDS, async (t) => {
  const unknown = { ...SINCE_4_0, ...SINCE_4_4 }
  await t.test('end to end', async (t) => {
    const bench = await openBench('pm', { linuxptp: INSTALLED })
    t.teardown(() => bench.path.close())
    const told = compare(t, bench, unknown)
    t.equal(told['TIME_STATUS_NP']?.['gmPresent'], 'true')
    t.match(told['TIME_PROPERTIES_DATA_SET'], { leap61: '1', leap59: '0', timeSource: '0x20' })
    t.ok(Number(told['PORT_STATS_NP']?.['rx_Sync']) > 0, 'it did receive')
  })

  await t.test('peer to peer', async (t) => {
    const bench = await openBench('pp', { linuxptp: INSTALLED, lines: peerDelay })
    t.teardown(() => bench.path.close())
    const told = compare(t, bench, unknown)
    t.equal(told['PORT_DATA_SET']?.['delayMechanism'], '2')
    t.ok(Number(told['PORT_DATA_SET']?.['peerMeanPathDelay']) > 0)
  })
})

const newer = TREE === '' ? { skip: 'TIMEWARDEN_TRIXIE names no tree' } : NEEDS

t.test('linuxptp 4.2', newer, async (t) => {
  const linuxptp = linuxptpOf(TREE)

  await t.test('unicast, with a master that is not there', async (t) => {
    const bench = await openBench('pu', {
      linuxptp,
      lines: (path) => ({
        server: [readOnly(path, 'server'), 'unicast_listen 1', 'inhibit_multicast_service 1'],
        client: [
          readOnly(path, 'client'),
          '[unicast_master_table]',
          ...['table_id 1', 'logQueryInterval 0', `UDPv4 ${path.addressA}`, 'UDPv4 10.99.0.77'],
          `[${path.interfaceB}]`,
          'unicast_master_table 1',
        ],
      }),
    })
    t.teardown(() => bench.path.close())
    t.match(
      bench.path.call(bench.path.b, linuxptp.ptp4l[0], [...linuxptp.ptp4l.slice(1), '-v']),
      /^4\./,
    )
    const told = compare(t, bench, SINCE_4_4)
    const table = told['UNICAST_MASTER_TABLE_NP'] ?? {}
    t.equal(table['actual_table_size'], '2')
    t.match(table['row 1'], /^yes .* 10\.99\.0\.1 HAVE_SYDY /)
    t.match(table['row 2'], / 10\.99\.0\.77 WAIT /)
    t.ok(Number(told['PORT_SERVICE_STATS_NP']?.['unicast_request_timeout']) > 0)
    await watch(t, bench)
  })

  await t.test('peer to peer, with the power profile', async (t) => {
    const power = [
      ...['power_profile.version 2017', 'power_profile.grandmasterID 5'],
      'power_profile.2017.totalTimeInaccuracy 1250',
    ]
    const bench = await openBench('pd', {
      linuxptp,
      lines: (path) => ({
        server: [readOnly(path, 'server'), ...peerDelay().server, ...power],
        client: [readOnly(path, 'client'), ...peerDelay().client, ...power],
      }),
    })
    t.teardown(() => bench.path.close())
    const told = compare(t, bench, SINCE_4_4)
    t.equal(told['POWER_PROFILE_SETTINGS_NP']?.['version'], '2', 'pmc shows the code of 2017')
    t.equal(told['PORT_DATA_SET']?.['delayMechanism'], '2')
  })
})
