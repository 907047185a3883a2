import t from 'tap'
import { editDistance, nearest } from '../../agent/config/suggest.ts'

t.test('the distance counts insertions, deletions, replacements and swaps', async (t) => {
  t.equal(editDistance('', ''), 0)
  t.equal(editDistance('', 'abc'), 3)
  t.equal(editDistance('abc', ''), 3)
  t.equal(editDistance('minpol', 'minpoll'), 1)
  t.equal(editDistance('minpoll', 'maxpoll'), 2)
  t.equal(editDistance('prot', 'port'), 1)
  t.equal(editDistance('kitten', 'sitting'), 3)
})

t.test('the nearest word is suggested, or none', async (t) => {
  const known = ['minpoll', 'maxpoll', 'maxDelay', 'stateDirectory', 'socket', 'xleave']
  const table: [string, string | undefined][] = [
    ['minpol', 'minpoll'],
    ['max-delay', 'maxDelay'],
    ['MAX_DELAY', 'maxDelay'],
    ['state', 'stateDirectory'],
    ['uds_address', 'socket'],
    ['interleaved', 'xleave'],
    ['socketfile', 'socket'],
    ['zzz', undefined],
    ['_', undefined],
    ['', undefined],
    ['x'.repeat(65), undefined],
  ]
  for (const [word, meant] of table) t.equal(nearest(word, known), meant, word)
  t.equal(nearest('anything', []), undefined)
})
