/**
 * The log: one JSON object per line on stderr, and the only importer of pino.
 *
 *   {"level":"warn","time":"2026-01-01T00:00:00.123456789Z","mono":5.25,"event":"step",
 *    "subject":"system","detail":"..."}
 *
 * `time` is CLOCK_REALTIME of the event, `mono` CLOCK_MONOTONIC in seconds: order and distances stay
 * readable across a step. Both come from the caller: pino's own ISO time counts from a wall clock
 * read at its import, which is wrong as soon as this program has stepped that clock.
 *
 * The destination writes at once, so a line is out before a crash. A line that cannot be written
 * (stderr closed) is counted and lost; it never ends the agent.
 */
import { type DestinationStream, pino } from 'pino'
import type { Now } from '../core/machine.ts'
import { meaningOf, type NoteCode, severityOf } from '../core/notes.ts'
import type { Instant } from '../core/units.ts'

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

export interface Log {
  /** A note of the agent under its code; the code's severity is the level, `count` is `debug`. */
  note(code: NoteCode, subject: string, detail: string, now: Now): void
  /** Anything else: `event` is its name in kebab-case, fields carry their unit in their name. */
  write(level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>, now: Now): void
  /** Lines that could not be written. */
  lost(): number
}

const LEVEL_OF = { count: 'debug', info: 'info', warning: 'warn', error: 'error' } as const

/** `2026-01-01T00:00:00.123456789Z` */
export function isoTime(at: Instant<'utc'>): string {
  const nanoseconds = BigInt.asUintN(64, at)
  const whole = nanoseconds / 1_000_000_000n
  const fraction = (nanoseconds % 1_000_000_000n).toString().padStart(9, '0')
  return `${new Date(Number(whole) * 1000).toISOString().slice(0, 19)}.${fraction}Z`
}

function stderr(onError: () => void): DestinationStream {
  const destination = pino.destination({ dest: 2, sync: true })
  destination.on('error', onError)
  return destination
}

export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  let lost = 0
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: false,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? stderr(() => lost++),
  )
  const write: Log['write'] = (lineLevel, event, fields, now) => {
    logger[lineLevel]({ time: isoTime(now.utc), mono: Number(now.mono) / 1e9, event, ...fields })
  }
  return {
    write,
    note: (code, subject, detail, now) =>
      write(LEVEL_OF[severityOf(code)], code, { subject, detail, meaning: meaningOf(code) }, now),
    lost: () => lost,
  }
}
