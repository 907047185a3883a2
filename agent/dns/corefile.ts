/**
 * A Corefile as a tree of server blocks and directives, with imports put in their place and the place
 * of every word (coredns: corefile.5; coredns/caddy: caddyfile/parse.go). Never throws: what is wrong
 * becomes a fault with its place, and reading goes on. No directive is unknown here: what a plugin
 * means is for forwarding.ts.
 */
import type { CorefileFault, Place } from './corefile-faults.ts'
import { type Token, writeToken } from './corefile-lexer.ts'
import {
  type CorefileFiles,
  CorefileReader,
  isBrace,
  type Snippet,
  type Word,
} from './corefile-reader.ts'
import type { Environment } from './corefile-variables.ts'

/** A line, and the block that it opens. */
export interface Directive {
  readonly name: Word
  readonly args: readonly Word[]
  /** Undefined: no braces. */
  readonly block: readonly Directive[] | undefined
}

export interface CorefileBlock {
  /** As written; a comma at the end is no part of `value`. Empty only with the fault `no-key`. */
  readonly keys: readonly Word[]
  readonly directives: readonly Directive[]
  readonly place: Place
}

export interface Corefile {
  readonly blocks: readonly CorefileBlock[]
  readonly snippets: readonly Snippet[]
  /** In the order of reading. */
  readonly faults: readonly CorefileFault[]
}

export interface CorefileOptions {
  /** Names the text in places; imports are relative to it. */
  readonly file: string
  readonly files?: CorefileFiles
  /** What CoreDNS has in its environment; undefined: not known, references stay. */
  readonly environment?: Environment
}

const MAX_DEPTH = 50

/** Directives being filled, and the brace that opened them. */
interface Level {
  readonly directives: Directive[]
  readonly open: Token
}

const SNIPPET = /^\(.*\)$/s

/** Keys go on in the next line only after a comma. */
const endsKeys = (token: Token, open: boolean): boolean =>
  token.text === '{' || (token.startsLine && !open)

function withoutCommas(text: string): string {
  let end = text.length
  while (text[end - 1] === ',') end--
  return text.slice(0, end)
}

class Parser {
  readonly #reader: CorefileReader
  readonly blocks: CorefileBlock[] = []

  constructor(reader: CorefileReader) {
    this.#reader = reader
  }

  run(): void {
    while (this.#reader.peek() !== undefined) this.#readServer()
  }

  #readServer(): void {
    const keys = this.#readKeys()
    const next = this.#reader.peek()
    const [key] = keys
    if (keys.length === 1 && key !== undefined && SNIPPET.test(key.value)) {
      this.#readSnippet(key, next)
      return
    }
    const place = key ?? next
    if (place === undefined) return
    const braces = next?.text === '{'
    if (key === undefined) this.#reader.fault('no-key', place)
    if (braces) this.#reader.take()
    const directives = this.#readDirectives(braces ? next : undefined)
    const { file, line, column } = place
    this.blocks.push({ keys, directives, place: { file, line, column } })
  }

