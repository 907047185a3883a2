/** Every scenario of the lab by name. */
import type { Scenario } from '../scenario.ts'
import { phc2sysBaseline } from './baselines.ts'
import { drive, follow } from './follow.ts'

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  follow,
  drive,
  'baseline-phc2sys': phc2sysBaseline,
}
