import t from 'tap'
import { formatFault } from '../../agent/config/faults.ts'
import { loadConfig, placeFindings } from '../../agent/config/load.ts'
import { type NodeFacts, withChildren } from '../../agent/config/ptp4l-children.ts'
import type { PhcInfo } from '../../agent/ports/node.ts'

const PHC: PhcInfo = {
  ...{ index: 0, device: '/dev/ptp0', clockName: 'ice', interfaces: ['ens1f0', 'ens1f1'] },
  ...{ pci: '0000:01:00.0', driver: 'ice' },
}
const RESOURCE = `apiVersion: ptp.openshift.io/v1
kind: PtpConfig
metadata: { name: bc }
spec:
  profile:
    - name: p
      ptp4lOpts: "-2"
      ptpSchedulingPolicy: SCHED_FIFO
      ptpSchedulingPriority: 10
      ptp4lConf: |
        [global]
        domainNumber 24
        [ens1f0]
        masterOnly 0
    - name: q
      interface: ens7f0
    - name: none
      interface: ens8f0
      ptp4lOpts: ""
  recommend:
    - { profile: p, priority: 4, match: [{ nodeName: du-1 }] }
    - { profile: q, priority: 4, match: [{ nodeLabel: edge }] }
    - { profile: none, priority: 4, match: [{ nodeLabel: edge }] }
`

const NODE: NodeFacts = {
  name: 'du-1',
  phcs: [PHC],
  read: (file) =>
    file === '/etc/ptp.yaml' ? { ok: true, text: RESOURCE } : { ok: false, reason: 'ENOENT' },
  versionOf: () => [3, 1, 1],
}

const faultsOf = (yaml: string): string[] => {
  const loaded = loadConfig(yaml, 'f')
  return loaded.ok ? [] : loaded.faults.map(formatFault)
}

const runOf = (yaml: string, clocks = ''): string =>
  `${clocks}\nstateDirectory: /state\nsources:\n  - ptp4l: ${yaml}\n`

/** The configuration with its children, and what was found wrong. */
function made(yaml: string, node: Partial<NodeFacts> = {}) {
  const loaded = loadConfig(yaml, 'f')
  if (!loaded.ok) throw new Error(loaded.faults.map(formatFault).join('\n'))
  const { config, findings, faults, notices } = withChildren(loaded.config, { ...NODE, ...node })
  const wrong = [...placeFindings(yaml, 'f', findings), ...faults].map(formatFault)
  return { config, children: config.children ?? [], wrong, notices }
}

t.test('a profile becomes a configuration, a command line and a source', async (t) => {
  const { config, children, wrong } = made(
    runOf(`
      poll: 2s
      run:
        profile: g8275.1
        interfaces: [ens1f0, ens1f1]
        options: { global: { priority2: 200, transportSpecific: 0x0 }, ens1f1: { masterOnly: 1 } }
        program: /opt/ptp4l
        scheduling: { policy: fifo, priority: 65 }`),
  )
  t.same(wrong, [])
  const [child] = children
  t.match(child, { name: 'ptp4l.0', file: 'ptp4l.0.config', socket: '/state/ptp4l.0.socket' })
  t.match(child?.command, [
    ...['chrt', '--fifo', '65', '/opt/ptp4l', '-f', '/state/ptp4l.0.config', '-m'],
    ...['--free_running', '1'],
  ])
  for (const line of [
    ...[/^domainNumber 24$/m, /^priority2 200$/m, /^transportSpecific 0$/m],
    ...[/^\[ens1f1\]\nmasterOnly 1$/m, /^uds_address \/state\/ptp4l\.0\.socket$/m],
    ...[/^free_running 1$/m, /^message_tag \[ptp4l\.0\.config\]$/m],
  ]) {
    t.match(child?.text, line)
  }
  t.same(config.sources, [
    {
      ...{ type: 'ptp4l', socket: '/state/ptp4l.0.socket', domain: 24, poll: 2 },
      freeRunning: true,
    },
  ])
})