  #readKeys(): Word[] {
    const keys: Word[] = []
    let last: Word | undefined
    for (;;) {
      const token = this.#reader.peek()
      const open = last === undefined || last.value.endsWith(',')
      if (token === undefined || endsKeys(token, open)) {
        if (last !== undefined && open) this.#faultAfterComma(last, token)
        return keys
      }
      if (token.text === 'import' && open) this.#reader.expand()
      else last = this.#readKey(keys) ?? last
    }
  }

  #faultAfterComma(comma: Word, next: Token | undefined): void {
    this.#reader.fault(next === undefined ? 'unexpected-end' : 'extra-comma', comma)
  }

  /** Undefined for what is no key: an empty word, a stray brace. */
  #readKey(keys: Word[]): Word | undefined {
    const word = this.#reader.take()
    if (word === undefined || word.value === '') return undefined
    if (word.text === '}') {
      this.#reader.fault('unexpected-brace', word)
      return undefined
    }
    const value = withoutCommas(word.value)
    if (value !== '') keys.push({ ...word, value })
    return word
  }

  #readSnippet(key: Word, next: Token | undefined): void {
    const braces = next?.text === '{'
    if (braces) this.#reader.takeRaw()
    else this.#reader.fault('snippet-braces', key)
    const tokens = this.#readBody(next ?? key, braces)
    const name = key.value.slice(1, -1)
    if (this.#reader.snippets.has(name)) {
      this.#reader.fault('snippet-again', key)
      return
    }
    const lines: Token[][] = []
    for (const token of tokens) {
      if (token.startsLine || lines.length === 0) lines.push([])
      lines.at(-1)?.push(token)
    }
    this.#reader.snippets.set(name, { name, key, lines })
  }

  /** Up to the brace that closes it; braces that are missing at the end of the file are added. */
  #readBody(open: Token, braces: boolean): Token[] {
    const tokens: Token[] = []
    let depth = 1
    for (;;) {
      const token = this.#reader.takeRaw()
      if (token === undefined) break
      if (token.text === '{') depth++
      if (token.text === '}') depth--
      if (depth === 0) return tokens
      tokens.push(token)
    }
    if (braces) this.#reader.fault('unclosed-block', open)
    const missing = { ...open, text: '}', quoted: false, startsLine: true }
    return [...tokens, ...Array.from({ length: depth - 1 }, () => missing)]
  }

  /** `open` is the brace of the server block; without it the block ends with the file. */
  #readDirectives(open: Token | undefined): Directive[] {
    const root: Directive[] = []
    const levels: Level[] = []
    for (;;) {
      const token = this.#reader.peek()
      if (token === undefined) {
        if (open !== undefined) this.#reader.fault('unclosed-block', open)
        for (const level of levels) this.#reader.fault('unclosed-block', level.open)
        return root
      }
      if (token.text !== '}') this.#readLine(token, levels.at(-1)?.directives ?? root, levels)
      else if (this.#close(levels, open)) return root
    }
  }

  /** True at the end of the server block. */
  #close(levels: Level[], open: Token | undefined): boolean {
    const brace = this.#reader.take()
    if (levels.pop() !== undefined) return false
    if (open === undefined && brace !== undefined) this.#reader.fault('unexpected-brace', brace)
    return true
  }

  #readLine({ text }: Token, directives: Directive[], levels: Level[]): void {
    if (text === '{') this.#openAlone(directives, levels)
    else if (text === 'import') this.#reader.expand()
    else this.#readDirective(directives, levels)
  }

  /** A brace where a directive is expected belongs to the one above, if that has none yet. */
  #openAlone(directives: Directive[], levels: Level[]): void {
    const open = this.#reader.take()
    const last = directives.at(-1)
    if (open === undefined) return
    this.#reader.fault('brace-on-own-line', open)
    const deep = levels.length >= MAX_DEPTH
    if (last === undefined || last.block !== undefined || deep) levels.push({ directives, open })
    else {
      const block: Directive[] = []
      directives[directives.length - 1] = { ...last, block }
      levels.push({ directives: block, open })
    }
  }

  #readDirective(directives: Directive[], levels: Level[]): void {
    const name = this.#reader.take()
    if (name === undefined) return
    const args: Word[] = []
    for (;;) {
      const token = this.#reader.peek()
      if (token === undefined || token.startsLine || isBrace(token)) break
      const word = this.#reader.take()
      if (word !== undefined) args.push(word)
    }
    const next = this.#reader.peek()
    const opens = next?.text === '{' && !next.startsLine
    const block: Directive[] | undefined = opens && levels.length < MAX_DEPTH ? [] : undefined
    directives.push({ name, args, block })
    if (!opens) return
    this.#reader.take()
    if (block === undefined) this.#reader.fault('too-deep', next)
    levels.push({ directives: block ?? directives, open: next })
  }
}

export function parseCorefile(text: string, options: CorefileOptions): Corefile {
  const reader = new CorefileReader(options.files, options.environment)
  reader.open(text, options.file)
  const parser = new Parser(reader)
  parser.run()
  return { blocks: parser.blocks, snippets: [...reader.snippets.values()], faults: reader.faults }
}

const writeWords = (words: readonly Token[]): string => words.map(writeToken).join(' ')

function writeDirective({ name, args, block }: Directive, indent: string): string[] {
  const line = `${indent}${writeWords([name, ...args])}`
  if (block === undefined) return [line]
  const inside = block.flatMap((each) => writeDirective(each, `${indent}    `))
  return [`${line} {`, ...inside, `${indent}}`]
}

/**
 * The text of a tree: parsed again (with the same environment) it gives the same tree, places apart.
 * Imports are in their place, comments are gone.
 */
export function writeCorefile({ blocks, snippets }: Pick<Corefile, 'blocks' | 'snippets'>): string {
  const parts = [
    ...snippets.map(({ key, lines }) => [
      `${writeToken(key)} {`,
      ...lines.map((line) => `    ${writeWords(line)}`),
      '}',
    ]),
    ...blocks.map(({ keys, directives }) => [
      `${writeWords(keys)}${keys.length === 0 ? '' : ' '}{`,
      ...directives.flatMap((each) => writeDirective(each, '    ')),
      '}',
    ]),
  ]
  const text = parts.map((lines) => `${lines.join('\n')}\n`).join('\n')
  // the first one would be taken for the byte order mark
  return text.startsWith('\ufeff') ? `\ufeff${text}` : text
}
