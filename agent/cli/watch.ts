/**
 * Looks at the running agent once per second: the line of progress in a terminal until the first
 * lock, the status line and the watchdog of the service manager.
 */
import { checkLiveness } from '../observe/health.ts'
import { toStatus } from '../observe/status-json.ts'
import type { Notifier } from '../runtime/notify.ts'
import type { Keeper } from './keeper.ts'
import { isLocked, progressLine } from './progress.ts'
import type { Terminal } from './terminal.ts'

export interface Watch {
  stop(): void
}

export interface Watched {
  readonly keeper: Keeper
  readonly notifier: Notifier
  readonly err: Terminal
}

const LOOK_MS = 1000
/** How often the service manager gets a new status line, in looks. */
const STATUS_LOOKS = 30

export function startWatch({ keeper, notifier, err }: Watched): Watch {
  let looks = 0
  // or there is nothing to wait for
  let settled = false

  const show = (): void => {
    const wantsStatus = notifier.active && looks++ % STATUS_LOOKS === 0
    if (!wantsStatus && (settled || !err.interactive)) return
    const status = toStatus(keeper.snapshot())
    if (wantsStatus) notifier.status(status.sentence)
    if (settled || !err.interactive) return
    if (status.sources.length === 0) {
      settled = true
      err.line('no source was found: nothing to lock to; name some in a configuration file')
      return
    }
    err.live(progressLine(status, err.paint))
    if (!isLocked(status)) return
    settled = true
    err.clear()
    err.line(`${progressLine(status, err.paint)}\n${status.sentence}`)
  }
  const timers = [setInterval(show, LOOK_MS)]

  // an agent that handles no events any more does not ping: the manager restarts it
  const interval = notifier.watchdogInterval
  if (interval !== undefined) {
    const ping = (): void => {
      if (checkLiveness(keeper.heartbeatAge()).ok) notifier.watchdog()
    }
    timers.push(setInterval(ping, interval / 1e6))
  }
  return {
    stop: () => {
      for (const timer of timers) clearInterval(timer)
      err.clear()
    },
  }
}
