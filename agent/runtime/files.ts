/**
 * The state directory behind `ports/files.ts`. A file is written beside its place, synced, and renamed
 * over it, so that a crash or a full disk leaves the old text. Stores of one name are done in the
 * order in which they were asked for. Names are plain: no path leads out of the directory, but
 * those that are named when it is made.
 */
import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { portFault } from '../../native/errno.ts'
import type { PortFault } from '../core/errors.ts'
import { utc } from '../core/units.ts'
import type { FilesPort, LoadResult, StoreResult } from '../ports/files.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
/** State is small; more than this in a file is not ours. */
const MAX_LENGTH = 1 << 20

type Failed = { readonly ok: false; readonly fault: PortFault }

const refused = (code: PortFault['code'], syscall: string): Failed => ({
  ok: false,
  fault: { code, syscall, errno: '' },
})

/** The fault behind an error of node:fs. */
export function fileFault(error: unknown): PortFault {
  const { errno, syscall } = error as NodeJS.ErrnoException
  if (typeof errno !== 'number') throw error
  return portFault(syscall ?? 'file', -errno)
}

export const isPlainName = (name: string): boolean => NAME.test(name)

async function closing<T>(handle: FileHandle, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    await handle.close()
  }
}

async function readSmall(path: string): Promise<LoadResult> {
  const handle = await open(path, 'r')
  return closing(handle, async () => {
    const { size, mtimeNs } = await handle.stat({ bigint: true })
    if (size > MAX_LENGTH) return refused('OUT_OF_RANGE', `read(${path})`)
    return { ok: true, text: await handle.readFile('utf8'), modified: utc(mtimeNs) }
  })
}

async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w', 0o644)
  await closing(handle, async () => {
    await handle.writeFile(text)
    await handle.sync()
  })
}

/** A rename is on the disk when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r')
  await closing(handle, () => handle.sync())
}

/**
 * `readable`: paths outside of the directory that may be read, as the operator named them; `write`: how
 * bytes get to the disk, tests bring one that fails.
 */
export function createFiles(
  directory: string,
  readable: readonly string[] = [],
  write = writeSynced,
): FilesPort {
  const pending = new Map<string, Promise<StoreResult>>()

  const replace = async (file: string, text: string): Promise<StoreResult> => {
    const path = join(directory, file)
    const temporary = join(directory, `.${file}.new`)
    try {
      await write(temporary, text)
      await rename(temporary, path)
      await syncDirectory(directory)
      return { ok: true }
    } catch (error) {
      await unlink(temporary).catch(() => undefined)
      return { ok: false, fault: fileFault(error) }
    }
  }

  return {
    async load(file) {
      if (!readable.includes(file) && !isPlainName(file)) return refused('INVALID', `load(${file})`)
      try {
        return await readSmall(resolve(directory, file))
      } catch (error) {
        return { ok: false, fault: fileFault(error) }
      }
    },
    async store(file, text) {
      if (!isPlainName(file)) return refused('INVALID', `store(${file})`)
      const before = pending.get(file)
      const mine =
        before === undefined ? replace(file, text) : before.then(() => replace(file, text))
      pending.set(file, mine)
      const result = await mine
      if (pending.get(file) === mine) pending.delete(file)
      return result
    },
  }
}
