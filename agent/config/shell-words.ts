/**
 * A command-line tail split into words as sh would: blanks, single and double quotes, backslashes.
 * Nothing is expanded and nothing is run; `$`, `;` and `*` are letters like any other.
 * Source: POSIX.1-2017, shell command language, 2.2 Quoting.
 */

export type Split =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly message: string }

/** One piece of a word: quoted, escaped or plain. */
const PIECE = /'([^']*)'|"((?:\\[\s\S]|[^"\\])*)"|\\([\s\S])|([^\s'"\\]+)/y

/** In double quotes a backslash is one unless it stands before these. */
const unquote = (text: string): string => text.replace(/\\(["\\$`])/g, '$1').replace(/\\\n/g, '')

function pieceAt(text: string, at: number): { text: string; end: number } | undefined {
  PIECE.lastIndex = at
  const match = PIECE.exec(text)
  if (match === null) return undefined
  const [whole, single, double, escaped, plain] = match
  const value = single ?? (double === undefined ? undefined : unquote(double)) ?? plain
  // an escaped line break joins two lines
  return { text: value ?? (escaped === '\n' ? '' : (escaped ?? '')), end: at + whole.length }
}

export function splitWords(text: string): Split {
  const words: string[] = []
  let word: string | undefined
  let at = 0
  while (at < text.length) {
    if (/\s/.test(text.charAt(at))) {
      if (word !== undefined) words.push(word)
      word = undefined
      at++
      continue
    }
    const piece = pieceAt(text, at)
    if (piece === undefined) {
      const what =
        text.charAt(at) === '\\' ? 'a backslash at the end' : `a ${text.charAt(at)} without its end`
      return { ok: false, message: `${what} (character ${at + 1})` }
    }
    word = (word ?? '') + piece.text
    at = piece.end
  }
  if (word !== undefined) words.push(word)
  return { ok: true, words }
}

/** A word as sh would read it back. */
export const quoteWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
