/** Rules about one server: for each code a case that names it and one that nearly does. */
import t from 'tap'
import type { Validity } from '../../agent/core/tls.ts'
import type { DiagnosisCode } from '../../agent/dns/diagnoses.ts'
import type { CheckFacts, DnsFacts } from '../../agent/dns/facts.ts'
import {
  check,
  codesOf,
  DAY,
  facts,
  failing,
  goodAttempt,
  NOW,
  only,
  server,
  silent,
  target,
  times,
} from './facts-fixture.ts'

const tls = (result: Parameters<typeof check>[1]) => check('exists', result, { transport: 'dot' })
const certificate = (from: number, until: number): Validity => ({
  from: NOW + from,
  until: NOW + until,
  by: 'dns.example',
})
const sessions = (tlsFault: string, more: object = {}) =>
  tls(times(3, { result: 'tls_error', tlsFault, ...more } as never))

const unsynchronised = { synchronized: false, now: NOW, bound: undefined }
const notRecursing = {
  flags: { authoritative: false, recursion: false, authentic: false, edns: true },
}
const authoritative = {
  flags: { authoritative: true, recursion: false, authentic: false, edns: true },
}
const pairs = (lost: number) => [
  ...times(32 - lost, { result: 'noerror', second: 'nodata' } as const),
  ...times(lost, { result: 'noerror', second: 'timeout' } as const),
]
const withInserts = (known: DnsFacts, insertFailedMore: number): DnsFacts => ({
  ...known,
  conntrack: { entries: 1, limit: 10, insertFailed: 50, insertFailedMore },
})
/** Losses spread over the record, none of them an outage. */
const spread = (lost: number) =>
  Array.from({ length: 32 }, (_, index) =>
    index % Math.floor(32 / lost) === 0 && index / Math.floor(32 / lost) < lost ? 'timeout' : {},
  ) as Parameters<typeof check>[1]
const lossy = (lost: number) =>
  server(
    ...(['exists', 'plain', 'again', 'split', 'pair'] as const).map((name) =>
      check(name, spread(lost)),
    ),
  )
const slow = (seconds: number) =>
  server(check('exists', times(6, { result: 'noerror', seconds } as const)))

