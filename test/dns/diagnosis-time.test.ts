/** Time and DNS: whose clock is wrong, ours, the resolver's, or nobody's. */
import t from 'tap'
import type { Validity } from '../../agent/core/tls.ts'
import { diagnose } from '../../agent/dns/diagnosis.ts'
import type { Attempt, CheckFacts, DnsFacts } from '../../agent/dns/facts.ts'
import { timeBound } from '../../agent/dns/time-bound.ts'
import { check, codesOf, DAY, facts, NOW, only, target, times } from './facts-fixture.ts'

const window = (by: string, from: number, until: number): Validity => ({
  by,
  from: NOW + from * DAY,
  until: NOW + until * DAY,
})
const question = (name: string) => ({ question: { name, type: 'A' as const } })
const AUTHENTIC = { authoritative: false, recursion: true, authentic: true, edns: true }

/** A name whose validation fails, and its signatures. */
const bogus = (zone: string, signature: Validity, more: Partial<Attempt> = {}): CheckFacts[] => [
  check('signed', times(3, { result: 'servfail', ...more }), question(`www.${zone}`)),
  check('unchecked', times(3, { signatures: [signature] }), question(`www.${zone}`)),
]
const good = (zone: string): CheckFacts =>
  check('signed', times(3, { flags: AUTHENTIC }), question(`www.${zone}`))
const resolver = (...checks: readonly CheckFacts[]) => target('10.0.0.1', ['config'], checks)
const node = (...checks: readonly CheckFacts[]): DnsFacts =>
  facts({ targets: [resolver(...checks)] })

const valid = (zone: string) => window(zone, -7, 7)
const unsynchronised = { synchronized: false, now: NOW, bound: undefined }

t.test('the resolver complains of times that are right: its clock is wrong', async (t) => {
  const found = only(node(...bogus('a.example', valid('a.example'), { ede: [7] })))
  t.match(found, {
    code: 'resolver-clock-wrong',
    subject: '10.0.0.1',
    sentence: /the clock of 10\.0\.0\.1 is wrong: it answers SERVFAIL for a\.example/,
    evidence: ['SERVFAIL with validation, NOERROR without', 'extended error 7'],
  })
  const text = { ede: [9], edeTexts: ['signature before inception date'] }
  t.same(codesOf(node(...bogus('a.example', valid('a.example'), text))), ['resolver-clock-wrong'])
})

t.test('another resolver validates the name', async (t) => {
  const other = target('10.0.0.2', ['config'], [good('a.example')])
  const failing = resolver(...bogus('a.example', valid('a.example'), { ede: [6] }))
  t.match(only(facts({ targets: [failing, other] })), {
    code: 'resolver-clock-wrong',
    evidence: [/./, /6/, '10.0.0.2 can validate it'],
  })
  const trusting = target(
    '10.0.0.1',
    ['config'],
    [...bogus('a.example', valid('a.example'), { ede: [6] }), good('b.example')],
  )
  t.match(only(facts({ targets: [trusting, other] })), {
    code: 'bogus-zone',
    sentence: /which 10\.0\.0\.2 can validate/,
  })
})

t.test('several zones fail at one resolver', async (t) => {
  const all = ['a.example', 'b.example'].flatMap((zone) => bogus(zone, valid(zone), { ede: [6] }))
  t.match(only(node(...all)), {
    code: 'resolver-clock-wrong',
    sentence: /for a\.example and b\.example/,
  })
})

t.test('one zone fails, the times are right: it is bogus', async (t) => {
  t.match(only(node(...bogus('a.example', valid('a.example'), { ede: [6] }))), {
    code: 'bogus-zone',
    subject: 'a.example',
  })
})

t.test('the zone has expired, or is not valid yet', async (t) => {
  t.match(only(node(...bogus('a.example', window('a.example', -30, -2)))), {
    code: 'zone-expired',
    subject: 'a.example',
    sentence: /zone a\.example expired on 2026-05-30 00:00 UTC: 10\.0\.0\.1 rightly refuses/,
  })
  t.match(only(node(...bogus('a.example', window('a.example', 1, 9)))), {
    code: 'zone-expired',
    sentence: /are not valid before 2026-06-02 00:00 UTC/,
  })
  const doubtful = node(...bogus('a.example', window('a.example', -30, -2)))
  t.match(only({ ...doubtful, clock: unsynchronised }), {
    code: 'zone-expired',
    sentence: /by our clock, which is not synchronised/,
  })
})

