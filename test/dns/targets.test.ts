import t from 'tap'
import type { DnsConfig, DnsTargetConfig } from '../../agent/config/types.ts'
import { parseResolvConf } from '../../agent/dns/resolv-conf.ts'
import { buildRound, buildTargets } from '../../agent/dns/targets.ts'

const target = (server: string, rest: Partial<DnsTargetConfig> = {}): DnsTargetConfig => ({
  server,
  port: 53,
  names: ['.'],
  transports: ['udp', 'tcp'],
  ...rest,
})

const config = (targets: readonly DnsTargetConfig[] = [], names = ['.']): DnsConfig => ({
  enabled: true,
  resolvConf: '/etc/resolv.conf',
  targets,
  names,
  maxRate: 1,
  timeout: 5,
})

const build = (text: string, dns: DnsConfig) => buildTargets(dns, text, parseResolvConf(text))

t.test('every nameserver and every configured server is a target', async (t) => {
  const dns = config([target('10.0.0.9', { port: 5353, names: ['a.b', 'c.d AAAA'] })])
  t.match(build('nameserver 10.0.0.1\nnameserver fe80::1%eth0\n', dns), [
    {
      label: '10.0.0.1',
      port: 53,
      origin: 'resolv.conf',
      questions: [{ name: '.', type: 'NS' }],
      transports: ['udp', 'tcp'],
    },
    { label: 'fe80::1%eth0', address: 'fe80::1%eth0', origin: 'resolv.conf' },
    {
      label: '10.0.0.9:5353',
      address: '10.0.0.9',
      port: 5353,
      origin: 'config',
      questions: [
        { name: 'a.b', type: 'A' },
        { name: 'c.d', type: 'AAAA' },
      ],
    },
  ])
})

t.test('a server in both is one target with the names of both', async (t) => {
  const dns = config([target('10.0.0.1', { names: ['a.b', '.'], transports: ['udp'] })])
  const targets = build('nameserver 10.0.0.1\nnameserver 10.0.0.1\n', dns)
  t.equal(targets.length, 1)
  t.match(targets, [
    {
      origin: 'resolv.conf',
      questions: [{ name: '.' }, { name: 'a.b' }],
      transports: ['udp', 'tcp'],
    },
  ])
  t.equal(targets[0]?.questions.length, 2)
})

t.test('a file without a nameserver means this machine, no file means nothing', async (t) => {
  t.match(build('search a\n', config()), [{ address: '127.0.0.1', origin: 'resolv.conf' }])
  t.same(build('', config()), [])
  t.same(build(' \n', config()), [])
})

t.test('a name that is none is not asked', async (t) => {
  t.match(build('nameserver 10.0.0.1\n', config([], ['a..b', '.'])), [
    { questions: [{ name: '.' }] },
  ])
})

t.test('the servers take turns', async (t) => {
  const dns = config([target('10.0.0.9', { names: ['a', 'b'], transports: ['udp'] })], ['.'])
  const round = buildRound(build('nameserver 10.0.0.1\n', dns))
  t.same(
    round.map(({ target, transport, question }) => [target.label, transport, question.name]),
    [
      ['10.0.0.1', 'udp', '.'],
      ['10.0.0.9', 'udp', 'a'],
      ['10.0.0.1', 'tcp', '.'],
      ['10.0.0.9', 'udp', 'b'],
    ],
  )
  t.same(buildRound([]), [])
})
