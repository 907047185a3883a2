import t from 'tap'
import { parseQuestion } from '../../agent/dns/question.ts'

t.test('a name is asked for its address, the root for its name servers', async (t) => {
  const table: [string, string, string][] = [
    ['.', '.', 'NS'],
    ['example.net', 'example.net', 'A'],
    ['example.net.', 'example.net', 'A'],
    ['example.net AAAA', 'example.net', 'AAAA'],
    [' example.net\tsoa ', 'example.net', 'SOA'],
    ['_ntp._udp.example.net SRV', '_ntp._udp.example.net', 'SRV'],
  ]
  for (const [text, name, type] of table) {
    t.strictSame(parseQuestion(text), { ok: true, value: { name, type } }, text)
  }
})

t.test('what is no name or no type is a fault', async (t) => {
  for (const text of ['', 'a..b', '.a', `${'a'.repeat(64)}.b`, `${'a.'.repeat(127)}b`, 'ä', '..']) {
    t.match(parseQuestion(text), { ok: false, fault: 'bad-name' }, text)
  }
  for (const text of ['a ANY', 'a A B']) t.match(parseQuestion(text), { fault: 'bad-type', at: 1 })
})
