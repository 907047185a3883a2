import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { formatFault } from '../../agent/config/faults.ts'
import { loadPtpConfigs, type PtpConfig } from '../../agent/config/ptp-config.ts'
import { chooseProfiles } from '../../agent/config/ptp-recommend.ts'

const CORPUS = join(import.meta.dirname, '../fixtures/ptpconfig')
const names = readdirSync(CORPUS).sort()

function load(name: string): readonly PtpConfig[] {
  const loaded = loadPtpConfigs(readFileSync(join(CORPUS, `${name}.yaml`), 'utf8'), name)
  if (!loaded.ok) throw new Error(loaded.faults.map(formatFault).join('\n'))
  return loaded.configs
}

const profileOf = (name: string) => {
  const profile = load(name)[0]?.profiles[0]
  if (profile === undefined) throw new Error(`${name} has no profile`)
  return profile
}

const faultsOf = (text: string): string[] => {
  const loaded = loadPtpConfigs(text, 'f')
  return loaded.ok ? [] : loaded.faults.map(formatFault)
}

const resource = (profile: string, recommend = '[]'): string => `apiVersion: ptp.openshift.io/v1
kind: PtpConfig
metadata: { name: a }
spec:
  profile:
    - ${profile.split('\n').join('\n      ')}
  recommend: ${recommend}
`

t.test('the corpus loads', async (t) => {
  t.ok(names.length >= 15, `${names.length} files`)
  for (const name of names) t.ok(load(name.replace('.yaml', '')).length > 0, name)
})

t.test('a profile has its fields', async (t) => {
  t.match(profileOf('ordinary-clock'), {
    name: 'ordinary-clock',
    interface: 'ens1f0',
    options: { ptp4l: '-2 -s', phc2sys: '-a -r -n 24' },
    conf: {},
    scheduling: undefined,
    threshold: undefined,
    settings: {},
    plugins: {},
    unknown: {},
  })
  const [{ namespace, recommend } = { namespace: '', recommend: [] }] = load('ordinary-clock')
  t.equal(namespace, 'openshift-ptp')
  t.same(recommend, [
    {
      profile: 'ordinary-clock',
      priority: 4,
      match: [{ nodeName: undefined, nodeLabel: 'node-role.kubernetes.io/worker' }],
      unknown: {},
    },
  ])
})

t.test('scheduling: a priority belongs to SCHED_FIFO only', async (t) => {
  t.same(profileOf('boundary-clock').scheduling, { policy: 'SCHED_FIFO', priority: 10 })
  t.same(profileOf('scheduling-other').scheduling, { policy: 'SCHED_OTHER', priority: undefined })
})

t.test('thresholds not written are the defaults of the resource', async (t) => {
  t.same(profileOf('threshold').threshold, {
    holdOverTimeout: 5,
    maxOffsetThreshold: 250,
    minOffsetThreshold: -100,
    processDowntime: {},
    unknown: {},
  })
  t.match(profileOf('grandmaster').threshold, {
    holdOverTimeout: 14_400,
    processDowntime: { ptp4l: 3, gpsd: 0 },
  })
})

t.test('ts2phcConf, settings and plugins are kept as they were', async (t) => {
  const { conf, settings, plugins, options } = profileOf('grandmaster')
  t.match(conf.ts2phc, /^\[nmea\]\nts2phc\.master 1\n\[global\]/)
  t.equal(options.ts2phc, ' ')
  t.same(settings, {
    clockType: 'T-GM',
    'clockId[ens7f0]': '5799633565432596414',
    logReduce: 'enhanced 30s 100',
  })
  t.match(plugins, { e810: { pins: { ens7f0: { SMA1: '0 1' } } } })
})

t.test('unknown keys are kept and told of, and other kinds passed over', async (t) => {
  const text = readFileSync(join(CORPUS, 'unknown-keys.yaml'), 'utf8')
  const loaded = loadPtpConfigs(text, 'f')
  if (!loaded.ok) throw new Error('faults')
  t.same(loaded.notices.map(formatFault), [
    'f:11:7: spec.profile[0].ptp4lOpt: unknown key, kept (did you mean ptp4lOpts?)',
    'f:13:7: spec.profile[0].futureKey: unknown key, kept',
    'f:14:53: spec.profile[0].ptpClockThreshold.maxJitter: unknown key, kept',
    'f:16:45: spec.recommend[0].weight: unknown key, kept',
    'f:16:82: spec.recommend[0].match[0].zone: unknown key, kept',
    'f:17:3: spec.window: unknown key, kept',
    'f:22:7: kind: PtpOperatorConfig is passed over',
  ])
  const [config] = loaded.configs
  t.same(config?.profiles[0]?.unknown, { ptp4lOpt: '-s', futureKey: { a: [1, 2] } })
  t.same(config?.profiles[0]?.threshold?.unknown, { maxJitter: 5 })
  t.same(config?.recommend[0]?.unknown, { weight: 7 })
  t.match(config?.source, { metadata: { annotations: { note: 'kept, too' } }, status: {} })
})

