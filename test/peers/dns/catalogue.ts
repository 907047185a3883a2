/** The table of faults: every one made with real programs, and what it must be called. */
import { ANSWER_FAULTS } from './catalogue/answers.ts'
import type { Fault } from './catalogue/fault.ts'
import { NODE_FAULTS } from './catalogue/node.ts'
import { PATH_FAULTS } from './catalogue/path.ts'
import { TIME_FAULTS } from './catalogue/time.ts'
import { WAY_FAULTS } from './catalogue/transport.ts'

export const FAULTS: readonly Fault[] = [
  ...TIME_FAULTS,
  ...PATH_FAULTS,
  ...WAY_FAULTS,
  ...ANSWER_FAULTS,
  ...NODE_FAULTS,
]
