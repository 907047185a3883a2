/**
 * Real servers with symmetric keys, and our client asking one of them under several addresses: one
 * source per key, so that each has a fate of its own.
 */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeArgs, openPath, type Path, type Program } from './harness.ts'

/** A source of ours: where it asks, with which key and options. */
export interface Asked {
  readonly name: string
  /** Line of our key file without its id; undefined: no key. */
  readonly key?: string
  readonly id?: number
  readonly xleave?: boolean
}

export interface Fate {
  readonly name: string
  readonly offsets: readonly number[]
  readonly mode: string
  readonly authentication: string
  readonly trouble: string
  readonly refused: Readonly<Record<string, number>>
}

export interface Keyed {
  readonly prefix: string
  /** Starts a server in the first namespace, with the keys of `file`; ready when it answers. */
  readonly serve: (path: Path, file: string) => Promise<unknown>
  /** Lines of its key file. */
  readonly serverKeys: readonly string[]
  readonly asked: readonly Asked[]
  /** Until every source has at least so many samples, or `seconds` are over. */
  readonly seconds: number
}

function writeKeys(path: Path, name: string, lines: readonly string[]): string {
  const file = join(path.folder, name)
  writeFileSync(file, `${lines.join('\n')}\n`)
  chmodSync(file, 0o600)
  return file
}

const addressOf = (index: number): string => `10.99.0.${10 + index}`

function configOf(keyFile: string, asked: readonly Asked[]): string {
  const sources = asked.map(({ id, xleave = false }, index) => {
    const key = id === undefined ? '' : `, key: ${id}`
    return `{ ntp: { server: ${addressOf(index)}, minpoll: -1, maxpoll: -1, xleave: ${xleave}${key} } }`
  })
  return `{ keyFile: ${keyFile}, sources: [ ${sources.join(', ')} ] }`
}

type Line = Record<string, unknown>

const lines = (program: Program): Line[] =>
  program
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line)

function fateOf({ name }: Asked, index: number, all: readonly Line[]): Fate {
  const id = `ntp:${addressOf(index)}`
  const samples = all.filter((line) => line['do'] === 'sample' && line['source'] === id)
  const view = all.findLast((line) => line['do'] === 'view' && line['id'] === id) ?? {}
  const detail = (view['detail'] ?? {}) as Line
  return {
    name,
    offsets: samples.map((line) => Math.abs(Number(line['offset']))),
    mode: String(detail['mode']),
    authentication: String(detail['authentication']),
    trouble: String(view['trouble']),
    refused: (detail['refused'] ?? {}) as Record<string, number>,
  }
}

/** What became of every source, by its name. */
export async function askWithKeys(test: Keyed): Promise<ReadonlyMap<string, Fate>> {
  const { asked } = test
  const path = openPath(test.prefix)
  try {
    asked.forEach((_, index) => {
      const where = [`${addressOf(index)}/24`, 'dev', path.interfaceA]
      path.call(path.a, 'ip', ['addr', 'add', ...where])
    })
    await test.serve(path, writeKeys(path, 'server.keys', test.serverKeys))
    const known = asked.flatMap(({ id, key }) => (key === undefined ? [] : [`${id} ${key}`]))
    const keyFile = writeKeys(path, 'client.keys', [...new Set(known)])
    const script = nodeArgs('test/peers/measure.ts', configOf(keyFile, asked), '--views', '500')
    const ours = path.run(path.b, process.execPath, script)
    await ours.saw(/"do":"sample"/, 60)
    await new Promise((resolve) => setTimeout(resolve, test.seconds * 1000))
    await ours.stop()
    const all = lines(ours)
    return new Map(asked.map((each, index) => [each.name, fateOf(each, index, all)]))
  } finally {
    await path.close()
  }
}
