/**
 * Words of a Corefile with their places, as CoreDNS splits them (coredns/caddy, caddyfile/lexer.go).
 *
 * White space ends a word. A quote starts a quoted word only at its beginning; `\"` is the only escape
 * in it, and line breaks are part of it. Outside of quotes carriage returns count for nothing, and `#`
 * hides what follows to the end of the line; but inside of a word it hides only the rest of that word,
 * which surprises people, and so is told of. A byte order mark at the start is passed over.
 */
import { type CorefileFault, corefileFault, type Place } from './corefile-faults.ts'

export interface Token extends Place {
  /** Without its quotes and escapes; variables are not replaced. */
  readonly text: string
  readonly quoted: boolean
  /** The first word of a line. */
  readonly startsLine: boolean
}

export interface Lexed {
  readonly tokens: readonly Token[]
  readonly faults: readonly CorefileFault[]
}

/** Unicode's White_Space, which is what Go takes for space; it is not the same as \s. */
const SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/

class Lexer {
  readonly tokens: Token[] = []
  readonly faults: CorefileFault[] = []
  readonly #text: string
  readonly #file: string
  #at: number
  #line = 1
  #lineStart = 0
  #startsLine = true

  constructor(text: string, file: string) {
    this.#text = text
    this.#file = file
    this.#at = text.startsWith('\ufeff') ? 1 : 0
    this.#lineStart = this.#at
  }

  run(): void {
    while (this.#at < this.#text.length) {
      const character = this.#character()
      if (SPACE.test(character)) this.#skipSpace(character)
      else if (character === '#') this.#skipLine()
      else if (character === '"') this.#readQuoted()
      else this.#readPlain()
    }
  }

  #character(): string {
    return this.#text[this.#at] ?? ''
  }

  #place(): Place {
    return { file: this.#file, line: this.#line, column: this.#at - this.#lineStart + 1 }
  }

  #skipSpace(character: string): void {
    this.#at++
    if (character !== '\n') return
    this.#newLine()
    this.#startsLine = true
  }

  #newLine(): void {
    this.#line++
    this.#lineStart = this.#at
  }

  #skipLine(): void {
    const end = this.#text.indexOf('\n', this.#at)
    this.#at = end < 0 ? this.#text.length : end
  }

  #push(place: Place, text: string, quoted: boolean): void {
    this.tokens.push({ ...place, text, quoted, startsLine: this.#startsLine })
    this.#startsLine = false
  }

  #readPlain(): void {
    const place = this.#place()
    let text = ''
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#character()
      if (character === '\r') continue
      if (SPACE.test(character)) break
      if (character === '#') {
        this.#skipRest()
        break
      }
      text += character
    }
    this.#push(place, text, false)
  }

  /** Of a word, from its `#` on: up to a space that is not a carriage return. */
  #skipRest(): void {
    const place = this.#place()
    const start = this.#at
    while (this.#at < this.#text.length) {
      const character = this.#character()
      if (character !== '\r' && SPACE.test(character)) break
      this.#at++
    }
    this.faults.push(corefileFault('comment-in-token', place, this.#text.slice(start, this.#at)))
  }

  #readQuoted(): void {
    const place = this.#place()
    let text = ''
    let closed = false
    this.#at++
    while (this.#at < this.#text.length && !closed) {
      const character = this.#character()
      this.#at++
      if (character === '"') closed = true
      else text += character === '\\' ? this.#escaped() : this.#quotedCharacter(character)
    }
    if (!closed) this.faults.push(corefileFault('unterminated-quote', place, text))
    if (closed || text !== '') this.#push(place, text, true)
  }

  #quotedCharacter(character: string): string {
    if (character === '\n') this.#newLine()
    return character
  }

  /** A backslash stays unless a quote follows; one at the very end is lost, as it is in CoreDNS. */
  #escaped(): string {
    const next = this.#character()
    if (next === '') return ''
    this.#at++
    return next === '"' ? next : `\\${this.#quotedCharacter(next)}`
  }
}

/** Never throws. `file` names the text in every place. */
export function lexCorefile(text: string, file: string): Lexed {
  const lexer = new Lexer(text, file)
  lexer.run()
  return { tokens: lexer.tokens, faults: lexer.faults }
}

/** A word so that it is read back as it was. */
export function writeToken({ text, quoted }: Pick<Token, 'text' | 'quoted'>): string {
  if (!quoted) return text
  return `"${text.replace(/\\[^"]|"/gs, (part) => (part === '"' ? '\\"' : part))}"`
}
