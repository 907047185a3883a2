/** The configuration of `run`: of a file, or of what was found; then what the command line says. */
import { completeConfig, defaultConfig } from '../config/discovered.ts'
import { type ConfigFault, formatFault } from '../config/faults.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/types.ts'
import type { KeyPort } from '../ports/keys.ts'
import type { NodeInfo } from '../ports/node.ts'
import { EX_CONFIG } from './check-config.ts'
import { readChildren } from './read-children.ts'
import { readKeys } from './read-keys.ts'
import { EX_NOINPUT, readText } from './read-text.ts'

export interface Overrides {
  /** Undefined: observe what the node has. */
  readonly config: string | undefined
  readonly stateDirectory: string | undefined
  readonly listen: string | undefined
  readonly socket: string | undefined
}

export type Read =
  | {
      readonly ok: true
      readonly config: Config
      readonly keys: KeyPort | undefined
      /** What is wrong with the key file. */
      readonly notices: readonly string[]
      /** What is not done on this node, and why. */
      readonly left: readonly string[]
    }
  | { readonly ok: false; readonly exitCode: number; readonly lines: readonly string[] }

/** What the command line says of the configuration. */
const overridden = (config: Config, { stateDirectory, listen, socket }: Overrides): Config => ({
  ...config,
  ...(stateDirectory !== undefined && { stateDirectory }),
  ...(listen !== undefined && { listen }),
  ...(socket !== undefined && { socket }),
})

function readFile(file: string, options: Overrides, info: NodeInfo): Read {
  const content = readText(file)
  if ('reason' in content) {
    return { ok: false, exitCode: EX_NOINPUT, lines: [`${file}: ${content.reason}`] }
  }
  const { text } = content
  const loaded = loadConfig(text, file)
  if (!loaded.ok) return refuse(file, loaded.faults)
  const { keys, notices, ...ofKeys } = readKeys(loaded.config, text, file)
  // the state directory is where a child's files are
  const children = readChildren(overridden(loaded.config, options), text, file, info.phcs)
  const faults = [...ofKeys.faults, ...children.faults]
  if (faults.length > 0) return refuse(file, faults)
  const config = completeConfig(children.config, info)
  return { ok: true, config, keys, notices, left: children.notices }
}

function refuse(file: string, faults: readonly ConfigFault[]): Read {
  const count = faults.length
  const summary = `${file}: ${count} ${count === 1 ? 'fault' : 'faults'}; nothing was started`
  return { ok: false, exitCode: EX_CONFIG, lines: [...faults.map(formatFault), summary] }
}

const unwritten = (info: NodeInfo): Read => ({
  ...{ ok: true, config: defaultConfig(info), keys: undefined, notices: [], left: [] },
})

export function readConfig(options: Overrides, info: NodeInfo): Read {
  const { config: file } = options
  const read = file === undefined ? unwritten(info) : readFile(file, options, info)
  return read.ok ? { ...read, config: overridden(read.config, options) } : read
}
