/**
 * What the service manager is told, by the plain protocol of sd_notify(3): a datagram with lines to
 * the socket named by NOTIFY_SOCKET. Without one, everything here does nothing.
 *
 * The watchdog message has to come from the main loop: then a frozen loop is noticed, too. It is sent
 * at half the interval that the manager asked for. A message that cannot be sent is a value; telling
 * must never end the agent.
 */
import { type NotifySocket, openNotifySocket } from '../../native/notify-socket.ts'
import type { PortFault } from '../core/errors.ts'
import { type Instant, type Nanos, nanos } from '../core/units.ts'

export interface Notifier {
  /** False: no manager listens. */
  readonly active: boolean
  /** How often `watchdog` is to be called; undefined: not asked for. */
  readonly watchdogInterval: Nanos | undefined
  ready(status: string): NotifyResult
  status(text: string): NotifyResult
  watchdog(): NotifyResult
  /** Type=notify-reload needs the moment; `ready` ends the reload. */
  reloading(now: Instant<'mono'>): NotifyResult
  stopping(): NotifyResult
  close(): void
}

export type NotifyResult = { readonly ok: true } | { readonly ok: false; readonly fault: PortFault }

/** The variables that the manager sets. */
export interface NotifyEnvironment {
  readonly NOTIFY_SOCKET?: string | undefined
  readonly WATCHDOG_USEC?: string | undefined
  readonly WATCHDOG_PID?: string | undefined
}

const DONE: NotifyResult = { ok: true }

/** Half of WATCHDOG_USEC, if it is meant for process `pid`. */
export function watchdogInterval(
  { WATCHDOG_USEC, WATCHDOG_PID }: NotifyEnvironment,
  pid: number,
): Nanos | undefined {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== '' && Number(WATCHDOG_PID) !== pid) {
    return undefined
  }
  const microseconds = /^\d+$/.test(WATCHDOG_USEC ?? '') ? Number(WATCHDOG_USEC) : 0
  return microseconds > 0 ? nanos((microseconds * 1000) / 2) : undefined
}

/** A line break would end the assignment. */
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

function open(path: string | undefined): NotifySocket | undefined {
  if (path === undefined || path === '') return undefined
  const opened = openNotifySocket(path)
  return opened.ok ? opened.socket : { send: () => opened, close: () => undefined }
}

export function createNotifier(environment: NotifyEnvironment, pid = process.pid): Notifier {
  const socket = open(environment.NOTIFY_SOCKET)
  const send = (...lines: string[]): NotifyResult => socket?.send(lines.join('\n')) ?? DONE
  return {
    active: socket !== undefined,
    watchdogInterval: watchdogInterval(environment, pid),
    ready: (status) => send('READY=1', `STATUS=${oneLine(status)}`),
    status: (text) => send(`STATUS=${oneLine(text)}`),
    watchdog: () => send('WATCHDOG=1'),
    reloading: (now) => send('RELOADING=1', `MONOTONIC_USEC=${now / 1000n}`),
    stopping: () => send('STOPPING=1'),
    close: () => socket?.close(),
  }
}
