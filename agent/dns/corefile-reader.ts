/**
 * The words of a Corefile one after the other, with imports put in their place. An import is a snippet
 * that was defined above, or else a file or a pattern relative to the file that it stands in
 * (coredns/caddy, caddyfile/parse.go). What comes from an import always begins a line: CoreDNS compares
 * line numbers of different places there, and may join a snippet's first line to the one before.
 */
import { type CorefileFault, type CorefileFaultCode, corefileFault } from './corefile-faults.ts'
import { lexCorefile, type Token } from './corefile-lexer.ts'
import { type Environment, replaceVariables } from './corefile-variables.ts'

/** A word with its variables replaced. */
export interface Word extends Token {
  readonly value: string
}

/** Where imported files come from; nothing here reads any. */
export interface CorefileFiles {
  /** The text of a file; undefined where there is none. */
  readonly get: (path: string) => string | undefined
  /** Full paths of what is in a directory. */
  readonly list: (directory: string) => readonly string[]
}

export interface Snippet {
  /** Without its parentheses. */
  readonly name: string
  /** The key: `(name)`. */
  readonly key: Word
  readonly lines: readonly (readonly Token[])[]
}

/** What is being read, and by which imports one came to it, the last one first. */
interface Chain {
  readonly what: string
  readonly outer: Chain | undefined
}

interface Frame {
  readonly tokens: readonly Token[]
  readonly chain: Chain | undefined
  index: number
}

/** CoreDNS allows ten times as many files; nobody has them, and a cycle has a fault of its own. */
const MAX_IMPORTS = 10_000
const MAX_WORDS = 100_000
const MAX_LENGTH = 1_000_000

export class CorefileReader {
  readonly faults: CorefileFault[] = []
  readonly snippets = new Map<string, Snippet>()
  readonly #files: CorefileFiles | undefined
  readonly #environment: Environment | undefined
  readonly #frames: Frame[] = []
  readonly #lexed = new Map<string, readonly Token[]>()
  #imports = 0
  #words = 0

  constructor(files: CorefileFiles | undefined, environment: Environment | undefined) {
    this.#files = files
    this.#environment = environment
  }

  open(text: string, file: string): void {
    this.#push(this.#lex(text, file), { what: file, outer: undefined })
  }

  fault(code: CorefileFaultCode, at: Token, text = at.text): void {
    this.faults.push(corefileFault(code, at, text))
  }

  /** The next word; it is not taken. */
  peek(): Token | undefined {
    for (;;) {
      const frame = this.#frames.at(-1)
      if (frame === undefined) return undefined
      const token = frame.tokens[frame.index]
      if (token !== undefined) return this.#startsLine(frame, token)
      this.#frames.pop()
    }
  }

