/** Text for terminals: aligned tables and colours. Pure: whether to colour is an argument. */

export type Colour = 'green' | 'yellow' | 'red' | 'blue' | 'bold' | 'dim'

const CODES: Readonly<Record<Colour, number>> = {
  green: 32,
  yellow: 33,
  red: 31,
  blue: 36,
  bold: 1,
  dim: 2,
}

/** A text in a colour, or as it is. */
export type Paint = (colour: Colour | undefined, text: string) => string

export const plain: Paint = (_colour, text) => text
export const coloured: Paint = (colour, text) =>
  colour === undefined ? text : `\u001b[${CODES[colour]}m${text}\u001b[0m`

/**
 * Names of sources and references come from the network: a terminal must not obey them. C0, DEL and
 * C1 controls become a question mark.
 */
export const printable = (text: string): string =>
  [...text]
    .map((character) => {
      const code = character.codePointAt(0) ?? 0
      return code < 0x20 || (code >= 0x7f && code < 0xa0) ? '?' : character
    })
    .join('')

export interface Cell {
  readonly text: string
  readonly colour?: Colour | undefined
}

export interface Column {
  readonly name: string
  readonly right?: boolean
}

export const cell = (text: string, colour?: Colour): Cell => ({ text: printable(text), colour })

function pad({ text, colour }: Cell, width: number, right: boolean, paint: Paint): string {
  const space = ' '.repeat(Math.max(0, width - text.length))
  const painted = paint(colour, text)
  return right ? space + painted : painted + space
}

/** Columns as wide as their widest cell, two spaces apart, indented by two. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  paint: Paint = plain,
): string[] {
  const heads = columns.map(({ name }): Cell => ({ text: name, colour: 'dim' }))
  const all = [heads, ...rows]
  const widths = columns.map((_, index) =>
    Math.max(...all.map((row) => row[index]?.text.length ?? 0)),
  )
  return all.map((row) => {
    const cells = columns.map(({ right = false }, index) =>
      pad(row[index] ?? { text: '' }, widths[index] ?? 0, right, paint),
    )
    return `  ${cells.join('  ').trimEnd()}`
  })
}
