/**
 * One agent per state directory: flock(2) on its file `lock`. The kernel drops it with the process,
 * however that ends, so there is no stale lock. The file holds the process id of the holder, for
 * people; it is not what locks.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { EAGAIN, errnoName, portFault } from '../../native/errno.ts'
import { orErrno } from '../../native/ioctl.ts'
import { flock } from '../../native/libc.ts'
import type { PortFault } from '../core/errors.ts'
import { fileFault } from './files.ts'

const LOCK_EX = 2
const LOCK_NB = 4

export type LockResult =
  | { readonly ok: true; readonly release: () => void }
  /** `holder`: process id as text, empty when unknown. IN_USE when somebody holds the lock. */
  | { readonly ok: false; readonly fault: PortFault; readonly holder: string }

const holderOf = (path: string): string => /^\d+/.exec(readFileSync(path, 'utf8'))?.[0] ?? ''

export function acquireLock(directory: string): LockResult {
  const path = join(directory, 'lock')
  let fd: number
  try {
    fd = openSync(path, 'a+', 0o644)
  } catch (error) {
    return { ok: false, fault: fileFault(error), holder: '' }
  }
  const errno = -orErrno(flock(fd, LOCK_EX | LOCK_NB))
  if (errno > 0) {
    const holder = holderOf(path)
    closeSync(fd)
    const syscall = `flock(${path})`
    return errno === EAGAIN
      ? { ok: false, fault: { code: 'IN_USE', syscall, errno: errnoName(errno) }, holder }
      : { ok: false, fault: portFault(syscall, errno), holder }
  }
  try {
    ftruncateSync(fd)
    writeSync(fd, `${process.pid}\n`)
  } catch {
    // the lock holds without the note on who holds it: a full disk must not stop the agent
  }
  return { ok: true, release: () => closeSync(fd) }
}
