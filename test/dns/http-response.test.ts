import t from 'tap'
import { type HttpFault, HttpResponse } from '../../agent/dns/http-response.ts'

const LIMIT = 1000
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** All of it in pieces of `size`, then the end of the connection. */
function read(text: string | Uint8Array, size = 1e9, limit = LIMIT) {
  const all = typeof text === 'string' ? bytes(text) : text
  const response = new HttpResponse(limit)
  for (let at = 0; at < all.length; at += size) {
    const result = response.push(all.subarray(at, at + size))
    if (result !== undefined) return result
  }
  return response.end()
}

const head = (...fields: readonly string[]): string =>
  ['HTTP/1.1 200 OK', ...fields, '', ''].join('\r\n')

const GOOD: readonly (readonly [text: string, status: number, body: string])[] = [
  [`${head('Content-Length: 2')}OK`, 200, 'OK'],
  [`${head('Content-Length: 0')}`, 200, ''],
  [`${head('content-length:2', 'Content-Type: text/plain')}OK and more`, 200, 'OK'],
  [`${head()}until the end`, 200, 'until the end'],
  [head(), 200, ''],
  [`HTTP/1.0 503 Service Unavailable\r\n\r\nkubernetes`, 503, 'kubernetes'],
  ['HTTP/1.1 404\r\n\r\n', 404, ''],
  ['HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', 204, ''],
  [`${head('Transfer-Encoding: chunked')}2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n`, 200, 'abcde'],
  [
    `${head('Transfer-Encoding: Chunked')}A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n`,
    200,
    '0123456789',
  ],
  [`HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${head('Content-Length: 1')}x`, 200, 'x'],
  [`${head('Content-Encoding: identity', 'Content-Length: 2')}ü`, 200, 'ü'],
]

t.test('status and body, in whatever pieces they come', async (t) => {
  for (const [text, status, body] of GOOD) {
    for (const size of [1e9, 1, 2, 3, 7]) {
      t.same(read(text, size), { ok: true, value: { status, body } }, JSON.stringify(text))
    }
  }
})

t.test('a character may lie over the end of a chunk', async (t) => {
  const [first, second] = bytes('ü')
  const text = bytes(`${head('Transfer-Encoding: chunked')}1\r\nX\r\n1\r\nY\r\n0\r\n\r\n`)
  const split = text.map((byte) => (byte === 88 ? first! : byte === 89 ? second! : byte))
  t.same(read(split), { ok: true, value: { status: 200, body: 'ü' } })
})

t.test('what is wrong with an answer has a name and a place', async (t) => {
  const chunked = head('Transfer-Encoding: chunked')
  const refused: readonly (readonly [text: string, fault: HttpFault, at: number])[] = [
    ['', 'cut', 0],
    ['SSH-2.0-OpenSSH_9.2\r\n\r\n', 'bad-status-line', 0],
    ['HTTP/2 200\r\n\r\n', 'bad-status-line', 0],
    ['HTTP/1.1 600 X\r\n\r\n', 'bad-status-line', 0],
    [head('no colon'), 'bad-header', 17],
    [head('A: b', ' folded'), 'bad-header', 23],
    [head('Name : x'), 'bad-header', 17],
    [head('A: b\nContent-Length: 2'), 'bad-header', 17],
    [head('Content-Length: -1'), 'bad-length', 0],
    [head('Content-Length: 0x10'), 'bad-length', 0],
    [head('Content-Length: 2', 'Content-Length: 2'), 'bad-length', 0],
    [head('Content-Length: 2', 'Transfer-Encoding: chunked'), 'bad-length', 0],
    [head('Transfer-Encoding: gzip, chunked'), 'unknown-coding', 0],
    [head('Content-Encoding: gzip'), 'unknown-coding', 0],
    [`${chunked}x\r\n`, 'bad-chunk', chunked.length],
    [`${chunked}-1\r\n`, 'bad-chunk', chunked.length],
    [`${chunked}123456789\r\n`, 'bad-chunk', chunked.length],
    [`${chunked}2\r\nabc\r\n0\r\n\r\n`, 'bad-chunk', chunked.length + 5],
    [`${chunked}2\r\nab\r\n`, 'cut', chunked.length + 7],
    [`${head('Content-Length: 5')}four`, 'cut', head('Content-Length: 5').length + 4],
    ['HTTP/1.1 200 OK\r\nContent', 'cut', 24],
    [head('Content-Length: 1001'), 'too-long', head('Content-Length: 1001').length],
    [`${chunked}3e9\r\n`, 'too-long', chunked.length],
    ['x'.repeat(LIMIT + 1), 'too-long', LIMIT],
    [`${head()}${'x'.repeat(LIMIT)}`, 'too-long', LIMIT],
  ]
  for (const [text, fault, at] of refused) {
    t.same(read(text), { ok: false, fault, at }, JSON.stringify(text.slice(0, 80)))
    const { ok, ...byOnes } = read(text, 1) as { ok: boolean; fault?: string }
    t.same([ok, byOnes.fault], [false, fault], 'byte by byte')
  }
  const latin = Uint8Array.from([...bytes(head('Content-Length: 1')), 0xfc])
  t.match(read(latin), { ok: false, fault: 'bad-text', at: latin.length - 1 })
  const long = `${chunked}1;${'x'.repeat(1200)}`
  t.match(read(long, 1e9, 5000), { fault: 'bad-chunk', at: chunked.length })
})

t.test('the first word counts, also after the end', async (t) => {
  const response = new HttpResponse(LIMIT)
  const whole = { ok: true, value: { status: 200, body: 'x' } }
  t.same(response.push(bytes(`${head('Content-Length: 1')}x`)), whole)
  t.same(response.push(bytes('y')), whole)
  t.same(response.end(), whole)
})

t.test('a page of 4 MiB in small pieces takes no quadratic time', async (t) => {
  const body = 'x'.repeat((1 << 22) - 200)
  const began = process.cpuUsage().user
  const result = read(`${head(`Content-Length: ${body.length}`)}${body}`, 1400, 1 << 22)
  t.equal(result.ok && result.value.body.length, body.length)
  t.ok(process.cpuUsage().user - began < 2e6, 'microseconds')
})
