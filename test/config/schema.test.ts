/**
 * config/schema.json is what editors check against; it is made from the schema of the program.
 * `UPDATE=1 npx tap test/config/schema.test.ts` writes it anew.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toJsonSchema } from '@valibot/to-json-schema'
import t from 'tap'
import * as v from 'valibot'
import { clockSchema, configSchema } from '../../agent/config/schema.ts'

const file = join(import.meta.dirname, '../../config/schema.json')

const fresh = (): string =>
  `${JSON.stringify(
    {
      title: 'Timewarden',
      ...toJsonSchema(configSchema, {
        typeMode: 'input',
        errorMode: 'ignore',
      }),
    },
    undefined,
    2,
  )}\n`

interface Node {
  readonly type?: string
  readonly description?: string
  readonly additionalProperties?: unknown
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
}

/** Every map of the schema with its path. */
function maps(node: Node, path: string): (readonly [path: string, node: Node])[] {
  const inner = Object.entries(node.properties ?? {}).flatMap(([key, each]) =>
    maps(each, `${path}.${key}`),
  )
  const items = node.items === undefined ? [] : maps(node.items, `${path}[]`)
  const own = node.properties === undefined ? [] : [[path, node] as const]
  const { additionalProperties: free } = node
  const free2 = typeof free === 'object' && free !== null ? maps(free as Node, `${path}.*`) : []
  return [...own, ...inner, ...items, ...free2]
}

t.test('the JSON Schema in the repository is the one that the program means', async (t) => {
  if (process.env['UPDATE'] === '1') writeFileSync(file, fresh())
  t.equal(readFileSync(file, 'utf8'), fresh(), 'run with UPDATE=1 to write it anew')
})

t.test('an editor is told of every key, its meaning, and that there are no others', async (t) => {
  const schema = JSON.parse(fresh()) as Node
  const found = maps(schema, '')
  t.match(
    found.map(([path]) => path),
    [
      ...['', '.clocks.*', '.clocks.*.step', '.clocks.*.holdover', '.clocks.*.outputs[]'],
      ...['.sources[]', '.sources[].ntp'],
    ],
  )
  for (const [path, node] of found) {
    t.equal(node.additionalProperties, false, `${path} is strict`)
    for (const [key, each] of Object.entries(node.properties ?? {})) {
      t.type(each.description, 'string', `${path}.${key} is described`)
    }
  }
})

t.test('a clock of which nothing is said is only observed', async (t) => {
  t.match(v.parse(clockSchema, {}), {
    mode: 'observe',
    servo: 'kalman',
    step: { boot: 0.01, foreign: 0.128, panic: 1000 },
    lockThreshold: 0.001,
    holdover: { seconds: 86_400, bound: 0.5 },
  })
})