const NAMED: readonly (readonly [DiagnosisCode, DnsFacts, RegExp])[] = [
  ['server-down', server(...failing('conn_refused')), /10\.0\.0\.1 refuses .* UDP and TCP/],
  ['server-silent', server(...failing('timeout')), /10\.0\.0\.1 is silent over UDP and TCP/],
  ['udp-blocked', server(...failing('timeout', 3, ['udp'])), /answers over TCP, but UDP gets no/],
  ['tcp-blocked', server(...failing('timeout', 3, ['tcp'])), /answers over UDP, but TCP gets no/],
  ['dot-blocked', server(tls(times(4, 'timeout'))), /answers over UDP and TCP, but DoT/],
  ['dot-not-tls', server(sessions('handshake')), /handshake fails/],
  ['dot-untrusted', server(sessions('untrusted')), /nobody whom we trust/],
  ['dot-name', server(sessions('name')), /another name/],
  [
    'dot-expired',
    server(sessions('expired', { certificate: certificate(-90 * DAY, -DAY) })),
    /expired \(2026-05-31 00:00 UTC\): it is the certificate/,
  ],
  [
    'dot-not-yet-valid',
    server(sessions('not-yet-valid', { certificate: certificate(DAY, 90 * DAY) })),
    /not valid before \(2026-06-02 00:00 UTC\): it is the certificate/,
  ],
  [
    'truncated-without-tcp',
    server(check('large', times(3, 'truncated')), ...failing('timeout', 3, ['tcp'])),
    /truncates its answer for large\.pichuang\.internal .* does not resolve/,
  ],
  ['fragments-lost', server(check('wide', times(3, 'timeout'))), /fragments do not get through/],
  ['large-answers-lost', server(check('large', times(3, 'timeout'))), /large answers over UDP/],
  ['edns-refused', server(check('exists', times(3, 'formerr'))), /FORMERR when asked with EDNS/],
  ['pair-loss', server(check('pair', pairs(7))), /in 7 of 32 cases, from two sockets in 0 of 8/],
  ['packet-loss', lossy(8), /25 % of the queries over UDP are lost \(32 of 128\)/],
  ['slow', slow(0.7), /takes 700 ms for a name in its cache/],
  ['late-answers', server(check('exists', times(5, { result: 'late', seconds: 3 }))), /3\.00 s/],
  ['wrong-answers', server(check('exists', ['mismatch', 'mismatch', 'mismatch', {}])), /3 of/],
  ['malformed', server(check('exists', times(3, 'malformed'))), /no DNS messages/],
  ['nxdomain-hijack', server(check('absent', times(3, 'noerror'))), /no-such-name\.invalid, which/],
  ['name-missing', server(check('exists', times(3, 'nxdomain'))), /though the name must exist/],
  ['nodata', server(check('exists', times(3, 'nodata'))), /without a record/],
  ['ipv6-silent', server(check('aaaa', times(3, 'timeout'))), /both waits 2\.00 s/],
  ['servfail', server(check('exists', times(3, 'servfail'))), /\.local A SERVFAIL/],
  ['refused', server(check('exists', times(3, 'refused'))), /REFUSED/],
  ['not-implemented', server(check('aaaa', times(3, 'notimp'))), /does not understand/],
  [
    'no-recursion',
    server(check('exists', times(3, { result: 'refused', ...notRecursing }))),
    /recursion is not available/,
  ],
  [
    'no-resolution',
    server(
      check('identity'),
      ...(['exists', 'absent', 'miss', 'aaaa', 'large', 'plain', 'again'] as const).map((name) =>
        check(name, times(4, 'timeout')),
      ),
      ...failing('timeout', 4, ['tcp']),
    ),
    /tells who it is, but does not answer/,
  ],
  ['only-cached', server(check('miss', times(3, 'servfail'))), /nothing fresh below x1\.pichuang/],
  ['stale-answers', server(check('exists', times(3, { ttl: 0 }))), /TTL 0, where it was longer/],
  ['ttl-frozen', server(check('again', times(3, { ttl: 30 }))), /stays at 30 s/],
]

