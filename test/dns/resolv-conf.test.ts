import t from 'tap'
import { parseResolvConf } from '../../agent/dns/resolv-conf.ts'

const faultsOf = (text: string) =>
  parseResolvConf(text).faults.map(({ line, code, text: what }) => `${line} ${code} ${what}`)

t.test('what a cluster writes into a pod is read whole', async (t) => {
  const parsed = parseResolvConf(
    'search ns.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
  )
  t.match(parsed, {
    nameservers: [{ address: '10.96.0.10', line: 2, used: true }],
    search: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
    domain: '',
    options: { ndots: 5, timeout: 5, attempts: 2 },
    faults: [],
  })
})

t.test('an empty file means the defaults of the C library', async (t) => {
  t.match(parseResolvConf(''), {
    nameservers: [],
    search: [],
    options: { ndots: 1, timeout: 5, attempts: 2, rotate: false, useVc: false, others: [] },
    faults: [],
  })
})

t.test('comments and blank lines say nothing', async (t) => {
  const parsed = parseResolvConf(
    '# a\n; b\n\n   \t\nnameserver 10.0.0.1 # trailing\nnameserver ::1;x\n',
  )
  t.same(
    parsed.nameservers.map(({ address }) => address),
    ['10.0.0.1', '::1'],
  )
  t.same(parsed.faults, [])
})

t.test('three nameservers are used, all are kept', async (t) => {
  const text = ['10.0.0.1', 'fe80::1%eth0', '10.0.0.3', '10.0.0.4', '10.0.0.1']
    .map((address) => `nameserver\t${address}`)
    .join('\n')
  const { nameservers } = parseResolvConf(text)
  t.same(
    nameservers.map(({ used }) => used),
    [true, true, true, false, false],
  )
  t.equal(nameservers[1]?.address, 'fe80::1%eth0')
  t.same(faultsOf(text), [
    '4 unused-nameserver 10.0.0.4',
    '5 duplicate-nameserver 10.0.0.1',
    '5 unused-nameserver 10.0.0.1',
  ])
})

t.test('of search and domain the last one wins', async (t) => {
  t.match(parseResolvConf('search a b\nsearch c'), { search: ['c'], domain: '' })
  t.match(parseResolvConf('search a b\ndomain c'), { search: ['c'], domain: 'c' })
  t.match(parseResolvConf('domain c\nsearch a b'), { search: ['a', 'b'], domain: '' })
})

t.test('options add up and are capped as the C library caps them', async (t) => {
  const text =
    'options ndots:99 timeout:3 rotate\noptions timeout:60 attempts:9 use-vc edns0 trust-ad\n' +
    'options single-request single-request-reopen no-aaaa debug'
  t.strictSame(parseResolvConf(text).options, {
    ndots: 15,
    timeout: 30,
    attempts: 5,
    rotate: true,
    useVc: true,
    edns0: true,
    trustAd: true,
    singleRequest: true,
    singleRequestReopen: true,
    noAaaa: true,
    others: ['debug'],
  })
  t.same(faultsOf(text), [
    '1 option-capped ndots:99',
    '2 option-capped timeout:60',
    '2 option-capped attempts:9',
  ])
})

t.test('a bad line is a fault with its number and hides nothing around it', async (t) => {
  const text = [
    'nameserver 10.0.0.1',
    'nameserver 10.0.0.300',
    ' nameserver 10.0.0.2',
    'namserver 10.0.0.3',
    'nameserver',
    'options ndots:x attempts frobnicate constructor',
    'search a # b',
    'sortlist 130.155.160.0/255.255.240.0',
    'nameserver 10.0.0.4\r',
  ].join('\n')
  const parsed = parseResolvConf(text)
  t.same(
    parsed.nameservers.map(({ address }) => address),
    ['10.0.0.1', '10.0.0.4'],
  )
  t.same(parsed.search, ['a', '#', 'b'], 'as the C library reads it')
  t.same(parsed.sortlist, ['130.155.160.0/255.255.240.0'])
  t.same(parsed.options.others, ['frobnicate', 'constructor'])
  t.same(faultsOf(text), [
    '2 bad-address 10.0.0.300',
    '3 unknown-keyword  nameserver 10.0.0.2',
    '4 unknown-keyword namserver 10.0.0.3',
    '5 missing-value nameserver',
    '6 bad-option-value ndots:x',
    '6 bad-option-value attempts:',
    '6 unknown-option frobnicate',
    '6 unknown-option constructor',
    '7 comment-as-domain #',
    '9 carriage-return nameserver 10.0.0.4',
  ])
})
