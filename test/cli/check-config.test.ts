import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkConfig } from '../../agent/cli/check-config.ts'

const folder = t.testdir()

function check(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []]
  const code = checkConfig(
    args,
    (line) => out.push(line),
    (line) => err.push(line),
  )
  return { code, out, err }
}

function fileOf(text: string): string {
  const file = join(mkdtempSync(join(folder, 'c')), 'c.yaml')
  writeFileSync(file, text)
  return file
}

t.test('a valid file is described, exit code 0', async (t) => {
  const file = fileOf('sources: [{ntp: {server: 10.0.0.1}}]\n')
  const { code, out, err } = check(file)
  t.equal(code, 0)
  t.match(out, [`${file}: valid`, 'clock system: observe', /^source ntp: server 10.0.0.1/])
  t.same(err, [])
})

t.test('every fault is a line that an editor can jump to, exit code 78', async (t) => {
  const file = fileOf('listne: 1\nlogLevel: warning\n')
  const { code, out, err } = check(file)
  t.equal(code, 78)
  t.same(out, [])
  t.same(err, [
    `${file}:1:1: listne: unknown key "listne" (did you mean listen?)`,
    `${file}:2:11: logLevel: expected one of error, warn, info, debug, got "warning" (did you mean warn?)`,
    `${file}: 2 faults`,
  ])
  t.match(check(fileOf('x: 1')).err.at(-1), /: 1 fault$/)
})

t.test('a file that is not there, and no file at all, are told apart from faults', async (t) => {
  const missing = check(join(folder, 'none.yaml'))
  t.equal(missing.code, 66)
  t.match(missing.err, [/ENOENT/])
  for (const args of [[], ['a', 'b']]) {
    t.match(check(...args), { code: 64, err: ['usage: timewarden check-config FILE'] })
  }
})
