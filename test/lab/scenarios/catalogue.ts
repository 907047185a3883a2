/** Every scenario of the lab by name. */
import type { Scenario } from '../scenario.ts'
import { phc2sysBaseline } from './baselines.ts'

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'baseline-phc2sys': phc2sysBaseline,
}