  #startsLine(frame: Frame, token: Token): Token {
    return frame.index === 0 && !token.startsLine ? { ...token, startsLine: true } : token
  }

  take(): Word | undefined {
    const token = this.peek()
    if (token === undefined) return undefined
    this.#advance()
    const { value, unset } = replaceVariables(token.text, this.#environment)
    for (const name of unset) this.fault('unset-variable', token, name)
    return { ...token, value }
  }

  /** A word of a snippet's body: its variables are replaced where it is imported. */
  takeRaw(): Token | undefined {
    const token = this.peek()
    if (token !== undefined) this.#advance()
    return token
  }

  #advance(): void {
    const frame = this.#frames.at(-1)
    if (frame !== undefined) frame.index++
  }

  /** At the word `import`: takes the line, and what it names comes next. */
  expand(): void {
    const chain = this.#frames.at(-1)?.chain
    const keyword = this.take()
    if (keyword === undefined) return
    const words = this.#restOfLine()
    const [name, more] = words
    if (name === undefined || name.value === '' || more !== undefined) {
      this.fault('import-argument', more ?? name ?? keyword)
      return
    }
    if (++this.#imports > MAX_IMPORTS) {
      if (this.#imports === MAX_IMPORTS + 1) this.fault('import-limit', name)
      return
    }
    const snippet = this.snippets.get(name.value)
    if (snippet === undefined) this.#importFiles(name, chain)
    else this.#enter(snippet.lines.flat(), `(${snippet.name})`, name, chain)
  }

  #restOfLine(): Word[] {
    const words: Word[] = []
    for (;;) {
      const token = this.peek()
      if (token === undefined || token.startsLine || isBrace(token)) return words
      const word = this.take()
      if (word !== undefined) words.push(word)
    }
  }

  #importFiles(name: Word, chain: Chain | undefined): void {
    const pattern = resolvePath(name.file, name.value)
    const paths = this.#match(pattern, name)
    // the last one first, since each goes on top
    for (const path of [...paths].reverse()) {
      const text = this.#files?.get(path)
      if (text === undefined) this.fault('import-missing', name, path)
      else this.#enter(this.#lexOnce(text, path), path, name, chain)
    }
  }

  /** The path itself, or what fits the pattern, in the order of names. */
  #match(pattern: string, name: Word): readonly string[] {
    const wild = pattern.match(/[*?[\]]/g) ?? []
    if (wild.length === 0) return [pattern]
    const slash = pattern.lastIndexOf('/')
    const [directory, last] = [pattern.slice(0, Math.max(slash, 0)), pattern.slice(slash + 1)]
    const [before = '', after, more] = last.split(/[*?]/)
    if (after === undefined || more !== undefined || wild.length > 1) {
      this.fault('import-wildcards', name)
      return []
    }
    const found = (this.#files?.list(directory === '' && slash === 0 ? '/' : directory) ?? [])
      .filter((path) => fits(path.slice(path.lastIndexOf('/') + 1), before, after, last))
      .toSorted()
    if (found.length === 0) this.fault('import-empty', name)
    return found
  }

  #enter(tokens: readonly Token[], what: string, name: Token, outer: Chain | undefined): void {
    const path = cycleOf(outer, what)
    if (path !== undefined) this.fault('import-cycle', name, path)
    else this.#push(tokens, { what, outer })
  }

  #push(tokens: readonly Token[], chain: Chain): void {
    const before = this.#words
    this.#words += tokens.length
    if (this.#words <= MAX_WORDS) this.#frames.push({ tokens, chain, index: 0 })
    else if (before <= MAX_WORDS && tokens[0] !== undefined) this.fault('import-limit', tokens[0])
  }

  #lexOnce(text: string, file: string): readonly Token[] {
    const known = this.#lexed.get(file)
    if (known !== undefined) return known
    const tokens = this.#lex(text, file)
    this.#lexed.set(file, tokens)
    return tokens
  }

  #lex(text: string, file: string): readonly Token[] {
    if (text.length > MAX_LENGTH) {
      this.faults.push(corefileFault('too-long', { file, line: 1, column: 1 }, ''))
      return []
    }
    const { tokens, faults } = lexCorefile(text, file)
    for (const each of faults) this.faults.push(each)
    return tokens
  }
}

/** CoreDNS looks at the text alone: quotes do not make a brace a word. */
export const isBrace = ({ text }: Token): boolean => text === '{' || text === '}'

function fits(name: string, before: string, after: string, pattern: string): boolean {
  const least = before.length + after.length
  const long = pattern.includes('?') ? name.length === least + 1 : name.length >= least
  return long && name.startsWith(before) && name.endsWith(after)
}

/** `a -> b -> a` where `what` is being read already. */
function cycleOf(chain: Chain | undefined, what: string): string | undefined {
  let first = chain
  while (first !== undefined && first.what !== what) first = first.outer
  if (first === undefined) return undefined
  const path = [what]
  for (let each = chain; each !== undefined && each !== first; each = each.outer) {
    path.push(each.what)
  }
  return [...path, what].reverse().join(' -> ')
}

/** A path relative to the directory of `file`, without `.` and `..`. */
function resolvePath(file: string, path: string): string {
  const whole = path.startsWith('/') ? path : `${file.slice(0, file.lastIndexOf('/') + 1)}${path}`
  const parts: string[] = []
  for (const part of whole.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return `${whole.startsWith('/') ? '/' : ''}${parts.join('/')}`
}