t.test('what is no failure of validation', async (t) => {
  const [signed, unchecked] = bogus('a.example', valid('a.example')) as [CheckFacts, CheckFacts]
  const twice = check('signed', times(2, 'servfail'), question('www.a.example'))
  t.same(codesOf(node(twice, unchecked)), [], 'two are not enough')
  t.same(codesOf(node(signed)), [], 'nothing to compare with')
  t.same(codesOf(node(good('a.example'), unchecked)), [], 'it validates')
  const plain = check('signed', times(5, 'noerror'), question('www.a.example'))
  t.same(codesOf(node(plain, unchecked)), [], 'a resolver that does not validate is no fault')
  const both = check('unchecked', times(3, 'servfail'), question('www.a.example'))
  t.same(codesOf(node(signed, both)), ['servfail'], 'it fails anyway')
  const near = window('a.example', -7, -0.00001)
  const clock = { synchronized: true, now: NOW, bound: 2 }
  const inBound = { ...node(...bogus('a.example', near)), clock }
  t.same(codesOf(inBound), ['bogus-zone'], 'expired within the bound of our clock')
})

const signatures = (...windows: readonly Validity[]): CheckFacts =>
  check('signed', times(3, { signatures: windows }))

t.test('several signers exclude our time: our own clock is wrong', async (t) => {
  const past = [window('.', 20, 34), window('example', 22, 30)]
  const known = { ...node(signatures(...past)), clock: unsynchronised }
  t.match(only(known), {
    code: 'own-clock-wrong',
    sentence:
      /our own clock says 2026-06-01 00:00 UTC and is behind by at least 22 d: 2 signers agree that it is between 2026-06-23 00:00 UTC and 2026-07-01 00:00 UTC/,
  })
  t.same(codesOf({ ...known, clock: { ...unsynchronised, synchronized: true } }), [])
  const one = { ...node(signatures(past[0] as Validity)), clock: unsynchronised }
  t.same(codesOf(one), [], 'one signer is not enough')
  const third = node(signatures(...past, window('org', 21, 31)))
  t.match(only(third), { code: 'own-clock-wrong', sentence: /although it is synchronised/ })
  const inside = { ...node(signatures(window('.', -1, 9), window('example', 22, 30))) }
  t.same(codesOf({ ...inside, clock: unsynchronised }), [], 'no majority')
})

t.test('a wrong own clock explains certificates and zones', async (t) => {
  const ahead = [window('.', -34, -20), window('example', -30, -22)]
  const dot = check(
    'exists',
    times(3, {
      result: 'tls_error',
      tlsFault: 'expired',
      certificate: window('dns.example', -90, -21),
    }),
    { transport: 'dot' },
  )
  const known = node(
    signatures(...ahead),
    dot,
    ...bogus('a.example', window('a.example', -40, -23)),
  )
  t.match(diagnose({ ...known, clock: unsynchronised }), [
    {
      code: 'own-clock-wrong',
      sentence: /is ahead by at least 22 d/,
      explains: ['zone-expired a.example', 'dot-expired 10.0.0.1'],
    },
  ])
})

t.test('the interval in which UTC must lie', async (t) => {
  const of = (...windows: [string, number, number][]) =>
    timeBound(windows.map(([by, from, until]) => ({ by, from, until })))
  t.equal(of(), undefined, 'nobody says anything')
  t.match(of(['a', 1, 9]), { from: 1, until: 9, signers: 1 })
  t.match(of(['a', 1, 9], ['b', 5, 12]), { from: 5, until: 9, agreeing: ['a', 'b'] })
  t.equal(of(['a', 1, 4], ['b', 5, 12]), undefined, 'two that contradict each other')
  t.match(of(['a', 1, 9], ['b', 5, 12], ['liar', 100, 200]), {
    from: 5,
    until: 9,
    agreeing: ['a', 'b'],
    signers: 3,
  })
  t.match(of(['a', 1, 9], ['a', 5, 12], ['b', 0, 11]), { from: 5, until: 11 }, 'newest of a signer')
  t.match(of(['a', 1, 9], ['b', 9, 1]), { from: 1, until: 9, signers: 1 }, 'no window at all')
  t.match(
    of(['a', 1, 4], ['b', 3, 8], ['c', 7, 9]),
    { from: 3, until: 8 },
    'all that a majority has',
  )
})