t.test('every fault at once, each with its place', async (t) => {
  const text = resource(
    `interface: a/b
ptp4lOpts: 7
ptpSchedulingPolicy: SCHED_FIF
ptpSchedulingPriority: 99
ptpClockThreshold: { holdOverTimeout: -1, processDowntimeThresholds: [] }
ptpSettings: { logReduce: true }
plugins: 3`,
    '[{ profile: a }, 5, { priority: "4", profile: "", match: {} }]',
  )
  t.same(faultsOf(text), [
    'f:6:7: spec.profile[0]: name is missing',
    'f:6:18: spec.profile[0].interface: not the name of a network interface',
    'f:7:18: spec.profile[0].ptp4lOpts: expected text (did you mean "7"?)',
    'f:8:28: spec.profile[0].ptpSchedulingPolicy: expected one of SCHED_OTHER, SCHED_FIFO (did you mean SCHED_FIFO?)',
    'f:9:30: spec.profile[0].ptpSchedulingPriority: must be from 1 to 65',
    'f:10:45: spec.profile[0].ptpClockThreshold.holdOverTimeout: must be from 0 to 9007199254740991',
    'f:10:76: spec.profile[0].ptpClockThreshold.processDowntimeThresholds: expected a map (key: value)',
    'f:11:33: spec.profile[0].ptpSettings.logReduce: expected text (did you mean "true"?)',
    'f:12:16: spec.profile[0].plugins: expected a map (key: value)',
    'f:13:15: spec.recommend[0]: priority is missing',
    'f:13:31: spec.recommend[1]: expected a map (key: value)',
    'f:13:46: spec.recommend[2].priority: expected a whole number (did you mean 4?)',
    'f:13:60: spec.recommend[2].profile: profile is empty',
    'f:13:71: spec.recommend[2].match: expected a list',
  ])
})

t.test('a fault in a text inside has the line of the file', async (t) => {
  const literal = resource(`name: a
interface: eth0
ptp4lConf: |  # remark
  [global]
  domainNumber
  [eth1]
    [eth0
ts2phcConf: "[global]\\nx\\n"
ptp4lOpts: "-s 'x"`)
  t.same(faultsOf(literal), [
    'f:10:9: spec.profile[0].ptp4lConf: domainNumber has no value',
    'f:11:9: spec.profile[0].ptp4lConf: [eth1] stands beside interface: eth0',
    'f:12:11: spec.profile[0].ptp4lConf: the section has no ]',
    'f:13:19: spec.profile[0].ts2phcConf: line 2: x has no value',
    "f:14:18: spec.profile[0].ptp4lOpts: a ' without its end (character 4)",
  ])
  const anchored = resource('name: a\nptp4lConf: &x |\n  a b\n  [global]')
  t.same(faultsOf(anchored), ['f:8:9: spec.profile[0].ptp4lConf: a b is in no section'])
})

t.test('what is no PtpConfig is said', async (t) => {
  t.same(faultsOf(''), ['f:1:1: no PtpConfig in it'])
  t.same(faultsOf('- 1'), ['f:1:1: expected a resource (a map)'])
  t.same(faultsOf('a: 1'), ['f:1:1: kind: kind is missing'])
  t.match(faultsOf('kind: PtpConfig\napiVersion: ptp.openshift.io/v2'), [
    'f:1:1: spec is missing',
    'f:1:1: name is missing',
    'f:2:13: apiVersion: expected ptp.openshift.io/v1',
  ])
  t.match(faultsOf('a: ]\n---\nb: }'), [/^f:1:/, /^f:3:/])
  t.match(faultsOf('x'.repeat(1_500_001)), [/longer than/])
  t.match(faultsOf(`a: &a [x]\nb: [${'*a, '.repeat(60)}]`), [/kind is missing|alias/i])
  const twice = resource('name: a', '[]').replace('  recommend', '    - name: a\n  recommend')
  t.same(faultsOf(twice), ['f:7:13: spec.profile[1].name: a is there already'])
  const fifo = resource('name: a\nptpSchedulingPolicy: SCHED_FIFO')
  t.match(faultsOf(fifo), [/SCHED_FIFO needs ptpSchedulingPriority, 1 to 65/])
})

const chosen = (name: string, node: string, ...labels: string[]): string[] =>
  chooseProfiles(load(name), {
    name: node,
    labels: Object.fromEntries(labels.map((label) => [label, 'x'])),
  }).chosen.map(({ qualifiedName }) => qualifiedName)

t.test('the lowest priority that fits the node wins', async (t) => {
  t.same(chosen('by-name-and-label', 'node-1'), [])
  t.same(chosen('by-name-and-label', 'node-1', 'kubernetes.io/os'), ['choice/everybody'])
  const both = ['kubernetes.io/os', 'ptp/slave']
  t.same(chosen('by-name-and-label', 'node-1', ...both), ['choice/labelled'])
  t.same(chosen('by-name-and-label', 'node-3', ...both), ['choice/named'])
  t.same(chosen('by-name-and-label', 'node-1', 'constructor', 'toString'), [])
})

t.test('all of that priority are chosen, by name from every resource', async (t) => {
  const all = ['several-a/p-left', 'several-a/p-right', 'several-b/p-left']
  t.same(chosen('several-profiles', 'n', 'ptp'), all)
  t.same(chosen('dual-nic', 'du-1'), ['boundary-nic1/nic1', 'boundary-nic2/nic2'])
  t.same(chosen('gptp', 'bridge-1'), ['gptp/gptp-bridge'])
  t.same(chosen('g8275-1', 'cu-1'), ['g8275-1/domain-24', 'g8275-1/domain-43'])
  t.same(chosen('dual-nic-ha', 'n', 'ha').length, 3)
})

t.test('a recommended profile that nobody defines is named', async (t) => {
  const text = resource('name: a', '[{ profile: b, priority: 1, match: [{ nodeName: n }] }]')
  const loaded = loadPtpConfigs(text, 'f')
  if (!loaded.ok) throw new Error('faults')
  const node = { name: 'n', labels: {} }
  t.same(chooseProfiles(loaded.configs, node), { chosen: [], missing: ['b'] })
})
