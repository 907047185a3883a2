/**
 * `timewarden check-config FILE`: all faults of a configuration, or what it amounts to.
 * The key file is looked into where it can be read; what is wrong with it alone is told, no fault. So are
 * files of PtpConfig resources, whose faults count as faults of the configuration.
 * Exit codes are those of sysexits.h: 78 (EX_CONFIG) faults, 66 no such file, 64 wrong use, 0 fine.
 */
import { readFileSync } from 'node:fs'
import { describeConfig } from '../config/describe.ts'
import { type ConfigFault, formatFault } from '../config/faults.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/types.ts'
import { readChildren } from './read-children.ts'
import { readKeys } from './read-keys.ts'

type Print = (line: string) => void

const EX_USAGE = 64
const EX_NOINPUT = 66
export const EX_CONFIG = 78

interface Checked {
  /** Undefined: it could not be read at all. */
  readonly config: Config | undefined
  readonly notices: readonly string[]
  readonly faults: readonly ConfigFault[]
}

function check(text: string, file: string): Checked {
  const loaded = loadConfig(text, file)
  if (!loaded.ok) return { config: undefined, notices: [], faults: loaded.faults }
  const keys = readKeys(loaded.config, text, file)
  const children = readChildren(loaded.config, text, file, [])
  return {
    config: children.config,
    notices: [...keys.notices, ...children.notices],
    faults: [...keys.faults, ...children.faults],
  }
}

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
  const { config, notices, faults } = check(text, file)
  for (const notice of notices) err(notice)
  if (config !== undefined && faults.length === 0) {
    out(`${file}: valid`)
    for (const line of describeConfig(config)) out(line)
    return 0
  }
  for (const fault of faults) err(formatFault(fault))
  const count = faults.length
  err(`${file}: ${count} ${count === 1 ? 'fault' : 'faults'}`)
  return EX_CONFIG
}
