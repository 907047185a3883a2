/** The one sentence on a clock that everything starts with: page, command line, readiness, systemd. */
import { formatOffset, formatSeconds, formatSpan } from '../core/format.ts'
import type { ClockView, Snapshot } from './snapshot.ts'

const STATE_WORDS: Readonly<Record<ClockView['state'], (source: string) => string>> = {
  locked: (source) => `locked to ${source}`,
  acquiring: (source) => (source === '' ? 'acquiring' : `acquiring ${source}`),
  holdover: () => 'in holdover',
  freerun: () => 'free running',
}

const toSeconds = (ns: number | undefined): number | undefined =>
  ns === undefined ? undefined : ns / 1e9

/** `system clock locked to phc:eth0, within 214 ns of true time, offset +12.4 ns` */
export function describeClock({ clocks }: Snapshot): string {
  const clock = clocks.find(({ name }) => name === 'system') ?? clocks[0]
  if (clock === undefined) return 'no clock is looked after'
  const parts = [`${clock.name} clock ${STATE_WORDS[clock.state](clock.offsetSource)}`]
  const bound = toSeconds(clock.bound)
  const offset = toSeconds(clock.offset)
  parts.push(
    bound === undefined
      ? 'how far from true time is unknown'
      : `within ${formatSeconds(bound)} of true time (bound)`,
  )
  if (offset !== undefined) parts.push(`offset ${formatOffset(offset)}`)
  if (clock.holdoverLeftSeconds !== undefined) {
    parts.push(`${formatSpan(clock.holdoverLeftSeconds)} of holdover left`)
  }
  return parts.join(', ')
}
