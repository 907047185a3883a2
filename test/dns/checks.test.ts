import t from 'tap'
import { asksOf, type Probe, probesOf } from '../../agent/dns/checks.ts'
import { USUAL_EDNS } from '../../agent/dns/message.ts'
import type { PlannedTarget } from '../../agent/dns/plan-types.ts'

const target = (more: Partial<PlannedTarget> = {}): PlannedTarget => ({
  ...{ label: '10.0.0.1', address: '10.0.0.1', port: 53, role: 'host', reasons: [], zones: [] },
  ...{ transports: ['udp', 'tcp'], tls: undefined, groups: [] },
  questions: [{ name: '.', type: 'NS' }],
  ...more,
})

const words = (probes: readonly Probe[]): string[] =>
  probes.map(({ check, transport, question }) => {
    return `${check} ${transport} ${question.name} ${question.type}`
  })

t.test('a resolver that is asked for the root is asked everything', async (t) => {
  const { base, extras } = probesOf(target(), {})
  t.same(words(base), ['exists udp . NS', 'exists tcp . NS'])
  t.same(words(extras), [
    'absent udp timewarden-absent.invalid A',
    'miss udp invalid A',
    ...['signed udp . SOA', 'signed udp com SOA', 'signed udp org SOA'],
    'identity udp hostname.bind TXT',
    'again udp . NS',
    'plain udp . NS',
    'aaaa udp . AAAA',
    ...['pair udp . A', 'split udp . A'],
    ...['wide udp . DNSKEY', 'large udp . DNSKEY', 'large tcp . DNSKEY'],
  ])
})

t.test('an upstream of a zone is asked nothing outside of it', async (t) => {
  const questions = [{ name: 'a.internal', type: 'SOA' as const }]
  const { extras } = probesOf(target({ zones: ['a.internal.'], questions }), {})
  t.same(words(extras).slice(0, 3), [
    'miss udp a.internal A',
    'serial udp a.internal SOA',
    'identity udp hostname.bind TXT',
  ])
  t.notMatch(words(extras).join(), /invalid|DNSKEY|com/)
})

t.test('over TLS alone nothing is asked that datagrams suffer from', async (t) => {
  const { base, extras } = probesOf(target({ transports: ['dot'] }), {})
  t.same(words(base), ['exists dot . NS'])
  t.ok(extras.every(({ transport }) => transport === 'dot'))
  t.notMatch(words(extras).join(), /pair|split|plain|aaaa/)
})

t.test('canaries of the configuration stand in place of ours; an empty list is none', async (t) => {
  const canaries = { absent: ['no.corp'], miss: [], signed: ['corp SOA'], large: ['big.corp TXT'] }
  const found = words(probesOf(target(), canaries).extras).join()
  t.match(found, /absent udp no.corp A,signed udp corp SOA,identity/)
  t.match(found, /large udp big.corp TXT/)
  t.notMatch(found, /miss|DNSKEY|invalid/)
})

t.test('how each check is asked', async (t) => {
  const probe = (check: Probe['check'], type: 'A' | 'TXT' = 'A'): Probe => {
    return { target: target(), transport: 'udp', check, question: { name: 'a.b', type } }
  }
  t.match(asksOf(probe('exists'), 'x'), [{ edns: USUAL_EDNS, checkingDisabled: false }])
  t.same(asksOf(probe('plain'), 'x')[0].edns, undefined)
  t.match(asksOf(probe('miss'), 'x'), [{ question: { name: 'x.a.b', type: 'A' } }])
  t.match(asksOf(probe('pair'), 'x'), [{ question: { type: 'A' } }, { question: { type: 'AAAA' } }])
  t.match(asksOf(probe('identity', 'TXT'), 'x'), [{ class: 'CH', edns: { nsid: true } }])
  t.match(asksOf(probe('signed'), 'x'), [{ edns: { dnssec: true }, checkingDisabled: false }])
  t.match(asksOf(probe('wide'), 'x'), [{ edns: { payload: 4096, dnssec: true } }])
  t.match(asksOf(probe('unchecked'), 'x'), [{ edns: { dnssec: true }, checkingDisabled: true }])
  const root = { ...probe('miss'), question: { name: '.', type: 'A' as const } }
  t.equal(asksOf(root, 'x')[0].question.name, 'x')
})
