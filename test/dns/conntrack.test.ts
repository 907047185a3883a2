import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import {
  CONNTRACK_FILES,
  conntrackFacts,
  parseConntrackStat,
  parseCount,
} from '../../agent/dns/conntrack.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const SEED = process.env['FUZZ_SEED'] ?? '1'

/** Linux 5.15 and later; before, the second column was `searched`. */
const HEADER =
  'entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart'
const row = (insertFailed: string): string =>
  `0000002a  00000000 00000000 00000000 000000f1 00001f2a 00000000 00000000 00000000 ${insertFailed} 00000000 00000000 00000000  00000000 00000000 00000000 00000000`

t.test('failed insertions are the sum over all CPUs, whatever column they are in', async (t) => {
  const text = `${HEADER}\n${row('00000010')}\n${row('ffffffff')}\n`
  t.same(parseConntrackStat(text), { ok: true, value: 0x1000_0000f })
  const few = 'insert_failed entries\n0a 01\n'
  t.same(parseConntrackStat(few), { ok: true, value: 10 })
})

t.test('a text that is not understood is refused with its line', async (t) => {
  for (const [text, fault, at] of [
    ['', 'no-column', 1],
    ['entries found\n1 2\n', 'no-column', 1],
    [`${HEADER}\n`, 'no-rows', 1],
    [`${HEADER}\n${row('1')}\n00000000 1 2\n`, 'short-row', 3],
    [`${HEADER}\n${row('0x10')}\n`, 'bad-number', 2],
    [`${HEADER}\n${row('1')}\n\n${row('123456789')}\n`, 'bad-number', 4],
    [`${HEADER}\n${row('-1')}\n`, 'bad-number', 2],
  ] as const) {
    t.same(parseConntrackStat(text), { ok: false, fault, at }, JSON.stringify(text.slice(-60)))
  }
  t.same(parseCount('262144\n'), { ok: true, value: 262_144 })
  t.same(parseCount('0'), { ok: true, value: 0 })
  for (const text of ['', '\n', '-1\n', '1 2\n', '0x10\n', '12345678901\n', '1\n\n']) {
    t.same(parseCount(text), { ok: false, fault: 'bad-number', at: 1 }, JSON.stringify(text))
  }
})

t.test('what is more is counted from the reading before', async (t) => {
  const reading = { count: 5, limit: 10, stat: 100 }
  const facts = { entries: 5, limit: 10, insertFailed: 100 }
  t.same(conntrackFacts(reading, undefined), { ...facts, insertFailedMore: 0 }, 'the first one')
  t.same(conntrackFacts(reading, 90), { ...facts, insertFailedMore: 10 })
  t.same(conntrackFacts(reading, 100), { ...facts, insertFailedMore: 0 })
  t.same(conntrackFacts(reading, 101), { ...facts, insertFailedMore: 100 }, 'began anew')
})

t.test('any text is a sum or a line that exists', async (t) => {
  const random = new SeededRandom(SEED)
  const words = ['insert_failed', 'entries', '0000000f', 'ffffffff', 'g', '-', ' ', '\n', '\t', '']
  for (let run = 0; run < 20_000; run += 1) {
    const text = Array.from(
      { length: Math.floor(random.uniform() * 20) },
      () => `${words[Math.floor(random.uniform() * words.length)]} `,
    ).join('')
    const parsed = parseConntrackStat(text)
    const lines = text.split('\n').length
    const sound = parsed.ok
      ? Number.isSafeInteger(parsed.value) && parsed.value >= 0
      : parsed.at >= 1 && parsed.at <= lines
    if (!sound) t.fail(`seed ${SEED} run ${run}: ${JSON.stringify(text)}`)
  }
  t.pass('20000 texts')
})

t.test('the files of this kernel, where it tracks connections', async (t) => {
  const { stat, count, limit } = CONNTRACK_FILES
  if (!existsSync(stat)) {
    t.pass('it does not')
    return
  }
  t.equal(parseConntrackStat(readFileSync(stat, 'utf8')).ok, true)
  for (const path of [count, limit]) t.equal(parseCount(readFileSync(path, 'utf8')).ok, true, path)
})
