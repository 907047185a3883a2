import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
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

t.test('a key file is looked into: missing keys are faults, the rest is told', async (t) => {
  const keys = join(folder, 'keys')
  writeFileSync(keys, '1 SHA256 HEX:00112233445566778899\n2 SHA3 secretsecret\n')
  chmodSync(keys, 0o644)
  const yaml = (key: number) => `keyFile: ${keys}\nsources: [{ntp: {server: a, key: ${key}}}]\n`
  const good = check(fileOf(yaml(1)))
  t.equal(good.code, 0)
  t.same(good.err, [
    `${keys}: everybody on this node may read it`,
    `${keys}:2:1: key 2: no known type of key, or words after the key`,
  ])
  t.ok(good.out.some((line) => /^source ntp: server a, .*, key 1$/.test(line)))
  t.ok(good.out.includes(`keys: ${keys}`))
  chmodSync(keys, 0o640)
  const file = fileOf(yaml(2))
  t.match(check(file), {
    code: 78,
    out: [],
    err: [
      `${keys}:2:1: key 2: no known type of key, or words after the key`,
      `${file}:2:34: sources[0].ntp.key: the key file has no key 2`,
      `${file}: 1 fault`,
    ],
  })
  t.notMatch(JSON.stringify([good, check(file)]), /secretsecret|0011223344/)
})

t.test('a key file that cannot be read is told of, and is no fault', async (t) => {
  const file = fileOf('keyFile: /no/such\nsources: [{ntp: {server: a, key: 1}}]\n')
  t.match(check(file), {
    code: 0,
    err: [/^\/no\/such: open: ENOENT, .*no source with a key is asked$/],
  })
})
