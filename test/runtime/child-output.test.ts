import t from 'tap'
import { mono } from '../../agent/core/units.ts'
import { BURST, ChildOutput, MAX_LINE, RATE } from '../../agent/runtime/child-output.ts'

function bench() {
  const lines: string[] = []
  const dropped: number[] = []
  const clock = { seconds: 0 }
  const output = new ChildOutput({
    now: () => mono(BigInt(Math.round(clock.seconds * 1e9))),
    line: (text) => lines.push(text),
    dropped: (count) => dropped.push(count),
  })
  return { lines, dropped, clock, output }
}

t.test('chunks of two streams become lines', async (t) => {
  const { lines, output } = bench()
  const out = output.stream()
  const err = output.stream()
  out('one\ntw')
  err('wrong')
  out('o\r\n\n')
  err('!\n')
  out('last')
  t.same(lines, ['one', 'two', 'wrong!'])
  output.end()
  t.same(lines.at(-1), 'last', 'without a line break')
  t.same(output.last, ['one', 'two', 'wrong!', 'last'])
})

t.test('a line has a largest length, also one that never ends', async (t) => {
  const { lines, output } = bench()
  const push = output.stream()
  for (let chunk = 0; chunk < 1000; chunk++) push('x'.repeat(1000))
  push('\nshort\n')
  t.same(
    lines.map(({ length }) => length),
    [MAX_LINE + 3, 5],
  )
})

t.test('a flood is cut and counted; the last lines are known all the same', async (t) => {
  const { lines, dropped, clock, output } = bench()
  const push = output.stream()
  for (let line = 0; line < BURST + 500; line++) push(`${line}\n`)
  t.equal(lines.length, BURST)
  t.same(output.last.at(-1), String(BURST + 499))
  t.same(dropped, [])
  clock.seconds = 1
  push('after\n')
  t.same(dropped, [500], 'told before the next line')
  for (let line = 0; line < 2 * RATE; line++) push(`${line}\n`)
  t.equal(lines.length, BURST + RATE, 'so many a second in the long run')
  output.end()
  t.same(dropped, [500, RATE + 1])
})
