/**
 * The journal: every event that the agent got and every action that it returned, one line each, as
 * text that does not depend on anything but the seed. Same seed, same bytes.
 *
 *   12.000200113 > timer key=ntp:10.0.0.1|poll
 *   12.000200113 < send channel=ntp:10.0.0.1|c token=4 data=23000620...
 *
 * The time is CLOCK_MONOTONIC of the node in seconds; `>` goes into the agent, `<` comes out.
 */
import type { Action, Event, Now } from '../core/machine.ts'
import type { Witness } from './world.ts'

const hex = (bytes: Uint8Array): string =>
  bytes.reduce((text, byte) => text + byte.toString(16).padStart(2, '0'), '')

/** Bigints and bytes have no JSON; numbers are written so that they read back as they were. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return hex(value)
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`
  if (typeof value === 'object' && value !== null) return `{${fields(value)}}`
  return String(value)
}

const fields = (object: object): string =>
  Object.entries(object)
    .map(([name, value]) => `${name}=${textOf(value)}`)
    .join(' ')

function time({ mono }: Now): string {
  const digits = String(mono).padStart(10, '0')
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`
}

export function eventLine(event: Event, now: Now): string {
  const { on, ...rest } = event
  return `${time(now)} > ${on} ${fields(rest)}`.trimEnd()
}

export function actionLine(action: Action, now: Now): string {
  const { do: what, ...rest } = action
  return `${time(now)} < ${what} ${fields(rest)}`.trimEnd()
}

/** Writes each line to `write`; hand it to `World.watch`. */
export const journalTo =
  (write: (line: string) => void): Witness =>
  (event, now, actions) => {
    write(eventLine(event, now))
    for (const action of actions) write(actionLine(action, now))
  }
