import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { formatFaults } from '../../agent/config/faults.ts'
import { loadConfig } from '../../agent/config/load.ts'

const root = join(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

t.test('every configuration in the README is accepted as it stands', async (t) => {
  const blocks = [...read('README.md').matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, yaml = '']) => yaml,
  )
  t.equal(blocks.length, 7)
  for (const yaml of blocks) {
    const loaded = loadConfig(yaml, 'README.md')
    t.ok(loaded.ok, loaded.ok ? yaml.slice(0, 40) : formatFaults(loaded.faults))
  }
})

t.test('so is the one that the DaemonSet starts with', async (t) => {
  const loaded = loadConfig(read('config/kubernetes/timewarden.yaml'), 'timewarden.yaml')
  t.ok(loaded.ok, loaded.ok ? 'accepted' : formatFaults(loaded.faults))
})

t.test('every command that the README names exists', async (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const named = [...read('README.md').matchAll(/npm run ([a-z:-]+)/g)].map(([, name = '']) => name)
  t.ok(named.length >= 3)
  for (const name of named) t.ok(name in scripts, name)
})