const NEAR: readonly (readonly [string, DnsFacts])[] = [
  ['two refusals', server(check('exists', times(2, 'conn_refused'), { transport: 'tcp' }))],
  ['three lost datagrams over all checks', server(...failing('timeout', 1).slice(0, 3))],
  ['two lost answers over TCP', server(check('exists', times(2, 'timeout'), { transport: 'tcp' }))],
  ['two sessions that failed', server(tls(times(2, { result: 'tls_error', tlsFault: 'name' })))],
  [
    'a failed session, then a good one',
    server(tls([...times(3, { result: 'tls_error', tlsFault: 'name' } as const), {}])),
  ],
  ['truncated, and TCP brings the rest', server(check('large', times(3, 'truncated')))],
  ['one name of EDNS trouble', server(check('exists', times(2, 'formerr')))],
  ['two answers in fragments lost', server(check('wide', times(2, 'timeout')))],
  ['two large answers lost', server(check('large', times(2, 'timeout')))],
  [
    'large ones lost on TCP, too: no matter of size',
    server(
      check('large', times(3, 'timeout')),
      check('large', times(3, 'timeout'), { transport: 'tcp' }),
    ),
  ],
  ['five pairs of 32, and the kernel counts nothing', server(check('pair', pairs(5)))],
  ['two pairs, and the kernel counts', withInserts(server(check('pair', pairs(2))), 9)],
  ['one lost in each check', lossy(1)],
  ['200 ms from afar', slow(0.2)],
  ['two late answers', server(check('exists', times(2, { result: 'late', seconds: 3 })))],
  ['two strays', server(check('exists', ['mismatch', 'mismatch']))],
  ['two malformed ones', server(check('exists', times(2, 'malformed')))],
  ['two lies', server(check('absent', times(2, 'noerror')))],
  ['an absent name with an empty answer', server(check('absent', times(3, 'nodata')))],
  ['NXDOMAIN twice', server(check('exists', times(2, 'nxdomain')))],
  ['a fresh name that does not exist', server(check('miss', times(5, 'nxdomain')))],
  ['no IPv6 address', server(check('aaaa', times(5, 'nodata')))],
  ['two AAAA lost', server(check('aaaa', times(2, 'timeout')))],
  ['SERVFAIL twice', server(check('exists', times(2, 'servfail')))],
  [
    'SERVFAIL thrice, then an answer',
    server(check('exists', [...times(3, 'servfail' as const), {}])),
  ],
  ['REFUSED twice', server(check('exists', times(2, 'refused')))],
  ['NOTIMP for its identity', server(check('identity', times(5, 'notimp')))],
  ['authoritative without recursion', server(check('exists', times(5, authoritative)))],
  ['two fresh names lost', server(check('miss', times(2, 'timeout')))],
  [
    'TTL 0 always',
    facts({
      targets: [
        target(
          '10.0.0.1',
          ['config'],
          [
            check('exists', times(8, { ttl: 0 })),
            check('again', times(8, { ttl: 0 })),
            check('plain', times(8, { ttl: 0 })),
            check('pair', times(8, { ttl: 0 })),
            check('split', times(8, { ttl: 0 })),
            check('exists', times(8, { ttl: 0 }), { transport: 'tcp' }),
          ],
        ),
      ],
    }),
  ],
  ['a TTL that did not fall twice', server(check('again', times(2, { ttl: 30 })))],
  ['a full TTL of the owner', server(check('again', times(5, { ttl: 30, ...authoritative })))],
]

t.test('healthy facts', async (t) => {
  t.same(codesOf(facts()), [])
  t.same(codesOf(server()), [])
})

t.test('each fault of a server is named, once, with its figures', async (t) => {
  for (const [code, known, sentence] of NAMED) {
    const found = codesOf(known)
    t.same(found, [code], code)
    if (found.length === 1) t.match(only(known), { sentence, subject: '10.0.0.1' }, code)
  }
})

t.test('what nearly is a fault is none', async (t) => {
  for (const [what, known] of NEAR) t.same(codesOf(known), [], what)
})

t.test('EDNS that is dropped without a word', async (t) => {
  const lost = (['exists', 'aaaa', 'again', 'miss', 'large'] as const).map((name) =>
    check(name, times(4, 'timeout')),
  )
  t.match(only(server(...lost)), {
    code: 'edns-refused',
    sentence: /is silent when asked with EDNS/,
  })
})

t.test('the kernel is the second witness of a lost pair', async (t) => {
  const known = withInserts(server(check('pair', pairs(3))), 9)
  t.match(only(known), { code: 'pair-loss', evidence: [/3 of 32/, /0 of 8/, /grew by 9/] })
})

t.test('two sockets lose as well: no race', async (t) => {
  const known = server(check('pair', pairs(7)), check('split', pairs(6)))
  t.same(codesOf(known), [])
})

t.test('a transport that was not asked since says nothing', async (t) => {
  const old = check('exists', [{ at: 0n as never }], { transport: 'tcp' })
  const alone = { ...old, recent: old.recent.slice(-1) }
  const udp = failing('timeout', 3, ['udp'])
  const known = facts({
    targets: [target('10.0.0.1', ['config'], [], { checks: [...udp, alone] })],
  })
  t.same(codesOf(known), ['server-silent'])
})

/** DNS over TLS alone, on its own port of a server that may be asked plainly, too. */
const overTls = (checks: readonly CheckFacts[], plain: readonly CheckFacts[]): DnsFacts =>
  facts({
    targets: [
      target('10.0.0.1', ['config'], plain),
      target('tls://10.0.0.1', ['config'], [], { checks }),
    ],
  })

