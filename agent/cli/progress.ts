/**
 * The live line of a terminal, and the marks beside it: what changed since the last look. Pure: a
 * status in, lines out.
 */
import { formatOffset, formatSeconds, formatSpan } from '../core/format.ts'
import type { ClockStatus, Status } from '../observe/status-types.ts'
import { type Paint, plain, printable } from './text.ts'
import { formatFrequency, stateColour } from './words.ts'

const systemOf = (status: Status): ClockStatus | undefined =>
  status.clocks.find(({ name }) => name === 'system') ?? status.clocks[0]

/** `  1:05`: minutes and seconds since the start. */
export function formatElapsed(seconds: number): string {
  const whole = Math.floor(seconds)
  const rest = String(whole % 60).padStart(2, '0')
  return `${Math.floor(whole / 60)}:${rest}`.padStart(6)
}

/** State, offset, bound, reference, frequency, all in one line. */
export function progressLine(status: Status, paint: Paint = plain): string {
  const time = paint('dim', formatElapsed(status.uptimeSeconds))
  const clock = systemOf(status)
  if (clock === undefined) return `${time}  no clock is looked after`
  const left = clock.holdoverRemainingSeconds
  const parts = [
    paint(stateColour(clock.state), clock.state.padEnd(9)),
    `offset ${formatOffset(clock.offsetSeconds).padStart(9)}`,
    `±${formatSeconds(clock.errorBoundSeconds).padStart(8)}`,
    formatFrequency(clock.frequencyPpb).padStart(12),
    left === null ? printable(clock.offsetSource) : `${formatSpan(left)} of holdover left`,
  ]
  return `${time}  ${parts.join('  ').trimEnd()}`
}

function clockChanges(before: ClockStatus, after: ClockStatus): string[] {
  const changes: string[] = []
  if (before.state !== after.state) {
    changes.push(`${after.name}: ${before.state} -> ${after.state}: ${after.reason}`)
  }
  for (const [reason, count] of Object.entries(after.steps)) {
    if (count > (before.steps[reason] ?? 0)) changes.push(`${after.name}: stepped (${reason})`)
  }
  if (before.offsetSource !== after.offsetSource && after.offsetSource !== '') {
    const from = before.offsetSource === '' ? 'none' : before.offsetSource
    changes.push(`${after.name}: reference ${from} -> ${after.offsetSource}`)
  }
  return changes
}

/** One sentence per step of a clock, and per change of its state or its reference. */
export function changesOf(before: Status | undefined, after: Status): string[] {
  return after.clocks.flatMap((clock) => {
    const earlier = before?.clocks.find(({ name }) => name === clock.name)
    return earlier === undefined ? [] : clockChanges(earlier, clock).map(printable)
  })
}

export const isLocked = (status: Status): boolean => systemOf(status)?.state === 'locked'

/** Locked, or coasting within its limit: what `--wait-sync` waits for. */
export const isSynchronized = (status: Status): boolean => {
  const state = status.clocks.find(({ name }) => name === 'system')?.state
  return state === 'locked' || state === 'holdover'
}
