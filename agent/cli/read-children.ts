/**
 * The programs that a configuration makes the agent start: files of PtpConfig resources are read, a ptp4l
 * whose release nobody wrote down is asked for it. NODE_NAME is what the DaemonSet tells of its node.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { ConfigFault } from '../config/faults.ts'
import { OLDEST, parseVersion } from '../config/linuxptp-version.ts'
import { placeFindings } from '../config/load.ts'
import { withChildren } from '../config/ptp4l-children.ts'
import type { Config } from '../config/types.ts'
import type { PhcInfo } from '../ports/node.ts'
import { askVersion } from '../runtime/ptp4l-version.ts'

export interface ReadChildren {
  readonly config: Config
  readonly faults: readonly ConfigFault[]
  readonly notices: readonly string[]
}

function readText(file: string) {
  try {
    return { ok: true, text: readFileSync(file, 'utf8') } as const
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : 'not readable' } as const
  }
}

/** `text` and `file`: of the configuration; `phcs` tell under which name an interface's clock stands. */
export function readChildren(
  config: Config,
  text: string,
  file: string,
  phcs: readonly PhcInfo[],
): ReadChildren {
  const made = withChildren(config, {
    name: process.env['NODE_NAME'] || hostname(),
    phcs,
    read: readText,
    versionOf: (program) => parseVersion(askVersion(program)) ?? OLDEST,
  })
  return {
    config: made.config,
    faults: [...placeFindings(text, file, made.findings), ...made.faults],
    notices: made.notices,
  }
}
