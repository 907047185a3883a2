import t from 'tap'
import { parseKeyFile } from '../../agent/config/key-file.ts'

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const messages = (text: string): string[] =>
  parseKeyFile(text).faults.map(({ line, message }) => `${line}: ${message}`)

t.test('chrony.keys: type and prefix may be left out', async (t) => {
  const text = `# comment
! and ; and % as well

1 abcdefghijkl
2 SHA1 ASCII:monkeymonkey
25 SHA256 HEX:1DC764E0791B11FA67EFC7ECBC4B0D73
 30 aes128 HEX:000102030405060708090A0B0C0D0E0F
4294967295 AES256 HEX:${'ab'.repeat(32)}
`
  t.same(parseKeyFile(text), {
    keys: [
      { id: 1, type: 'MD5', secret: ascii('abcdefghijkl') },
      { id: 2, type: 'SHA1', secret: ascii('monkeymonkey') },
      { id: 25, type: 'SHA256', secret: hex('1DC764E0791B11FA67EFC7ECBC4B0D73') },
      { id: 30, type: 'AES128', secret: hex('000102030405060708090A0B0C0D0E0F') },
      { id: 4_294_967_295, type: 'AES256', secret: hex('ab'.repeat(32)) },
    ],
    faults: [],
    warnings: [],
  })
})

t.test('ntp.keys: its names of types, and what is longer than 20 characters is hex', async (t) => {
  const long = '0123456789abcdef0123456789abcdef01234567'
  const text = `1 M abcdefghijklmnopqrst # comment\r\n2 SHA1 ${long}\n3 AES ${long.slice(0, 32)}\n4 AES-256 ${'0f'.repeat(32)} # AES-256 key\n`
  const { keys, faults, warnings } = parseKeyFile(text)
  t.same(keys, [
    { id: 1, type: 'MD5', secret: ascii('abcdefghijklmnopqrst') },
    { id: 2, type: 'SHA1', secret: hex(long) },
    { id: 3, type: 'AES128', secret: hex(long.slice(0, 32)) },
    { id: 4, type: 'AES256', secret: hex('0f'.repeat(32)) },
  ])
  t.same(faults, [])
  t.match(warnings, [{ line: 2, message: /^key 2: read as hex/ }])
})

t.test('a long key that is no hex is ASCII, except where only ntpd knows the type', async (t) => {
  const long = 'a long key is a good key'.replaceAll(' ', '-')
  t.match(parseKeyFile(`1 SHA1 ${long}`), { keys: [{ secret: ascii(long) }], warnings: [] })
  t.same(messages(`1 M ${long}`), ['1: key 1: the key is not of pairs of hex digits'])
})

t.test('a bad line is a fault with its number, and the others are kept', async (t) => {
  const text = `one MD5 abcdefghij
0 MD5 abcdefghij
4294967296 MD5 abcdefghij
5
6 SHA256
7 SHA3 abcdefghij
8 MD5 HEX:abc
9 MD5 ASCII:
10 AES128 HEX:0011
11 SHA512 abcdefghij klm
12 MD5 abcdefghij
12 MD5 klmnopqrst
13 ${'x'.repeat(2048)}
-1 abcdefghij
`
  t.same(messages(text), [
    '1: a line begins with the id of its key, 1 to 4294967295',
    '2: a line begins with the id of its key, 1 to 4294967295',
    '3: a line begins with the id of its key, 1 to 4294967295',
    '4: key 5: the key is missing',
    '5: key 6: the key is missing',
    '6: key 7: no known type of key, or words after the key',
    '7: key 8: the key is not of pairs of hex digits',
    '8: key 9: the key is empty',
    '9: key 10: AES128 needs a key of 16 bytes, here are 2',
    '10: key 11: no known type of key, or words after the key',
    '12: key 12 is there already',
    '13: the line is longer than 2047 characters',
    '14: a line begins with the id of its key, 1 to 4294967295',
  ])
  t.match(parseKeyFile(text).keys, [{ id: 12, secret: ascii('abcdefghij') }])
})

t.test('a key under 80 bits is taken with a warning', async (t) => {
  const { keys, warnings } = parseKeyFile('1 MD5 short\n2 SHA1 HEX:00112233445566778899\n')
  t.equal(keys.length, 2)
  t.same(warnings, [{ line: 1, message: 'key 1: the key is shorter than 80 bits' }])
})

t.test('no message tells a secret', async (t) => {
  const secret = 'TopSecretWord'
  for (const line of [
    `x ${secret}`,
    `1 ${secret} SHA9`,
    `1 AES128 ${secret}`,
    `1 M HEX:${secret}`,
  ]) {
    t.notMatch(JSON.stringify(parseKeyFile(line).faults), secret)
  }
})

t.test('nothing is no keys', async (t) => {
  t.same(parseKeyFile(''), { keys: [], faults: [], warnings: [] })
})
