/**
 * SIGHUP: the configuration and all files that it names are read again. A bad one is refused as a whole,
 * with the place of each fault, and the one before stays in force; a good one changes what is different
 * and leaves everything else as it is.
 */
import { differences, needingRestart } from '../config/differences.ts'
import type { Config } from '../config/types.ts'
import type { Action, Now } from '../core/machine.ts'
import type { NoteCode } from '../core/notes.ts'
import type { NodeInfo } from '../ports/node.ts'
import { readNow } from '../runtime/clock.ts'
import { discover, withResolvConf } from '../runtime/discover.ts'
import type { Log } from '../runtime/log.ts'
import type { Notifier } from '../runtime/notify.ts'
import { type Overrides, type Read, readConfig } from './read-config.ts'

type Good = Extract<Read, { readonly ok: true }>

export interface Reloadable {
  /** Puts it in force. */
  readonly apply: (read: Good, info: NodeInfo, now: Now) => readonly Action[]
  readonly note: (code: NoteCode, detail: string, now: Now) => readonly Action[]
  /** Has the actions done. */
  readonly act: (make: (now: Now) => readonly Action[]) => void
}

export interface ReloadOptions {
  readonly overrides: Overrides
  readonly agent: Reloadable
  readonly log: Log
  readonly notifier: Notifier
  readonly discover?: () => NodeInfo
}

const restartNeeded = (key: string): string =>
  `${key} cannot be changed while the agent runs: restart it, or put it back`

export class Reloader {
  readonly #options: ReloadOptions
  #config: Config

  /** `config`: the one in force. */
  constructor(config: Config, options: ReloadOptions) {
    this.#config = config
    this.#options = options
  }

  reload(): void {
    const { notifier } = this.#options
    notifier.reloading(readNow().mono)
    notifier.ready(this.#read())
  }

  /** What came of it, in one phrase. */
  #read(): string {
    const found = (this.#options.discover ?? discover)()
    const read = readConfig(this.#options.overrides, found)
    if (!read.ok) return this.#refuse(read.lines.slice(0, -1))
    const fixed = needingRestart(this.#config, read.config)
    if (fixed.length > 0) return this.#refuse(fixed.map(restartNeeded))
    return this.#apply(read, withResolvConf(found, read.config.dns.resolvConf))
  }

  #refuse(lines: readonly string[]): string {
    const { agent } = this.#options
    agent.act((now) => lines.flatMap((line) => agent.note('config-refused', line, now)))
    return 'the changed configuration was refused'
  }

  /** Keys may be others in the same file: it is applied even where nothing is seen to differ. */
  #apply(read: Good, info: NodeInfo): string {
    const { agent, log } = this.#options
    const changed = differences(this.#config, read.config)
    this.#config = read.config
    for (const notice of read.notices) log.note('key-file', 'agent', notice, readNow())
    for (const notice of read.left) log.note('degraded', 'agent', notice, readNow())
    agent.act((now) => agent.apply(read, info, now))
    if (changed.length === 0) {
      log.write('info', 'config-unchanged', {}, readNow())
      return 'the configuration is unchanged'
    }
    agent.act((now) => agent.note('config-reloaded', changed.join('; '), now))
    return 'another configuration is in force'
  }
}
