import { chmodSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createFiles, fileFault, isPlainName } from '../../agent/runtime/files.ts'
import { acquireLock } from '../../agent/runtime/lock.ts'

t.test('what was stored is loaded, and nothing else is left in the directory', async (t) => {
  const directory = t.testdir({})
  const files = createFiles(directory)
  t.same(await files.store('drift.system', '1.5 0.1\n'), { ok: true })
  t.same(await files.store('drift.system', '1.6 0.1\n'), { ok: true })
  t.match(await files.load('drift.system'), { ok: true, text: '1.6 0.1\n' })
  t.same(readdirSync(directory), ['drift.system'])
})

t.test('when a file was written is told with its text', async (t) => {
  const directory = t.testdir({ drift: 'text' })
  utimesSync(join(directory, 'drift'), 1_700_000_000, 1_700_000_001.5)
  const loaded = await createFiles(directory).load('drift')
  t.same(loaded, { ok: true, text: 'text', modified: 1_700_000_001_500_000_000n })
})

t.test('a file that is not there, and a directory that is not there, are faults', async (t) => {
  const directory = t.testdir({})
  t.match(await createFiles(directory).load('drift.system'), {
    ok: false,
    fault: { code: 'NOT_FOUND', syscall: 'open', errno: 'ENOENT' },
  })
  const nowhere = createFiles(join(directory, 'nowhere'))
  t.match(await nowhere.store('drift.system', ''), { ok: false, fault: { code: 'NOT_FOUND' } })
  const inFile = createFiles(join(t.testdir({ plain: '' }), 'plain'))
  t.match(await inFile.store('a', ''), { ok: false, fault: { errno: 'ENOTDIR' } })
})

t.test('a directory in the place of a file is a fault', async (t) => {
  const directory = t.testdir({ drift: {} })
  t.match(await createFiles(directory).load('drift'), { fault: { errno: 'EISDIR' } })
  t.match(await createFiles(directory).store('drift', ''), { fault: { errno: 'EISDIR' } })
  t.same(readdirSync(directory), ['drift'], 'nothing left over')
})

t.test('a full disk leaves the old text', async (t) => {
  const directory = t.testdir({ drift: 'old' })
  const files = createFiles(directory, [], async (path) => {
    await writeFile(path, 'ha')
    throw Object.assign(new Error('full'), { errno: -28, code: 'ENOSPC', syscall: 'write' })
  })
  t.same(await files.store('drift', 'new'), {
    ok: false,
    fault: { code: 'NO_SPACE', syscall: 'write', errno: 'ENOSPC' },
  })
  t.equal(readFileSync(join(directory, 'drift'), 'utf8'), 'old')
  t.same(readdirSync(directory), ['drift'])
})

t.test('an error that is none of the system is our own bug and is thrown', async (t) => {
  t.throws(() => fileFault(new TypeError('bug')), TypeError)
})

t.test('stores of one file happen in their order, of two files side by side', async (t) => {
  const directory = t.testdir({})
  const order: string[] = []
  let release: () => void = () => undefined
  const held = new Promise<void>((done) => {
    release = done
  })
  const files = createFiles(directory, [], async (path, text) => {
    if (text === 'first') await held
    order.push(text)
    await writeFile(path, text)
  })
  const all = ['first', 'second', 'third'].map((text) => files.store('a', text))
  await files.store('b', 'other')
  t.same(order, ['other'])
  release()
  t.same(await Promise.all(all), [{ ok: true }, { ok: true }, { ok: true }])
  t.same(order, ['other', 'first', 'second', 'third'])
  t.match(await files.load('a'), { ok: true, text: 'third' })
})

t.test('no name leads out of the directory', async (t) => {
  const directory = t.testdir({ state: {}, secret: 'x' })
  const files = createFiles(join(directory, 'state'))
  for (const name of ['../secret', '/etc/passwd', '', '.', '..', '.hidden', 'a/b', 'a\0b', 'ä']) {
    t.notOk(isPlainName(name))
    t.match(await files.load(name), { ok: false, fault: { code: 'INVALID' } })
    t.match(await files.store(name, 'x'), { ok: false, fault: { code: 'INVALID' } })
  }
  t.ok(isPlainName('drift.phc-eth0'))
  const beside = join(directory, 'secret')
  const more = createFiles(join(directory, 'state'), [beside])
  t.match(await more.load(beside), { ok: true, text: 'x' }, 'unless the operator named it')
  t.match(await more.store(beside, 'y'), { ok: false, fault: { code: 'INVALID' } })
})

t.test('a file of more than a megabyte is not ours', async (t) => {
  const directory = t.testdir({ big: 'x'.repeat((1 << 20) + 1) })
  t.match(await createFiles(directory).load('big'), { ok: false, fault: { code: 'OUT_OF_RANGE' } })
})

t.test('one state directory has one agent', async (t) => {
  const directory = t.testdir({})
  const first = acquireLock(directory)
  if (!first.ok) throw new Error(first.fault.errno)
  const second = acquireLock(directory)
  t.match(second, {
    ok: false,
    holder: `${process.pid}`,
    fault: { code: 'IN_USE', syscall: `flock(${directory}/lock)`, errno: 'EAGAIN' },
  })
  first.release()
  const third = acquireLock(directory)
  t.equal(third.ok, true, 'released')
  if (third.ok) third.release()
})

t.test('a lock file that a dead agent left behind does not lock', async (t) => {
  const directory = t.testdir({ lock: '1234567890\n' })
  const lock = acquireLock(directory)
  t.equal(lock.ok, true)
  t.equal(readFileSync(join(directory, 'lock'), 'utf8'), `${process.pid}\n`)
  if (lock.ok) lock.release()
})

t.test('a state directory that cannot be had is a fault of the lock', async (t) => {
  const directory = t.testdir({})
  t.match(acquireLock(join(directory, 'nowhere')), { fault: { code: 'NOT_FOUND' }, holder: '' })
  mkdirSync(join(directory, 'lock'))
  t.match(acquireLock(directory), { fault: { errno: 'EISDIR' } })
})

t.test(
  'a directory without rights is a fault',
  {
    skip: process.getuid?.() === 0 ? 'root may do anything' : false,
  },
  async (t) => {
    const directory = t.testdir({ state: {} })
    writeFileSync(join(directory, 'state', 'drift'), 'x')
    chmodSync(join(directory, 'state'), 0)
    const files = createFiles(join(directory, 'state'))
    t.match(await files.load('drift'), { fault: { code: 'PERMISSION' } })
    t.match(await files.store('drift', ''), { fault: { code: 'PERMISSION' } })
    chmodSync(join(directory, 'state'), 0o755)
  },
)
