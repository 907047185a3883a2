/**
 * `timewarden status`, `timewarden sources` and `timewarden ptp`: what a running agent says. Exit codes are those of
 * monitoring plug-ins: 0 ok, 1 warning, 2 critical, 3 unknown (also: no agent answers).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT_CODES } from '../observe/health.ts'
import type { Status } from '../observe/status-types.ts'
import { type Answer, askStatus, type Where } from './client.ts'
import { isSynchronized, progressLine } from './progress.ts'
import { renderPtp } from './render-ptp.ts'
import { renderSourcesScreen } from './render-sources.ts'
import { renderStatus } from './render-status.ts'
import type { Terminal } from './terminal.ts'

export interface Screens {
  readonly out: Terminal
  readonly err: Terminal
}

export interface StatusOptions extends Where {
  readonly json: boolean
  /** Seconds to wait for the system clock; undefined: do not wait. */
  readonly waitSync: number | undefined
}

export function reportSilence({ reasons }: Answer & { readonly ok: false }, err: Terminal): number {
  err.line('UNKNOWN: no agent answers; is it running? (`systemctl status timewarden`)')
  for (const reason of reasons) err.line(`  ${reason}`)
  return EXIT_CODES.unknown
}

const INTERVAL_MS = 500

/** Asks until the system clock is synchronised or the time is over; an agent may start meanwhile. */
async function waitForSync(where: Where, seconds: number, err: Terminal): Promise<Answer> {
  const rounds = Math.ceil((seconds * 1000) / INTERVAL_MS)
  let answer = await askStatus(where)
  for (let round = 0; round < rounds; round++) {
    if (answer.ok && isSynchronized(answer.status)) break
    err.live(answer.ok ? progressLine(answer.status, err.paint) : 'waiting for the agent')
    await sleep(INTERVAL_MS)
    answer = await askStatus(where)
  }
  err.clear()
  return answer
}

/** After waiting, being synchronised is the question; without, the level is. */
function exitCode(status: Status, waited: boolean): number {
  if (!waited) return EXIT_CODES[status.level]
  return isSynchronized(status) ? 0 : Math.max(1, EXIT_CODES[status.level])
}

export async function showStatus(options: StatusOptions, { out, err }: Screens): Promise<number> {
  const { json, waitSync } = options
  const answer =
    waitSync === undefined ? await askStatus(options) : await waitForSync(options, waitSync, err)
  if (!answer.ok) return reportSilence(answer, err)
  if (json) out.line(JSON.stringify(answer.status, null, 2))
  else out.lines(renderStatus(answer.status, out.paint))
  return exitCode(answer.status, waitSync !== undefined)
}

export async function showSources(where: Where, { out, err }: Screens): Promise<number> {
  const answer = await askStatus(where)
  if (!answer.ok) return reportSilence(answer, err)
  out.lines(renderSourcesScreen(answer.status, out.paint))
  return 0
}

export interface PtpOptions extends Where {
  readonly json: boolean
}

export async function showPtp(options: PtpOptions, { out, err }: Screens): Promise<number> {
  const answer = await askStatus(options)
  if (!answer.ok) return reportSilence(answer, err)
  const sources = answer.status.sources.filter(({ kind }) => kind === 'ptp4l')
  if (options.json) out.line(JSON.stringify(sources, null, 2))
  else out.lines(renderPtp(sources, out.paint))
  return 0
}
