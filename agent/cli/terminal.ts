/**
 * Where commands write. On a terminal one line at the bottom is rewritten in place; lines that stay
 * are written above it. Elsewhere only lines that stay exist.
 */
import { coloured, type Paint, plain } from './text.ts'

/** The part of a Node stream that is used. */
export interface Output {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

const CLEAR = '\r\u001b[K'
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')

/** Cut to the width of the terminal, so that rewriting stays within one line. */
export function cutTo(line: string, columns: number): string {
  if (line.replaceAll(ESCAPES, '').length < columns) return line
  return line.replaceAll(ESCAPES, '').slice(0, columns - 1)
}

export class Terminal {
  readonly #output: Output
  readonly interactive: boolean
  readonly paint: Paint
  #live = ''

  constructor(output: Output, noColour: boolean) {
    this.#output = output
    this.interactive = output.isTTY === true
    this.paint = this.interactive && !noColour ? coloured : plain
  }

  /** A line that stays. */
  line(text: string): void {
    if (this.#live === '') this.#output.write(`${text}\n`)
    else this.#output.write(`${CLEAR}${text}\n${this.#live}`)
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text)
  }

  /** The line that is rewritten; nothing where there is no terminal. */
  live(text: string): void {
    if (!this.interactive) return
    this.#live = cutTo(text, this.#output.columns ?? 80)
    this.#output.write(`${CLEAR}${this.#live}`)
  }

  /** Takes the live line away, before somebody else writes to the same terminal. */
  clear(): void {
    if (this.#live === '') return
    this.#live = ''
    this.#output.write(CLEAR)
  }
}
