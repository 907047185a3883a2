import t from 'tap'
import { parseCorefile, writeCorefile } from '../../agent/dns/corefile.ts'
import { lexCorefile, writeToken } from '../../agent/dns/corefile-lexer.ts'
import { forwardersOf } from '../../agent/dns/forwarding.ts'
import { CORPUS, faultLines, forwardLines, inWords, parse, treeOf } from './corefile-fixture.ts'

const faults = (text: string, files: Readonly<Record<string, string>> = {}): string[] =>
  faultLines(forwardersOf(parse(text, files)).faults)

const words = (text: string): string[] => lexCorefile(text, 'f').tokens.map((token) => token.text)

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  authoritative: ['skydns.local.:53 random 8.8.8.8, 8.8.4.4'],
  comments: ['.:53 random 10.0.0.2', 'x.example.:53 random 10.0.0.3'],
  'dot-names-per-server': [
    '.:53 random tls://9.9.9.9 (dns.quad9.net), tls://1.1.1.1:10853 (cloudflare-dns.com), tls://2620:fe::9 (dns.quad9.net)',
  ],
  'dot-quad9': [
    '.:53 random tls://9.9.9.9 (dns.quad9.net), tls://[2620:fe::fe]:8853 (dns.quad9.net)',
  ],
  'encrypted-server': [
    '.:8853 random 127.0.0.1:5301',
    'example.org.:443 random 127.0.0.1:5301',
    '.:5301 random tls://8.8.8.8 (dns.google), tls://8.8.4.4 (dns.google)',
    '.:443 random name dns.example.org, https 9.9.9.9/dns-query',
  ],
  environment: ['env.example.:1053 sequential 10.0.0.1, 10.0.0.2'],
  'health-domain': ['.:5353 random 10.0.0.2, 10.0.0.3'],
  'hosts-inline': ['.:53 random 10.0.0.2'],
  ipv6: [
    'example.org.:53 random 2001:db8::1, [2001:db8::2]:5353, 2001:db8::3, fe80::1%eth0, 2001:db8::4',
  ],
  kubeadm: ['.:53 random file /etc/resolv.conf'],
  'no-braces': ['example.org.:53 random 10.0.0.2'],
  'node-local-dns': [
    '__pillar__dns__domain__.:53 random placeholder __PILLAR__CLUSTER__DNS__',
    'in-addr.arpa.:53 random placeholder __PILLAR__CLUSTER__DNS__',
    '.:53 random placeholder __PILLAR__UPSTREAM__SERVERS__',
  ],
  'openshift-farms': [
    'pichuang.internal.:5353 random 192.168.77.100, 192.168.77.99:5533',
    'rhtw.private.:5353 random 10.99.1.100, 172.88.2.99:5533',
    'rhglobal.public.:5353 random 10.99.1.100, 172.88.2.99:5533',
    '.:5353 sequential file /etc/resolv.conf',
  ],
  'openshift-resolver-plugin': ['.:5353 sequential 10.0.0.2:5353/tcp, file /etc/resolv.conf'],
  reverse: [
    '1.10.in-addr.arpa.:53 random 10.1.0.53',
    '0.168.192.in-addr.arpa.:1053 random 10.1.0.53',
    '1.168.192.in-addr.arpa.:1053 random 10.1.0.53',
    '8.b.d.0.1.0.0.2.ip6.arpa.:53 random 10.1.0.53',
    'd.f.ip6.arpa.:53 random 10.1.0.53',
    '16.172.in-addr.arpa.:53 random 10.2.0.53',
    '.:53 random 10.3.0.53',
  ],
  'serve-stale': ['.:53 random 10.0.0.2'],
  'several-zones': [
    'example.org.:53 round_robin 192.0.2.1, 192.0.2.2, 192.0.2.3',
    'example.net.:53 round_robin 192.0.2.1, 192.0.2.2, 192.0.2.3',
    'example.com.:1053 round_robin 192.0.2.1, 192.0.2.2, 192.0.2.3',
  ],
  snippets: ['corp.example.:53 sequential 10.1.0.1, 10.1.0.2', '.:53 random 10.9.9.9'],
  'split-horizon': [
    'example.com.:53 random 10.0.0.53',
    'lab.internal.:53 random 10.0.1.53',
    'internal.:53 random 10.0.2.53',
    '.:53 random 1.1.1.1',
    '.:53 random 9.9.9.9',
  ],
  'stub-domains': [
    'corp.example.com.:53 random 10.150.0.1, 10.150.0.2:5300',
    'consul.:53 random 10.150.0.53:8600',
    '.:53 random 8.8.8.8, 8.8.4.4',
  ],
  'template-rewrite': ['.:53 random 10.0.0.2'],
  views: ['example.org.:53 random 10.0.0.53', 'example.org.:53 random 192.0.2.53'],
  windows: ['.:53 sequential 10.0.0.2, 10.0.0.3'],
}

