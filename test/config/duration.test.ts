import t from 'tap'
import {
  DURATION,
  formatDuration,
  parseDuration,
  suggestDuration,
} from '../../agent/config/duration.ts'

t.test('a duration is a number with its unit', async (t) => {
  const table: [string | 0, number][] = [
    [0, 0],
    ['20us', 2e-5],
    ['500ms', 0.5],
    ['1.5s', 1.5],
    ['-3ns', -3e-9],
    ['2min', 120],
    ['4h', 14_400],
    ['1d', 86_400],
  ]
  for (const [text, seconds] of table) t.equal(parseDuration(text), seconds, String(text))
})

t.test('anything else has no value', async (t) => {
  for (const text of ['5', 's', '5 s', '5m', '1e3s', '--1s', '5S', '']) {
    t.notMatch(text, DURATION, text)
    t.equal(parseDuration(text), 0)
  }
})

t.test('a duration is written with the largest unit that fits', async (t) => {
  const texts = ['20us', '500ms', '1.5s', '2min', '4h', '1d', '3ns', '-3ms', '0.5ns']
  t.same(texts.map(parseDuration).map(formatDuration), texts)
  t.equal(formatDuration(0), '0')
})

t.test('what was meant is guessed', async (t) => {
  const table: [unknown, string | undefined][] = [
    [3, '3s'],
    ['3', '3s'],
    ['5 sec', '5s'],
    ['5m', '5min'],
    ['10 MSEC', '10ms'],
    ['20µs', '20us'],
    ['20μs', '20us'],
    ['3 parsec', undefined],
    ['soon', undefined],
    ['1.2.3s', undefined],
    [true, undefined],
  ]
  for (const [text, meant] of table) t.equal(suggestDuration(text), meant, String(text))
})
