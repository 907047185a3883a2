import t from 'tap'
import { replaceSection } from '../../bench/lib/results.ts'

const PAGE = '# Figures\n\nText.\n\n## a\n\nold\n\n## b\n\nkept\n'

t.test('a section is replaced where it stands, the others are kept', async (t) => {
  t.equal(replaceSection(PAGE, 'a', 'new\n'), '# Figures\n\nText.\n\n## a\n\nnew\n\n## b\n\nkept\n')
  t.equal(replaceSection(PAGE, 'b', 'kept'), PAGE, 'the same again changes nothing')
})

t.test('a new section goes to the end', async (t) => {
  t.equal(replaceSection('# Figures\n', 'c', 'x'), '# Figures\n\n## c\n\nx\n')
  t.match(replaceSection(PAGE, 'c', 'x'), /kept\n\n## c\n\nx\n$/)
})
