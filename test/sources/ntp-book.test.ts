import t from 'tap'
import { AddressBook, formatAddresses, parseAddresses } from '../../agent/sources/ntp-book.ts'

t.test('the file is read as it is written', async (t) => {
  const kept = new Map([
    ['ntp.example', ['192.0.2.1', '2001:db8::1']],
    ['0.pool.example', ['192.0.2.2']],
  ])
  t.same(parseAddresses(formatAddresses(kept)), kept)
})

t.test('what is not understood in the file is passed over', async (t) => {
  const text = [
    '',
    '\u0000\u0001 garbage',
    'ntp.example',
    'ntp.example not-an-address 999.1.1.1 1::2::3',
    'UPPER.example 192.0.2.1',
    '192.0.2.1 192.0.2.2',
    `long.example ${'192.0.2.1 '.repeat(400)}`,
    'good.example 192.0.2.7 nonsense 192.0.2.7 fe80::1%eth0',
  ].join('\n')
  t.same([...parseAddresses(text)], [['good.example', ['192.0.2.7', 'fe80::1%eth0']]])
})

t.test('it is bounded in names and in addresses', async (t) => {
  const many = Array.from({ length: 40 }, (_, i) => `192.0.2.${i}`).join(' ')
  const text = Array.from({ length: 200 }, (_, i) => `n${i}.example ${many}`).join('\n')
  const found = parseAddresses(text)
  t.equal(found.size, 64)
  t.equal(found.get('n0.example')?.length, 16)
  const book = new AddressBook()
  book.register('n.example')
  book.load('')
  for (let i = 0; i < 40; i += 1) book.keep('n.example', `192.0.2.${i}`)
  t.equal(book.keptFor('N.example.').length, 16)
  t.equal(book.keptFor('n.example')[0], '192.0.2.39', 'the most recent first')
  book.keep('unknown.example', '192.0.2.1')
  t.same(book.keptFor('unknown.example'), [])
})

t.test('two ports of one address are two servers', async (t) => {
  const book = new AddressBook()
  t.equal(book.take('a', ['10.0.0.1'], 123), '10.0.0.1')
  t.equal(book.take('b', ['10.0.0.1'], 123), undefined)
  t.equal(book.take('b', ['10.0.0.1'], 124), '10.0.0.1')
  book.release('a')
  t.equal(book.take('c', ['10.0.0.1'], 123), '10.0.0.1')
})