const WITH_FAULTS: Readonly<Record<string, readonly string[]>> = {
  comments: ['4:23 comment-in-token #main', '7:13 comment-in-token #s'],
  environment: ['1:17 bad-zone second.example,third.example'],
}

t.test('the corpus forwards to whom it should', async (t) => {
  t.same(Object.keys(CORPUS).toSorted(), Object.keys(EXPECTED).toSorted())
  for (const [name, text] of Object.entries(CORPUS)) {
    const forwarding = forwardersOf(parse(text))
    t.same(forwardLines(forwarding), EXPECTED[name], name)
    t.same(faultLines(forwarding.faults), WITH_FAULTS[name] ?? [], `${name}: faults`)
  }
})

t.test('what is written again is read as the same tree', async (t) => {
  for (const [name, text] of Object.entries(CORPUS)) {
    const tree = parse(text)
    t.same(treeOf(parse(writeCorefile(tree))), treeOf(tree), name)
  }
})

t.test('every word has its place', async (t) => {
  const { blocks } = parse('\ufeffa.org,\r\n b.org {\r\n\tforward . "10.0\n.0.1" x\n}')
  const [block] = blocks
  const places = [...(block?.keys ?? []), ...(block?.directives[0]?.args ?? [])]
  t.same(
    places.map(({ text, line, column }) => [text, line, column]),
    [
      ['a.org,', 1, 1],
      ['b.org', 2, 2],
      ['.', 3, 10],
      ['10.0\n.0.1', 3, 12],
      ['x', 4, 7],
    ],
  )
})

t.test('words end, hide and escape as they do for CoreDNS', async (t) => {
  t.same(words('a "b c" d"e f" "" "\\"\\n\\\\"'), ['a', 'b c', 'd"e', 'f"', '', '"\\n\\\\'])
  t.same(words('a"b'), ['a"b'])
  t.same(words('"a"b'), ['a', 'b'])
  t.same(words('x#y z # w\nv'), ['x', 'z', 'v'], 'a comment inside of a word ends with that word')
  t.same(words('a\r\nb\rc'), ['a', 'bc'])
  t.same(words('a\u0085b\u00a0c\u3000d\ufeffe'), ['a', 'b', 'c', 'd\ufeffe'])
  for (const text of ['a b', 'a"b', '\\\\', '"x', 'a\nb #']) {
    const token = { text, quoted: true }
    t.same(words(writeToken(token)), [text])
  }
})

const BAD: readonly (readonly [text: string, faults: readonly string[]])[] = [
  ['. {\n  forward . 10.0.0.1', ['1:3 unclosed-block {']],
  ['. {\n  cache {\n', ['1:3 unclosed-block {', '2:9 unclosed-block {']],
  ['}\n. {\n}\n}', ['1:1 unexpected-brace }', '4:1 unexpected-brace }']],
  ['{\n  errors\n}', ['1:1 no-key {']],
  ['a.org, {\n}', ['1:1 extra-comma a.org,']],
  ['a.org,', ['1:1 unexpected-end a.org,']],
  ['. {\n  log "x\n}', ['2:7 unterminated-quote x\n}', '1:3 unclosed-block {']],
  ['. {\n  cache\n  {\n    keepttl\n  }\n}', ['3:3 brace-on-own-line {']],
  ['{$NONE}.org {\n}', ['1:1 unset-variable NONE', '1:1 bad-zone .org']],
  ['(a)\nerrors', ['1:1 snippet-braces (a)']],
  ['(a) {\n}\n(a) {\n}', ['3:1 snippet-again (a)']],
  ['(a) {\n  import a\n}\n. {\n  import a\n}', ['2:10 import-cycle (a) -> (a)']],
  [
    '(a) {\n  import b\n}\n(b) {\n  import a\n}\n. {\n  import b\n}',
    ['2:10 import-cycle (b) -> (a) -> (b)'],
  ],
  ['. {\n  import\n}', ['2:3 import-argument import']],
  ['. {\n  import a b\n}', ['2:12 import-argument b']],
  ['. {\n  import nowhere\n}', ['2:10 import-missing nowhere']],
  ['import conf.d/*', ['1:8 import-empty conf.d/*']],
  ['import conf.d/*/*', ['1:8 import-wildcards conf.d/*/*']],
  ['ftp://a.org {\n}', ['1:1 bad-scheme ftp://a.org']],
  ['a.org:70000 {\n}', ['1:1 bad-port a.org:70000']],
  ['a..org {\n}', ['1:1 bad-zone a..org']],
  ['a.org A.ORG. {\n}', ['1:7 duplicate-zone a.org.']],
  ['a.org:53 {\n}\n. {\n}\ndns://a.org {\n}', ['5:1 duplicate-zone a.org.']],
  ['. {\n  forward\n}', ['2:3 missing-argument forward']],
  ['. {\n  forward .\n}', ['2:3 missing-argument forward']],
  ['. {\n  forward . 10.0.0\n}', ['2:13 bad-upstream 10.0.0']],
  [
    '. {\n  forward . 10.0.0.1:0 ftp://1.1.1.1\n}',
    ['2:13 bad-upstream 10.0.0.1:0', '2:24 bad-upstream ftp://1.1.1.1'],
  ],
  [`. {\n  forward .${' 1.1.1.1'.repeat(16)}\n}`, ['2:133 too-many-upstreams 1.1.1.1']],
  ['. {\n  forward . 1.1.1.1 {\n    policy first\n  }\n}', ['3:12 bad-policy first']],
  ['. {\n  forward . 1.1.1.1 {\n    polcy random\n  }\n}', ['3:5 unknown-option polcy']],
  ['. {\n  forward . 1.1.1.1 {\n    max_fails -1\n  }\n}', ['3:15 bad-number -1']],
  ['. {\n  forward . 1.1.1.1 {\n    expire 10\n  }\n}', ['3:12 bad-duration 10']],
  ['. {\n  forward . 1.1.1.1 {\n    force_tcp yes\n  }\n}', ['3:15 extra-argument yes']],
  ['. {\n  forward . 1.1.1.1 {\n    except\n  }\n}', ['3:5 missing-argument except']],
  [
    '. {\n  forward . 1.1.1.1 {\n    health_check 1s domain\n  }\n}',
    ['3:21 missing-argument domain'],
  ],
  ['. {\n  forward . tls://1.1.1.1\n}', ['2:3 no-server-name forward']],
  [
    '. {\n  forward . tls://1.1.1.1%a.org {\n    tls_servername b.org\n  }\n}',
    ['2:3 server-name-clash forward'],
  ],
  ['. {\n  forward 10.0.0.0/15 1.1.1.1\n}', ['2:11 cidr-first-zone 10.0.0.0/15']],
  ['. {\n  cache\n  cache 0\n}', ['3:3 repeated-plugin cache']],
  ['. {\n  cache 0 {\n    succes 1\n  }\n}', ['2:9 bad-number 0', '3:5 unknown-option succes']],
  [
    '. {\n  health 8080\n  hosts {\n    10.0.0 a\n  }\n}',
    ['2:10 bad-address 8080', '4:5 bad-address 10.0.0'],
  ],
]

