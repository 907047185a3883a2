import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type DnsTargetsOptions, showDnsTargets } from '../../agent/cli/dns-targets.ts'
import { Terminal } from '../../agent/cli/terminal.ts'
import type { Plan } from '../../agent/dns/plan-types.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures')

function show(options: Partial<DnsTargetsOptions>) {
  const [out, err]: [string[], string[]] = [[], []]
  const none = { config: undefined, corefile: undefined, operator: undefined, json: false }
  const screen = (lines: string[]) =>
    new Terminal({ write: (text: string) => lines.push(text) }, true)
  const screens = { out: screen(out), err: screen(err) }
  const code = showDnsTargets({ ...none, resolvConf: undefined, ...options }, screens)
  return { code, out: out.join(''), err: err.join('') }
}

t.test('every server with its reasons', async (t) => {
  const folder = t.testdir({ 'resolv.conf': 'nameserver 10.0.0.2\n' })
  const resolvConf = join(folder, 'resolv.conf')
  const { code, out, err } = show({
    operator: join(FIXTURES, 'dns-operator/farms.yaml'),
    resolvConf,
  })
  t.same([code, err], [0, ''])
  const lines = out
    .replaceAll(`${FIXTURES}/dns-operator/`, '')
    .replaceAll(`${folder}/`, '')
    .split('\n')
  t.same(lines.slice(0, 8), [
    '  server              role      by       asked for',
    '  10.0.0.2            host      udp tcp  . NS',
    '    this node asks it, by resolv.conf [resolv.conf:1]',
    '    CoreDNS forwards everything else to the servers of /etc/resolv.conf, as this node has it, and so to it (sequential) [farms.yaml:5]',
    '  172.30.0.10         cluster   udp tcp  . NS, kubernetes.default.svc.cluster.local A',
    '    it is the cluster DNS service [farms.yaml:26]',
    '  192.168.77.100      upstream  udp tcp  pichuang.internal SOA',
    '    CoreDNS forwards pichuang.internal to it (random) [farms.yaml:13]',
  ])
  t.match(out, 'pichuang.internal.: 192.168.77.100, 192.168.77.99:5533; random')
})

t.test('imports are read from beside the Corefile, and JSON tells all', async (t) => {
  const folder = t.testdir({ 'resolv.conf': '' })
  const corefile = join(FIXTURES, 'corefile-imports/Corefile')
  const { code, out } = show({ corefile, resolvConf: join(folder, 'resolv.conf'), json: true })
  t.equal(code, 0)
  const { targets, skipped } = JSON.parse(out) as Plan
  t.same(
    targets.map(({ label, zones }) => [label, zones]),
    [
      ['127.0.0.1', []],
      ['10.0.1.1', ['a.example.']],
      ['10.0.2.1', ['b.example.']],
    ],
  )
  t.match(targets[1]?.reasons[0]?.origin, { line: 2 })
  t.match(skipped, [{ text: '/etc/resolv.conf' }])
})

t.test('the configuration names files and servers; what is broken is told of', async (t) => {
  const folder = t.testdir({ Corefile: '. {\n  forward . 10.0.0.9 1.1\n}\n' })
  const config = join(folder, 'timewarden.yaml')
  const yaml = `dns:
  resolvConf: ${folder}/none
  corefile: ${folder}/Corefile
  clusterDns: [10.96.0.10]
  nodeCache: [169.254.20.10]
  coreDns: ["[fd01::5]:5353", 10.128.0.5]
`
  writeFileSync(config, yaml)
  const { code, out, err } = show({ config })
  t.equal(code, 78)
  t.match(err, `${folder}/Corefile:2:22: 1.1: not an address`)
  for (const line of ['10.0.0.9 ', '10.96.0.10', '169.254.20.10', '[fd01::5]:5353', '10.128.0.5']) {
    t.match(out, `\n  ${line}`)
  }
  t.match(out, '[dns.coreDns[1]]')
  t.equal(show({ config: join(folder, 'absent') }).code, 66)
  t.equal(show({ corefile: join(folder, 'absent') }).code, 66)
  t.equal(show({ resolvConf: join(folder, 'absent') }).code, 66)
  writeFileSync(config, 'dns: { coreDns: [a.org], clusterDns: [x], corefile: relative }\n')
  const broken = show({ config })
  t.equal(broken.code, 78)
  t.equal(broken.err.trim().split('\n').length, 3)
})
