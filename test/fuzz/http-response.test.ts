/** Any bytes are an answer or a fault with a place, the same in whatever pieces they come. */
import t from 'tap'
import { readExposition } from '../../agent/dns/exposition.ts'
import { HttpResponse, type HttpResult } from '../../agent/dns/http-response.ts'
import { SeededRandom } from '../../agent/sim/random.ts'

const SEED = process.env['FUZZ_SEED'] ?? '1'
const RUNS = 10_000
const LIMIT = 400
const WORDS = [
  ...['HTTP/1.1 200 OK', 'HTTP/1.1 100 Continue', 'HTTP/1.0 503 ', '\r\n', '\r\n\r\n', '\n', '\r'],
  ...['Content-Length: ', '5', '0', 'ff', 'Transfer-Encoding: chunked', 'A: b', ' ', ':', ';', 'x'],
  ...['Content-Length: 3\r\n\r\nabc', '3\r\nabc\r\n', '0\r\n\r\n', '\u00fc', '\0'],
]

function text(random: SeededRandom): Uint8Array {
  const length = Math.floor(random.uniform() * 14)
  const words = Array.from({ length }, () => WORDS[Math.floor(random.uniform() * WORDS.length)])
  const begun = random.uniform() < 0.7 ? 'HTTP/1.1 200 OK\r\n' : ''
  return new TextEncoder().encode(begun + words.join(''))
}

function read(data: Uint8Array, sizeOf: () => number): NonNullable<HttpResult> {
  const response = new HttpResponse(LIMIT)
  for (let at = 0; at < data.length; ) {
    const next = at + sizeOf()
    const result = response.push(data.subarray(at, next))
    if (result !== undefined) return result
    at = next
  }
  return response.end()
}

t.test('any bytes: an answer or a fault, whatever the pieces', async (t) => {
  const random = new SeededRandom(SEED)
  const counts = { answers: 0, faults: new Set<string>() }
  for (let run = 0; run < RUNS; run += 1) {
    const data = text(random)
    const where = `seed ${SEED} run ${run}: ${JSON.stringify(new TextDecoder().decode(data))}`
    const whole = read(data, () => LIMIT + 1)
    const pieces = read(data, () => 1 + Math.floor(random.uniform() * 5))
    if (JSON.stringify(whole) !== JSON.stringify(pieces)) t.fail(`pieces differ, ${where}`)
    if (whole.ok) {
      counts.answers += 1
      const { status, body } = whole.value
      if (status < 200 || status > 599 || body.length > data.length) t.fail(where)
    } else {
      counts.faults.add(whole.fault)
      if (whole.at < 0 || whole.at > data.length) t.fail(`place, ${where}`)
    }
  }
  t.ok(counts.answers > RUNS / 50, `${counts.answers} answers`)
  t.ok(counts.faults.size >= 5, [...counts.faults].join(' '))
})

t.test('any text of metrics: finite sums, faults with lines', async (t) => {
  const random = new SeededRandom(SEED)
  const words = [
    'm',
    'm{',
    'a="b"',
    '"',
    '\\',
    '}',
    ' 1',
    ' -2.5e3',
    ' NaN',
    ' +Inf',
    '\n',
    '#',
    ',',
  ]
  for (let run = 0; run < RUNS; run += 1) {
    const length = Math.floor(random.uniform() * 30)
    const input = Array.from(
      { length },
      () => words[Math.floor(random.uniform() * words.length)],
    ).join('')
    const { sums, faults } = readExposition(input, ['m'])
    const lines = input.split('\n')
    const sound =
      [...sums.values()].every(Number.isFinite) &&
      faults.every(({ line }) => line >= 1 && line <= lines.length)
    if (!sound) t.fail(`seed ${SEED} run ${run}: ${JSON.stringify(input)}`)
  }
  t.pass(`${RUNS} texts`)
})

t.test('an unclosed label is refused in linear time', async (t) => {
  const began = process.cpuUsage().user
  const { faults } = readExposition(`m{${'a="b\\"c",'.repeat(200_000)}`, ['m'])
  t.equal(faults[0]?.code, 'bad-series')
  t.ok(process.cpuUsage().user - began < 1e6, 'microseconds')
})