t.test('every fault has its place, and what stands around it is read', async (t) => {
  for (const [text, expected] of BAD) t.same(faults(text), expected, JSON.stringify(text))
  const { blocks } = parse('. {\n  forward . 10.0.0\n  forward . 10.0.0.2 {\n    polcy x y\n  }\n}')
  const [, second] = forwardersOf({ blocks, snippets: [], faults: [] }).zones
  t.match(second?.forward, { upstreams: [{ address: '10.0.0.2' }] })
  t.match(second?.forward.others, [{ name: 'polcy', args: ['x', 'y'], place: { line: 4 } }])
})

t.test('faults read as sentences', async (t) => {
  const { faults } = forwardersOf(parse('a.org {\n  forward . 1.1\n}'))
  t.equal(
    inWords(faults),
    'Corefile:2:13: 1.1: not an address, a file or a host name (bad-upstream)',
  )
})

t.test('imports are put in their place, relative to the file that names them', async (t) => {
  const files = {
    'conf.d/a.server': 'a.org {\n  import ../common\n}\n',
    'conf.d/b.server': 'b.org {\n  import ../common\n  forward . 1.1\n}\n',
    'conf.d/readme': 'nothing {',
    common: 'errors\nforward . 10.0.0.1\n',
    loop: 'import loop',
  }
  const tree = parse('import conf.d/*.server\n. {\n  import common\n  cache\n}', files)
  const forwarding = forwardersOf(tree)
  t.same(forwardLines(forwarding), [
    'a.org.:53 random 10.0.0.1',
    'b.org.:53 random 10.0.0.1',
    'b.org.:53 random ',
    '.:53 random 10.0.0.1',
  ])
  t.same(faultLines(forwarding.faults), ['conf.d/b.server:3:13 bad-upstream 1.1'])
  t.match(forwarding.zones[0]?.forward.place, { file: 'common', line: 2, column: 1 })
  t.same(treeOf(parse(writeCorefile(tree))), treeOf(tree))
  t.same(faults('import loop', files), ['loop:1:8 import-cycle loop -> loop'])
})

t.test('many imports end', async (t) => {
  const doubling = Array.from(
    { length: 40 },
    (_, index) => `(s${index + 1}) {\n  import s${index}\n  import s${index}\n}\n`,
  ).join('')
  const text = `(s0) {\n  errors\n}\n${doubling}. {\n  import s40\n}`
  t.ok(faults(text).some((line) => line.includes('import-limit')))
})

t.test('without an environment references stay', async (t) => {
  const { blocks, faults } = parseCorefile('. {\n  forward . {$UP}\n}', { file: 'f' })
  t.equal(blocks[0]?.directives[0]?.args[1]?.value, '{$UP}')
  t.same(faultLines(faults), ['f:2:13 unset-variable UP'])
})
