/**
 * The key file that a configuration names. What is wrong with the file itself is told and gone without,
 * as far as the sources are concerned: one whose key is not to be had is never asked. A key id that a
 * readable file does not hold is a fault of the configuration.
 */
import type { ConfigFault } from '../config/faults.ts'
import { parseKeyFile } from '../config/key-file.ts'
import { keyIdFaults } from '../config/load.ts'
import type { Config } from '../config/types.ts'
import { describeFault } from '../core/errors.ts'
import type { KeyPort } from '../ports/keys.ts'
import { createKeys, readKeyText } from '../runtime/keys.ts'

export interface ReadKeys {
  /** Undefined: no key file, or an unreadable one. */
  readonly keys: KeyPort | undefined
  /** What an operator should mend, one line each. */
  readonly notices: readonly string[]
  /** Sources that name a key which the file does not hold. */
  readonly faults: readonly ConfigFault[]
}

/** `text` and `file`: of the configuration. */
export function readKeys({ keyFile }: Config, text: string, file: string): ReadKeys {
  if (keyFile === undefined) return { keys: undefined, notices: [], faults: [] }
  const read = readKeyText(keyFile)
  if (!read.ok) {
    const notice = `${keyFile}: ${describeFault(read.fault)}; no source with a key is asked`
    return { keys: undefined, notices: [notice], faults: [] }
  }
  const { keys, faults, warnings } = parseKeyFile(read.text)
  const lines = [...faults, ...warnings].sort((a, b) => a.line - b.line)
  const exposed = read.exposed ? [`${keyFile}: everybody on this node may read it`] : []
  const ids = keys.map(({ id }) => id)
  return {
    keys: createKeys(keys),
    notices: [...exposed, ...lines.map(({ line, message }) => `${keyFile}:${line}:1: ${message}`)],
    faults: keyIdFaults(text, file, ids),
  }
}
