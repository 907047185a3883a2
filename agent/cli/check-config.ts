/**
 * `timewarden check-config FILE`: all faults of a configuration, or what it amounts to.
 * Exit codes are those of sysexits.h: 78 (EX_CONFIG) faults, 66 no such file, 64 wrong use, 0 fine.
 */
import { readFileSync } from 'node:fs'
import { describeConfig } from '../config/describe.ts'
import { formatFault } from '../config/faults.ts'
import { loadConfig } from '../config/load.ts'

type Print = (line: string) => void

const EX_USAGE = 64
const EX_NOINPUT = 66
export const EX_CONFIG = 78

export function checkConfig(args: readonly string[], out: Print, err: Print): number {
  const [file, ...more] = args
  if (file === undefined || more.length > 0) {
    err('usage: timewarden check-config FILE')
    return EX_USAGE
  }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    err(`${file}: ${error instanceof Error ? error.message : 'cannot be read'}`)
    return EX_NOINPUT
  }
  const loaded = loadConfig(text, file)
  if (loaded.ok) {
    out(`${file}: valid`)
    for (const line of describeConfig(loaded.config)) out(line)
    return 0
  }
  for (const fault of loaded.faults) err(formatFault(fault))
  const count = loaded.faults.length
  err(`${file}: ${count} ${count === 1 ? 'fault' : 'faults'}`)
  return EX_CONFIG
}
