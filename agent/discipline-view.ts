/** What is shown of one clock. */
import type { ClockStateMachine } from './clock/state.ts'
import type { ClockConfig } from './config/types.ts'
import type { Now } from './core/machine.ts'
import type { ClockName } from './core/sample.ts'
import type { Nanos, Ppb } from './core/units.ts'
import type { ClockView } from './observe/snapshot.ts'
import type { ClockPort, ClockStatus } from './ports/clock.ts'
import type { Steering } from './steering.ts'

export interface Viewed {
  readonly clock: ClockName
  readonly config: ClockConfig
  readonly port: ClockPort
  readonly now: Now
  readonly state: ClockStateMachine
  readonly steering: Steering
  readonly status: ClockStatus | undefined
  readonly offset: Nanos | undefined
  readonly offsetSource: string
  readonly bound: Nanos | undefined
  readonly growth: Ppb
  readonly holdoverLeft: number | undefined
  readonly reason: string
}

export function viewOf({
  clock,
  config,
  port,
  now,
  state,
  steering,
  status,
  ...seen
}: Viewed): ClockView {
  const isSystem = clock === 'system'
  return {
    name: clock,
    mode: config.mode,
    state: state.state,
    stateSeconds: state.seconds(now.mono),
    reason: seen.reason,
    offset: seen.offset,
    offsetSource: seen.offsetSource,
    frequency: steering.frequency,
    bound: seen.bound,
    boundGrowth: seen.growth,
    holdoverLeftSeconds: seen.holdoverLeft,
    leap: status?.leap ?? 'none',
    taiOffset: isSystem ? status?.taiOffset : undefined,
    steps: steering.steps,
    steered: steering.writes,
    adjustable: port.capabilities.adjustable,
    notAdjustable: port.capabilities.reason,
    kernel: isSystem ? status : undefined,
  }
}
