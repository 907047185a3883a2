import t from 'tap'
import { cutTo, Terminal } from '../../agent/cli/terminal.ts'

const ESC = '\u001b'

function record(isTTY: boolean, columns?: number) {
  let text = ''
  const write = (more: string) => {
    text += more
  }
  return { output: { isTTY, columns, write }, text: () => text }
}

t.test('outside of a terminal only lines that stay are written', async (t) => {
  const { output, text } = record(false)
  const terminal = new Terminal(output, false)
  terminal.live('progress')
  terminal.lines(['a', 'b'])
  terminal.clear()
  t.equal(text(), 'a\nb\n')
  t.equal(terminal.paint('red', 'x'), 'x')
})

t.test('in a terminal the live line is rewritten, and lines go above it', async (t) => {
  const { output, text } = record(true, 20)
  const terminal = new Terminal(output, false)
  terminal.live('one')
  terminal.line('stays')
  terminal.clear()
  terminal.clear()
  terminal.line('last')
  t.equal(text(), `\r${ESC}[Kone\r${ESC}[Kstays\none\r${ESC}[Klast\n`)
  t.equal(terminal.paint('red', 'x'), `${ESC}[31mx${ESC}[0m`)
})

t.test('a live line never wraps', async (t) => {
  t.equal(cutTo('0123456789', 10), '012345678')
  t.equal(cutTo(`${ESC}[31mred${ESC}[0m`, 10), `${ESC}[31mred${ESC}[0m`, 'colours have no width')
  const { output, text } = record(true)
  new Terminal(output, true).live('x'.repeat(100))
  t.equal(text().length, 79 + 4)
})

t.test('whoever wants no colour gets none', async (t) => {
  t.equal(new Terminal(record(true).output, true).paint('red', 'x'), 'x')
})