t.test('ptp4l steers a clock that is followed, and no other', async (t) => {
  const run = 'run: { profile: e2e, interfaces: [ens1f0] '
  const free = (clocks: string, more = ''): boolean => {
    const { config, children } = made(runOf(`{ ${run} ${more} } }`, clocks))
    const [source] = config.sources
    const said = /^free_running 1$/m.test(children[0]?.text ?? '')
    t.equal(source?.type === 'ptp4l' && source.freeRunning, said)
    t.equal(children[0]?.command.includes('--free_running'), said)
    return said
  }
  const clock = (name: string, mode: string) => `clocks: { ${name}: { mode: ${mode} } }`
  t.equal(free(''), true, 'nobody named it')
  for (const name of ['"phc:ens1f0"', '"phc:ens1f1"', '"phc:/dev/ptp0"', '"phc:ptp0"']) {
    t.equal(free(clock(name, 'follow')), false, name)
    t.equal(free(clock(name, 'observe')), true, name)
  }
  t.equal(free(clock('"phc:0000:01:00.0"', 'follow')), false)
  t.equal(free(clock('"phc:ens1f0"', 'auto')), false, 'ours only while no ptp4l steers it')
  t.equal(free(clock('"phc:ens1f0"', 'drive')), true)
  t.equal(free(clock('"phc:ens9"', 'follow')), true, 'another one')
  const software = ', options: { global: { time_stamping: software } }'
  t.equal(free(clock('"phc:ens1f0"', 'follow'), software), true, 'it would be the system clock')
  t.equal(free(clock('system', 'follow'), software), false)
})

t.test('who runs free compares no PHCs, and a port with JBOD would be faulty', async (t) => {
  const commandOf = (options: string, mode: string): readonly string[] => {
    const clocks = `clocks: { "phc:ens1f0": { mode: ${mode} } }`
    const run = `{ profile: e2e, interfaces: [ens1f0, ens1f1], options: ${options} }`
    return made(runOf(`{ run: ${run} }`, clocks)).children[0]?.command ?? []
  }
  const global = '{ global: { boundary_clock_jbod: 1 } }'
  const own = ['--boundary_clock_jbod', '0', '--free_running', '1']
  t.same(commandOf(global, 'drive').slice(-4), own)
  t.same(commandOf('{ ens1f1: { boundary_clock_jbod: 1 } }', 'observe').slice(-4), own)
  t.equal(commandOf(global, 'follow').includes('--boundary_clock_jbod'), false)
  t.equal(commandOf('{}', 'drive').includes('--boundary_clock_jbod'), false)
})

t.test('software stamps by the command line of a resource count, too', async (t) => {
  const text = RESOURCE.replace('"-2"', '"-2 -S"')
  const yaml = runOf(
    '{ run: { ptpConfig: /etc/ptp.yaml } }',
    'clocks: { "phc:ens1f0": { mode: follow } }',
  )
  t.match(made(yaml).children[0]?.text, /^\[global\]\ndomainNumber 24\nmessage_tag/)
  t.notMatch(made(yaml).children[0]?.text, /free_running/)
  t.match(made(yaml, { read: () => ({ ok: true, text }) }).children[0]?.text, /free_running 1/)
})

t.test('each profile that is chosen from a file is a child with a source', async (t) => {
  const by = (words: string) => made(runOf(`{ run: { ptpConfig: /etc/ptp.yaml, ${words} } }`))
  const both = by('labels: [edge]')
  t.same(both.wrong, [])
  t.match(both.children, [
    { name: 'ptp4l.0', command: ['chrt', '--fifo', '10', 'ptp4l', '-f'] },
    { name: 'ptp4l.1', socket: '/state/ptp4l.1.socket' },
  ])
  t.equal(both.children.length, 2, 'one profile runs no ptp4l')
  t.match(both.config.sources, [{ domain: 24 }, { domain: 0 }])
  const none = by('node: du-2')
  t.same(none.children, [])
  t.same(none.config.sources, [])
  t.match(none.notices, ['/etc/ptp.yaml: no profile is for node du-2; no ptp4l is started'])
})

t.test('a source without run stays as it is', async (t) => {
  const { config, children } = made('sources: [{ ptp4l: {} }]')
  t.same(children, [])
  t.match(config.sources, [{ socket: '/var/run/ptp4l', domain: 0, freeRunning: false }])
})

