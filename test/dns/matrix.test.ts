import t from 'tap'
import { agreementsOf, isAfter } from '../../agent/dns/agreement.ts'
import { matrixOf } from '../../agent/dns/matrix.ts'
import { reportOf } from '../../agent/dns/report.ts'
import { check, facts, failing, forward, silent, target, times } from './facts-fixture.ts'

const marksOf = (...changes: Parameters<typeof target>[2][]) => {
  const targets = [target('10.0.0.1', ['cluster'], changes[0] ?? [])]
  const [row] = matrixOf({ targets })
  return [row?.cells.udp.mark, row?.cells.tcp.mark, row?.cells.dot.mark]
}

t.test('one mark per server and transport', async (t) => {
  t.same(marksOf(), ['ok', 'ok', 'unasked'])
  t.same(marksOf([check('large', times(3, 'timeout'))]), ['lossy', 'ok', 'unasked'])
  t.same(marksOf(failing('timeout', 4, ['tcp'])), ['ok', 'silent', 'unasked'])
  t.same(marksOf(failing('conn_refused')), ['refused', 'refused', 'unasked'])
  t.same(marksOf([check('exists', times(3, 'servfail'))]), ['failing', 'ok', 'unasked'])
  t.same(marksOf([check('exists', times(2, 'servfail'))]), ['ok', 'ok', 'unasked'])
  t.same(marksOf([check('absent', times(3, 'noerror'))]), ['failing', 'ok', 'unasked'])
  t.same(marksOf([check('identity', times(8, 'refused'))]), ['ok', 'ok', 'unasked'])
  t.same(marksOf([check('aaaa', ['timeout', {}])]), ['lossy', 'ok', 'unasked'])
  const tls = check('exists', ['tls_error'], { transport: 'dot' })
  t.same(marksOf([tls]), ['ok', 'ok', 'tls'])
})

t.test('a cell has the median of the name in the cache', async (t) => {
  const seconds = [0.001, 0.003, 0.002].map((each) => ({ seconds: each }))
  const exists = check('exists', [...times(5, { seconds: 0.002 }), ...seconds])
  const [row] = matrixOf({ targets: [target('a', ['host'], [exists])] })
  t.match(row, {
    target: 'a',
    roles: ['host'],
    cells: { udp: { p50: 0.002 }, dot: { attempts: 0 } },
  })
  t.equal(row?.cells.dot.p50, undefined)
})

t.test('a report has both', async (t) => {
  const { matrix, diagnoses } = reportOf(facts({ targets: [silent('10.0.0.1', ['config'])] }))
  t.match(matrix, [{ cells: { udp: { mark: 'silent' } } }])
  t.match(diagnoses, [{ code: 'server-silent', targets: ['10.0.0.1'], explains: [] }])
})

t.test('agreement counts camps per question', async (t) => {
  const known = facts({
    targets: [
      target('a', ['upstream'], [check('exists', times(3, 'refused'))]),
      target('b', ['upstream']),
      target('c', ['upstream']),
    ],
    forwards: [forward(['a', 'b', 'c'])],
  })
  const exists = agreementsOf(known).find(({ camps }) => camps.length > 1)
  t.match(exists, {
    question: { type: 'A' },
    camps: [
      { result: 'noerror', upstreams: ['b', 'c'] },
      { result: 'refused', upstreams: ['a'] },
    ],
    records: [{ upstreams: ['b', 'c'] }],
  })
})

t.test('serials count in a circle', async (t) => {
  t.ok(isAfter(2, 1))
  t.notOk(isAfter(1, 2))
  t.notOk(isAfter(1, 1))
  t.ok(isAfter(0, 0xffffffff), 'past the end')
  t.notOk(isAfter(0x80000000, 0), 'half of the circle is undefined')
})
