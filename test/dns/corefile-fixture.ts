/** The corpus of Corefiles, and what a test says of one in a few words. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Corefile, type Directive, parseCorefile } from '../../agent/dns/corefile.ts'
import { type CorefileFault, formatCorefileFault } from '../../agent/dns/corefile-faults.ts'
import type { CorefileFiles, Word } from '../../agent/dns/corefile-reader.ts'
import type { Environment } from '../../agent/dns/corefile-variables.ts'
import type { Forwarding } from '../../agent/dns/forwarding-types.ts'
import { labelOf, type Upstream } from '../../agent/dns/upstream.ts'

const FOLDER = join(import.meta.dirname, '../fixtures/corefile')

export const CORPUS: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(FOLDER)
    .toSorted()
    .map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]),
)

export const ENVIRONMENT: Environment = {
  ZONE: 'env.example',
  PORT: '1053',
  SECOND: 'second.example,third.example',
  UPSTREAM: '10.0.0.1',
  LAST: '2',
  POLICY: 'sequential',
}

/** Files that live in a table. */
export const filesOf = (table: Readonly<Record<string, string>>): CorefileFiles => ({
  get: (path) => (Object.hasOwn(table, path) ? table[path] : undefined),
  list: (directory) => Object.keys(table).filter((path) => dirname(path) === (directory || '.')),
})

export const parse = (text: string, files: Readonly<Record<string, string>> = {}): Corefile =>
  parseCorefile(text, { file: 'Corefile', files: filesOf(files), environment: ENVIRONMENT })

const upstreamWords = (upstream: Upstream): string => {
  if (upstream.kind !== 'server') return `${upstream.kind} ${upstream.value}`
  const { address, port, transport, serverName } = upstream
  const name = serverName === undefined ? '' : ` (${serverName})`
  return `${labelOf(address, port, transport === 'dot')}${transport === 'tcp' ? '/tcp' : ''}${name}`
}

/** `corp.example.:53 sequential 10.0.0.1, 10.0.0.2` for every zone that is forwarded. */
export const forwardLines = ({ zones }: Pick<Forwarding, 'zones'>): string[] =>
  zones.map(
    ({ zone, port, forward }) =>
      `${zone}:${port} ${forward.policy} ${forward.upstreams.map(upstreamWords).join(', ')}`,
  )

/** `2:5 code word` */
export const faultLines = (faults: readonly CorefileFault[]): string[] =>
  faults.map(({ file, line, column, code, text }) => {
    const where = file === 'Corefile' ? '' : `${file}:`
    return `${where}${line}:${column} ${code} ${text}`.trimEnd()
  })

export const inWords = (faults: readonly CorefileFault[]): string =>
  faults.map(formatCorefileFault).join('\n')

const wordOf = ({ text, quoted, value }: Word) => ({ text, quoted, value })

const directiveOf = ({ name, args, block }: Directive): unknown => [
  wordOf(name),
  args.map(wordOf),
  block?.map(directiveOf),
]

/** A tree without its places. */
export const treeOf = ({ blocks, snippets }: Pick<Corefile, 'blocks' | 'snippets'>): unknown => [
  blocks.map(({ keys, directives }) => [keys.map(wordOf), directives.map(directiveOf)]),
  snippets.map(({ name, lines }) => [name, lines.map((line) => line.map(({ text }) => text))]),
]