t.test('all that is wrong in one go, each at its place', async (t) => {
  t.same(
    faultsOf(`sources:
  - ptp4l:
      domain: 5
      freeRunning: true
      run:
        profile: g8275.1
        interfaces: [eth0]
        servers: [192.0.2.1]
        node: n
        options:
          global: { prioriti1: 5, priority2: 256, uds_address: /x, clientOnly: 1 }
          eth1: { masterOnly: 1 }
          eth0: { priority1: 5 }
        scheduling: { policy: fifo }
  - ptp4l: { run: { profile: e2e, ptpConfig: /a } }
  - ptp4l: { socket: /a, run: { ptpConfig: /a, interfaces: [eth0] } }
  - ptp4l: { run: { profile: e3e, interfaces: ["a b"], version: new } }
`),
    [
      'f:3:15: sources[0].ptp4l.domain: domain 5: g8275.1 has 24 to 43',
      'f:4:7: sources[0].ptp4l.freeRunning: freeRunning follows from the mode of the clock',
      'f:8:9: sources[0].ptp4l.run.servers: servers is for g8275.2',
      'f:9:9: sources[0].ptp4l.run.node: node is for ptpConfig',
      'f:11:21: sources[0].ptp4l.run.options.global.prioriti1: prioriti1: no known option (did you mean priority1?)',
      'f:11:46: sources[0].ptp4l.run.options.global.priority2: priority2 256: must be from 0 to 255',
      'f:11:51: sources[0].ptp4l.run.options.global.uds_address: uds_address is `socket` of the source',
      'f:12:11: sources[0].ptp4l.run.options.eth1: eth1 is none of global, eth0',
      'f:13:19: sources[0].ptp4l.run.options.eth0.priority1: priority1 may stand in [global] only',
      'f:14:31: sources[0].ptp4l.run.scheduling.policy: fifo needs a priority, 1 to 65',
      'f:15:14: sources[1].ptp4l.run: run has exactly one of profile, ptpConfig',
      'f:16:14: sources[2].ptp4l.socket: socket comes from the PtpConfig',
      'f:16:48: sources[2].ptp4l.run.interfaces: interfaces comes from the PtpConfig',
      'f:17:30: sources[3].ptp4l.run.profile: expected one of e2e, g8275.1, g8275.2, gptp, got "e3e" (did you mean e2e?)',
      'f:17:48: sources[3].ptp4l.run.interfaces[0]: expected an interface, got "a b"',
      'f:17:65: sources[3].ptp4l.run.version: expected a release such as "4.2", got "new"',
    ],
  )
})

t.test('an option of a later release is a fault once the program said which it is', async (t) => {
  const yaml = runOf(
    '{ run: { profile: e2e, interfaces: [e], options: { global: { clientOnly: 1 } } } }',
  )
  t.match(made(yaml).wrong[0], /^f:4:\d+: .*clientOnly: since linuxptp 4.0, here is 3.1.1$/)
  t.same(made(yaml, { versionOf: () => [4, 2, 0] }).wrong, [])
  t.match(
    faultsOf(yaml.replace('e2e,', 'e2e, version: "3.1.1",')),
    [/clientOnly: since linuxptp 4.0/],
    'without asking where it is written down',
  )
})

t.test('what is wrong with a file of resources stands there, or at its name', async (t) => {
  const of = (text: string) =>
    made(runOf('{ run: { ptpConfig: /p, labels: [edge] } }'), {
      read: () => ({ ok: true, text }),
    }).wrong
  t.match(of('kind: PtpConfig'), [/^\/p:1:1: /])
  t.match(of(RESOURCE.replace('domainNumber', 'domainNumbr')), [
    '/p:12:9: spec.profile[0].ptp4lConf: domainNumbr: no known option (did you mean domainNumber?)',
  ])
  t.match(of(RESOURCE.replace('{ profile: q', '{ profile: r')), [/r is recommended, and defined/])
  t.match(of(RESOURCE.replace('"-2"', '"-2 -f x"')), [/bc\/p: ptp4lOpts: -f would replace/])
  t.match(of(RESOURCE.replace('"-2"', '"-2 --prio 5"')), [/bc\/p: prio: no known option/])
  t.match(made(runOf('{ run: { ptpConfig: /q } }')).wrong, [/ptpConfig: \/q: ENOENT$/])
})

t.test('a value cannot bring a line of its own', async (t) => {
  const options = '{ global: { userDescription: "a\\nfree_running 0" } }'
  t.match(faultsOf(runOf(`{ run: { profile: e2e, interfaces: [eth0], options: ${options} } }`)), [
    /userDescription: expected one line/,
  ])
})

t.test('a socket is no longer than the kernel takes', async (t) => {
  const socket = (length: number) => `/${'s'.repeat(length - 1)}`
  const wrongOf = (length: number) =>
    made(runOf(`{ socket: ${socket(length)}, run: { profile: e2e, interfaces: [eth0] } }`)).wrong
  t.same(wrongOf(107), [])
  t.match(wrongOf(108), [/^f:4:\d+: .*is longer than 107 bytes$/])
})

t.test('two of one socket are refused, two without one have their own', async (t) => {
  const run = 'run: { profile: e2e, interfaces: [eth0] }'
  const two = (socket: string) =>
    `sources: [{ ptp4l: { ${socket} ${run} } }, { ptp4l: { ${socket} ${run} } }]`
  t.match(faultsOf(two('socket: /a,')), [/ptp4l \/a is named a second time/])
  t.same(
    made(two('')).children.map(({ name }) => name),
    ['ptp4l.0', 'ptp4l.1'],
  )
})
