import { createHash } from 'node:crypto'
import t from 'tap'
import { BUNDLED_LIST, BUNDLED_TEXT } from '../../agent/clock/leap-bundle.ts'
import {
  isExpired,
  leapOfDay,
  nextLeap,
  parseLeapList,
  taiOffsetAt,
} from '../../agent/clock/leap-list.ts'
import { sha1 } from '../../agent/core/sha1.ts'
import { utc } from '../../agent/core/units.ts'

const at = (text: string) => utc(BigInt(Date.parse(text)) * 1_000_000n)
const hex = (words: readonly number[]): string =>
  words.map((word) => word.toString(16).padStart(8, '0')).join('')

/** With a hash that fits whatever was made of it. */
function signed(updated: string, expires: string, rows: readonly string[]): string {
  const digits = [updated, expires, ...rows].join('').replaceAll(/\s/g, '')
  const words = createHash('sha1').update(digits).digest('hex').match(/.{8}/g) ?? []
  return [`#$ ${updated}`, `#@ ${expires}`, ...rows, `#h ${words.join(' ')}`, ''].join('\n')
}

const ROWS = ['3644697600 36 # 1 Jul 2015', '3692217600 37'] as const
const plain = ROWS.map((row) => row.replace(/ #.*/, ''))

t.test('SHA-1 of every length around its blocks, as Node has it', async (t) => {
  for (let length = 0; length <= 200; length += 1) {
    const text = Array.from({ length }, (_, i) => String((i * 7 + length) % 10)).join('')
    const expected = createHash('sha1').update(text).digest('hex')
    if (hex(sha1(text)) !== expected) t.fail(`length ${length}`)
  }
  t.equal(hex(sha1('abc')), 'a9993e364706816aba3e25717850c26c9cd0d89d', 'FIPS 180-4')
})

t.test('the bundled list: 28 entries, 10 s to 37 s, and its expiry', async (t) => {
  const { entries, updated, expires } = BUNDLED_LIST
  t.equal(entries.length, 28)
  t.same(entries[0], { from: at('1972-01-01T00:00:00Z'), taiOffset: 10 })
  t.same(entries.at(-1), { from: at('2017-01-01T00:00:00Z'), taiOffset: 37 })
  t.equal(updated, at('2026-07-06T07:44:57Z'))
  t.equal(expires, at('2027-06-28T00:00:00Z'))
  t.equal(isExpired(BUNDLED_LIST, at('2027-06-27T23:59:59Z')), false)
  t.equal(isExpired(BUNDLED_LIST, at('2027-06-28T00:00:00Z')), true)
})

t.test('TAI - UTC, to the second', async (t) => {
  t.equal(taiOffsetAt(BUNDLED_LIST, at('1971-12-31T23:59:59Z')), undefined)
  t.equal(taiOffsetAt(BUNDLED_LIST, at('1972-01-01T00:00:00Z')), 10)
  t.equal(taiOffsetAt(BUNDLED_LIST, at('2016-12-31T23:59:59Z')), 36)
  t.equal(taiOffsetAt(BUNDLED_LIST, at('2017-01-01T00:00:00Z')), 37)
  t.equal(taiOffsetAt(BUNDLED_LIST, at('2026-11-23T00:00:00Z')), 37)
})

t.test('the next leap second, its sign, and the day that ends in it', async (t) => {
  const midnight = at('2017-01-01T00:00:00Z')
  t.same(nextLeap(BUNDLED_LIST, at('2015-07-01T00:00:00Z')), { at: midnight, sign: 1 })
  t.equal(nextLeap(BUNDLED_LIST, midnight), undefined, 'it is over')
  t.equal(nextLeap(BUNDLED_LIST, at('1960-01-01T00:00:00Z')), undefined, 'the first is none')
  t.equal(leapOfDay(BUNDLED_LIST, at('2016-12-30T23:59:59Z')), 'none')
  t.equal(leapOfDay(BUNDLED_LIST, at('2016-12-31T00:00:00Z')), 'insert')
  t.equal(leapOfDay(BUNDLED_LIST, at('2016-12-31T23:59:59.999Z')), 'insert')
  t.equal(leapOfDay(BUNDLED_LIST, midnight), 'none')
  const text = signed('3900000000', '4100000000', ['3692217600 37', '4007750400 36'])
  const deleted = parseLeapList(text)
  t.ok(deleted.ok)
  if (deleted.ok) t.equal(leapOfDay(deleted.value, at('2026-12-31T12:00:00Z')), 'delete')
})

t.test('comments, tabs, line ends and hash words without their zeros are no fault', async (t) => {
  const good = signed('3900000000', '4100000000', plain)
  const variants = [
    good.replaceAll('\n', '\r\n'),
    good.replaceAll(' ', '\t'),
    `# a word\n\n#\n${good}# the end`,
    good.replace('36\n', '36   # 1 Jul 2015\n'),
  ]
  for (const text of variants) t.ok(parseLeapList(text).ok, JSON.stringify(text))
  // 0 leads a word in one of the next few updates
  const short = Array.from({ length: 200 }, (_, k) =>
    signed(String(3900000000 + k), '4100000000', plain),
  )
  const zero = short.find((text) => / 0[\da-f]{7}/.test(text)) ?? ''
  t.match(zero, / 0[\da-f]{7}/)
  t.ok(parseLeapList(zero.replaceAll(/ 0+(?=[\da-f]{1,7}\b)(?=[\da-f]*( |\n))/g, ' ')).ok)
})

t.test('what is wrong, and in which line', async (t) => {
  const good = signed('3900000000', '4100000000', plain)
  const lines = good.split('\n')
  const without = (k: number) => lines.filter((_, i) => i !== k).join('\n')
  const cases: readonly (readonly [string, string, string, number])[] = [
    ['nothing', '', 'no-update', 1],
    ['no update', without(0), 'no-update', 5],
    ['no expiry', without(1), 'no-expiry', 5],
    ['cut off within an entry', good.slice(0, good.indexOf('37')), 'malformed', 4],
    ['an entry is missing', without(3), 'bad-hash', 4],
    ['another year of expiry', good.replace('41', '42'), 'bad-hash', 5],
    ['half a hash', good.replace(/ \S+\n$/, '\n'), 'malformed', 5],
    ['two updates', `${good}#$ 3900000001`, 'twice', 6],
    ['no entries', signed('3900000000', '4100000000', []), 'no-entries', 4],
    ['order', signed('39', '41', [...plain].reverse()), 'wrong-order', 4],
    ['a jump of 2 s', signed('39', '41', ['1 10', '2 12']), 'wrong-jump', 4],
    ['no jump', signed('39', '41', ['1 10', '2 10']), 'wrong-jump', 4],
    ['words', 'a list of leap seconds', 'malformed', 1],
    ['the other format', 'Leap 2016 Dec 31 23:59:60 + S', 'malformed', 1],
    ['too long', '\n'.repeat(5000), 'malformed', 2001],
  ]
  for (const [name, text, fault, line] of cases) {
    t.same(parseLeapList(text), { ok: false, fault, at: line }, name)
  }
})

t.test('one digit changed anywhere in the bundled list is found', async (t) => {
  const slipped: number[] = []
  for (const [k, digit] of [...BUNDLED_TEXT].entries()) {
    if (!/\d/.test(digit)) continue
    const other = String((Number(digit) + 1) % 10)
    if (parseLeapList(BUNDLED_TEXT.slice(0, k) + other + BUNDLED_TEXT.slice(k + 1)).ok)
      slipped.push(k)
  }
  t.same(slipped, [])
})

t.test('a list without a hash is taken, and known as such', async (t) => {
  const text = signed('3900000000', '4100000000', ROWS).replace(/^#h.*$/m, '')
  t.match(parseLeapList(text), { ok: true, value: { verified: false } })
  t.match(parseLeapList(signed('3900000000', '4100000000', plain)), { value: { verified: true } })
})
