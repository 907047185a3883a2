/** How states, verdicts and levels are coloured, and numbers that only the terminal shows. */
import { formatDigits } from '../core/format.ts'
import type { Colour } from './text.ts'

const LEVEL: Readonly<Record<string, Colour>> = {
  ok: 'green',
  warning: 'yellow',
  critical: 'red',
  unknown: 'blue',
}
const STATE: Readonly<Record<string, Colour>> = {
  locked: 'green',
  acquiring: 'blue',
  holdover: 'yellow',
  freerun: 'red',
}
const VERDICT: Readonly<Record<string, Colour>> = {
  selected: 'green',
  combined: 'green',
  standby: 'blue',
  smeared: 'red',
  falseticker: 'red',
  'no-majority': 'red',
  unreachable: 'yellow',
  stale: 'yellow',
  unsynchronised: 'yellow',
  distance: 'yellow',
}

const CHILD: Readonly<Record<string, Colour>> = {
  up: 'green',
  starting: 'blue',
  'back-off': 'red',
  foreign: 'red',
}

export const childColour = (state: string): Colour | undefined => CHILD[state]
export const levelColour = (level: string): Colour | undefined => LEVEL[level]
export const stateColour = (state: string): Colour | undefined => STATE[state]
export const verdictColour = (verdict: string): Colour | undefined => VERDICT[verdict]

/** `-10250.5 ppb`, `+18.0 ppm` */
export function formatFrequency(ppb: number | null): string {
  if (ppb === null) return '-'
  const size = Math.abs(ppb)
  const text = size >= 1e5 ? `${formatDigits(size / 1000)} ppm` : `${size.toFixed(1)} ppb`
  return `${ppb < 0 ? '-' : '+'}${text}`
}
