/** One program under another clock, by libfaketime; the clock of the machine stays as it is. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const LIBRARIES = '/usr/lib'
const LIBRARY = 'faketime/libfaketimeMT.so.1'

/** The folder is named after the machine. */
function findLibrary(): string {
  const found = readdirSync(LIBRARIES)
    .map((folder) => join(LIBRARIES, folder, LIBRARY))
    .find((file) => existsSync(file))
  if (found === undefined) throw new Error(`libfaketime is not below ${LIBRARIES}`)
  return found
}

/**
 * Words for env(1). Not by the command `faketime`: it stays between us and the program and does not pass on signals.
 * The monotonic clock goes on as ever: who waits must wait as long as ever.
 */
export const shiftedBy = (shift: string): string[] => [
  ...[`LD_PRELOAD=${findLibrary()}`, `FAKETIME=${shift}`],
  'FAKETIME_DONT_FAKE_MONOTONIC=1',
]
