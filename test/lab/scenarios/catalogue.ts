/** Every scenario of the lab by name. */
import type { Scenario } from '../scenario.ts'
import { phc2sysBaseline } from './baselines.ts'
import { contestHoldover } from './contest-holdover.ts'
import { contestPhc1, contestPhc16 } from './contest-phc.ts'
import { drive, follow } from './follow.ts'

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  follow,
  drive,
  'baseline-phc2sys': phc2sysBaseline,
  'contest-holdover': contestHoldover,
  'contest-phc-1hz': contestPhc1,
  'contest-phc-16hz': contestPhc16,
}

/** What runs on every change: the first of everything that steers. */
export const SHORT: readonly string[] = ['follow']