t.test('DNS over TLS is a target of its own, and its address is not', async (t) => {
  const lost = [tls(times(8, 'timeout'))]
  t.match(only(overTls(lost, [])), {
    code: 'dot-blocked',
    sentence: /answers over UDP and TCP, but DoT gets no/,
  })
  t.match(only(overTls([tls(times(8, 'conn_refused'))], [])), {
    code: 'dot-blocked',
    sentence: /DoT is refused/,
  })
  const elsewhere = facts({
    targets: [
      target('10.0.0.2', ['config']),
      target('tls://10.0.0.1', ['config'], [], { checks: lost }),
    ],
  })
  t.same(codesOf(elsewhere), ['server-silent'], 'another address says nothing of it')
  t.same(codesOf(overTls(lost, failing('timeout', 8))), ['server-silent', 'server-silent'])
})

t.test('a session fails whatever is asked in it', async (t) => {
  const failed = { result: 'tls_error', tlsFault: 'name' } as const
  const checks = (['exists', 'absent', 'miss'] as const).map((name) => ({
    ...check(name, [failed], { transport: 'dot' as const }),
  }))
  const once = checks.map((each) => ({ ...each, recent: each.recent.slice(-1) }))
  t.match(only(overTls(once, [])), { code: 'dot-name' })
  t.same(codesOf(overTls(once.slice(1), [])), [], 'two are not enough')
})

t.test('where much is lost, some in a row are no matter of what is asked', async (t) => {
  const known = server(
    ...(['exists', 'plain', 'again', 'split'] as const).map((name) => check(name, spread(16))),
    check('aaaa', times(3, 'timeout')),
    check('large', times(3, 'timeout')),
  )
  t.same(codesOf(known), ['packet-loss'])
})

t.test('one that answers some names only is there', async (t) => {
  const other = { question: { name: 'www.example', type: 'A' } } as const
  const starved = [
    check('exists', times(8, 'timeout'), other),
    ...(['miss', 'plain', 'aaaa', 'again', 'pair', 'split', 'large', 'wide'] as const).map((name) =>
      check(name, times(8, 'timeout')),
    ),
  ]
  const found = codesOf(server(...starved, check('identity')))
  t.same(found, ['only-cached'])
  const gone = (['exists', 'absent', 'identity'] as const).map((name) =>
    check(name, times(4, 'timeout')),
  )
  t.ok(codesOf(server(...starved, ...gone)).includes('udp-blocked'), 'and then it is gone')
})

t.test('a certificate and a clock that nobody vouches for', async (t) => {
  const expired = sessions('expired', { certificate: certificate(-90 * DAY, -DAY) })
  const known = { ...server(expired), clock: unsynchronised }
  t.match(only(known), { code: 'dot-expired', sentence: /or our own clock/, next: /our own clock/ })
  const chain = sessions('expired', { certificate: certificate(-DAY, DAY) })
  t.match(only(server(chain)), { code: 'dot-expired', sentence: /one of its chain/ })
})

t.test('a server that accepts connections and says nothing', async (t) => {
  const checks = failing('timeout', 4).map((facts) => ({
    ...facts,
    recent: facts.recent.map((each) =>
      facts.transport === 'tcp' ? { ...each, phases: { connect: 0.001 } } : each,
    ),
  }))
  t.match(only(server(...checks)), {
    code: 'server-silent',
    evidence: [/UDP/, /TCP: connects, then/],
  })
})

t.test('after an outage nothing is left of it', async (t) => {
  const back = silent('10.0.0.1', ['config']).checks.map((facts) => ({
    ...facts,
    recent: [...facts.recent, ...check(facts.check).recent.slice(-1)].map((each, index) => ({
      ...each,
      at: (facts.recent[index]?.at ?? each.at + 60_000_000_000n) as never,
      ...(index === facts.recent.length ? goodAttempt(facts.check) : {}),
    })),
  }))
  t.same(codesOf(facts({ targets: [target('10.0.0.1', ['config'], back)] })), [])
})
